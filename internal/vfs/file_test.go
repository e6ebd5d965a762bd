package vfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"leat/internal/vfs"
)

func TestReplaceFile(t *testing.T) {
	t.Parallel()
	fsys := vfs.NewMem()
	if err := fsys.Mkdir("d"); err != nil {
		t.Fatal(err)
	}
	if err := fsys.SyncDir("."); err != nil {
		t.Fatal(err)
	}
	if _, err := vfs.ReadFile(fsys, "d/f"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v for a file that is not there", err)
	}
	for _, text := range []string{"a longer text", "short", ""} {
		if err := vfs.ReplaceFile(fsys, "d/f", []byte(text)); err != nil {
			t.Fatal(err)
		}
		fsys = fsys.CrashLoseAll()
		if b, err := vfs.ReadFile(fsys, "d/f"); err != nil || string(b) != text {
			t.Errorf("%q is kept as %q (%v)", text, b, err)
		}
	}
	if entries, err := fsys.ReadDir("d"); err != nil || len(entries) != 1 {
		t.Errorf("entries %v (%v)", entries, err)
	}
}

func TestReadFileIsForSmallFiles(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	dir := t.TempDir()
	fsys, err := vfs.OpenOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fsys.Close() }()
	for _, size := range []int64{limit, limit + 1} {
		name := filepath.Join(dir, "f")
		if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		inside, err1 := vfs.ReadFile(fsys, "f")
		outside, err2 := vfs.ReadOSFile(name)
		if fits := size <= limit; (err1 == nil) != fits || (err2 == nil) != fits || fits && len(inside)+len(outside) != 2*limit {
			t.Errorf("%d bytes: %v, %v", size, err1, err2)
		}
	}
}
