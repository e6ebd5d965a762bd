package httpd

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// TestReadSized reads bodies that come whole, and bodies of which a part comes,
// which must not take memory for the rest.
func TestReadSized(t *testing.T) {
	t.Parallel()
	h := &Handler{}
	whole := bytes.Repeat([]byte("0123456789"), maxBodyBytes/10+1)[:maxBodyBytes]
	for _, size := range []int{0, 1, minBufferBytes, minBufferBytes + 1, 700 << 10, maxBodyBytes} {
		b, err := h.readSized(iotest.HalfReader(bytes.NewReader(whole)), size)
		if err != nil || !bytes.Equal(b.b, whole[:size]) {
			t.Errorf("%d bytes: read %d, %v", size, len(b.b), err)
		}
		h.buffers.put(b)
	}
	for _, came := range []int{0, 1, minBufferBytes, 64 << 10, 1 << 20} {
		// A pool of its own: others' buffers may be larger than was asked for.
		h := &Handler{}
		b, err := h.readSized(bytes.NewReader(whole[:came]), maxBodyBytes)
		if want := max(minBufferBytes, 4*came); err == nil || cap(b.b) > want {
			t.Errorf("%d bytes have come: %d are taken, want at most %d (%v)", came, cap(b.b), want, err)
		}
	}
	if _, err := h.readSized(bytes.NewReader(nil), 1); !errors.Is(err, io.EOF) {
		t.Errorf("an empty body ends with %v", err)
	}
}
