package httpd

import (
	"math/bits"
	"sync"
)

// buffer is memory of a request or an answer. b has a length of its user's
// choice; its array is what is pooled.
type buffer struct{ b []byte }

// bufferPool keeps buffers for re-use, in classes of capacity that are powers
// of two. A sync.Pool forgets what two garbage collections found unused, so
// that the memory of a burst of large requests is not held for ever. The zero
// bufferPool is ready for use.
type bufferPool struct {
	classes [maxBufferBits - minBufferBits + 1]sync.Pool
}

const (
	minBufferBits  = 12
	maxBufferBits  = 24
	minBufferBytes = 1 << minBufferBits
)

// classOf returns the class of buffers that hold n bytes.
func classOf(n int) int { return bits.Len(uint(max(n, minBufferBytes) - 1)) }

// bufferBytes returns what a buffer for n bytes takes.
func bufferBytes(n int) int { return 1 << classOf(n) }

// get returns an empty buffer with a capacity of at least n.
func (p *bufferPool) get(n int) *buffer {
	class := classOf(n)
	if class > maxBufferBits {
		return &buffer{b: make([]byte, 0, n)}
	}
	if b, ok := p.classes[class-minBufferBits].Get().(*buffer); ok {
		b.b = b.b[:0]
		return b
	}
	return &buffer{b: make([]byte, 0, 1<<class)}
}

// put takes a buffer back. It may have been grown; nil is fine.
func (p *bufferPool) put(b *buffer) {
	if b == nil {
		return
	}
	// The class that promises no more than the buffer has.
	class := bits.Len(uint(cap(b.b))) - 1
	if class >= minBufferBits && class <= maxBufferBits {
		p.classes[class-minBufferBits].Put(b)
	}
}
