package api

import "unsafe"

// Alias returns the string that shares the bytes' memory. It is valid until that is
// written to or used for something else.
func Alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
