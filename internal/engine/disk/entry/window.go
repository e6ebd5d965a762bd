package entry

import (
	"errors"
	"io"

	"leat/internal/engine"
)

// Source is a file of entries.
type Source interface {
	io.ReaderAt
	// Name returns the file's name, for reports of damage.
	Name() string
	// Salt returns what the checksums of the file's headers are seeded with.
	Salt() uint64
}

// Reading ahead begins small, for a reader that wants one record, and doubles
// while entries follow one another.
const (
	firstReadBytes = 8 << 10
	maxReadBytes   = 128 << 10
)

// Window reads entries, ahead of those that are asked for. The zero Window is
// ready.
type Window struct {
	buf   []byte
	src   Source
	start int64 // buf is what src holds from here on
	ahead int
	long  bool // the last payload was too long to be read ahead
	next  int64
	size  int // of the last entry, which ends at next
}

// Header returns the header of the entry at an offset. Entries end at end,
// where the file may go on with something else. Damage is a
// *engine.CorruptError; other errors are the source's.
func (w *Window) Header(src Source, off, end int64) (Header, error) {
	if err := w.need(src, off, HeaderBytes, end); err != nil {
		return Header{}, err
	}
	h, err := Decode(w.at(off), Seed(src.Salt(), off))
	if err != nil {
		return Header{}, damage(src, off, err.Error())
	}
	if off+int64(h.Size()) > end {
		return Header{}, damage(src, off, "entry reaches beyond the end")
	}
	w.next, w.size = off+int64(h.Size()), h.Size()
	return h, nil
}

// Peek returns the payload of the entry whose header is h, verified. It is
// valid until the window's next call.
func (w *Window) Peek(h *Header, src Source, off, end int64) ([]byte, error) {
	if err := w.need(src, off, h.Size(), end); err != nil {
		return nil, err
	}
	payload, err := h.Payload(w.at(off))
	if err != nil {
		return nil, damage(src, off, err.Error())
	}
	return payload, nil
}

// Read reads the payload of the entry whose header is h into dst, which has
// its length, and verifies it.
func (w *Window) Read(dst []byte, h *Header, src Source, off, end int64) error {
	if w.holds(src, off, h.Size()) || h.Size() <= maxReadBytes/2 {
		payload, err := w.Peek(h, src, off, end)
		copy(dst, payload)
		return err
	}
	// A long payload takes the direct way; what was read ahead is no use. Nor would
	// more than the header be of the next entry, which may well be as long.
	w.src, w.long = nil, true
	if err := readFull(src, dst, off+HeaderBytes, off); err != nil {
		return err
	}
	if Sum(dst) != h.PayloadSum {
		return damage(src, off, errPayloadSum.Error())
	}
	return nil
}

// Forget drops what has been read ahead.
func (w *Window) Forget() { w.src, w.long = nil, false }

func (w *Window) at(off int64) []byte { return w.buf[off-w.start:] }

func (w *Window) holds(src Source, off int64, n int) bool {
	return w.src == src && off >= w.start && off+int64(n) <= w.start+int64(len(w.buf))
}

// need makes n bytes at off available.
func (w *Window) need(src Source, off int64, n int, end int64) error {
	if w.holds(src, off, n) {
		return nil
	}
	if off+int64(n) > end {
		return damage(src, off, "entries end within this one")
	}
	switch {
	case w.src == src && w.scattered(off):
		w.ahead = w.size + w.size/4
	case w.holds(src, off, 0):
		w.ahead = min(max(2*w.ahead, firstReadBytes), maxReadBytes)
	case w.long:
		w.ahead, w.long = HeaderBytes, false
	default:
		w.ahead = firstReadBytes
	}
	want := int(min(int64(max(n, w.ahead)), end-off))
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	w.src, w.buf = nil, w.buf[:want]
	if err := readFull(src, w.buf, off, off); err != nil {
		return err
	}
	w.src, w.start = src, off
	return nil
}

// scattered reports whether so much lies between the last entry and the one at an
// offset that this is better read alone. It may well be about as long.
func (w *Window) scattered(off int64) bool {
	return off-w.next >= max(int64(w.size), firstReadBytes)
}

// readFull reads the entry at a place, or a part of it.
func readFull(src Source, b []byte, off, place int64) error {
	n, err := src.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return damage(src, place, "file ends too early")
	default:
		return err
	}
}

func damage(src Source, off int64, reason string) error {
	return &engine.CorruptError{File: src.Name(), Offset: off, Reason: reason}
}
