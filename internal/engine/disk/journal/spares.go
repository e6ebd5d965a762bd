package journal

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"

	"leat/internal/vfs"
)

// spares are the journal files that are not in use. One is made in the
// background when it will soon be needed: filling a file takes as long as
// hundreds of commits.
type spares struct {
	opts Options

	mu       sync.Mutex // guards what follows
	made     *sync.Cond // signalled when a making ends
	files    []*file
	making   bool
	makeErr  error // of the last making
	lastName int
}

func (s *spares) init(opts Options, files []*file) {
	s.opts = opts
	s.made = sync.NewCond(&s.mu)
	for _, f := range files {
		n, err := strconv.Atoi(strings.TrimSuffix(path.Base(f.name), fileSuffix))
		if err == nil {
			s.lastName = max(s.lastName, n) // else it is not a name that newName gives
		}
	}
}

func (s *spares) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.files)
}

// makeFirst makes a new journal's first file.
func (s *spares) makeFirst() error {
	f, err := s.make(s.newName(), s.opts.FirstFileBytes)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, f)
	return nil
}

// awaited reports whether there is no file, but one is being made.
func (s *spares) awaited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.files) == 0 && s.making
}

// prepare has a file made if there is none.
func (s *spares) prepare() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepareLocked()
}

func (s *spares) prepareLocked() {
	if len(s.files) > 0 || s.making {
		return
	}
	s.making = true
	go s.makeOne()
}

func (s *spares) makeOne() {
	f, err := s.make(s.newName(), s.opts.FileBytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.making, s.makeErr = false, err
	if err == nil {
		s.files = append(s.files, f)
	}
	s.made.Broadcast()
}

// take returns a file that has at least so many bytes.
func (s *spares) take(bytes int64) (*file, error) {
	if bytes > s.opts.FileBytes {
		return s.make(s.newName(), bytes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		for i, f := range s.files {
			if f.bytes >= bytes {
				s.files = append(s.files[:i], s.files[i+1:]...)
				return f, nil
			}
		}
		if err := s.makeLocked(); err != nil {
			return nil, err
		}
	}
}

// makeLocked waits for the file being made, or for a new one.
func (s *spares) makeLocked() error {
	if !s.making {
		s.making = true
		go s.makeOne()
	}
	for s.making {
		s.made.Wait()
	}
	return s.makeErr
}

// zeroBytes is how much of a file is filled at a time, so that a commit has little
// of it ahead of its own sync.
const zeroBytes = 1 << 20

// make makes a file full of zeros, durably. A file that cannot be completed is
// removed.
func (s *spares) make(name string, bytes int64) (*file, error) {
	bytes = pages(bytes)
	f, err := s.opts.FS.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, fmt.Errorf("make journal file: %w", err)
	}
	err = s.fill(f, bytes)
	if err == nil {
		err = s.opts.FS.SyncDir(s.opts.Dir)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make journal file %s: %w", name, err), f.Close(), s.opts.FS.Remove(name))
	}
	return &file{name: name, bytes: bytes, f: f}, nil
}

func (s *spares) fill(f vfs.File, bytes int64) error {
	zeros := vfs.AlignedBytes(int(min(bytes, zeroBytes)))
	for at := int64(0); at < bytes; at += zeroBytes {
		if err := vfs.WriteThrough(f, zeros[:min(bytes-at, zeroBytes)], at); err != nil {
			return err
		}
	}
	return f.Sync()
}

// newName returns a name that no file has.
func (s *spares) newName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastName++
	return path.Join(s.opts.Dir, fmt.Sprintf("%06d%s", s.lastName, fileSuffix))
}

// release takes over a file whose use has ended: it is kept for the next use,
// or removed if it has an odd length or there are enough.
func (s *spares) release(f *file) error {
	if s.keep(f) {
		return nil
	}
	return s.remove(f)
}

// keep takes over a file unless it is to be removed. (That takes a while, which
// nobody who wants a file should wait for.)
func (s *spares) keep(f *file) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := f.bytes == pages(s.opts.FileBytes) && len(s.files) < s.opts.MaxSpares
	if kept {
		s.files = append(s.files, f)
	}
	return kept
}

// drop removes all files.
func (s *spares) drop() error {
	s.mu.Lock()
	files := s.files
	s.files = nil
	s.mu.Unlock()
	var errs []error
	for _, f := range files {
		errs = append(errs, s.remove(f))
	}
	return errors.Join(errs...)
}

func (s *spares) remove(f *file) error {
	if err := errors.Join(f.f.Close(), s.opts.FS.Remove(f.name)); err != nil {
		return fmt.Errorf("remove journal file: %w", err)
	}
	return nil
}

// wait waits until no file is being made.
func (s *spares) wait() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.making {
		s.made.Wait()
	}
}

func (s *spares) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.f.Close())
	}
	s.files = nil
	return errors.Join(errs...)
}
