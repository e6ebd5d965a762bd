package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// TestEverythingAtOnce has writers, readers that follow them, checkpoints with
// recycled journal files, trims, and metadata at the same time. Readers see
// each record once and in order, however it moves under them.
func TestEverythingAtOnce(t *testing.T) {
	const (
		logs    = 4
		writers = 3 // for each log
		calls   = 60
	)
	o := tiny()
	o.CheckpointBytes = 64 << 10
	e, err := Open(vfs.NewMem(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ids := make([]engine.LogID, logs)
	for i := range ids {
		ids[i] = logID(1, stream.ShardID(i))
	}
	if err := e.Create(ctx, ids); err != nil {
		t.Fatal(err)
	}
	var all, writing sync.WaitGroup
	for _, id := range ids {
		for w := range writers {
			writing.Go(func() { write(ctx, t, e, id, w, calls) })
		}
		for range 2 {
			all.Go(func() { follow(ctx, t, e, id, writers, calls) })
		}
	}
	stop := make(chan struct{})
	all.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := e.Checkpoint(ctx); err != nil {
				t.Errorf("checkpoint: %v", err)
				return
			}
			if _, err := e.Write(ctx, []engine.Change{{Key: engine.NewKey("k"), Value: []byte{byte(i)}, Expect: engine.Any}}); err != nil {
				t.Errorf("write: %v", err)
			}
			if err := e.Create(ctx, []engine.LogID{logID(2, 0)}); err != nil {
				t.Errorf("create: %v", err)
			}
			e.Append(ctx, []engine.Batch{{Log: logID(2, 0), Records: 1, Payload: make([]byte, 5000)}})
			if err := e.Delete(ctx, []engine.LogID{logID(2, 0)}); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
	})
	writing.Wait()
	for _, id := range ids {
		if r := e.Append(ctx, []engine.Batch{{Log: id, Close: true}})[0]; r.Err != nil {
			t.Errorf("close: %v", r.Err)
		}
	}
	close(stop)
	all.Wait()
	if s := e.Stats(); s.Checkpoints == 0 || s.MovedBytes == 0 {
		t.Errorf("nothing was moved: %+v", s)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// write appends batches that say who wrote them and in which order.
func write(ctx context.Context, t *testing.T, e *Engine, id engine.LogID, writer, calls int) {
	last := stream.Position(0)
	for i := range calls {
		payload := make([]byte, 100+(i*37)%2000)
		binary.LittleEndian.PutUint32(payload, uint32(writer))
		binary.LittleEndian.PutUint32(payload[4:], uint32(i))
		r := e.Append(ctx, []engine.Batch{{Log: id, Records: 2, Payload: payload}})[0]
		if r.Err != nil || r.First <= last {
			t.Errorf("append: %+v after %d", r, last)
			return
		}
		last = r.First
	}
}

// follow reads a log to its end as it grows.
func follow(ctx context.Context, t *testing.T, e *Engine, id engine.LogID, writers, calls int) {
	next := make([]int, writers)
	err := each(ctx, e, id, func(b engine.StoredBatch) error {
		writer, n := binary.LittleEndian.Uint32(b.Payload), int(binary.LittleEndian.Uint32(b.Payload[4:]))
		if n != next[writer] {
			return fmt.Errorf("writer %d: %d instead of %d", writer, n, next[writer])
		}
		next[writer]++
		return nil
	})
	if err != nil {
		t.Errorf("log %v: %v", id, err)
		return
	}
	for w, n := range next {
		if n != calls {
			t.Errorf("log %v has %d batches of writer %d", id, n, w)
		}
	}
}

// each calls f for all batches of a log until it has ended.
func each(ctx context.Context, e *Engine, id engine.LogID, f func(engine.StoredBatch) error) error {
	var buf []byte
	for from := stream.Position(0); ; {
		page, err := e.Read(ctx, id, from, engine.Budget{Bytes: 8000, Buf: buf})
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		for _, b := range page.Batches {
			if from != 0 && b.First != from {
				return fmt.Errorf("position %d follows %d", b.First, from)
			}
			from = b.First + stream.Position(b.Records)
			if err := f(b); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
		from, buf = page.Next, page.Buf
		if err := e.Wait(ctx, id, from); err != nil {
			return err
		}
	}
}

// TestCancelledCallers has callers that give up at any moment: each batch is
// there if and only if its caller was told so.
func TestCancelledCallers(t *testing.T) {
	e, err := Open(vfs.NewMem(), tiny())
	if err != nil {
		t.Fatal(err)
	}
	id := logID(1, 0)
	if err := e.Create(t.Context(), []engine.LogID{id}); err != nil {
		t.Fatal(err)
	}
	const callers, calls = 8, 50
	var mu sync.Mutex
	acked := map[string]bool{}
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range calls {
				ctx, cancel := context.WithCancel(t.Context())
				go cancel()
				payload := fmt.Sprintf("%d of %d", i, c)
				r := e.Append(ctx, []engine.Batch{{Log: id, Records: 1, Payload: []byte(payload)}})[0]
				switch {
				case r.Err == nil:
					mu.Lock()
					acked[payload] = true
					mu.Unlock()
				case !errors.Is(r.Err, context.Canceled):
					t.Errorf("append: %v", r.Err)
				}
			}
		})
	}
	wg.Wait()
	if r := e.Append(t.Context(), []engine.Batch{{Log: id, Close: true}})[0]; r.Err != nil {
		t.Fatal(r.Err)
	}
	err = each(t.Context(), e, id, func(b engine.StoredBatch) error {
		if !acked[string(b.Payload)] {
			return fmt.Errorf("%q was not acknowledged, or is there twice", b.Payload)
		}
		delete(acked, string(b.Payload))
		return nil
	})
	if err != nil || len(acked) > 0 {
		t.Errorf("%v; missing: %v", err, acked)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}
