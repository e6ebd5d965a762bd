package disk

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// gate has the syncs of the journal wait, one by one, until it is opened.
type gate struct{ arrived, tokens, opened chan struct{} }

func (g *gate) pass() {
	for _, step := range []chan struct{}{g.arrived, g.tokens} {
		select {
		case step <- struct{}{}:
		case <-g.opened:
		}
	}
}

// gated opens an engine behind a gate.
func gated(tb testing.TB, o Options) (*Engine, *gate) {
	tb.Helper()
	g := &gate{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	inject := vfs.NewInject(vfs.NewMem(), nil)
	e, err := Open(inject, o)
	if err != nil {
		tb.Fatal(err)
	}
	e.journal.Prepared() // or the gate would meet a file being made
	inject.Decide(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync && strings.HasPrefix(op.Name, journalDir) {
			g.pass()
		}
		return nil
	})
	return e, g
}

// queued waits until so many requests are in the queue.
func (e *Engine) queued(tb testing.TB, n int) {
	tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		e.queue.mu.Lock()
		have := len(e.queue.requests)
		e.queue.mu.Unlock()
		if have == n {
			return
		}
		runtime.Gosched()
		if time.Now().After(deadline) {
			tb.Fatalf("%d requests are queued, want %d", have, n)
		}
	}
}

// TestSmallAppendsDoNotWaitForBulk has many bulk appends queue up before a small
// one: it is in the next frame, which has not much of the bulk.
func TestSmallAppendsDoNotWaitForBulk(t *testing.T) {
	const bulk = 20
	e, g := gated(t, Options{JournalFileBytes: 32 << 20})
	ids := make([]engine.LogID, bulk+1)
	for i := range ids {
		ids[i] = logID(1, stream.ShardID(i))
	}
	created := make(chan error, 1)
	go func() { created <- e.Create(t.Context(), ids) }()
	<-g.arrived
	<-g.tokens
	if err := <-created; err != nil {
		t.Fatal(err)
	}
	appendTo := func(id engine.LogID, bytes int) <-chan error {
		done := make(chan error, 1)
		go func() {
			done <- e.Append(t.Context(), []engine.Batch{{Log: id, Records: 1, Payload: make([]byte, bytes)}})[0].Err
		}()
		return done
	}
	first := appendTo(ids[bulk], 1) // is in its frame until there is a token
	<-g.arrived
	var waiting []<-chan error
	for i := range bulk {
		waiting = append(waiting, appendTo(ids[i], engine.MaxBatchBytes))
		e.queued(t, i+1)
	}
	small := appendTo(ids[bulk], 1)
	e.queued(t, bulk+1)
	<-g.tokens
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	<-g.arrived
	<-g.tokens
	if err := <-small; err != nil {
		t.Fatal(err)
	}
	if bytes := e.Stats().Bytes; bytes > callersFrameBytes+engine.MaxBatchBytes+64<<10 {
		t.Errorf("%d bytes were written before the small append was answered", bytes)
	}
	close(g.opened)
	for i, done := range waiting {
		if err := <-done; err != nil {
			t.Errorf("bulk append %d: %v", i, err)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestWhoWaitsForCheckpoints is bulk at first, and everyone when small appends
// alone fill the journal faster than checkpoints empty it.
func TestWhoWaitsForCheckpoints(t *testing.T) {
	e, err := Open(vfs.NewMem(), small())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil { // the committer has ended: its pacer is ours
		t.Fatal(err)
	}
	e.opts.JournalMaxBytes, e.opts.CheckpointBytes = 1<<30, 256<<20
	bulk := &request{append: &appendCall{bytes: smallAppendBytes + 1}}
	single := &request{append: &appendCall{bytes: smallAppendBytes}}
	control := &request{}
	p := &e.commits.pace
	p.rate.Store(1) // hardly any credit while the test runs
	for _, tt := range []struct {
		name                  string
		waiting, spend        int64
		bulk, single, control bool
	}{
		{"little waits", 1 << 20, 0, true, true, true},
		{"much waits, with credit", 512 << 20, 0, true, true, true},
		{"no credit", 512 << 20, maxFrameBytes, false, true, true},
		{"less than the debt allowed", 512 << 20, minDebt, false, true, true},
		{"more than that", 512 << 20, 1, false, false, true},
		{"the journal's limit", 1 << 30, 0, false, false, true},
		{"checkpoints caught up", 1 << 20, 0, true, true, true},
	} {
		e.waiting.bytes.Store(tt.waiting)
		p.spend(tt.spend)
		h := p.behind(e)
		if h.passes(bulk) != tt.bulk || h.passes(single) != tt.single || h.passes(control) != tt.control {
			t.Errorf("%s: bulk %v, single %v, control %v (%+v)", tt.name, h.passes(bulk), h.passes(single), h.passes(control), h)
		}
	}
}
