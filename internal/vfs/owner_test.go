//go:build linux || darwin || freebsd

package vfs_test

import (
	"os"
	"strings"
	"testing"

	"leat/internal/vfs"
)

func TestCreateDirRefusesAnotherUsersDirectory(t *testing.T) {
	dir := "/" // root's
	if os.Geteuid() == 0 {
		dir = t.TempDir()
		must(t, os.Chown(dir, 12345, -1))
	}
	if err := vfs.CreateDir(dir); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Fatalf("got %v", err)
	}
}

func TestCreateDirRefusesReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("nothing is read-only for root")
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o500))
	if err := vfs.CreateDir(dir); err == nil || !strings.Contains(err.Error(), "not writable") {
		t.Fatalf("got %v", err)
	}
}
