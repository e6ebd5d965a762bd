package disk

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/engine"
	"leat/internal/engine/kvtable"
	"leat/internal/vfs"
)

// imageBytes returns a real checkpoint file.
func imageBytes(f *testing.F) []byte {
	f.Helper()
	w := newWorld(f)
	w.mustOpen()
	a, b := logID(1, 0), logID(2, 1)
	if err := w.play([]func() error{
		func() error { return w.create(a, b) },
		func() error { return w.write("one", "1", "two", "2") },
		func() error { return w.append(2000, a, b, a) },
		func() error { return w.closeLog(b) },
		func() error { return w.e.Close() },
	}); err != nil {
		f.Fatal(err)
	}
	names := slices.Collect(maps.Keys(w.mem.Files()))
	i := slices.IndexFunc(names, func(n string) bool { return kindOf(n) == "checkpoint" })
	file, err := w.mem.OpenFile(names[i], os.O_RDONLY)
	if err != nil {
		f.Fatal(err)
	}
	content := make([]byte, w.mem.Files()[names[i]])
	if _, err := file.ReadAt(content, 0); err != nil {
		f.Fatal(err)
	}
	return content
}

// TestLargeImageIsSyncedInPieces writes the metadata of many MiB. A commit beside
// it must not wait until all of that is on disk.
func TestLargeImageIsSyncedInPieces(t *testing.T) {
	const size = 5 * imageSync
	fsys := vfs.NewInject(vfs.NewMem(), nil)
	kv := kvtable.New()
	for i := range 10 {
		kv.Restore(engine.Entry{Key: engine.NewKey("k", string(rune('a'+i))), Value: make([]byte, size/10), Revision: 1})
	}
	if err := writeImage(fsys, 1, &checkpoint{image: kv.Image()}); err != nil {
		t.Fatal(err)
	}
	// One for the header of zeros, one for the end of the body, one for the header.
	if n := fsys.Count(vfs.OpSync); n < size/imageSync-1+3 {
		t.Errorf("%d bytes were synced in %d steps", size, n)
	}
}

// FuzzImage decodes bodies with right checksums that hold anything.
func FuzzImage(f *testing.F) {
	f.Add(imageBytes(f)[imageBody:])
	f.Fuzz(func(t *testing.T, body []byte) {
		d := &decoder{b: body}
		img := &image{}
		img.decodeBody(d)
		if d.failed {
			return
		}
		for _, l := range img.logs {
			if l.base < 0 || l.tip.last < 0 {
				t.Errorf("%+v", l)
			}
		}
	})
}

// FuzzImageFile decodes files that are anything.
func FuzzImageFile(f *testing.F) {
	content := imageBytes(f)
	f.Add(content)
	f.Add(content[:imageHeader])
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := decodeImage(b)
		if err == nil && !bytes.HasPrefix(b[4:], []byte("LECP")) {
			t.Errorf("%x is accepted as %+v", b, img)
		}
	})
}

func FuzzChanges(f *testing.F) {
	f.Add(encodeChanges([]engine.Change{{Key: "k", Value: []byte("v")}, {Key: "gone", Delete: true}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		changes, err := decodeChanges(b)
		if err != nil {
			return
		}
		again, err := decodeChanges(encodeChanges(changes))
		if err != nil || !cmp.Equal(changes, again) {
			t.Errorf("%v: %s", err, cmp.Diff(changes, again))
		}
	})
}

func FuzzIDs(f *testing.F) {
	f.Add(appendID(nil, logID(7, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		ids, err := decodeIDs(b)
		if err != nil {
			return
		}
		var again []byte
		for _, id := range ids {
			again = appendID(again, id)
		}
		if !bytes.Equal(b, again) {
			t.Errorf("%x becomes %x", b, again)
		}
	})
}
