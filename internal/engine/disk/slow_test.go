package disk

import (
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// longestWait is the most that a call waits when a frame takes no time.
const longestWait = patience + alarmInterval

// TestADiskThatHangs keeps only the caller whose batch is on its way to it, and
// of a call in several frames only what is in the first.
func TestADiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, g := gated(t, Options{JournalFileBytes: 32 << 20, SweepEvery: time.Hour})
		id := logID(1, 0)
		go e.Create(t.Context(), []engine.LogID{id})
		<-g.arrived
		<-g.tokens
		synctest.Wait()
		var bulk []engine.Batch
		for range 2 * callersFrameBytes / engine.MaxBatchBytes {
			bulk = append(bulk, engine.Batch{Log: id, Records: 2, Payload: make([]byte, engine.MaxBatchBytes)})
		}
		inFlight := make(chan []engine.Result, 1)
		go func() { inFlight <- e.Append(t.Context(), bulk) }()
		<-g.arrived
		began := time.Now()
		r := e.Append(t.Context(), []engine.Batch{{Log: id, Records: 1, Payload: []byte("x")}})[0]
		if took := time.Since(began); !errors.Is(r.Err, engine.ErrFull) || took < patience || took > longestWait {
			t.Errorf("an append got %v after %v", r.Err, took)
		}
		_, err := e.Write(t.Context(), []engine.Change{{Key: engine.NewKey("k"), Expect: engine.Any}})
		if !errors.Is(err, engine.ErrFull) {
			t.Errorf("a write got %v", err)
		}
		if tip, err := e.Tip(t.Context(), id); err != nil || tip.Last != 0 {
			t.Errorf("the tip is %+v, %v", tip, err)
		}
		close(g.opened)
		done := 0
		for _, r := range <-inFlight {
			switch {
			case r.Err == nil:
				done++
			case !errors.Is(r.Err, engine.ErrFull):
				t.Errorf("a batch got %v", r.Err)
			}
		}
		if tip, err := e.Tip(t.Context(), id); err != nil || done == 0 || done == len(bulk) || int(tip.Last) != 2*done {
			t.Errorf("%d of %d batches are durable, the tip is %+v, %v", done, len(bulk), tip, err)
		}
		if r := e.Append(t.Context(), bulk[:1])[0]; r.Err != nil {
			t.Errorf("an append when the disk is back: %v", r.Err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

// crowd is callers that write more than the disk takes, and try again what was
// refused.
type crowd struct {
	e       *Engine
	acked   []int // by log: what each log must have, and nothing else
	refused atomic.Int64
	longest atomic.Int64
}

// write appends numbered batches to a log of its own for so long, and once at
// least.
func (c *crowd) write(t *testing.T, log int, length time.Duration) {
	const batches = 4
	payloads := make([]byte, batches*100<<10)
	for until := time.Now().Add(length); ; {
		call := make([]engine.Batch, batches)
		for i := range call {
			payload := payloads[i*100<<10:][:100<<10]
			binary.LittleEndian.PutUint64(payload, uint64(c.acked[log]+i))
			call[i] = engine.Batch{Log: logID(1, stream.ShardID(log)), Records: 1, Payload: payload}
		}
		began := time.Now()
		results := c.e.Append(t.Context(), call)
		if took := int64(time.Since(began)); took > c.longest.Load() {
			c.longest.Store(took)
		}
		for _, r := range results {
			switch {
			case r.Err == nil:
				c.acked[log]++
			case errors.Is(r.Err, engine.ErrFull):
				c.refused.Add(1)
			default:
				t.Errorf("append: %v", r.Err)
				return
			}
		}
		if !time.Now().Before(until) {
			return
		}
	}
}

// verify reads back what was acknowledged.
func (c *crowd) verify(t *testing.T) {
	for log, acked := range c.acked {
		n := 0
		var from stream.Position
		for {
			page, err := c.e.Read(t.Context(), logID(1, stream.ShardID(log)), from, engine.Budget{Bytes: 1 << 20})
			if err != nil {
				t.Fatalf("read: %v", err)
			}
			if len(page.Batches) == 0 {
				break
			}
			for _, b := range page.Batches {
				if have := binary.LittleEndian.Uint64(b.Payload); have != uint64(n) {
					t.Fatalf("batch %d of log %d says that it is %d", n, log, have)
				}
				n++
			}
			from = page.Next
		}
		if n != acked {
			t.Errorf("log %d has %d batches, %d were acknowledged", log, n, acked)
		}
	}
}

// TestADiskThatIsSlow has more callers than it can serve: they wait, then they are
// refused with something to try again, and reads go on. When the disk recovers
// everyone is served, and what was acknowledged is there, also after a restart.
func TestADiskThatIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 48
		mem := vfs.NewMem()
		inject := vfs.NewInject(mem, nil)
		o := Options{JournalFileBytes: 32 << 20, SweepEvery: time.Hour}
		e, err := Open(inject, o)
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]engine.LogID, callers)
		for i := range ids {
			ids[i] = logID(1, stream.ShardID(i))
		}
		if err := e.Create(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
		e.journal.Prepared()
		const delay = 2 * time.Second
		inject.Decide(func(op vfs.Op) error {
			if op.Kind == vfs.OpSync {
				<-time.After(delay)
			}
			return nil
		})
		c := &crowd{e: e, acked: make([]int, callers)}
		var writing sync.WaitGroup
		for log := range callers {
			writing.Go(func() { c.write(t, log, time.Minute) })
		}
		for range 10 {
			<-time.After(5 * time.Second)
			began := time.Now()
			if _, err := e.Read(t.Context(), ids[0], 0, engine.Budget{Bytes: 1}); err != nil || time.Since(began) > 0 {
				t.Errorf("a read meanwhile took %v: %v", time.Since(began), err)
			}
		}
		writing.Wait()
		if c.refused.Load() == 0 {
			t.Error("nobody was refused: the disk is not slow")
		}
		// One frame may be on its way when a caller gives up.
		if longest := time.Duration(c.longest.Load()); longest > longestWait+2*delay {
			t.Errorf("a call took %v", longest)
		}
		inject.Decide(nil)
		c.refused.Store(0)
		for log := range callers {
			writing.Go(func() { c.write(t, log, 0) })
		}
		writing.Wait()
		if n := c.refused.Load(); n > 0 {
			t.Errorf("%d batches were refused when the disk was back", n)
		}
		c.verify(t)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if c.e, err = Open(mem, o); err != nil {
			t.Fatal(err)
		}
		c.verify(t)
		if err := c.e.Close(); err != nil {
			t.Error(err)
		}
	})
}
