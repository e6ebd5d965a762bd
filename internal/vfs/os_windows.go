package vfs

import (
	"errors"
	"io/fs"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

func syncDir(*os.File) error { return nil }

func syncData(f *os.File) error { return f.Sync() }

func lockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, math.MaxUint32, math.MaxUint32, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return os.NewSyscallError("LockFileEx", err)
}

func unlockFile(f *os.File) error {
	err := windows.UnlockFileEx(windows.Handle(f.Fd()), 0, math.MaxUint32, math.MaxUint32, new(windows.Overlapped))
	return os.NewSyscallError("UnlockFileEx", err)
}

func freeBytes(dir *os.File) (int64, error) {
	name, err := windows.UTF16PtrFromString(dir.Name())
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, os.NewSyscallError("GetDiskFreeSpaceEx", err)
	}
	return int64(min(free, math.MaxInt64)), nil
}

// checkOwner leaves the question to the access control list, which opening
// the first file asks.
func checkOwner(string, fs.FileInfo) error { return nil }

// uncache has no counterpart here.
func uncache(*os.File, int64, int64) {}

// writeDirect has none either.
func writeDirect(*os.File, []byte, int64) error { return errors.ErrUnsupported }
