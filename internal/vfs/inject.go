package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// Kind is a kind of file operation.
type Kind uint8

// The kinds of operations. Closing is none: it cannot be made to fail.
const (
	OpOpen   Kind = iota // OpenFile without O_CREATE
	OpCreate             // OpenFile with O_CREATE
	OpRead
	OpWrite
	OpTruncate
	OpSync
	OpSize
	OpMkdir
	OpRemove
	OpRename
	OpReadDir
	OpSyncDir
	OpLock
	OpFree
	kinds
)

// Op is one operation, about to happen.
type Op struct {
	Kind    Kind
	Name    string // the file or directory; of a rename, the old name
	NewName string // of a rename
	Offset  int64  // of a read or write; the new length of a truncation
	Bytes   int    // how many bytes a read or write is about
}

// ShortWrite is what a decision returns to let the first N bytes of a write
// happen and then fail it with Err.
type ShortWrite struct {
	N   int
	Err error
}

func (s *ShortWrite) Error() string { return "short write: " + s.Err.Error() }

func (s *ShortWrite) Unwrap() error { return s.Err }

// Inject wraps a file system, counts its operations, and fails those that a
// test chooses. A chosen operation fails without having happened.
type Inject struct {
	fs     FS
	decide atomic.Pointer[func(Op) error]
	counts [kinds]atomic.Int64
}

var _ FS = (*Inject)(nil)

// NewInject wraps fsys. Before each operation decide is called, from whatever
// goroutine makes it; the operation fails with the error that decide returns.
// A nil decide fails nothing.
func NewInject(fsys FS, decide func(Op) error) *Inject {
	i := &Inject{fs: fsys}
	i.Decide(decide)
	return i
}

// Decide replaces the function that chooses the failures. Operations that have
// begun may still ask the old one.
func (i *Inject) Decide(decide func(Op) error) {
	if decide == nil {
		decide = func(Op) error { return nil }
	}
	i.decide.Store(&decide)
}

// Count returns how many operations of a kind there have been, failed ones
// included.
func (i *Inject) Count(k Kind) int64 { return i.counts[k].Load() }

func (i *Inject) ask(op Op) error {
	i.counts[op.Kind].Add(1)
	return (*i.decide.Load())(op)
}

// OpenFile implements FS.
func (i *Inject) OpenFile(name string, flag int) (File, error) {
	kind := OpOpen
	if flag&os.O_CREATE != 0 {
		kind = OpCreate
	}
	if err := i.ask(Op{Kind: kind, Name: name}); err != nil {
		return nil, err
	}
	f, err := i.fs.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return &injectFile{File: f, inject: i, name: name}, nil
}

// Mkdir implements FS.
func (i *Inject) Mkdir(name string) error {
	if err := i.ask(Op{Kind: OpMkdir, Name: name}); err != nil {
		return err
	}
	return i.fs.Mkdir(name)
}

// Remove implements FS.
func (i *Inject) Remove(name string) error {
	if err := i.ask(Op{Kind: OpRemove, Name: name}); err != nil {
		return err
	}
	return i.fs.Remove(name)
}

// Rename implements FS.
func (i *Inject) Rename(oldName, newName string) error {
	if err := i.ask(Op{Kind: OpRename, Name: oldName, NewName: newName}); err != nil {
		return err
	}
	return i.fs.Rename(oldName, newName)
}

// ReadDir implements FS.
func (i *Inject) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := i.ask(Op{Kind: OpReadDir, Name: name}); err != nil {
		return nil, err
	}
	return i.fs.ReadDir(name)
}

// SyncDir implements FS.
func (i *Inject) SyncDir(name string) error {
	if err := i.ask(Op{Kind: OpSyncDir, Name: name}); err != nil {
		return err
	}
	return i.fs.SyncDir(name)
}

// Lock implements FS.
func (i *Inject) Lock(name string) (io.Closer, error) {
	if err := i.ask(Op{Kind: OpLock, Name: name}); err != nil {
		return nil, err
	}
	return i.fs.Lock(name)
}

// Free implements FS.
func (i *Inject) Free() (int64, error) {
	if err := i.ask(Op{Kind: OpFree}); err != nil {
		return 0, err
	}
	return i.fs.Free()
}

type injectFile struct {
	File // only Close is used as it is

	inject *Inject
	name   string
}

func (f *injectFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.inject.ask(Op{Kind: OpRead, Name: f.name, Offset: off, Bytes: len(p)}); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

func (f *injectFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.inject.ask(Op{Kind: OpWrite, Name: f.name, Offset: off, Bytes: len(p)})
	switch short, ok := errors.AsType[*ShortWrite](err); {
	case ok:
		n, err := f.File.WriteAt(p[:min(short.N, len(p))], off)
		if err != nil {
			return n, err
		}
		return n, short.Err
	case err != nil:
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f *injectFile) Truncate(size int64) error {
	if err := f.inject.ask(Op{Kind: OpTruncate, Name: f.name, Offset: size}); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *injectFile) Sync() error {
	if err := f.inject.ask(Op{Kind: OpSync, Name: f.name}); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *injectFile) Size() (int64, error) {
	if err := f.inject.ask(Op{Kind: OpSize, Name: f.name}); err != nil {
		return 0, err
	}
	return f.File.Size()
}
