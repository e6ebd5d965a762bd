package kinesis_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"leat/internal/api"
	"leat/internal/engine/disk"
	"leat/internal/keyring"
	"leat/internal/vfs"
)

// TestNoPlainTextOnDisk looks for what was put in every file, and finds what was
// put without encryption.
func TestNoPlainTextOnDisk(t *testing.T) {
	t.Run("memory", func(t *testing.T) { searchDisk(t, vfs.NewMem()) })
	t.Run("directory", func(t *testing.T) {
		fsys, err := vfs.OpenOS(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := fsys.Close(); err != nil {
				t.Error(err)
			}
		}()
		searchDisk(t, fsys)
	})
}

func searchDisk(t *testing.T, fsys vfs.FS) {
	t.Helper()
	const sealed, sealedKey, plain = "what is put while encrypted", "a partition key while encrypted", "what is put in clear text"
	f := &fixture{t: t}
	f.clock.Store(int64(testStart))
	var err error
	if f.keys, err = keyring.OpenLocal(fsys); err != nil {
		t.Fatal(err)
	}
	opts := disk.Options{Now: f.now, JournalFileBytes: 64 << 10, JournalMaxBytes: 1 << 20, SegmentBytes: 16 << 10, FreeReserve: 1}
	open := func() *disk.Engine {
		e, err := disk.Open(fsys, opts)
		if err != nil {
			t.Fatal(err)
		}
		f.engine = e
		f.open()
		return e
	}
	e := open()
	f.create("s", 1)
	f.startEncryption("alias/k")
	for range 3 {
		for range 50 {
			f.put("s", sealedKey, strings.Repeat(sealed, 20))
			f.putRecords("s", entry(sealedKey, sealed), entry(sealedKey, sealed))
		}
		if err := e.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.put("s", sealedKey, sealed) // stays in the journal
	}
	if all := f.all(); len(all) != 3*151 || all[1] != sealed {
		t.Errorf("%d records are read", len(all))
	}
	f.stopEncryption()
	f.put("s", "k", plain)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if found := filesWith(t, fsys, ".", plain); len(found) == 0 {
		t.Error("the search does not find what is there")
	}
	for _, text := range []string{sealed, sealedKey} {
		if found := filesWith(t, fsys, ".", text); len(found) > 0 {
			t.Errorf("%q is in %q", text, found)
		}
	}
	// The ring is read from the disk, too.
	if f.keys, err = keyring.OpenLocal(fsys); err != nil {
		t.Fatal(err)
	}
	e = open()
	if all := f.all(); len(all) != 3*151+1 || all[1] != sealed {
		t.Errorf("%d records are read after a restart", len(all))
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// filesWith returns the files below a directory that have the text in them.
func filesWith(t *testing.T, fsys vfs.FS, dir, text string) (found []string) {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if dir != "." {
			name = dir + "/" + name
		}
		if entry.IsDir() {
			found = append(found, filesWith(t, fsys, name, text)...)
			continue
		}
		file, err := fsys.OpenFile(name, os.O_RDONLY)
		if err != nil {
			t.Fatal(err)
		}
		size, err := file.Size()
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		if n, err := file.ReadAt(b, 0); n < len(b) {
			t.Fatalf("%s: %v", name, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			found = append(found, name)
		}
	}
	return found
}

// Keys are made until the keyring has no room. Then a new one is refused, and
// those that are there go on.
func TestNoRoomForKeys(t *testing.T) {
	var versions []string
	for i := range 9700 { // more than fit once they are written again
		versions = append(versions, fmt.Sprintf(`{"number":%d,"secret":"%s="}`, i+1, strings.Repeat("A", 43)))
	}
	fsys := vfs.NewMem()
	if err := fsys.Mkdir("keys"); err != nil {
		t.Fatal(err)
	}
	err := vfs.ReplaceFile(fsys, keyring.LocalFile, []byte(`{"format":1,"keys":[{"id":"`+keyOne+`","versions":[`+strings.Join(versions, ",")+`]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	if f.keys, err = keyring.OpenLocal(fsys); err != nil {
		t.Fatal(err)
	}
	f.open()
	f.create("s", 1)
	f.fails("StartStreamEncryption", startInput("alias/k"), api.LimitExceeded,
		"The keyring of the server has no room for key "+aliasARN+".")
	f.startEncryption(keyOne)
	f.put("s", "k", "sealed")
	f.wantRead("sealed")
}
