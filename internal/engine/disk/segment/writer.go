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

// writeBytes is how many bytes a Writer writes at a time, so that a commit of the
// journal never has much ahead of its own: with 1 MiB it takes twice as long for one
// in a hundred.
const writeBytes = 256 << 10

// Writer appends to one segment. After an error only Abort may be called.
type Writer struct {
	f    vfs.File
	name string
	log  engine.LogID
	info Info
	salt uint64
	// buf is the end of the segment, which has not been written. It is as far from
	// a multiple of vfs.DirectAlignment in memory as in the file.
	buf    []byte
	memory *Memory // that buf is in
	noted  index   // of what this writer has added
	before int64   // the length when it was opened
}

// Memory is what Writers gather in what they write, one Writer at a time. The zero
// Memory is ready for use.
type Memory struct{ b []byte }

// Create makes a new segment, for entries from a position on. A file of that
// name, left by a checkpoint that did not complete, is overwritten. The file's
// directory has to be synced before the segment is relied on.
func Create(fsys vfs.FS, log engine.LogID, first stream.Position, m *Memory) (*Writer, error) {
	name := Name(log, first)
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	w := &Writer{f: f, name: name, log: log, salt: salt(log, first), info: Info{First: first}, memory: m}
	w.grow(headerBytes)
	copy(w.buf, encodeHeader(log, first))
	w.noted.end = headerBytes
	return w, nil
}

// Resume opens a segment that is not sealed, to append to it.
func Resume(fsys vfs.FS, log engine.LogID, info Info, m *Memory) (*Writer, error) {
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
	w := &Writer{f: f, name: name, log: log, salt: salt(log, info.First), info: info, before: info.Length, memory: m}
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
	w.grow(h.Size())
	h.Encode(w.buf[n:], payload, entry.Seed(w.salt, off))
	if w.info.FirstTime == 0 { // nor is it known of a lost batch at the beginning
		w.info.FirstTime = h.Time
	}
	w.info.Last, w.info.LastTime = h.Last(), h.Time
	w.noted.note(h, off)
	if len(w.buf) < writeBytes {
		return nil
	}
	return w.writeThrough()
}

// start returns where in the file buf begins.
func (w *Writer) start() int64 { return w.noted.end - int64(len(w.buf)) }

// grow makes buf longer by n bytes.
func (w *Writer) grow(n int) {
	if cap(w.buf)-len(w.buf) < n {
		lead := int(w.start() & (vfs.DirectAlignment - 1))
		if need := lead + len(w.buf) + n; len(w.memory.b) < need || len(w.buf) > 0 {
			w.memory.b = vfs.AlignedBytes(max(2*len(w.memory.b), need))
		}
		w.buf = append(w.memory.b[lead:lead], w.buf...)
	}
	w.buf = w.buf[:len(w.buf)+n]
}

// writeThrough writes what has been added, but for the part of a page at the end.
//
// A log that moves so much would push everything else out of the page cache,
// and pays more for fresh pages than for writing them. Its readers are at the tip,
// in the journal, or so far behind that they read from the disk anyway.
func (w *Writer) writeThrough() error {
	at := w.start()
	head := int(-at & (vfs.DirectAlignment - 1))
	whole := (len(w.buf) - head) &^ (vfs.DirectAlignment - 1)
	if err := w.writeAt(w.buf[:head], at); err != nil {
		return err
	}
	if err := vfs.WriteThrough(w.f, w.buf[head:head+whole], at+int64(head)); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	w.buf = w.buf[:copy(w.buf[head:], w.buf[head+whole:])+head][head:]
	return nil
}

func (w *Writer) writeAt(b []byte, at int64) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := w.f.WriteAt(b, at); err != nil {
		return fmt.Errorf("write segment: %w", err)
	}
	return nil
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
	if err := w.writeAt(w.buf, w.start()); err != nil {
		return Info{}, err
	}
	if err := w.sync(); err != nil {
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
