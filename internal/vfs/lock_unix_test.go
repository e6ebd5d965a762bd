//go:build linux || darwin || freebsd

package vfs

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnlockOutlivesNoCopy has a process that is being started, which holds a
// copy of the lock's descriptor, be no owner of the lock.
func TestUnlockOutlivesNoCopy(t *testing.T) {
	t.Parallel()
	fsys, err := OpenOS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer fsys.Close()
	lock, err := fsys.Lock("LOCK")
	if err != nil {
		t.Fatal(err)
	}
	var held int
	err = control(lock.(fileLock).File, func(fd int) error {
		held, err = unix.Dup(fd)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(held)
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := fsys.Lock("LOCK")
	if err != nil {
		t.Fatalf("the lock that was given back: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
