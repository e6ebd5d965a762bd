package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// OSFS is the operating system's file system below one directory. Names
// cannot lead out of it, symbolic links included.
type OSFS struct {
	root *os.Root
}

var _ FS = (*OSFS)(nil)

// OpenOS opens the file system below an existing directory.
func OpenOS(dir string) (*OSFS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &OSFS{root: root}, nil
}

// Close releases the directory. Files that are open stay usable.
func (o *OSFS) Close() error { return o.root.Close() }

// OpenFile implements FS.
func (o *OSFS) OpenFile(name string, flag int) (File, error) {
	f, err := o.root.OpenFile(name, flag, fileMode)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Mkdir implements FS.
func (o *OSFS) Mkdir(name string) error {
	err := o.root.Mkdir(name, dirMode)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, statErr := o.root.Stat(name)
	if statErr != nil || !info.IsDir() {
		return err
	}
	return nil
}

// Remove implements FS.
func (o *OSFS) Remove(name string) error { return o.root.Remove(name) }

// Rename implements FS.
func (o *OSFS) Rename(oldName, newName string) error {
	if err := checkRename(oldName, newName); err != nil {
		return err
	}
	return o.root.Rename(oldName, newName)
}

// ReadDir implements FS.
func (o *OSFS) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(o.root.FS(), name)
}

// SyncDir implements FS. On Windows, whose file systems journal their
// directories and offer no such call, it does nothing.
func (o *OSFS) SyncDir(name string) error {
	dir, err := o.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(dir), dir.Close())
}

// Lock implements FS.
func (o *OSFS) Lock(name string) (io.Closer, error) {
	f, err := o.root.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return fileLock{f}, nil
}

// A fileLock is a file that is locked until it is closed.
type fileLock struct{ *os.File }

// Close gives the lock back. Closing the file would not be enough: a process
// that is just being started has a copy of every descriptor until it executes
// its program, and the lock would live as long as that copy.
func (l fileLock) Close() error {
	return errors.Join(unlockFile(l.File), l.File.Close())
}

// Free implements FS.
func (o *OSFS) Free() (int64, error) {
	dir, err := o.root.Open(".")
	if err != nil {
		return 0, err
	}
	free, err := freeBytes(dir)
	return free, errors.Join(err, dir.Close())
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Sync() error { return syncData(f.File) }

// throughBytes is how much is left for Sync at most where there is no short way.
const throughBytes = 1 << 20

func (f osFile) writeThrough(p []byte, off int64) error {
	if isAligned(p, off) {
		if err := writeDirect(f.File, p, off); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	end := off + int64(len(p))
	if _, err := f.WriteAt(p, off); err != nil || off/throughBytes == end/throughBytes {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	uncache(f.File, max(end-2*throughBytes, 0), 2*throughBytes)
	return nil
}

// CreateDir makes sure that dir is a directory that this user alone may fill:
// it creates it, parents included, with the mode 0700 and durably, or checks
// that the one that exists is owned by this user and can be written.
func CreateDir(dir string) error {
	if err := createAll(dir); err != nil {
		return fmt.Errorf("create the directory %s: %w", dir, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	return checkOwner(dir, info)
}

// createAll makes dir and its missing parents, and syncs each directory that
// got a new entry: without that a power cut may take the whole tree away.
func createAll(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := createAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	p, err := os.Open(parent)
	if err != nil {
		return err
	}
	return errors.Join(syncDir(p), p.Close())
}

// checkRename refuses what not every file system does atomically.
func checkRename(oldName, newName string) error {
	if path.Dir(oldName) != path.Dir(newName) {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: errors.ErrUnsupported}
	}
	return nil
}
