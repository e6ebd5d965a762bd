package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
)

// maxSmallFile bounds what ReadFile and ReadOSFile take into memory.
const maxSmallFile = 1 << 20

// ReadFile returns what a small file has.
func ReadFile(fsys FS, name string) (b []byte, err error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > maxSmallFile {
		return nil, fmt.Errorf("%s has %d bytes, more than %d", name, size, maxSmallFile)
	}
	b = make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return b, nil
}

// ReplaceFile makes a small file, durably, or puts it in the place of the one
// that is there: after a crash it is the old one or the new one. It goes
// through a file of that name with ".new" after it.
func ReplaceFile(fsys FS, name string, b []byte) error {
	f, err := fsys.OpenFile(name+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(name+".new", name); err != nil {
		return err
	}
	return fsys.SyncDir(path.Dir(name))
}

// ReadOSFile returns what a small file has that is none of the server's own:
// its path is the user's, and symbolic links are followed.
func ReadOSFile(name string) ([]byte, error) {
	return readOSFile(name, func(fs.FileInfo) error { return nil })
}

// ReadPrivateOSFile is ReadOSFile for secrets. It refuses a file that its owner
// may do more with than read and change it, or others anything at all, where files
// say who may.
func ReadPrivateOSFile(name string) ([]byte, error) {
	return readOSFile(name, func(info fs.FileInfo) error {
		if mode := info.Mode().Perm(); mode&^0o600 != 0 && runtime.GOOS != "windows" {
			return fmt.Errorf("%s has the mode %#o, which is wider than 0600 (chmod 600 %s)", name, mode, name)
		}
		return nil
	})
}

// readOSFile reads a file if check finds nothing wrong with it.
func readOSFile(name string, check func(fs.FileInfo) error) (b []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := check(info); err != nil {
		return nil, err
	}
	b, err = io.ReadAll(io.LimitReader(f, maxSmallFile+1))
	if err == nil && len(b) > maxSmallFile {
		err = fmt.Errorf("%s has more than %d bytes", name, maxSmallFile)
	}
	return b, err
}
