package disk

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"leat/internal/engine"
	"leat/internal/vfs"
)

// TestCloseDuringReads closes under readers of segments and of the journal: they
// get what they asked for or hear that the engine is being closed.
func TestCloseDuringReads(t *testing.T) {
	w := newWorld(t)
	id := logID(1, 0)
	var once atomic.Bool
	reading, closed := make(chan struct{}), make(chan struct{})
	inject := w.faulty(nil)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	if err := w.append(100, id); err != nil {
		t.Fatal(err)
	}
	inject.Decide(func(op vfs.Op) error {
		if op.Kind == vfs.OpRead && once.CompareAndSwap(false, true) {
			close(reading)
			for w.e.reads.TryRLock() { // until Close waits for this read
				w.e.reads.RUnlock()
				select {
				case <-closed:
					return nil
				default:
					runtime.Gosched()
				}
			}
		}
		return nil
	})
	read := make(chan error)
	go func() {
		page, err := w.e.Read(ctxBackground(), id, 1, engine.Budget{})
		if err == nil && len(page.Batches) != 1 {
			err = errors.New("nothing was read")
		}
		read <- err
	}()
	<-reading
	go func() {
		defer close(closed)
		if err := w.e.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := <-read; err != nil && !errors.Is(err, engine.ErrFailed) {
		t.Errorf("a read under way: %v", err)
	}
	<-closed
	if _, err := w.e.Read(ctxBackground(), id, 1, engine.Budget{}); !errors.Is(err, engine.ErrFailed) {
		t.Errorf("a read that comes late: %v", err)
	}
	if _, err := w.e.SeekTime(ctxBackground(), id, 1); !errors.Is(err, engine.ErrFailed) {
		t.Errorf("a seek that comes late: %v", err)
	}
}
