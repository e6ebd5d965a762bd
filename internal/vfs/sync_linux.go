package vfs

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData skips what Sync writes beyond the data and the length, such as the
// time of the last change: on a file that keeps its length this saves a write
// to the file system's own journal.
func syncData(f *os.File) error {
	return os.NewSyscallError("fdatasync", control(f, unix.Fdatasync))
}

// uncache is best effort, like all advice.
func uncache(f *os.File, off, n int64) {
	_ = control(f, func(fd int) error { return unix.Fadvise(fd, off, n, unix.FADV_DONTNEED) })
}

// writeDirect writes with O_DIRECT, for the time of the write. Not every file
// system has that, and some find out at the write.
func writeDirect(f *os.File, p []byte, off int64) error {
	if err := setDirect(f, true); err != nil {
		return errors.ErrUnsupported
	}
	_, err := f.WriteAt(p, off)
	if errors.Is(err, unix.EINVAL) {
		err = errors.ErrUnsupported
	}
	return errors.Join(err, setDirect(f, false))
}

// setDirect switches O_DIRECT on or off.
func setDirect(f *os.File, on bool) error {
	return os.NewSyscallError("fcntl", control(f, func(fd int) error {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil {
			return err
		}
		if flags &^= unix.O_DIRECT; on {
			flags |= unix.O_DIRECT
		}
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFL, flags)
		return err
	}))
}
