package vfs

import (
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
