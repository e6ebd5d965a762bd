package segment

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
	"leat/internal/vfs"
)

var id = engine.LogID{Stream: 7, Shard: 3}

const first = 1000

func newFS(tb testing.TB) *vfs.Mem {
	tb.Helper()
	mem := vfs.NewMem()
	if err := errors.Join(mem.Mkdir(Dir), mem.Mkdir(StreamDir(id.Stream))); err != nil {
		tb.Fatal(err)
	}
	return mem
}

// batch returns the i-th batch of a test's segment: two records each.
func batch(i int) (entry.Header, []byte) {
	payload := append(fmt.Appendf(nil, "batch %d ", i), bytes.Repeat([]byte("x"), 3000+i%100)...)
	return entry.Header{
		Kind: entry.Batch, Records: 2, PayloadBytes: len(payload), PayloadSum: entry.Sum(payload),
		Log: id, First: stream.Position(first + 2*i), Time: stream.Millis(5000 + 10*i),
	}, payload
}

func add(tb testing.TB, w *Writer, from, to int) {
	tb.Helper()
	for i := from; i < to; i++ {
		h, payload := batch(i)
		if err := w.Add(&h, payload); err != nil {
			tb.Fatal(err)
		}
	}
}

func finish(tb testing.TB, w *Writer, seal bool) Info {
	tb.Helper()
	info, err := w.Finish(seal)
	if err != nil {
		tb.Fatal(err)
	}
	return info
}

// make returns a segment made in three goes.
func makeSegment(tb testing.TB, mem *vfs.Mem, n int, seal bool) Info {
	tb.Helper()
	w, err := Create(mem, id, first, new(Memory))
	if err != nil {
		tb.Fatal(err)
	}
	add(tb, w, 0, n/3)
	info := finish(tb, w, false)
	for _, to := range []int{n / 2, n} {
		if w, err = Resume(mem, id, info, new(Memory)); err != nil {
			tb.Fatal(err)
		}
		from := int(info.Last-first+1) / 2
		add(tb, w, from, to)
		info = finish(tb, w, seal && to == n)
	}
	return info
}

func TestWriteAndSeek(t *testing.T) {
	const n = 200
	for _, seal := range []bool{false, true} {
		mem := newFS(t)
		info := makeSegment(t, mem, n, seal)
		want := Info{First: first, Last: first + 2*n - 1, FirstTime: 5000, LastTime: 5000 + 10*(n-1), Length: info.Length, Sealed: seal}
		if info != want {
			t.Fatalf("%+v", info)
		}
		r, err := Open(mem, id, first)
		if err != nil {
			t.Fatal(err)
		}
		for p := stream.Position(first - 1); p <= info.Last; p++ {
			off, err := r.Seek(info, p)
			if err != nil {
				t.Fatal(err)
			}
			wantWalk(t, r, info, off, func(h *entry.Header) bool { return h.Last() >= p }, max(p, first)&^1)
		}
		for at := stream.Millis(4999); at <= info.LastTime; at++ {
			off, err := r.SeekTime(info, at)
			if err != nil {
				t.Fatal(err)
			}
			batches := (max(at, 5000) - 5000 + 9) / 10
			wantWalk(t, r, info, off, func(h *entry.Header) bool { return h.Time >= at }, stream.Position(first+2*batches))
		}
		if seal != r.trailer {
			t.Error("the index is not that of the trailer")
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		records, damage, err := Verify(mem, id, info)
		if err != nil || len(damage) != 0 || records != 2*n {
			t.Errorf("%d records, %v, %v", records, damage, err)
		}
	}
}

// TestLongRuns has segments grow by so much that they are written past the page
// cache, from any length on.
func TestLongRuns(t *testing.T) {
	t.Parallel()
	fsys, err := vfs.OpenOS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fsys.Close() }()
	if err := errors.Join(fsys.Mkdir(Dir), fsys.Mkdir(StreamDir(id.Stream))); err != nil {
		t.Fatal(err)
	}
	memory := new(Memory)
	w, err := Create(fsys, id, first, memory)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, n := range []int{1, 1000, 3, 700, 400} {
		add(t, w, at, at+n)
		at += n
		info := finish(t, w, false)
		records, damage, err := Verify(fsys, id, info)
		if err != nil || len(damage) != 0 || records != int64(2*at) {
			t.Fatalf("after %d batches: %d records, %v, %v", at, records, damage, err)
		}
		if w, err = Resume(fsys, id, info, memory); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, w, true)
}

// wantWalk walks from an offset to the first entry that holds, which must not
// be far, and checks its position.
func wantWalk(t *testing.T, r *Reader, info Info, off int64, holds func(*entry.Header) bool, want stream.Position) {
	t.Helper()
	var w entry.Window
	for start := off; ; {
		h, err := w.Header(r, off, info.Length)
		if err != nil {
			t.Fatal(err)
		}
		if holds(&h) {
			if h.First != want {
				t.Fatalf("found %d, not %d", h.First, want)
			}
			return
		}
		off += int64(h.Size())
		if off-start > 2*pointEvery {
			t.Fatalf("the walk to %d is too long", want)
		}
	}
}

// TestWhatAnInterruptedCheckpointLeaves is longer than the segment, and is
// overwritten.
func TestWhatAnInterruptedCheckpointLeaves(t *testing.T) {
	mem := newFS(t)
	w, err := Create(mem, id, first, new(Memory))
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, 0, 3)
	info := finish(t, w, false)
	if w, err = Resume(mem, id, info, new(Memory)); err != nil {
		t.Fatal(err)
	}
	add(t, w, 3, 30)
	finish(t, w, true) // nobody hears of it
	if w, err = Resume(mem, id, info, new(Memory)); err != nil {
		t.Fatal(err)
	}
	add(t, w, 3, 5)
	info = finish(t, w, true)
	if records, damage, err := Verify(mem, id, info); err != nil || len(damage) != 0 || records != 10 {
		t.Errorf("%d records, %v, %v", records, damage, err)
	}
	if w, err = Create(mem, id, first, new(Memory)); err != nil {
		t.Fatal(err)
	}
	add(t, w, 0, 1)
	info = finish(t, w, false)
	if records, damage, err := Verify(mem, id, info); err != nil || len(damage) != 0 || records != 2 {
		t.Errorf("%d records, %v, %v", records, damage, err)
	}
}

func TestResumeOfAShortFile(t *testing.T) {
	mem := newFS(t)
	w, err := Create(mem, id, first, new(Memory))
	if err != nil {
		t.Fatal(err)
	}
	add(t, w, 0, 3)
	info := finish(t, w, false)
	info.Length += 8
	_, err = Resume(mem, id, info, new(Memory))
	if c, ok := errors.AsType[*engine.CorruptError](err); !ok || c.File != Name(id, first) {
		t.Errorf("%v", err)
	}
}

// TestDamagedTrailer loses the index, not the data.
func TestDamagedTrailer(t *testing.T) {
	mem := newFS(t)
	info := makeSegment(t, mem, 100, true)
	for _, at := range []int64{0, trailerBytes + 5} {
		c := mem.CrashKeepAll()
		if err := c.FlipBit(Name(id, first), info.Length+at, 0); err != nil {
			t.Fatal(err)
		}
		r, err := Open(c, id, first)
		if err != nil {
			t.Fatal(err)
		}
		off, err := r.Seek(info, first+150)
		if err != nil {
			t.Fatal(err)
		}
		wantWalk(t, r, info, off, func(h *entry.Header) bool { return h.Last() >= first+150 }, first+150)
		_ = r.Close()
		if _, damage, err := Verify(c, id, info); err != nil || len(damage) != 1 || damage[0].Offset != info.Length {
			t.Errorf("%v, %v", damage, err)
		}
	}
}

// FuzzVerify reads a file that is anything as a segment.
func FuzzVerify(f *testing.F) {
	mem := newFS(f)
	info := makeSegment(f, mem, 6, true)
	size := mem.Files()[Name(id, first)]
	file, err := mem.OpenFile(Name(id, first), os.O_RDONLY)
	if err != nil {
		f.Fatal(err)
	}
	content := make([]byte, size)
	if _, err := file.ReadAt(content, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(content, info.Length)
	f.Add(content[:headerBytes], info.Length)
	f.Fuzz(func(t *testing.T, b []byte, length int64) {
		mem := newFS(t)
		file, err := mem.OpenFile(Name(id, first), os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		info := info
		info.Length = length
		_, damage, err := Verify(mem, id, info)
		if err != nil {
			t.Fatal(err)
		}
		if len(damage) == 0 && !bytes.Equal(b[:min(len(b), len(content))], content) {
			t.Error("something else is accepted")
		}
		r, err := Open(mem, id, first)
		if err != nil {
			return
		}
		if off, err := r.Seek(info, first+3); err == nil && off < headerBytes {
			t.Errorf("seek finds offset %d", off)
		}
		_ = r.Close()
	})
}
