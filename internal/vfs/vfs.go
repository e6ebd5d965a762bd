// Package vfs is the seam between leat and the file system: everything the
// disk engine does to files goes through FS, so that crash and fault tests are
// ordinary tests.
//
// OS is the real file system below one directory. Mem keeps files in memory
// and can be cut at any write or sync, losing any subset of what was not
// synced. Inject wraps an FS and fails chosen operations.
//
// # What is assumed of a file system
//
// After Sync returns nil, the bytes written to the file before and its length
// survive a crash. After SyncDir returns nil, so do the creations, renames and
// removals in that directory. Without these calls any subset of writes (in
// units of 512-byte sectors, each written wholly or not at all) and of directory
// changes may survive. A crash changes no byte that was not being written.
//
// When Sync fails, what it was to make durable may still be read, and another
// Sync that succeeds need not mean that it is durable: it has to be written
// again.
package vfs

import (
	"io"
	"io/fs"
	"unsafe"
)

// FS is a tree of files. Names are slash-separated and relative to the root.
// Errors satisfy errors.Is with fs.ErrNotExist, fs.ErrExist, fs.ErrPermission
// and syscall.ENOSPC where these apply.
type FS interface {
	// OpenFile opens a file with the flags of package os: O_RDONLY, O_RDWR,
	// O_CREATE, O_EXCL, O_TRUNC. New files get the mode 0600.
	OpenFile(name string, flag int) (File, error)
	// Mkdir makes a directory with the mode 0700; one that exists is fine.
	Mkdir(name string) error
	// Remove removes a file or an empty directory. Open files of that name can
	// be read until they are closed.
	Remove(name string) error
	// Rename replaces newName by oldName, atomically. Both are in one
	// directory.
	Rename(oldName, newName string) error
	// ReadDir lists a directory, sorted by name; "." is the root.
	ReadDir(name string) ([]fs.DirEntry, error)
	// SyncDir makes changes to the entries of a directory durable.
	SyncDir(name string) error
	// Lock takes the exclusive lock of the named file, which is created if
	// missing, or fails with ErrLocked. Closing it, or the end of the process,
	// releases it.
	Lock(name string) (io.Closer, error)
	// Free returns how many more bytes can be written.
	Free() (int64, error)
}

// File is an open file. ReadAt and WriteAt may be called concurrently.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size returns the file's length.
	Size() (int64, error)
	// Truncate changes the file's length.
	Truncate(size int64) error
	// Sync makes the file's data and length durable (fdatasync).
	Sync() error
}

// DirectAlignment is what the place in memory, the place in the file and the
// length of what WriteThrough writes should be multiples of, to go the short way.
const DirectAlignment = 4096

// WriteThrough writes like File.WriteAt, for data that will hardly be read soon:
// it goes past the memory in which the system caches files, where that can be, or
// else does not stay there for long. In either case little is left for Sync to write,
// which has to follow for it to be durable.
func WriteThrough(f File, p []byte, off int64) error {
	if f, ok := f.(interface {
		writeThrough(p []byte, off int64) error
	}); ok {
		return f.writeThrough(p, off)
	}
	_, err := f.WriteAt(p, off)
	return err
}

// AlignedBytes returns n bytes at a multiple of DirectAlignment.
func AlignedBytes(n int) []byte {
	b := make([]byte, n+DirectAlignment-1)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (DirectAlignment - 1)
	return b[skip : skip+n : skip+n]
}

// isAligned reports whether a write can go the short way.
func isAligned(p []byte, off int64) bool {
	return (uintptr(unsafe.Pointer(unsafe.SliceData(p)))|uintptr(len(p))|uintptr(off))&(DirectAlignment-1) == 0
}
