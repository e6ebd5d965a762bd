package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
	"leat/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dir = "journal"

func options(fsys vfs.FS) Options {
	return Options{
		FS: fsys, Dir: dir, Logger: slog.New(slog.DiscardHandler),
		FileBytes: 32 << 10, FirstFileBytes: 16 << 10, MaxSpares: 3,
	}
}

func newFS(tb testing.TB) *vfs.Mem {
	tb.Helper()
	mem := vfs.NewMem()
	if err := errors.Join(mem.Mkdir(dir), mem.SyncDir(".")); err != nil {
		tb.Fatal(err)
	}
	return mem
}

// seen is what a scan shows.
type seen struct {
	frames   []uint64
	times    []stream.Millis
	payloads []string
	refs     []Ref
}

func (s *seen) Frame(number uint64, t stream.Millis, _ int64) {
	s.frames, s.times = append(s.frames, number), append(s.times, t)
}

func (s *seen) Entry(_ *entry.Header, payload []byte, ref Ref) error {
	s.payloads, s.refs = append(s.payloads, string(payload)), append(s.refs, ref)
	return nil
}

func open(t *testing.T, fsys vfs.FS, start Mark) (*Journal, *seen) {
	t.Helper()
	s := &seen{}
	j, err := Open(options(fsys), start, s)
	if err != nil {
		t.Fatal(err)
	}
	return j, s
}

// put writes a frame with the payloads.
func put(t *testing.T, j *Journal, payloads ...string) []Ref {
	t.Helper()
	var entries []Entry
	size := 0
	for i, p := range payloads {
		h := entry.Header{Kind: entry.Batch, Records: 1, PayloadBytes: len(p), PayloadSum: entry.Sum([]byte(p)), First: stream.Position(i + 1)}
		entries = append(entries, Entry{Header: h, Payload: []byte(p)})
		size += h.Size()
	}
	if err := j.Reserve(FrameBytes(size)); err != nil {
		t.Fatal(err)
	}
	n, err := j.Append(1000, entries)
	if err != nil || n != FrameBytes(size) {
		t.Fatalf("%d bytes: %v", n, err)
	}
	refs := make([]Ref, len(entries))
	for i := range entries {
		refs[i] = entries[i].Ref
	}
	return refs
}

func closeJournal(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// get reads one entry.
func get(j *Journal, ref Ref) (string, error) {
	f, err := j.File(ref)
	if err != nil {
		return "", err
	}
	var w entry.Window
	h, err := w.Header(f, ref.Offset(), f.Bytes())
	if err != nil {
		return "", err
	}
	p, err := w.Peek(&h, f, ref.Offset(), f.Bytes())
	return string(p), err
}

func wantGet(t *testing.T, j *Journal, ref Ref, want string) {
	t.Helper()
	if got, err := get(j, ref); err != nil || got != want {
		t.Errorf("%x holds %.20q, not %.20q: %v", uint64(ref), got, want, err)
	}
}

func text(i, n int) string {
	return fmt.Sprintf("%d:", i) + string(bytes.Repeat([]byte{byte('a' + i%26)}, n))
}

func TestAppendAndScan(t *testing.T) {
	mem := newFS(t)
	j, _ := open(t, mem, Mark{})
	var want []string
	var refs []Ref
	for i := range 40 {
		p := []string{text(i, i*100), text(i, 10)}
		if i == 20 {
			p[0] = text(i, 100_000) // longer than a file
		}
		want = append(want, p...)
		refs = append(refs, put(t, j, p...)...)
	}
	end := j.End()
	for i, ref := range refs {
		wantGet(t, j, ref, want[i])
	}
	if j.Fsyncs() != 40 {
		t.Errorf("%d syncs", j.Fsyncs())
	}
	closeJournal(t, j)
	mem = mem.CrashLoseAll()
	for range 2 {
		j, s := open(t, mem, Mark{})
		if !slices.Equal(s.payloads, want) || !slices.Equal(s.refs, refs) || len(s.frames) != 40 || s.frames[39] != 40 || s.times[0] != 1000 {
			t.Fatalf("%d payloads of %d frames", len(s.payloads), len(s.frames))
		}
		if j.End() != end {
			t.Errorf("the end is %+v, not %+v", j.End(), end)
		}
		closeJournal(t, j)
	}
	s := &seen{}
	if m, err := Scan(mem, dir, Mark{}, s); err != nil || m != end || !slices.Equal(s.payloads, want) {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestFreedFilesAreUsedAgain goes round many times with what old uses leave in
// the files.
func TestFreedFilesAreUsedAgain(t *testing.T) {
	mem := newFS(t)
	j, _ := open(t, mem, Mark{})
	var start Mark
	var want []string
	var old []Ref
	for i := range 200 {
		if i%10 == 0 {
			start, want = j.End(), nil
			if err := j.Free(start); err != nil {
				t.Fatal(err)
			}
			for _, ref := range old {
				if ref.File() >= start.File {
					continue
				}
				if _, err := get(j, ref); !errors.Is(err, ErrMoved) {
					t.Fatalf("a freed entry reads with %v", err)
				}
			}
		}
		want = append(want, text(i, 3000))
		old = append(old, put(t, j, want[len(want)-1])...)
		if i%7 == 0 {
			closeJournal(t, j)
			var s *seen
			if j, s = open(t, mem.CrashLoseAll(), start); !slices.Equal(s.payloads, want) {
				t.Fatalf("%d: %d payloads instead of %d", i, len(s.payloads), len(want))
			}
			mem = j.opts.FS.(*vfs.Mem)
		}
	}
	j.Prepared()
	if n := len(mem.Files()); n > 8 {
		t.Errorf("%d files", n)
	}
	closeJournal(t, j)
}

// TestAFreedFileIsNotRead holds a file from before it is freed and used again.
func TestAFreedFileIsNotRead(t *testing.T) {
	j, _ := open(t, newFS(t), Mark{})
	ref := put(t, j, text(0, 100))[0]
	f, err := j.File(ref)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.ReadAt(make([]byte, 10), 0); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	for j.End().File == 1 {
		put(t, j, text(1, 8000))
	}
	if err := j.Free(j.End()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n, err := f.ReadAt(make([]byte, 10), 0); n != 0 || !errors.Is(err, ErrMoved) {
			t.Errorf("%d bytes, %v", n, err)
		}
		for range 8 {
			put(t, j, text(2, 8000))
		}
	}
	closeJournal(t, j)
}

// TestAMixtureOfFramesDoesNotHold has one torn frame over another that was torn
// at the same place: each entry holds, and the frame never was.
func TestAMixtureOfFramesDoesNotHold(t *testing.T) {
	h := fileHeader{number: 1, salt: 42, firstFrame: 1}
	frame := func(fill byte) []byte {
		b := make([]byte, FrameBytes(2*entry.Size(2000)))
		payload := bytes.Repeat([]byte{fill}, 2000)
		e := Entry{Header: entry.Header{Kind: entry.Batch, PayloadBytes: 2000, PayloadSum: entry.Sum(payload)}, Payload: payload}
		encodeFrame(b, frameHeader{number: 1}, []Entry{e, e}, h, pageBytes)
		return b
	}
	one, two := frame(1), frame(2)
	cut := headerBytes + entry.Size(2000)
	for name, want := range map[string]int{"one": 2, "mixed": 0} {
		content := make([]byte, pageBytes)
		h.encode(content)
		if name == "one" {
			content = append(content, one...)
		} else {
			content = append(append(content, one[:cut]...), two[cut:]...)
		}
		mem := newFS(t)
		file, err := mem.OpenFile(dir+"/000001.journal", os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(content, 0); err != nil {
			t.Fatal(err)
		}
		s := &seen{}
		if _, err := Scan(mem, dir, Mark{}, s); err != nil || len(s.payloads) != want {
			t.Errorf("%s: %d entries, %v", name, len(s.payloads), err)
		}
	}
}

// TestTornTail tears the last frame in every way that a crash can: it is cut,
// what was before stays, and another takes its place.
func TestTornTail(t *testing.T) {
	for seed := range uint64(200) {
		mem := newFS(t)
		j, _ := open(t, mem, Mark{})
		want := []string{text(0, 100), text(1, 5000)}
		put(t, j, want[0])
		put(t, j, want[1])
		if err := j.Reserve(8192); err != nil {
			t.Fatal(err)
		}
		j.Prepared()
		mem.CutAfter(mem.Ops() + 1 + int(seed%2)) // the write of the frame, or its sync
		entries := []Entry{{Header: entry.Header{Kind: entry.Batch, PayloadBytes: 3000, PayloadSum: entry.Sum(make([]byte, 3000))}, Payload: make([]byte, 3000)}}
		if _, err := j.Append(1, entries); !errors.Is(err, vfs.ErrCut) {
			t.Fatal(err)
		}
		closeJournal(t, j)
		mem = mem.Crash(rand.New(rand.NewPCG(seed, 0)))
		j, s := open(t, mem, Mark{})
		if whole := len(s.payloads) == 3; whole {
			want = append(want, string(entries[0].Payload))
		}
		if !slices.Equal(s.payloads, want) {
			t.Fatalf("seed %d: %d payloads", seed, len(s.payloads))
		}
		want = append(want, text(3, 50))
		put(t, j, text(3, 50))
		closeJournal(t, j)
		j, s = open(t, mem.CrashLoseAll(), Mark{})
		if !slices.Equal(s.payloads, want) {
			t.Fatalf("seed %d: %d payloads after another", seed, len(s.payloads))
		}
		closeJournal(t, j)
	}
}

func wantCorrupt(t *testing.T, mem *vfs.Mem, file string, offset int64) {
	t.Helper()
	_, err := Scan(mem, dir, Mark{}, &seen{})
	c, ok := errors.AsType[*engine.CorruptError](err)
	if !ok || c.File != file || c.Offset != offset {
		t.Errorf("scan ends with %v, not with damage in %s at %d", err, file, offset)
	}
}

func TestDamage(t *testing.T) {
	mem := newFS(t)
	j, _ := open(t, mem, Mark{})
	var refs []Ref
	for i := range 12 {
		refs = append(refs, put(t, j, text(i, 3000))...)
	}
	names := map[uint32]string{}
	for _, r := range refs {
		f, err := j.File(r)
		if err != nil {
			t.Fatal(err)
		}
		names[r.File()] = f.Name()
	}
	closeJournal(t, j)
	flip := func(r Ref, at int64) *vfs.Mem {
		c := mem.CrashKeepAll()
		if err := c.FlipBit(names[r.File()], r.Offset()+at, 5); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, r := range refs[:11] {
		for _, at := range []int64{-headerBytes + 10, 0, 12, entry.HeaderBytes + 7, 3040} {
			wantCorrupt(t, flip(r, at), names[r.File()], r.Offset()-headerBytes)
		}
	}
	s := &seen{}
	if _, err := Scan(flip(refs[11], 12), dir, Mark{}, s); err != nil || len(s.payloads) != 11 {
		t.Errorf("a last frame that does not hold: %d payloads, %v", len(s.payloads), err)
	}
	wantCorrupt(t, flip(makeRef(2, 0), 9), names[2], 0)
	for number, name := range names {
		c := mem.CrashKeepAll()
		if err := c.Remove(name); err != nil {
			t.Fatal(err)
		}
		last := number == refs[11].File()
		if _, err := Scan(c, dir, Mark{File: 1, Offset: 8192, Frame: 2}, &seen{}); (err == nil) != last {
			t.Errorf("without file %d the scan ends with %v", number, err)
		}
	}
}

// TestForgedFrames stores what looks like frames inside of records.
func TestForgedFrames(t *testing.T) {
	mem := newFS(t)
	j, _ := open(t, mem, Mark{})
	put(t, j, "first")
	content := make([]byte, 8192)
	f, err := mem.OpenFile(dir+"/000001.journal", os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadAt(content, 4096); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	// The record puts a copy of the first frame at a page boundary, with a
	// higher number and a checksum as if there were no salt.
	forged := content[:200]
	h := frameHeader{number: 99, bodyBytes: 100, entries: 1}
	h.encode(forged, entry.Seed(0, 12288))
	payload := append(bytes.Repeat([]byte{7}, 4096-headerBytes-entry.HeaderBytes), forged...)
	put(t, j, string(payload))
	closeJournal(t, j)
	c := mem.CrashKeepAll()
	if err := c.FlipBit(dir+"/000001.journal", 8192+20, 1); err != nil { // the frame that holds the forgery
		t.Fatal(err)
	}
	s := &seen{}
	if _, err := Scan(c, dir, Mark{}, s); err != nil || !slices.Equal(s.payloads, []string{"first"}) {
		t.Errorf("%q, %v", s.payloads, err)
	}
}

// TestUnusedFileIsReplaced reserves room and then writes nothing: the numbers
// of the uses on disk have no gap.
func TestUnusedFileIsReplaced(t *testing.T) {
	mem := newFS(t)
	j, _ := open(t, mem, Mark{})
	put(t, j, "one")
	for _, n := range []int64{28 << 10, 100 << 10, 200 << 10} {
		if err := j.Reserve(n); err != nil {
			t.Fatal(err)
		}
	}
	put(t, j, "two")
	if j.End().File != 2 {
		t.Errorf("the end is %+v", j.End())
	}
	closeJournal(t, j)
	j, s := open(t, mem.CrashLoseAll(), Mark{})
	if !slices.Equal(s.payloads, []string{"one", "two"}) {
		t.Errorf("%q", s.payloads)
	}
	closeJournal(t, j)
}

// TestUnusedFileThatCannotBeRemoved is in the way of nothing.
func TestUnusedFileThatCannotBeRemoved(t *testing.T) {
	mem := newFS(t)
	inject := vfs.NewInject(mem, func(op vfs.Op) error {
		if op.Kind == vfs.OpRemove {
			return syscall.ENOSPC
		}
		return nil
	})
	j, _ := open(t, inject, Mark{})
	put(t, j, "one")
	for _, n := range []int64{100 << 10, 200 << 10} {
		if err := j.Reserve(n); err != nil {
			t.Fatal(err)
		}
	}
	put(t, j, "two")
	closeJournal(t, j)
	j, s := open(t, mem.CrashLoseAll(), Mark{})
	if !slices.Equal(s.payloads, []string{"one", "two"}) {
		t.Errorf("%q", s.payloads)
	}
	closeJournal(t, j)
}

// TestNoRoom fails to make a file: nothing has changed, and it may work later.
func TestNoRoom(t *testing.T) {
	mem := newFS(t)
	j, _ := open(t, mem, Mark{})
	put(t, j, "one")
	mem.SetCapacity(1)
	end := j.End()
	if err := j.Reserve(20 << 10); err == nil {
		t.Fatal("there is room")
	}
	if j.End() != end {
		t.Errorf("the end is %+v", j.End())
	}
	put(t, j, "two") // there is room for this in the active file
	mem.SetCapacity(0)
	put(t, j, text(3, 20<<10))
	wantGet(t, j, makeRef(1, 4096+headerBytes), "one")
	closeJournal(t, j)
}
