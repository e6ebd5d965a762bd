package disk

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/engine"
	"leat/internal/engine/disk/segment"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// segmentFiles returns the names of a log's segment files.
func (w *world) segmentFiles(id engine.LogID) []string {
	var names []string
	for name := range w.mem.Files() {
		if strings.HasPrefix(name, fmt.Sprintf("logs/%d/%d-", id.Stream, id.Shard)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestSegmentsEndByAge writes little for hours: segments hold an hour each, and
// the last one ends without traffic.
func TestSegmentsEndByAge(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	id := logID(1, 0)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	for range 10 { // five hours
		if err := w.append(50, id); err != nil {
			t.Fatal(err)
		}
		w.step(30 * time.Minute)
		if err := w.e.Sweep(ctxBackground()); err != nil {
			t.Fatal(err)
		}
	}
	w.step(time.Hour)
	if err := w.e.Sweep(ctxBackground()); err != nil {
		t.Fatal(err)
	}
	l := w.e.lookup(id)
	for i, s := range l.segments {
		if s.LastTime.Sub(s.FirstTime) >= time.Hour || !s.Sealed {
			t.Errorf("segment %d of %d: %+v", i, len(l.segments), s)
		}
	}
	if n := len(w.segmentFiles(id)); n != 5 || len(l.head) != 0 {
		t.Errorf("%d segments, and %d batches in the journal", n, len(l.head))
	}
	w.verify()
	w.verifySound()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestExpiredRecordsLeaveTheDisk trims as retention does, hour by hour.
func TestExpiredRecordsLeaveTheDisk(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	id := logID(1, 0)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	const retention = 4 * time.Hour
	for i := range 60 {
		if err := w.append(50, id); err != nil {
			t.Fatal(err)
		}
		w.step(20 * time.Minute)
		horizon := w.e.Now().Add(-retention)
		p, err := w.e.SeekTime(ctxBackground(), id, horizon)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.trim(id, p); err != nil {
			t.Fatal(err)
		}
		if err := w.e.Sweep(ctxBackground()); err != nil {
			t.Fatal(err)
		}
		w.verify()
		page, err := w.e.Read(ctxBackground(), id, 0, engine.Budget{})
		if err != nil || len(page.Batches) != 1 {
			t.Fatalf("%v, %v", page.Batches, err)
		}
		if age := w.e.Now().Sub(page.Batches[0].Time); age > retention+2*time.Hour {
			t.Fatalf("round %d: the oldest record is %v old", i, age)
		}
	}
	if n := len(w.segmentFiles(id)); n > 6 {
		t.Errorf("%d segment files for four hours: %v", n, w.segmentFiles(id))
	}
	// A stream that nobody writes to loses all of it, and keeps its tip.
	tip := stream.Position(len(w.logs[id].acked))
	w.step(retention)
	if err := w.trim(id, tip+1); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.e.Sweep(ctxBackground()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.segmentFiles(id)); n != 0 {
		t.Errorf("%d segment files of expired records", n)
	}
	w.crash(w.mem.CrashLoseAll())
	w.mustOpen()
	got, err := w.e.Tip(ctxBackground(), id)
	if err != nil || got.Last != tip || got.First != tip+1 {
		t.Errorf("the tip is %+v: %v", got, err)
	}
	if err := w.append(50, id); err != nil {
		t.Fatal(err)
	}
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTrimDuringACheckpoint is about the moment when batches are in both
// places.
func TestTrimDuringACheckpoint(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	id := logID(1, 0)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := w.append(1000, id); err != nil {
			t.Fatal(err)
		}
	}
	w.e.maint.Lock()
	c, err := w.e.moveAll(ctxBackground())
	if err != nil {
		t.Fatal(err)
	}
	w.e.upkeep.unwritten = c
	w.e.maint.Unlock()
	if err := w.append(1000, id); err != nil {
		t.Fatal(err)
	}
	if err := w.trim(id, 9); err != nil {
		t.Fatal(err)
	}
	w.verify()
	for range 2 {
		if err := w.e.Checkpoint(ctxBackground()); err != nil {
			t.Fatal(err)
		}
		w.verify()
	}
	if tip, err := w.e.Tip(ctxBackground(), id); err != nil || tip.First < 5 {
		t.Errorf("nothing was trimmed: %+v, %v", tip, err)
	}
	w.crash(w.mem.CrashLoseAll())
	w.mustOpen()
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRecreatedLogAfterTrim gives a new segment the name of one that was trimmed
// and whose file waits to be removed.
func TestRecreatedLogAfterTrim(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	id := logID(1, 0)
	for _, step := range []func() error{
		func() error { return w.create(id) },
		func() error { return w.append(1000, id) },
		func() error { return w.e.Checkpoint(ctxBackground()) },
		func() error { return w.trim(id, stream.PositionAfter) },
		func() error { return w.remove(id) },
		func() error { return w.create(id) },
		func() error { return w.append(1000, id) },
		func() error { return w.e.Checkpoint(ctxBackground()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRemovedSegmentsAreClosed has a reader open a segment at the last moment
// before its file is removed: it must not stay open for the next one.
func TestRemovedSegmentsAreClosed(t *testing.T) {
	w := newWorld(t)
	id := logID(1, 0)
	inject := w.faulty(nil)
	inject.Decide(func(op vfs.Op) error {
		if op.Kind == vfs.OpRemove && segment.IsName(op.Name) {
			_, release, err := w.e.cache.open(id, 1)
			if err != nil {
				t.Error(err)
				return nil
			}
			release()
		}
		return nil
	})
	for _, step := range []func() error{
		func() error { return w.create(id) },
		func() error { return w.append(1000, id) },
		func() error { return w.e.Checkpoint(ctxBackground()) },
		func() error { return w.trim(id, stream.PositionAfter) },
		func() error { return w.e.Checkpoint(ctxBackground()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if files := w.segmentFiles(id); len(files) != 0 {
		t.Errorf("files are left: %q", files)
	}
	if n := w.e.cache.recent.Len(); n != 0 {
		t.Errorf("%d segments are open", n)
	}
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSeekInManySegments looks for every time and reads from every position of
// a log with sealed segments, an open one and a head.
func TestSeekInManySegments(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.SegmentBytes = 300 << 10 // several points of the index
	o.OpenSegments = 2
	e, err := Open(w.mem, o)
	if err != nil {
		t.Fatal(err)
	}
	w.e = e
	id := logID(1, 0)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	const n = 400
	for i := range n {
		if err := w.append(3000, id); err != nil {
			t.Fatal(err)
		}
		w.step(time.Second)
		if i == n/4 || i == n*3/4 {
			if err := w.e.Checkpoint(ctxBackground()); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := w.e.lookup(id)
	if k := len(l.segments); k < 3 || l.segments[k-1].Sealed || len(l.head) == 0 {
		t.Fatalf("%d segments, %d batches in the head: not what this test is about", k, len(l.head))
	}
	first := w.logs[id].acked[0].time
	for i := stream.Position(1); i <= n; i++ {
		at := first.Add(time.Duration(i-1) * time.Second)
		for back, want := range map[stream.Millis]stream.Position{0: i, 999: i, -1: i + 1} {
			if p, err := w.e.SeekTime(ctxBackground(), id, at-back); err != nil || p != want {
				t.Fatalf("time %d is at %d, not %d: %v", at-back, p, want, err)
			}
		}
		page, err := w.e.Read(ctxBackground(), id, i, engine.Budget{Records: 1})
		if err != nil || len(page.Batches) != 1 || page.Batches[0].First != i {
			t.Fatalf("position %d: %v, %v", i, page.Batches, err)
		}
	}
	if open := w.e.cache.recent.Len(); open > 2 {
		t.Errorf("%d segments are open", open)
	}
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}
