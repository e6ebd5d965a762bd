package vfs_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/vfs"
)

// eachFS runs a test of the contract over every implementation.
func eachFS(t *testing.T, test func(t *testing.T, fsys vfs.FS)) {
	t.Helper()
	t.Run("os", func(t *testing.T) {
		fsys, err := vfs.OpenOS(t.TempDir())
		must(t, err)
		defer fsys.Close()
		test(t, fsys)
	})
	t.Run("mem", func(t *testing.T) { test(t, vfs.NewMem()) })
	t.Run("inject", func(t *testing.T) { test(t, vfs.NewInject(vfs.NewMem(), nil)) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// create makes a file with contents and leaves it open and unsynced.
func create(t *testing.T, fsys vfs.FS, name, contents string) vfs.File {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = f.WriteAt([]byte(contents), 0)
	must(t, err)
	return f
}

func read(t *testing.T, fsys vfs.FS, name string) string {
	t.Helper()
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	must(t, err)
	defer f.Close()
	return contents(t, f)
}

func contents(t *testing.T, f vfs.File) string {
	t.Helper()
	size, err := f.Size()
	must(t, err)
	b, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	must(t, err)
	return string(b)
}

func names(t *testing.T, fsys vfs.FS, dir string) string {
	t.Helper()
	list, err := fsys.ReadDir(dir)
	must(t, err)
	var b strings.Builder
	for _, e := range list {
		b.WriteString(e.Name())
		if e.IsDir() {
			b.WriteByte('/')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func TestFilesReadBackWhatWasWritten(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		f := create(t, fsys, "a", "hello")
		_, err := f.WriteAt([]byte("world"), 10_000)
		must(t, err)
		want := "hello" + strings.Repeat("\x00", 9_995) + "world"
		if got := contents(t, f); got != want {
			t.Fatalf("read %d bytes that differ from the %d written", len(got), len(want))
		}

		must(t, f.Truncate(3))
		must(t, f.Truncate(8))
		must(t, f.Sync())
		if got := read(t, fsys, "a"); got != "hel\x00\x00\x00\x00\x00" {
			t.Fatalf("after cutting and growing: %q", got)
		}

		n, err := f.ReadAt(make([]byte, 10), 4)
		if n != 4 || !errors.Is(err, io.EOF) {
			t.Fatalf("reading over the end: %d, %v", n, err)
		}
	})
}

func TestOpenFlags(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		_, err := fsys.OpenFile("a", os.O_RDWR)
		wantErr(t, err, fs.ErrNotExist)
		_, err = fsys.OpenFile("no/a", os.O_RDWR|os.O_CREATE)
		wantErr(t, err, fs.ErrNotExist)
		create(t, fsys, "a", "hello")
		_, err = fsys.OpenFile("a", os.O_RDWR|os.O_CREATE|os.O_EXCL)
		wantErr(t, err, fs.ErrExist)
		if got := read(t, fsys, "a"); got != "hello" {
			t.Fatalf("opening has changed the file: %q", got)
		}

		f, err := fsys.OpenFile("a", os.O_RDONLY)
		must(t, err)
		defer f.Close()
		if _, err := f.WriteAt([]byte("x"), 0); err == nil {
			t.Fatal("a file opened for reading was written")
		}

		f, err = fsys.OpenFile("a", os.O_RDWR|os.O_TRUNC)
		must(t, err)
		must(t, f.Close())
		if got := read(t, fsys, "a"); got != "" {
			t.Fatalf("after O_TRUNC: %q", got)
		}
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Fatalf("reading a closed file: %v", err)
		}
	})
}

func TestDirectories(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		must(t, fsys.Mkdir("d"))
		must(t, fsys.Mkdir("d"))
		must(t, fsys.Mkdir("d/e"))
		create(t, fsys, "d/b", "b")
		create(t, fsys, "d/a", "a")
		if got := names(t, fsys, "d"); got != "a b e/ " {
			t.Fatalf("listed %q", got)
		}
		if got := names(t, fsys, "."); got != "d/ " {
			t.Fatalf("listed %q at the root", got)
		}
		wantErr(t, fsys.Mkdir("d/a"), fs.ErrExist)
		if err := fsys.Remove("d"); err == nil {
			t.Fatal("a directory that is not empty was removed")
		}
		must(t, fsys.Remove("d/e"))
		wantErr(t, fsys.Remove("d/e"), fs.ErrNotExist)
		must(t, fsys.SyncDir("d"))
		_, err := fsys.ReadDir("e")
		wantErr(t, err, fs.ErrNotExist)
		if _, err := fsys.OpenFile("../x", os.O_RDWR|os.O_CREATE); err == nil {
			t.Fatal("a name led out of the root")
		}
	})
}

func TestRenameReplaces(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		create(t, fsys, "old", "one")
		replaced := create(t, fsys, "new", "two")
		must(t, fsys.Rename("old", "new"))
		if got := read(t, fsys, "new"); got != "one" {
			t.Fatalf("the new name has %q", got)
		}
		if got := contents(t, replaced); got != "two" {
			t.Fatalf("the replaced file, still open, has %q", got)
		}
		if got := names(t, fsys, "."); got != "new " {
			t.Fatalf("listed %q", got)
		}
		wantErr(t, fsys.Rename("old", "new"), fs.ErrNotExist)
		must(t, fsys.Mkdir("d"))
		wantErr(t, fsys.Rename("new", "d/new"), errors.ErrUnsupported)
	})
}

func TestRemovedFileCanBeReadWhileOpen(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		f := create(t, fsys, "a", "hello")
		must(t, fsys.Remove("a"))
		if got := contents(t, f); got != "hello" {
			t.Fatalf("read %q", got)
		}
		_, err := fsys.OpenFile("a", os.O_RDONLY)
		wantErr(t, err, fs.ErrNotExist)
	})
}

func TestLockExcludes(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		lock, err := fsys.Lock("LOCK")
		must(t, err)
		_, err = fsys.Lock("LOCK")
		wantErr(t, err, vfs.ErrLocked)
		must(t, lock.Close())
		lock, err = fsys.Lock("LOCK")
		must(t, err)
		must(t, lock.Close())
	})
}

func TestFreeIsPositive(t *testing.T) {
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		free, err := fsys.Free()
		must(t, err)
		if free <= 0 {
			t.Fatalf("free: %d", free)
		}
	})
}

func TestCreateDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	must(t, vfs.CreateDir(dir))
	must(t, vfs.CreateDir(dir))
	for _, d := range []string{dir, filepath.Dir(dir)} {
		info, err := os.Stat(d)
		must(t, err)
		if info.Mode().Perm() != 0o700 {
			t.Fatalf("%s has the mode %v", d, info.Mode())
		}
	}
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, d := range []string{file, filepath.Join(file, "below")} {
		if err := vfs.CreateDir(d); err == nil {
			t.Fatalf("%s was accepted", d)
		}
	}
}

// TestWriteThrough writes past the cache, beside writes that do not.
func TestWriteThrough(t *testing.T) {
	t.Parallel()
	eachFS(t, func(t *testing.T, fsys vfs.FS) {
		const page = vfs.DirectAlignment
		f := create(t, fsys, "f", strings.Repeat("a", page+100))
		want := bytes.Repeat([]byte("a"), 8*page)
		memory := vfs.AlignedBytes(4 * page)
		for i := range memory {
			memory[i] = byte('b' + i%20)
		}
		for _, w := range []struct {
			p   []byte
			off int
		}{
			{memory[:2*page], page}, // over the end of the file
			{memory[page:], 5 * page},
			{memory[:page], page},
			{memory[1:page], 3 * page}, // aligned in neither way
			{memory[:100], 7*page + 10},
		} {
			must(t, vfs.WriteThrough(f, w.p, int64(w.off)))
			copy(want[w.off:], w.p)
			got := make([]byte, len(w.p))
			_, err := f.ReadAt(got, int64(w.off))
			if must(t, err); !bytes.Equal(got, w.p) {
				t.Errorf("%d bytes at %d are read as others", len(w.p), w.off)
			}
			_, err = f.WriteAt([]byte("!"), int64(w.off))
			must(t, err)
			want[w.off] = '!'
		}
		must(t, f.Sync())
		clear(want[4*page-1 : 5*page]) // which nothing was written to
		if got := contents(t, f); got != string(want) {
			t.Errorf("the file has %d bytes, and others than were written", len(got))
		}
	})
}
