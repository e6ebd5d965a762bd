package kinesis

import "unsafe"

// sequenceNumberLen is how many digits a sequence number has.
const sequenceNumberLen = 56

// alias returns the string that shares the bytes' memory: it is valid until that
// is used for something else.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
