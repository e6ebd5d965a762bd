package segment

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// Reader is a segment open for reading: an entry.Source, and an index of it.
// Reads may be concurrent.
type Reader struct {
	f    vfs.File
	name string
	salt uint64

	mu      sync.Mutex // guards the index while it is loaded
	index   index
	trailer bool // the index is complete, from the trailer
}

// Open opens a segment and verifies its header.
func Open(fsys vfs.FS, log engine.LogID, first stream.Position) (*Reader, error) {
	name := Name(log, first)
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	r := &Reader{f: f, name: name, salt: salt(log, first), index: index{end: headerBytes}}
	header := make([]byte, headerBytes)
	n, err := f.ReadAt(header, 0)
	switch {
	case n < headerBytes && err != nil && !errors.Is(err, io.EOF):
		err = fmt.Errorf("read segment: %w", err)
	case !bytes.Equal(header, encodeHeader(log, first)):
		err = &engine.CorruptError{File: name, Reason: "file header is damaged"}
	default:
		return r, nil
	}
	return nil, errors.Join(err, f.Close())
}

// Name implements entry.Source.
func (r *Reader) Name() string { return r.name }

// Salt implements entry.Source.
func (r *Reader) Salt() uint64 { return r.salt }

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) { return r.f.ReadAt(p, off) }

// Close closes the file.
func (r *Reader) Close() error { return r.f.Close() }

// Seek returns the offset of an entry from which a walk finds the one that
// holds the position, or the first after it.
func (r *Reader) Seek(info Info, position stream.Position) (int64, error) {
	points, err := r.points(info)
	if err != nil {
		return 0, err
	}
	return floor(points, func(p Point) int { return cmp.Compare(p.Position, position) }), nil
}

// SeekTime returns the offset of an entry from which a walk finds the first
// one whose time is t or later.
func (r *Reader) SeekTime(info Info, t stream.Millis) (int64, error) {
	points, err := r.points(info)
	if err != nil {
		return 0, err
	}
	return floor(points, func(p Point) int { return cmp.Or(cmp.Compare(p.Time, t), 1) }), nil
}

// floor returns the offset of the last point that is not after the target.
func floor(points []Point, compare func(Point) int) int64 {
	i, found := slices.BinarySearchFunc(points, struct{}{}, func(p Point, _ struct{}) int { return compare(p) })
	if !found {
		i--
	}
	if i < 0 {
		return headerBytes
	}
	return points[i].Offset
}

// points returns the index, as far as it reaches. What lies behind damage to an
// unsealed segment, or to a sealed one with a damaged trailer, is found by
// walking there, and meets the damage.
func (r *Reader) points(info Info) ([]Point, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if info.Sealed && !r.trailer {
		points, err := r.loadTrailer(info)
		_, damaged := errors.AsType[*engine.CorruptError](err)
		if err != nil && !damaged {
			return nil, err
		}
		if err == nil {
			r.index, r.trailer = index{points: points, end: info.Length}, true
		}
	}
	if r.trailer {
		return r.index.points, nil
	}
	err := r.index.extend(r, info.Length)
	if _, damaged := errors.AsType[*engine.CorruptError](err); err != nil && !damaged {
		return nil, err
	}
	return r.index.points, nil
}

// loadTrailer reads and verifies the trailer and returns its points.
func (r *Reader) loadTrailer(info Info) ([]Point, error) {
	damaged := &engine.CorruptError{File: r.name, Offset: info.Length, Reason: "trailer is damaged"}
	b := make([]byte, trailerBytes)
	if err := r.readFull(b, info.Length); err != nil {
		return nil, err
	}
	n, sum, ok := decodeTrailer(b, info, r.salt)
	if !ok {
		return nil, damaged
	}
	b = make([]byte, n*pointBytes)
	if err := r.readFull(b, info.Length+trailerBytes); err != nil {
		return nil, err
	}
	if entry.Sum(b) != sum {
		return nil, damaged
	}
	points := decodePoints(b)
	for i, p := range points {
		if p.Offset < headerBytes || p.Offset >= info.Length || i > 0 && p.Offset <= points[i-1].Offset {
			return nil, damaged
		}
	}
	return points, nil
}

func (r *Reader) readFull(b []byte, off int64) error {
	n, err := r.f.ReadAt(b, off)
	switch {
	case n == len(b):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return &engine.CorruptError{File: r.name, Offset: off, Reason: "file is too short"}
	default:
		return fmt.Errorf("read segment: %w", err)
	}
}

// Verify reads a whole segment and returns its damage, and how many bytes and
// records it holds. Other errors are those of the file system.
func Verify(fsys vfs.FS, log engine.LogID, info Info) (records int64, damage []*engine.CorruptError, err error) {
	r, err := Open(fsys, log, info.First)
	if err != nil {
		return 0, damage, keep(&damage, err)
	}
	defer func() { _ = r.Close() }() // read only
	records, err = r.verifyEntries(log, info, &damage)
	if err == nil && info.Sealed {
		_, err = r.loadTrailer(info)
		err = keep(&damage, err)
	}
	return records, damage, err
}

// keep adds err to the damage, or returns it if it is none.
func keep(damage *[]*engine.CorruptError, err error) error {
	if c, ok := errors.AsType[*engine.CorruptError](err); ok {
		*damage = append(*damage, c)
		return nil
	}
	return err
}

func (r *Reader) verifyEntries(log engine.LogID, info Info, damage *[]*engine.CorruptError) (records int64, err error) {
	w := &entry.Window{}
	next, last := info.First, info.FirstTime
	for off := int64(headerBytes); off < info.Length; {
		h, err := w.Header(r, off, info.Length)
		if err != nil {
			return records, keep(damage, err) // where the next entry begins is not known
		}
		_, err = w.Peek(&h, r, off, info.Length)
		if err == nil {
			err = r.verifyOrder(&h, log, off, next, last)
		}
		if err = keep(damage, err); err != nil {
			return records, err
		}
		next, last = h.Last()+1, h.Time
		records += int64(h.Records)
		off += int64(h.Size())
	}
	if next != info.Last+1 {
		*damage = append(*damage, &engine.CorruptError{File: r.name, Offset: info.Length, Reason: fmt.Sprintf("segment ends at position %d instead of %d", next-1, info.Last)})
	}
	return records, nil
}

func (r *Reader) verifyOrder(h *entry.Header, log engine.LogID, off int64, next stream.Position, last stream.Millis) error {
	var reason string
	switch {
	case h.Log != log:
		reason = "entry is of another log"
	case h.Kind == entry.Lost:
		reason = "batch was damaged before it got here"
	case h.First != next:
		reason = fmt.Sprintf("batch has position %d instead of %d", h.First, next)
	case h.Time < last:
		reason = "time goes back"
	default:
		return nil
	}
	return &engine.CorruptError{File: r.name, Offset: off, Reason: reason}
}
