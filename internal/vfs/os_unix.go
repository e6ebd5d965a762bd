//go:build linux || darwin || freebsd

package vfs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func syncDir(dir *os.File) error { return dir.Sync() }

// lockFile takes a flock, which belongs to the open file: it also keeps out
// a second opener within this process, and it ends with the last descriptor.
func lockFile(f *os.File) error {
	err := control(f, func(fd int) error {
		return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	})
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return os.NewSyscallError("flock", err)
}

func unlockFile(f *os.File) error {
	err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_UN) })
	return os.NewSyscallError("flock", err)
}

func freeBytes(dir *os.File) (int64, error) {
	var st unix.Statfs_t
	err := control(dir, func(fd int) error { return unix.Fstatfs(fd, &st) })
	if err != nil {
		return 0, os.NewSyscallError("fstatfs", err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // the types differ between systems
}

// checkOwner refuses a directory of another user, whose files this one could
// neither protect nor be sure to be able to read, and one that is read-only.
func checkOwner(dir string, info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("the directory %s belongs to another user (uid %d, this is uid %d)", dir, st.Uid, os.Geteuid())
	}
	if err := unix.Faccessat(unix.AT_FDCWD, dir, unix.R_OK|unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return fmt.Errorf("the directory %s is not writable: %w", dir, err)
	}
	return nil
}

// control calls op with f's descriptor until no signal interrupts it. (Fd
// would put the file into blocking mode.)
func control(f *os.File, op func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var opErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if opErr = op(int(fd)); !errors.Is(opErr, unix.EINTR) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return opErr
}
