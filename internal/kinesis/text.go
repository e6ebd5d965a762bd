package kinesis

import (
	"strings"
	"unsafe"

	"leat/internal/stream"
)

// sequenceNumberLen is how many digits a sequence number has.
const sequenceNumberLen = 56

// texts makes the many short strings of one answer in one piece of memory.
type texts struct {
	b       strings.Builder
	scratch [64]byte
}

// newTexts returns a texts with room for size bytes: up to there nothing more
// is allocated, and strings made stay valid.
func newTexts(size int) *texts {
	t := new(texts)
	t.b.Grow(size)
	return t
}

func (t *texts) add(b []byte) string {
	from := t.b.Len()
	t.b.Write(b)
	return t.b.String()[from:]
}

func (t *texts) sequenceNumber(n stream.SequenceNumber) string {
	return t.add(n.AppendTo(t.scratch[:0]))
}

// alias returns the string that shares the bytes' memory: it is valid until that
// is used for something else.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
