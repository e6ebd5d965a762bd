package journal

import (
	"errors"
	"sync"

	"leat/internal/vfs"
)

// ErrMoved is returned by reads of a file whose use has ended: what it held is
// in a segment now, or no longer wanted.
var ErrMoved = errors.New("journal file has been freed")

// file is a journal file. Its use changes under the lock, so whoever reads
// holds up the file's next use, and never sees it.
type file struct {
	name  string
	bytes int64
	f     vfs.File
	// written says that the disk may have the header of this use. It is of the
	// appending goroutine.
	written bool

	mu     sync.RWMutex // guards header: held for reading during reads, for writing while the use changes
	header fileHeader   // number 0: not in use
}

// use begins the next use of the file.
func (f *file) use(h fileHeader) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.header = h
	f.written = false
}

// renew makes the file's header and its last frame durable. What a failed sync
// has left can be read, but only writing it again makes another sync reach it.
func (f *file) renew(frame, end int64) error {
	if err := f.rewrite(0, pageBytes); err != nil {
		return err
	}
	if err := f.rewrite(frame, end); err != nil {
		return err
	}
	return f.f.Sync()
}

// rewrite writes what a part of the file holds to where it is.
func (f *file) rewrite(from, to int64) error {
	b := make([]byte, min(to-from, zeroBytes))
	for at := from; at < to; at += int64(len(b)) {
		b = b[:min(to-at, zeroBytes)]
		if n, err := f.f.ReadAt(b, at); n < len(b) {
			return err
		}
		if _, err := f.f.WriteAt(b, at); err != nil {
			return err
		}
	}
	return nil
}

// File is one use of a journal file, to read entries from: an entry.Source.
type File struct {
	file   *file
	number uint32
	salt   uint64
}

// Name implements entry.Source.
func (f *File) Name() string { return f.file.name }

// Salt implements entry.Source.
func (f *File) Salt() uint64 { return f.salt }

// Bytes returns the file's length.
func (f *File) Bytes() int64 { return f.file.bytes }

// ReadAt reads from the file, or fails with ErrMoved if the use has ended.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	f.file.mu.RLock()
	defer f.file.mu.RUnlock()
	if f.file.header.number != f.number {
		return 0, ErrMoved
	}
	return f.file.f.ReadAt(p, off)
}
