package vfs_test

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"

	"leat/internal/vfs"
)

// crashes returns m after a crash that loses all, one that keeps all, and many
// in between.
func crashes(m *vfs.Mem) []*vfs.Mem {
	list := []*vfs.Mem{m.CrashLoseAll(), m.CrashKeepAll()}
	for seed := range uint64(200) {
		list = append(list, m.Crash(rand.New(rand.NewPCG(seed, 0))))
	}
	return list
}

func TestCrashKeepsWhatWasSynced(t *testing.T) {
	m := vfs.NewMem()
	must(t, m.Mkdir("d"))
	f := create(t, m, "d/a", strings.Repeat("x", 5000))
	must(t, f.Sync())
	must(t, m.SyncDir("d"))
	must(t, m.SyncDir("."))
	_, err := f.WriteAt([]byte("yy"), 4999)
	must(t, err)
	create(t, m, "d/b", "unsynced")

	seen := map[string]bool{}
	for _, after := range crashes(m) {
		got := read(t, after, "d/a")
		if got[:4999] != strings.Repeat("x", 4999) {
			t.Fatal("a synced byte has changed")
		}
		seen[got[4999:]] = true
	}
	// The write covers no sector boundary, so it is whole or not there, but the
	// length may have grown without the data.
	if want := map[string]bool{"x": true, "yy": true, "x\x00": true}; !maps.Equal(seen, want) {
		t.Fatalf("ends seen: %v", seen)
	}
}

func TestLoseUnsynced(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a", strings.Repeat("-", 8192))
	must(t, f.Sync())
	must(t, m.SyncDir("."))
	write := func(text string, off int64) {
		_, err := f.WriteAt([]byte(text), off)
		must(t, err)
	}
	write("x", 10)
	write("y", 5000)
	must(t, m.LoseUnsynced("a"))
	if got := read(t, m, "a"); got[10] != 'x' || got[5000] != 'y' {
		t.Error("what was lost cannot be read any more")
	}
	must(t, f.Sync())
	for _, after := range crashes(m) {
		if got := read(t, after, "a"); got[10] != '-' || got[5000] != '-' {
			t.Fatal("what was lost has become durable")
		}
	}
	write("x", 10)
	must(t, f.Sync())
	for _, after := range crashes(m) {
		if got := read(t, after, "a"); got[10] != 'x' || got[5000] != '-' {
			t.Fatal("what was written again, and only that, should be durable")
		}
	}
}

func TestCrashTearsAtSectors(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a", strings.Repeat("-", 2048))
	must(t, f.Sync())
	must(t, m.SyncDir("."))
	_, err := f.WriteAt([]byte(strings.Repeat("n", 1024)), 256)
	must(t, err)

	seen := map[string]bool{}
	for _, after := range crashes(m) {
		got := read(t, after, "a")
		for _, edge := range [][2]int{{0, 256}, {256, 512}, {512, 1024}, {1024, 1280}, {1280, 2048}} {
			piece := got[edge[0]:edge[1]]
			if piece != strings.Repeat(piece[:1], len(piece)) {
				t.Fatalf("the bytes %v are torn within a sector", edge)
			}
		}
		if got[:256]+got[1280:] != strings.Repeat("-", 1024) {
			t.Fatal("bytes beside the write have changed")
		}
		seen[got] = true
	}
	if len(seen) != 8 {
		t.Fatalf("saw %d outcomes of 3 sectors, want all 8", len(seen))
	}
}

func TestCrashLosesAnySubsetOfEntries(t *testing.T) {
	m := vfs.NewMem()
	for _, name := range []string{"a", "b"} {
		must(t, create(t, m, name, name).Sync())
	}
	must(t, m.SyncDir("."))
	must(t, m.Rename("a", "b"))
	must(t, create(t, m, "c", "c").Sync())

	seen := map[string]bool{}
	for _, after := range crashes(m) {
		state := names(t, after, ".") + read(t, after, "b")
		seen[state] = true
	}
	want := map[string]bool{"a b b": true, "a b c b": true, "b a": true, "b c a": true}
	if !maps.Equal(seen, want) {
		t.Fatalf("saw %v, want %v", seen, want)
	}
	if got := names(t, m.CrashLoseAll(), "."); got != "a b " {
		t.Fatalf("after losing all: %q", got)
	}
	if got := names(t, m.CrashKeepAll(), "."); got != "b c " {
		t.Fatalf("after keeping all: %q", got)
	}
}

func TestCrashMayUndoARemoval(t *testing.T) {
	m := vfs.NewMem()
	must(t, create(t, m, "a", "hello").Sync())
	must(t, m.SyncDir("."))
	must(t, m.Remove("a"))
	if got := read(t, m.CrashLoseAll(), "a"); got != "hello" {
		t.Fatalf("got %q", got)
	}
	must(t, m.SyncDir("."))
	if got := names(t, m.CrashLoseAll(), "."); got != "" {
		t.Fatalf("a synced removal came undone: %q", got)
	}
}

func TestCrashIsReproducibleAndLeavesTheOriginal(t *testing.T) {
	m := vfs.NewMem()
	for _, name := range []string{"a", "b", "c", "d"} {
		create(t, m, name, strings.Repeat(name, 3000))
	}
	state := func(fsys *vfs.Mem) string {
		s := names(t, fsys, ".")
		for name := range strings.FieldsSeq(s) {
			s += read(t, fsys, name)
		}
		return s
	}
	before := state(m)
	one := m.Crash(rand.New(rand.NewPCG(1, 2)))
	two := m.Crash(rand.New(rand.NewPCG(1, 2)))
	if state(one) != state(two) {
		t.Fatal("the same seed gave two outcomes")
	}
	kept := m.CrashKeepAll()
	f, err := kept.OpenFile("a", os.O_RDWR)
	must(t, err)
	_, err = f.WriteAt([]byte("changed"), 0)
	must(t, err)
	must(t, f.Sync())
	if state(m) != before {
		t.Fatal("what happened after the crash has changed the file system before it")
	}
}

func TestCutFailsOneChangeAndAllLater(t *testing.T) {
	script := func(m *vfs.Mem) error {
		if err := m.Mkdir("d"); err != nil {
			return err
		}
		f, err := m.OpenFile("d/a", os.O_RDWR|os.O_CREATE)
		if err != nil {
			return err
		}
		defer f.Close()
		_, writeErr := f.WriteAt([]byte("hello"), 0)
		return errors.Join(writeErr, f.Truncate(4), f.Sync(), m.Rename("d/a", "d/b"), m.SyncDir("d"), m.Remove("d/b"))
	}
	m := vfs.NewMem()
	must(t, script(m))
	total := m.Ops()
	if total != 8 {
		t.Fatalf("%d changes, want 8", total)
	}
	for n := 1; n <= total; n++ {
		m := vfs.NewMem()
		m.CutAfter(n)
		wantErr(t, script(m), vfs.ErrCut)
	}
	m = vfs.NewMem()
	m.CutAfter(total + 1)
	must(t, script(m))
}

func TestTheCutChangeMayTakeEffectAndLaterOnesDoNot(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a", "one")
	must(t, f.Sync())
	must(t, m.SyncDir("."))
	m.CutAfter(m.Ops() + 1)
	_, err := f.WriteAt([]byte("two"), 0)
	wantErr(t, err, vfs.ErrCut)
	_, err = f.WriteAt([]byte("six"), 0)
	wantErr(t, err, vfs.ErrCut)
	wantErr(t, f.Sync(), vfs.ErrCut)
	wantErr(t, m.Remove("a"), vfs.ErrCut)
	_, err = m.OpenFile("b", os.O_RDWR|os.O_CREATE)
	wantErr(t, err, vfs.ErrCut)

	seen := map[string]bool{}
	for _, after := range crashes(m) {
		seen[names(t, after, ".")+read(t, after, "a")] = true
	}
	if want := map[string]bool{"a one": true, "a two": true}; !maps.Equal(seen, want) {
		t.Fatalf("saw %v, want %v", seen, want)
	}
}

func TestCutNow(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a", "one")
	must(t, f.Sync())
	must(t, m.SyncDir("."))
	m.CutAfter(m.Ops() + 100)
	m.Cut()
	_, err := f.WriteAt([]byte("two"), 0)
	wantErr(t, err, vfs.ErrCut)
	m.Cut()
	_, err = f.WriteAt([]byte("six"), 0)
	wantErr(t, err, vfs.ErrCut)
	if got := read(t, m.CrashKeepAll(), "a"); got != "two" {
		t.Fatalf("got %q, want the write that was under way", got)
	}
}

func TestCapacity(t *testing.T) {
	m := vfs.NewMem()
	m.SetCapacity(3 * 4096)
	f := create(t, m, "a", strings.Repeat("x", 4096))
	must(t, f.Truncate(1<<20)) // a hole takes no room
	n, err := f.WriteAt(make([]byte, 3*4096), 4096)
	wantErr(t, err, syscall.ENOSPC)
	if n != 2*4096 {
		t.Fatalf("%d bytes written, want what fits", n)
	}
	_, err = f.WriteAt([]byte("y"), 2*4096) // has its room already
	must(t, err)
	if free, err := m.Free(); free != 0 || err != nil {
		t.Fatalf("free: %d, %v", free, err)
	}
	after := m.CrashKeepAll()
	if free, _ := after.Free(); free != 0 {
		t.Fatalf("free after a crash that kept all: %d", free)
	}

	must(t, f.Truncate(4096))
	create(t, m, "b", "fits")
	must(t, m.Remove("a"))
	if free, _ := m.Free(); free != 2*4096 {
		t.Fatalf("free after removing: %d", free)
	}
	_, err = create(t, m, "b", "").WriteAt(make([]byte, 4*4096), 0)
	wantErr(t, err, syscall.ENOSPC)
	m.SetCapacity(0)
	create(t, m, "b", strings.Repeat("x", 1<<20))
}

func TestFlipBitIsDurable(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a", strings.Repeat("a", 9000))
	must(t, f.Sync())
	must(t, m.SyncDir("."))
	must(t, m.FlipBit("a", 5000, 1))
	must(t, m.FlipBit("a", 0, 1))
	want := "c" + strings.Repeat("a", 4999) + "c" + strings.Repeat("a", 3999)
	for _, fsys := range []*vfs.Mem{m, m.CrashLoseAll()} {
		if got := read(t, fsys, "a"); got != want {
			t.Fatal("not exactly the two bits are flipped")
		}
	}
	wantErr(t, m.FlipBit("a", 9000, 0), fs.ErrInvalid)
	wantErr(t, m.FlipBit("b", 0, 0), fs.ErrNotExist)
}

func TestFiles(t *testing.T) {
	m := vfs.NewMem()
	must(t, m.Mkdir("d"))
	create(t, m, "d/a", "12345")
	create(t, m, "b", "1")
	if got, want := m.Files(), map[string]int64{"d/a": 5, "b": 1}; !maps.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// TestMemAgainstBytes writes, cuts, grows and syncs at random and compares the
// file, and what a crash that loses all would leave, with plain byte slices.
func TestMemAgainstBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	m := vfs.NewMem()
	f := create(t, m, "a", "")
	must(t, m.SyncDir("."))
	var live, synced []byte
	grow := func(size int) {
		live = append(live, make([]byte, max(0, size-len(live)))...)
	}
	for step := range 400 {
		switch rng.IntN(8) {
		case 0:
			must(t, f.Sync())
			synced = append(synced[:0], live...)
		case 1:
			size := rng.IntN(50_000)
			must(t, f.Truncate(int64(size)))
			grow(size)
			live = live[:size:size]
		default:
			off, p := rng.IntN(40_000), make([]byte, rng.IntN(10_000))
			if rng.IntN(3) > 0 {
				fill := byte(rng.Uint32())
				for i := range p {
					p[i] = fill + byte(i>>4)
				}
			}
			_, err := f.WriteAt(p, int64(off))
			must(t, err)
			if len(p) > 0 {
				grow(off + len(p))
			}
			copy(live[min(off, len(live)):], p)
		}
		if contents(t, f) != string(live) {
			t.Fatalf("step %d: the file differs from the model", step)
		}
		if read(t, m.CrashLoseAll(), "a") != string(synced) {
			t.Fatalf("step %d: the durable file differs from the model", step)
		}
		if read(t, m.CrashKeepAll(), "a") != string(live) {
			t.Fatalf("step %d: the file after keeping all differs from the model", step)
		}
	}
}

func TestZeroFilledFilesAreCheap(t *testing.T) {
	m := vfs.NewMem()
	f := create(t, m, "a", "")
	zeros := make([]byte, 1<<20)
	for i := range int64(64) {
		_, err := f.WriteAt(zeros, i<<20)
		must(t, err)
	}
	must(t, f.Sync())
	must(t, m.SyncDir("."))
	if got := testing.AllocsPerRun(10, func() { m.CrashLoseAll() }); got > 100 {
		t.Fatalf("a crash of a file of 64 MiB of zeros takes %v allocations", got)
	}
}
