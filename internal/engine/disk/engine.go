package disk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"leat/internal/engine"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/kvtable"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// Engine is the durable engine, open.
type Engine struct {
	fs      vfs.FS
	opts    Options
	lock    io.Closer
	journal *journal.Journal
	kv      *kvtable.Table
	cache   *segmentCache

	clock atomic.Int64 // stream.Millis: the time never goes below
	queue queue
	space space
	stats counters

	// failure is why nothing is written any more.
	failure atomic.Pointer[error]
	// toldSlow is when the log was last told, in Unix seconds, that callers have
	// lost their patience.
	toldSlow atomic.Int64
	// stuck is why the last checkpoint failed; nil if it did not.
	stuck atomic.Pointer[error]

	mu        sync.RWMutex // guards what follows, which only the committer changes
	logs      map[engine.LogID]*log
	graveyard []*log // deleted since the last checkpoint's mark

	waiting waiting
	commits committer

	reads sync.RWMutex // held for reading by those who read files, which Close waits for

	maint   sync.Mutex // held by whoever does a checkpoint, a sweep, or removes files
	upkeep  upkeep     // guarded by maint
	garbage garbage
	wakeUp  chan struct{} // has a token when the maintainer should look around
	closing chan struct{} // closed when Close begins
	stop    context.CancelFunc
	running sync.WaitGroup // the maintainer
}

var _ engine.Engine = (*Engine)(nil)

// Now implements engine.Engine. A crash may take back what it has returned
// since the last commit, if the system's clock then is behind.
func (e *Engine) Now() stream.Millis {
	return e.advance(e.opts.Now())
}

// advance moves the clock to t unless it is further, and returns it.
func (e *Engine) advance(t stream.Millis) stream.Millis {
	for {
		last := e.clock.Load()
		if int64(t) <= last {
			return stream.Millis(last)
		}
		if e.clock.CompareAndSwap(last, int64(t)) {
			return t
		}
	}
}

// fail makes the engine refuse all writes from now on.
func (e *Engine) fail(cause error) {
	err := fmt.Errorf("%w: %w", engine.ErrFailed, cause)
	if e.failure.CompareAndSwap(nil, &err) {
		e.opts.Logger.Error("the journal could not be written; nothing is accepted until a restart", "err", cause)
	}
}

// failed returns why the engine accepts nothing, an ErrFailed, or nil.
func (e *Engine) failed() error {
	if err := e.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Health implements engine.Engine.
func (e *Engine) Health() error {
	if err := e.failed(); err != nil {
		return err
	}
	return e.space.admit(e)
}

// Create implements engine.Log.
func (e *Engine) Create(ctx context.Context, logs []engine.LogID) error {
	return e.changeLogs(ctx, logs, e.commits.stageCreate)
}

// Delete implements engine.Log.
func (e *Engine) Delete(ctx context.Context, logs []engine.LogID) error {
	return e.changeLogs(ctx, logs, e.commits.stageDelete)
}

// Logs implements engine.Log.
func (e *Engine) Logs(ctx context.Context, streamNumber uint64) ([]engine.LogID, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var ids []engine.LogID
	for _, l := range e.snapshot() {
		if streamNumber != 0 && l.id.Stream != streamNumber {
			continue
		}
		l.mu.Lock()
		if !l.gone() {
			ids = append(ids, l.id)
		}
		l.mu.Unlock()
	}
	slices.SortFunc(ids, compareIDs)
	return ids, nil
}

func compareIDs(a, b engine.LogID) int {
	return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Shard, b.Shard))
}

// snapshot returns all logs in the map.
func (e *Engine) snapshot() []*log {
	e.mu.RLock()
	defer e.mu.RUnlock()
	logs := make([]*log, 0, len(e.logs))
	for _, l := range e.logs {
		logs = append(logs, l)
	}
	return logs
}

// lookup returns a log, or nil. The log may not be visible yet or be deleted.
func (e *Engine) lookup(id engine.LogID) *log {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.logs[id]
}

// Tip implements engine.Log.
func (e *Engine) Tip(ctx context.Context, id engine.LogID) (engine.Tip, error) {
	if err := ctx.Err(); err != nil {
		return engine.Tip{}, err
	}
	l := e.lookup(id)
	if l == nil {
		return engine.Tip{}, engine.ErrNotFound
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone() {
		return engine.Tip{}, engine.ErrNotFound
	}
	return engine.Tip{First: l.first(), Last: l.tip.last, Time: l.tip.time, Closed: l.tip.closed}, nil
}

// Wait implements engine.Log.
func (e *Engine) Wait(ctx context.Context, id engine.LogID, from stream.Position) error {
	l := e.lookup(id)
	if l == nil {
		return engine.ErrNotFound
	}
	for {
		wake, err := l.await(from)
		if err != nil || wake == nil {
			return err
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.closing:
			return errClosing
		}
	}
}

// errClosing ends the calls that Close finds under way.
var errClosing = fmt.Errorf("%w: the engine is being closed", engine.ErrFailed)

func (e *Engine) isClosing() bool {
	select {
	case <-e.closing:
		return true
	default:
		return false
	}
}

// beginRead keeps the files open until endRead.
func (e *Engine) beginRead() error {
	e.reads.RLock()
	if e.isClosing() {
		e.reads.RUnlock()
		return errClosing
	}
	return nil
}

func (e *Engine) endRead() { e.reads.RUnlock() }

// await returns nil if a Read from the position has something to say, else
// what will be closed at the next change.
func (l *log) await(from stream.Position) (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.gone():
		return nil, engine.ErrNotFound
	case l.tip.closed || from <= l.tip.last && l.base <= l.tip.last:
		return nil, nil
	}
	if l.wake == nil {
		l.wake = make(chan struct{})
	}
	return l.wake, nil
}

// Trim implements engine.Log. The segments it drops are removed after the next
// checkpoint, which a Sweep makes.
func (e *Engine) Trim(ctx context.Context, id engine.LogID, before stream.Position) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l := e.lookup(id)
	if l == nil {
		return engine.ErrNotFound
	}
	l.mu.Lock()
	gone := l.gone()
	l.mu.Unlock()
	if gone {
		return engine.ErrNotFound
	}
	e.garbage.addTrimmed(id, l.forget(before))
	return nil
}

// Close implements engine.Engine. It makes a last checkpoint, so that the next
// start has little to read; if that fails, the next start reads the journal.
func (e *Engine) Close() error {
	close(e.closing)
	e.queue.close()
	e.commits.wait()
	e.stop()
	e.running.Wait()
	if e.failed() == nil {
		ctx, cancel := context.WithTimeout(context.Background(), lastCheckpoint)
		defer cancel()
		if err := e.Checkpoint(ctx); err != nil {
			e.opts.Logger.Warn("no checkpoint at the end; the next start reads the journal", "err", err)
		}
	}
	e.kv.Close(errClosing)
	e.reads.Lock() // whoever reads from now on finds that the engine is closing
	defer e.reads.Unlock()
	return errors.Join(e.journal.Close(), e.cache.close(), e.lock.Close())
}
