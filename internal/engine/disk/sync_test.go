package disk

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// TestAFailedSyncStopsWritesOnly fails a sync of the journal under load.
func TestAFailedSyncStopsWritesOnly(t *testing.T) {
	w := newWorld(t)
	var failing atomic.Bool
	w.faulty(func(op vfs.Op) error {
		if failing.Load() && op.Kind == vfs.OpSync && strings.HasPrefix(op.Name, journalDir) {
			return errInjected
		}
		return nil
	})
	const callers = 8
	for i := range callers {
		if err := w.create(logID(1, stream.ShardID(i))); err != nil {
			t.Fatal(err)
		}
	}
	acked := load(w, callers, 20, func(done int) {
		if done == callers*5 {
			failing.Store(true)
		}
	})
	if err := w.e.Health(); !errors.Is(err, engine.ErrFailed) {
		t.Errorf("health is %v", err)
	}
	failing.Store(false) // nothing is tried again, though it would succeed
	if err := w.append(10, logID(1, 0)); !errors.Is(err, engine.ErrFailed) {
		t.Errorf("append after the failure: %v", err)
	}
	if err := w.write("k", "v"); !errors.Is(err, engine.ErrFailed) {
		t.Errorf("write after the failure: %v", err)
	}
	for i := range callers {
		wantPrefix(w, logID(1, stream.ShardID(i)), acked[i], 0)
	}
	w.crash(w.mem.CrashKeepAll())
	w.mustOpen()
	for i := range callers {
		wantPrefix(w, logID(1, stream.ShardID(i)), acked[i], 1)
	}
	if err := w.e.Close(); err != nil {
		t.Error(err)
	}
}

// losing opens the world's engine behind a file system on which the n-th sync
// after arm(n) of a file whose name begins so fails, and loses what was written.
func (w *world) losing(prefix string) (arm func(n int64)) {
	var left atomic.Int64
	w.faulty(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync && strings.HasPrefix(op.Name, prefix) && left.Add(-1) == 0 {
			return errors.Join(errInjected, w.mem.LoseUnsynced(op.Name))
		}
		return nil
	})
	return left.Store
}

// TestWhatAFailedSyncLeavesIsMadeDurable restarts after a failed sync of the
// journal: a frame that can be read and is not durable must not be built upon.
func TestWhatAFailedSyncLeavesIsMadeDurable(t *testing.T) {
	id := logID(1, 0)
	for _, next := range []int{100, 20 << 10} {
		for failing := range 6 { // in the middle of a file and at its beginning
			w := newWorld(t)
			arm := w.losing(journalDir)
			if err := w.create(id); err != nil {
				t.Fatal(err)
			}
			for range failing {
				if err := w.append(3000, id); err != nil {
					t.Fatal(err)
				}
			}
			w.e.journal.Prepared() // or the sync that fails may be of a file being made
			arm(1)
			if err := w.append(3000, id); !unknown(err) {
				t.Fatal(err)
			}
			if err := w.e.Close(); err != nil {
				t.Fatal(err)
			}
			w.mustOpen()
			w.verify()
			if err := w.append(next, id); err != nil {
				t.Fatal(err)
			}
			w.crash(w.mem.CrashLoseAll())
			w.mustOpen()
			w.verify()
			if err := w.e.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestACheckpointFileThatIsNotDurable restarts after a failed sync of a
// checkpoint file's header, and cuts the power in the next checkpoint: the
// other slot is given up then.
func TestACheckpointFileThatIsNotDurable(t *testing.T) {
	id := logID(1, 0)
	w := newWorld(t)
	arm := w.losing("checkpoint.")
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	fill := func() {
		for range 10 {
			if err := w.append(3000, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill()
	if err := w.e.Checkpoint(ctxBackground()); err != nil {
		t.Fatal(err)
	}
	fill()
	arm(3)
	if err := w.e.Checkpoint(ctxBackground()); !errors.Is(err, errInjected) {
		t.Fatal(err)
	}
	w.e.fail(errInjected) // so that Close leaves the file alone
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}

	inject := w.faulty(nil)
	fill()
	inject.Decide(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite && strings.HasPrefix(op.Name, "checkpoint.") && op.Offset > 0 {
			w.mem.Cut()
		}
		return nil
	})
	if err := w.e.Checkpoint(ctxBackground()); !errors.Is(err, vfs.ErrCut) {
		t.Fatal(err)
	}
	w.crash(w.mem.CrashLoseAll())
	w.mustOpen()
	w.verify()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}
