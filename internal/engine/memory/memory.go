// Package memory is the engine that keeps everything in memory and forgets it
// when it is closed: for tests, for leat serve --memory, and as the plain
// reading of the contracts.
//
// Every log has a lock of its own and a slice of its batches. The KV is a
// kvtable. There is no goroutine: a call does its work itself, and a waiter
// sleeps until the log that it waits for has changed.
package memory

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"leat/internal/engine"
	"leat/internal/engine/kvtable"
	"leat/internal/stream"
)

// Options are what an engine may be told. The zero value is fine.
type Options struct {
	// Now is the clock that the engine's time follows, if it goes forward; nil
	// for the system's.
	Now func() stream.Millis
	// MaxBytes bounds what the payloads, with batchOverheadBytes for each
	// batch, and the KV's keys and values may take; 0 for no bound.
	MaxBytes int64
}

// batchOverheadBytes is about what a batch takes beside its payload.
const batchOverheadBytes = 64

// Engine implements engine.Engine.
type Engine struct {
	maxBytes int64
	clock    clock
	logBytes atomic.Int64 // what the logs take of maxBytes
	done     chan struct{}

	mu   sync.RWMutex // guards logs, not what is in them
	logs map[engine.LogID]*log

	kvMu  sync.Mutex // held from Prepare to Publish
	table *kvtable.Table
}

var _ engine.Engine = (*Engine)(nil)

// Open returns an empty engine.
func Open(opts Options) *Engine {
	if opts.Now == nil {
		opts.Now = func() stream.Millis { return stream.MillisOf(time.Now()) }
	}
	return &Engine{
		maxBytes: opts.MaxBytes,
		clock:    clock{source: opts.Now},
		done:     make(chan struct{}),
		logs:     map[engine.LogID]*log{},
		table:    kvtable.New(),
	}
}

// clock makes a time that never goes back out of one that may.
type clock struct {
	source func() stream.Millis
	mu     sync.Mutex
	last   stream.Millis // guarded by mu
}

// now returns the source's time, or the last one if the source went back.
func (c *clock) now() stream.Millis {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, c.source())
	return c.last
}

// Now implements engine.Engine.
func (e *Engine) Now() stream.Millis { return e.clock.now() }

// Health implements engine.Engine.
func (e *Engine) Health() error {
	if e.maxBytes > 0 && e.usedBytes() >= e.maxBytes {
		return e.full()
	}
	return nil
}

func (e *Engine) usedBytes() int64 { return e.logBytes.Load() + e.table.Bytes() }

func (e *Engine) full() error {
	return fmt.Errorf("%w: the %d bytes of memory permitted are used", engine.ErrFull, e.maxBytes)
}

// Close implements engine.Engine.
func (e *Engine) Close() error {
	close(e.done)
	e.table.Close(engine.ErrFailed)
	return nil
}

// Create implements engine.Log.
func (e *Engine) Create(ctx context.Context, logs []engine.LogID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range logs {
		if _, ok := e.logs[id]; !ok {
			e.logs[id] = &log{}
		}
	}
	return nil
}

// Delete implements engine.Log.
func (e *Engine) Delete(ctx context.Context, logs []engine.LogID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range logs {
		if l, ok := e.logs[id]; ok {
			delete(e.logs, id)
			e.logBytes.Add(-l.delete())
		}
	}
	return nil
}

// Logs implements engine.Log.
func (e *Engine) Logs(ctx context.Context, streamNumber uint64) ([]engine.LogID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	var list []engine.LogID
	for id := range e.logs {
		if streamNumber == 0 || id.Stream == streamNumber {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, func(a, b engine.LogID) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Shard, b.Shard))
	})
	return list, nil
}

// log returns a log. It may be deleted by the time it is used.
func (e *Engine) log(id engine.LogID) (*log, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	l, ok := e.logs[id]
	if !ok {
		return nil, fmt.Errorf("%w: log %d of stream %d", engine.ErrNotFound, id.Shard, id.Stream)
	}
	return l, nil
}

// Append implements engine.Log.
func (e *Engine) Append(ctx context.Context, batches []engine.Batch) []engine.Result {
	results := make([]engine.Result, len(batches))
	for i := range batches {
		results[i] = e.append(ctx, &batches[i])
	}
	return results
}

func (e *Engine) append(ctx context.Context, b *engine.Batch) engine.Result {
	if err := ctx.Err(); err != nil {
		return engine.Result{Err: err}
	}
	if err := b.Validate(); err != nil {
		return engine.Result{Err: err}
	}
	l, err := e.log(b.Log)
	if err != nil {
		return engine.Result{Err: err}
	}
	return l.append(b, e)
}

// reserve takes room for a batch. A close mark needs none: it must be possible
// to end what has become too large.
func (e *Engine) reserve(b *engine.Batch) error {
	if b.Close {
		return nil
	}
	n := batchBytes(len(b.Payload))
	if used := e.logBytes.Add(n); e.maxBytes > 0 && used+e.table.Bytes() > e.maxBytes {
		e.logBytes.Add(-n)
		return e.full()
	}
	return nil
}

func batchBytes(payload int) int64 { return int64(payload) + batchOverheadBytes }

// Read implements engine.Log.
func (e *Engine) Read(ctx context.Context, id engine.LogID, from stream.Position, budget engine.Budget) (engine.Page, error) {
	if err := ctx.Err(); err != nil {
		return engine.Page{}, err
	}
	l, err := e.log(id)
	if err != nil {
		return engine.Page{}, err
	}
	return l.read(from, budget)
}

// Wait implements engine.Log.
func (e *Engine) Wait(ctx context.Context, id engine.LogID, from stream.Position) error {
	l, err := e.log(id)
	if err != nil {
		return err
	}
	for {
		changed, err := l.poll(from)
		if changed == nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.done:
			return engine.ErrFailed
		}
	}
}

// Tip implements engine.Log.
func (e *Engine) Tip(ctx context.Context, id engine.LogID) (engine.Tip, error) {
	if err := ctx.Err(); err != nil {
		return engine.Tip{}, err
	}
	l, err := e.log(id)
	if err != nil {
		return engine.Tip{}, err
	}
	return l.tip()
}

// SeekTime implements engine.Log.
func (e *Engine) SeekTime(ctx context.Context, id engine.LogID, t stream.Millis) (stream.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l, err := e.log(id)
	if err != nil {
		return 0, err
	}
	return l.seekTime(t)
}

// Trim implements engine.Log. It forgets whole batches.
func (e *Engine) Trim(ctx context.Context, id engine.LogID, before stream.Position) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l, err := e.log(id)
	if err != nil {
		return err
	}
	freed, err := l.trim(before)
	e.logBytes.Add(-freed)
	return err
}

// Get implements engine.KV.
func (e *Engine) Get(ctx context.Context, key engine.Key) (engine.Entry, error) {
	return e.table.Get(ctx, key)
}

// List implements engine.KV.
func (e *Engine) List(ctx context.Context, prefix, after engine.Key, limit int) ([]engine.Entry, error) {
	return e.table.List(ctx, prefix, after, limit)
}

// ListBack implements engine.KV.
func (e *Engine) ListBack(ctx context.Context, prefix, before engine.Key, limit int) ([]engine.Entry, error) {
	return e.table.ListBack(ctx, prefix, before, limit)
}

// Watch implements engine.KV.
func (e *Engine) Watch(ctx context.Context, prefix engine.Key, from engine.Revision) iter.Seq2[engine.Entry, error] {
	return e.table.Watch(ctx, prefix, from)
}

// Write implements engine.KV. Changes that only delete are never refused for
// lack of room.
func (e *Engine) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := engine.ValidateChanges(changes); err != nil {
		return 0, err
	}
	e.kvMu.Lock()
	defer e.kvMu.Unlock()
	p, err := e.table.Prepare(changes)
	if err != nil {
		return 0, err
	}
	if n := storedBytes(changes); n > 0 && e.maxBytes > 0 && e.usedBytes()+n > e.maxBytes {
		e.table.Abandon()
		return 0, e.full()
	}
	e.table.Publish(p)
	return p.Revision, nil
}

// storedBytes returns what the new entries of changes take.
func storedBytes(changes []engine.Change) int64 {
	n := 0
	for i := range changes {
		if !changes[i].Delete {
			n += len(changes[i].Key) + len(changes[i].Value)
		}
	}
	return int64(n)
}
