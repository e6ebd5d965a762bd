package segment

import (
	"errors"
	"fmt"
	"os"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// syncEvery is how many bytes a Writer writes between syncs, so that a commit
// of the journal never has much write-back ahead of its own.
const syncEvery = 1 << 20

// Writer appends to one segment. After an error only Abort may be called.
type Writer struct {
	f      vfs.File
	name   string
	log    engine.LogID
	info   Info
	salt   uint64
	buf    []byte
	noted  index // of what this writer has added
	before int64 // the length when it was opened
}

// Create makes a new segment, for entries from a position on. A file of that
// name, left by a checkpoint that did not complete, is overwritten. The file's
// directory has to be synced before the segment is relied on.
func Create(fsys vfs.FS, log engine.LogID, first stream.Position) (*Writer, error) {
	name := Name(log, first)
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	w := &Writer{f: f, name: name, log: log, salt: salt(log, first), info: Info{First: first}}
	w.buf = append(w.buf, encodeHeader(log, first)...)
	w.noted.end = headerBytes
	return w, nil
}

// Resume opens a segment that is not sealed, to append to it.
func Resume(fsys vfs.FS, log engine.LogID, info Info) (*Writer, error) {
	name := Name(log, info.First)
	f, err := fsys.OpenFile(name, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	size, err := f.Size()
	if err == nil && size < info.Length {
		err = &engine.CorruptError{File: name, Offset: size, Reason: fmt.Sprintf("file is shorter than %d", info.Length)}
	}
	if err == nil && size > info.Length {
		err = f.Truncate(info.Length) // what a checkpoint left that did not complete
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open segment %s: %w", name, err), f.Close())
	}
	w := &Writer{f: f, name: name, log: log, salt: salt(log, info.First), info: info, before: info.Length}
	w.noted.end = info.Length
	return w, nil
}

// Info describes the segment with all that has been added.
func (w *Writer) Info() Info {
	info := w.info
	info.Length = w.noted.end
	return info
}

// Add appends an entry. The payload is not kept.
func (w *Writer) Add(h *entry.Header, payload []byte) error {
	off := w.noted.end
	n := len(w.buf)
	w.buf = grow(w.buf, h.Size())
	h.Encode(w.buf[n:], payload, entry.Seed(w.salt, off))
	if w.info.FirstTime == 0 { // nor is it known of a lost batch at the beginning
		w.info.FirstTime = h.Time
	}
	w.info.Last, w.info.LastTime = h.Last(), h.Time
	w.noted.note(h, off)
	if len(w.buf) < syncEvery {
		return nil
	}
	// A log that moves by the MiB would push everything else out of the page
	// cache, and pays more for fresh pages than for writing them. Its readers
	// are at the tip, in the journal, or so far behind that they read from the
	// disk anyway.
	at, size := w.noted.end-int64(len(w.buf)), int64(len(w.buf))
	if err := w.flush(); err != nil {
		return err
	}
	vfs.Uncache(w.f, at, size)
	return nil
}

func grow(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		b = append(make([]byte, 0, max(2*cap(b), len(b)+n)), b...)
	}
	return b[:len(b)+n]
}

// flush writes and syncs what has been added.
func (w *Writer) flush() error {
	if len(w.buf) == 0 {
		return nil
	}
	if _, err := w.f.WriteAt(w.buf, w.noted.end-int64(len(w.buf))); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	w.buf = w.buf[:0]
	return w.sync()
}

func (w *Writer) sync() error {
	if err := w.f.Sync(); err != nil {
		return fmt.Errorf("sync segment: %w", err)
	}
	return nil
}

// Finish makes everything added durable and closes the file. If seal is set the
// segment gets its trailer, and nothing can be added to it any more.
func (w *Writer) Finish(seal bool) (Info, error) {
	if err := w.flush(); err != nil {
		return Info{}, err
	}
	info := w.Info()
	if seal {
		if err := w.seal(info); err != nil {
			return Info{}, err
		}
		info.Sealed = true
	}
	f := w.f
	w.f = nil
	if err := f.Close(); err != nil {
		return Info{}, fmt.Errorf("close segment: %w", err)
	}
	return info, nil
}

func (w *Writer) seal(info Info) error {
	points := w.noted.points
	if w.before > 0 {
		x := index{end: headerBytes}
		// Damage in the old part stays where it is, to be reported by the
		// reads that meet it; points behind it still help those that do not.
		err := x.extend(&Reader{f: w.f, name: w.name, salt: w.salt}, w.before)
		if _, damaged := errors.AsType[*engine.CorruptError](err); err != nil && !damaged {
			return fmt.Errorf("index segment: %w", err)
		}
		points = append(x.points, points...)
	}
	if _, err := w.f.WriteAt(encodeTrailer(info, w.salt, points), info.Length); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	return w.sync()
}

// Abort closes the file, if that has not been done, without completing it.
func (w *Writer) Abort() error {
	if w.f == nil {
		return nil
	}
	return w.f.Close()
}
