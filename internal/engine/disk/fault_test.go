package disk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

var errInjected = errors.New("injected failure")

// faulty opens the world's engine behind a file system that decide may fail.
func (w *world) faulty(decide func(vfs.Op) error) *vfs.Inject {
	w.t.Helper()
	inject := vfs.NewInject(w.mem, nil)
	e, err := Open(inject, w.options())
	if err != nil {
		w.t.Fatal(err)
	}
	w.e = e
	inject.Decide(decide)
	return inject
}

// changes reports whether an operation changes files.
func changes(op vfs.Op) bool {
	return slices.Contains([]vfs.Kind{
		vfs.OpWrite, vfs.OpSync, vfs.OpCreate, vfs.OpTruncate, vfs.OpMkdir, vfs.OpRemove, vfs.OpSyncDir,
	}, op.Kind)
}

// TestFailureOfEachOperation fails one operation, carries on as far as that is
// possible, and restarts or cuts the power: whatever was acknowledged is there,
// before and after. A sync that fails loses what it was to make durable.
func TestFailureOfEachOperation(t *testing.T) {
	ops := opsOfScript(t)
	for _, op := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
		for n := 1; n <= ops; n++ {
			w := newWorld(t)
			failOne(w, int64(n), op)
			if t.Failed() {
				t.Fatalf("with %v as the outcome of operation %d", op, n)
			}
		}
	}
}

func failOne(w *world, n int64, failure error) {
	var count atomic.Int64
	inject := w.faulty(func(op vfs.Op) error {
		if !changes(op) || count.Add(1) != n {
			return nil
		}
		if op.Kind == vfs.OpSync {
			return errors.Join(failure, w.mem.LoseUnsynced(op.Name))
		}
		return failure
	})
	for _, step := range script(w) {
		_ = step() // what it did to the world is noted there
	}
	inject.Decide(nil)
	if w.e.failed() == nil {
		// Maintenance goes on where it failed, and then is complete.
		_ = w.e.Checkpoint(ctxBackground())
		if err := w.e.Checkpoint(ctxBackground()); err != nil {
			w.t.Errorf("a checkpoint after one that failed: %v", err)
		}
		w.verify()
	}
	if n%2 == 0 {
		if err := w.e.Close(); err != nil {
			w.t.Errorf("close: %v", err)
		}
	} else {
		w.kill()
	}
	rng := rand.New(rand.NewPCG(uint64(n), 0))
	for _, after := range []*vfs.Mem{w.mem.CrashLoseAll(), w.mem.Crash(rng)} {
		c := w.onCopy()
		c.mem = after
		c.verifySound()
		c.mustOpen()
		c.verify()
		if err := c.e.Close(); err != nil {
			w.t.Errorf("close after the crash: %v", err)
		}
	}
	// Without a crash, what is built upon what was found is as durable.
	w.mustOpen()
	w.verify()
	w.mem.CutAfter(w.mem.Ops() + 1 + rng.IntN(30))
	_ = w.play(more(w))
	w.crash(w.mem.CrashLoseAll())
	w.verifySound()
	w.mustOpen()
	w.verify()
	if err := w.e.Close(); err != nil {
		w.t.Errorf("close after the restart and the crash: %v", err)
	}
}

// TestFilesThatCannotBeRemoved are in the way of nothing, not even of a log
// that is created once more.
func TestFilesThatCannotBeRemoved(t *testing.T) {
	w := newWorld(t)
	inject := w.faulty(func(op vfs.Op) error {
		if op.Kind == vfs.OpRemove {
			return errInjected
		}
		return nil
	})
	id := logID(1, 0)
	again := []func() error{
		func() error { return w.create(id) },
		func() error { return w.append(1000, id, id) },
	}
	if err := w.play(again); err != nil {
		t.Fatal(err)
	}
	if err := w.e.Checkpoint(ctxBackground()); err != nil {
		t.Fatal(err)
	}
	if err := w.remove(id); err != nil {
		t.Fatal(err)
	}
	if err := w.play(again); err != nil {
		t.Fatal(err)
	}
	if err := w.e.Checkpoint(ctxBackground()); err != nil && !errors.Is(err, errInjected) {
		t.Fatal(err)
	}
	inject.Decide(nil)
	if err := w.e.Checkpoint(ctxBackground()); err != nil {
		t.Fatal(err)
	}
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
	w.mustOpen()
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// load has callers append to a log each until something fails, and returns how
// many batches each had acknowledged. done is called with each count of all.
func load(w *world, callers, each int, done func(int)) []int {
	acked := make([]int, callers)
	var total atomic.Int64
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for n := range each {
				b := engine.Batch{Log: logID(1, stream.ShardID(i)), Records: 1, Payload: fmt.Appendf(nil, "batch %d of %d", n, i)}
				r := w.e.Append(ctxBackground(), []engine.Batch{b})[0]
				switch {
				case r.Err == nil:
					acked[i]++
					done(int(total.Add(1)))
				case errors.Is(r.Err, engine.ErrUnknown), errors.Is(r.Err, engine.ErrFailed):
					return
				default:
					w.t.Errorf("append: %v", r.Err)
					return
				}
			}
		})
	}
	wg.Wait()
	return acked
}

// wantPrefix checks that a log holds what load had acknowledged, and at most so
// many more.
func wantPrefix(w *world, id engine.LogID, acked, more int) {
	w.t.Helper()
	got, err := w.readAll(id)
	if err != nil || len(got) < acked || len(got) > acked+more {
		w.t.Fatalf("log %v has %d batches, %d were acknowledged: %v", id, len(got), acked, err)
	}
	for n, b := range got {
		if want := fmt.Sprintf("batch %d of %d", n, id.Shard); string(b.Payload) != want {
			w.t.Fatalf("log %v has %q instead of %q", id, b.Payload, want)
		}
	}
}

// TestSyncsCoverAcknowledgements counts: when n calls of one caller after the
// other have returned, n syncs have happened.
func TestSyncsCoverAcknowledgements(t *testing.T) {
	w := newWorld(t)
	inject := w.faulty(nil)
	id := logID(1, 0)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	before, syncs := w.e.Stats(), inject.Count(vfs.OpSync)
	const n = 50
	for i := range n {
		if err := w.append(10, id); err != nil {
			t.Fatal(err)
		}
		if got := w.e.Stats().Fsyncs - before.Fsyncs; got != int64(i+1) {
			t.Fatalf("%d calls and %d syncs", i+1, got)
		}
	}
	if got := inject.Count(vfs.OpSync) - syncs; got < n {
		t.Errorf("%d calls and %d syncs of files", n, got)
	}
	if err := w.e.Close(); err != nil {
		t.Error(err)
	}
}

// TestGroupCommit holds a sync until many callers wait: one more sync serves
// all of them.
func TestGroupCommit(t *testing.T) {
	w := newWorld(t)
	const callers = 20
	entered, release := make(chan struct{}), make(chan struct{})
	var hold atomic.Bool
	w.faulty(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync && hold.CompareAndSwap(true, false) {
			close(entered)
			<-release
		}
		return nil
	})
	if err := w.create(logID(1, 0)); err != nil {
		t.Fatal(err)
	}
	before := w.e.Stats()
	hold.Store(true)
	var wg sync.WaitGroup
	put := func() {
		r := w.e.Append(ctxBackground(), []engine.Batch{{Log: logID(1, 0), Records: 1}})[0]
		if r.Err != nil {
			t.Error(r.Err)
		}
	}
	wg.Go(put)
	<-entered
	for range callers {
		wg.Go(put)
	}
	for n := 0; n < callers; runtime.Gosched() {
		w.e.queue.mu.Lock()
		n = len(w.e.queue.requests)
		w.e.queue.mu.Unlock()
	}
	close(release)
	wg.Wait()
	after := w.e.Stats()
	if got := after.Frames - before.Frames; got != 2 {
		t.Errorf("%d frames instead of 2", got)
	}
	if after.MeanGroup() < 2 {
		t.Errorf("the mean group is %v", after.MeanGroup())
	}
	if err := w.e.Close(); err != nil {
		t.Error(err)
	}
}

// TestFullDisk fills the disk under load, and makes room again by deleting.
func TestFullDisk(t *testing.T) {
	w := newWorld(t)
	w.mem.SetCapacity(1 << 20)
	o := w.options()
	o.JournalFileBytes = 64 << 10 // of 16 KiB, files and pages would waste too much
	o.FreeReserve = 100 << 10
	o.CheckpointBytes = 100 << 10
	o.SegmentBytes = 64 << 10
	e, err := Open(w.mem, o)
	if err != nil {
		t.Fatal(err)
	}
	w.e = e
	a, b := logID(1, 0), logID(2, 0)
	if err := w.create(a, b); err != nil {
		t.Fatal(err)
	}
	for i := 0; err == nil; i++ {
		if i > 1000 {
			t.Fatal("the disk does not become full")
		}
		err = w.append(4000, a, b)
	}
	if !errors.Is(err, engine.ErrFull) {
		t.Fatalf("append on a full disk: %v", err)
	}
	if err := w.e.Health(); !errors.Is(err, engine.ErrFull) {
		t.Fatalf("health on a full disk: %v", err)
	}
	if err := w.e.Checkpoint(ctxBackground()); err != nil {
		t.Fatalf("checkpoint of what was accepted: %v", err)
	}
	w.verify()
	if err := w.write("on", "a full disk"); err != nil {
		t.Fatalf("write on a full disk: %v", err)
	}
	if err := w.closeLog(a); err != nil {
		t.Fatalf("close on a full disk: %v", err)
	}
	if err := w.remove(a); err != nil {
		t.Fatalf("delete on a full disk: %v", err)
	}
	if err := w.e.Checkpoint(ctxBackground()); err != nil { // also waits for the files to be removed
		t.Fatal(err)
	}
	if err := w.append(4000, b); err != nil {
		t.Fatalf("append after room was made: %v", err)
	}
	if err := w.e.Health(); err != nil {
		t.Fatal(err)
	}
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
	w.mustOpen()
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDiskFilledByOthers takes away the room that was reserved, in the middle
// of everything, and gives it back.
func TestDiskFilledByOthers(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.FreeReserve = 1
	e, err := Open(w.mem, o)
	if err != nil {
		t.Fatal(err)
	}
	w.e = e
	a := logID(1, 0)
	if err := w.create(a); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.append(6000, a); err != nil {
			t.Fatal(err)
		}
	}
	w.mem.SetCapacity(1)
	if err := w.e.Checkpoint(ctxBackground()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("checkpoint on a full disk: %v", err)
	}
	for i := 0; ; i++ {
		if i > 100 {
			t.Fatal("appends are never refused")
		}
		if err := w.append(6000, a); err != nil {
			if !errors.Is(err, engine.ErrFull) {
				t.Fatalf("append on a full disk: %v", err)
			}
			break
		}
	}
	w.verify()
	w.mem.SetCapacity(0)
	if err := w.append(6000, a); err != nil {
		t.Fatalf("append with room again: %v", err)
	}
	if err := w.e.Checkpoint(ctxBackground()); err != nil {
		t.Fatal(err)
	}
	w.verify()
	w.crash(w.mem.CrashLoseAll())
	w.mustOpen()
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// journalLimit is one of the limits of what may wait in the journal.
type journalLimit struct {
	name    string
	set     func(*Options)
	reached func(*Engine) bool
}

var journalLimits = []journalLimit{
	{
		"bytes",
		func(o *Options) { o.CheckpointBytes, o.JournalMaxBytes = 40<<10, 80<<10 },
		func(e *Engine) bool { return e.waiting.bytes.Load() >= 80<<10 },
	},
	{
		"batches",
		func(o *Options) { o.CheckpointBatches = 5 },
		func(e *Engine) bool { return e.waiting.batches.Load() >= 5*maxWaitingCheckpoints },
	},
}

// atJournalLimit returns a world whose journal holds as much as it may, and
// whose maint is locked: no checkpoint is made. An append waits; its outcome
// will be sent.
func atJournalLimit(t *testing.T, limit journalLimit, a, b engine.LogID) (*world, <-chan error) {
	t.Helper()
	w := newWorld(t)
	o := w.options()
	limit.set(&o)
	e, err := Open(w.mem, o)
	if err != nil {
		t.Fatal(err)
	}
	w.e = e
	if err := w.create(a, b); err != nil {
		t.Fatal(err)
	}
	w.e.maint.Lock()
	n := 0
	for !limit.reached(w.e) {
		if err := w.append(4000, a); err != nil {
			t.Fatal(err)
		}
		if n++; n > 100 {
			t.Fatal("the limit is never reached")
		}
	}
	waits := make(chan error, 1)
	go func() { waits <- w.append(4000, a) }()
	return w, waits
}

// TestCloseAtTheJournalLimit ends an append that waits.
func TestCloseAtTheJournalLimit(t *testing.T) {
	w, waits := atJournalLimit(t, journalLimits[0], logID(1, 0), logID(1, 1))
	closed := make(chan error, 1)
	go func() { closed <- w.e.Close() }()
	if err := <-waits; !errors.Is(err, engine.ErrFailed) {
		t.Errorf("the append ends with %v", err)
	}
	w.e.maint.Unlock()
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	w.mustOpen()
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestJournalLimit stops checkpoints: appends wait at the limit, deletions do
// not, and all goes on when checkpoints do.
func TestJournalLimit(t *testing.T) {
	for _, limit := range journalLimits {
		t.Run(limit.name, func(t *testing.T) { testJournalLimit(t, limit) })
	}
}

func testJournalLimit(t *testing.T, limit journalLimit) {
	a, b := logID(1, 0), logID(1, 1)
	w, waits := atJournalLimit(t, limit, a, b)
	if err := w.remove(b); err != nil {
		t.Fatalf("delete at the limit: %v", err)
	}
	for range 20 { // each is a frame that the append could have been in
		if err := w.write("k", "v"); err != nil {
			t.Fatalf("write at the limit: %v", err)
		}
	}
	select {
	case err := <-waits:
		t.Fatalf("append at the limit does not wait: %v", err)
	default:
	}
	w.e.maint.Unlock()
	if err := <-waits; err != nil {
		t.Fatalf("append after the limit: %v", err)
	}
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}
