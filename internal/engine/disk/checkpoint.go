package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"leat/internal/engine"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/disk/segment"
	"leat/internal/engine/kvtable"
	"leat/internal/stream"
)

// checkpoint moves to segments what is in the journal before a mark.
type checkpoint struct {
	mark    journal.Mark
	image   kvtable.Image // at the mark
	time    stream.Millis
	bytes   int64 // of the journal before the mark that wait to be moved
	batches int64
	began   time.Time

	moves   []*move
	logs    []logImage    // at the mark
	trimmed []segmentName // which logs no longer names
}

// upkeep is what checkpoints leave to the next. It is guarded by Engine.maint.
type upkeep struct {
	number uint64 // of the last checkpoint file that is durable
	// carry is the logs with batches before the mark of a checkpoint that
	// failed.
	carry []*log
	// unwritten has moved everything and failed to write its file, which may
	// be durable nevertheless: nothing it names may change before it is.
	unwritten *checkpoint
	// memory is what the movers write from, one each. It is kept for the next
	// checkpoint until a sweep finds none due.
	memory [movers]segment.Memory

	mu sync.Mutex // guards dirs while the movers run
	// dirs is the directories that have got an entry and were not synced
	// since, by this checkpoint or by one that failed.
	dirs map[string]struct{}
}

// Checkpoint moves everything that is in the journal to segments and drops
// what has been trimmed. After an error everything is as it was, and the next
// call tries again.
func (e *Engine) Checkpoint(ctx context.Context) error {
	e.maint.Lock()
	defer e.maint.Unlock()
	return e.checkpoint(ctx)
}

func (e *Engine) checkpoint(ctx context.Context) error {
	if err := e.failed(); err != nil {
		return err
	}
	// First, because it makes room. What cannot be removed is no hindrance; it is
	// tried again, and reported, at the end.
	_ = e.removeGarbage()
	if e.upkeep.unwritten == nil {
		c, err := e.moveAll(ctx)
		if err != nil {
			return e.checkpointFailed(err)
		}
		e.upkeep.unwritten = c
	}
	c := e.upkeep.unwritten
	if err := writeImage(e.fs, e.upkeep.number+1, c); err != nil {
		return e.checkpointFailed(err)
	}
	e.upkeep.unwritten = nil
	e.upkeep.number++
	e.stuck.Store(nil)
	return e.complete(c)
}

// checkpointFailed makes room if the disk is full: spare journal files are the
// ballast for this.
func (e *Engine) checkpointFailed(err error) error {
	if wantsRoom(err) {
		err = errors.Join(err, e.journal.DropSpares())
	}
	err = fmt.Errorf("checkpoint: %w", err)
	e.stuck.Store(&err)
	return err
}

// complete lets readers move over and frees what they leave behind.
func (e *Engine) complete(c *checkpoint) error {
	moved := int64(0)
	for _, m := range c.moves {
		e.endMove(m, true)
		moved += m.bytes
	}
	err := e.journal.Free(c.mark)
	e.waiting.remove(c.bytes, c.batches, c.time)
	e.stats.checkpoints.Add(1)
	e.stats.movedBytes.Add(moved)
	e.commits.pace.measured(c.bytes, time.Since(c.began))
	e.queue.kick()
	e.garbage.free(c.trimmed)
	return errors.Join(err, e.removeGarbage())
}

// cut takes a mark, with the state of everything at it.
func (e *Engine) cut() *checkpoint {
	c := &checkpoint{began: time.Now()}
	take := func() {
		c.mark = e.journal.End()
		c.image = e.kv.Image()
		c.time = e.Now()
		c.bytes, c.batches = e.waiting.bytes.Load(), e.waiting.batches.Load()
		e.upkeep.carry = append(e.upkeep.carry, e.commits.dirty...)
		e.commits.dirty = nil
		e.commits.epoch++
		e.mu.Lock()
		e.graveyard = nil
		e.mu.Unlock()
	}
	r := newRequest()
	r.boundary = take
	if e.queue.put(r) {
		<-r.done
	} else {
		e.commits.wait() // the engine is being closed, and the state stays as it is
		take()
	}
	return c
}

// moveAll does the part of a checkpoint that may fail without a trace.
func (e *Engine) moveAll(ctx context.Context) (*checkpoint, error) {
	c := e.cut()
	e.plan(c)
	err := e.runMovers(ctx, c)
	if err == nil {
		err = e.syncDirs()
	}
	if err != nil {
		for _, m := range c.moves {
			e.endMove(m, false)
		}
		return nil, err
	}
	e.upkeep.carry = nil
	c.trimmed = e.garbage.takeTrimmed() // before capture: what it names is in no list of segments
	e.capture(c)
	return c, nil
}

// plan chooses the logs to work on: those with batches before the mark, and
// those whose open segment is old.
func (e *Engine) plan(c *checkpoint) {
	logs := append(slices.Clone(e.upkeep.carry), e.aged(c.time)...)
	seen := make(map[*log]struct{}, len(logs))
	for _, l := range logs {
		if _, twice := seen[l]; twice {
			continue
		}
		seen[l] = struct{}{}
		if m := l.beginMove(c); m != nil {
			c.moves = append(c.moves, m)
		}
	}
	slices.SortFunc(c.moves, func(a, b *move) int { return compareIDs(a.log.id, b.log.id) })
}

// aged returns the logs whose open segment is to be sealed at a time.
func (e *Engine) aged(t stream.Millis) []*log {
	var logs []*log
	for _, l := range e.snapshot() {
		l.mu.Lock()
		if info := l.open(); info != nil && e.old(info, t) {
			logs = append(logs, l)
		}
		l.mu.Unlock()
	}
	return logs
}

// old reports that a segment must end at a time. One whose time is not known,
// because all it has is lost, waits for a batch that tells.
func (e *Engine) old(info *segment.Info, t stream.Millis) bool {
	return info.FirstTime != 0 && t.Sub(info.FirstTime) >= e.opts.SegmentAge
}

// runMovers has the moves done, some at a time, and returns the first error.
func (e *Engine) runMovers(ctx context.Context, c *checkpoint) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan *move)
	var wg sync.WaitGroup
	for i := range min(movers, len(c.moves)) {
		wg.Go(func() {
			w := newMover(e, c, &e.upkeep.memory[i])
			for m := range next {
				if err := w.move(m); err != nil {
					stop(fmt.Errorf("log %d/%d: %w", m.log.id.Stream, m.log.id.Shard, err))
				}
			}
		})
	}
	for _, m := range c.moves {
		if ctx.Err() != nil {
			break
		}
		next <- m
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

// needSync notes a directory that has got an entry.
func (u *upkeep) needSync(dir string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.dirs[dir] = struct{}{}
}

// syncDirs makes the new segments' names durable.
func (e *Engine) syncDirs() error {
	for dir := range e.upkeep.dirs {
		err := e.fs.SyncDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // its stream may have been deleted
			return fmt.Errorf("sync directory: %w", err)
		}
	}
	clear(e.upkeep.dirs)
	return nil
}

// logImage is a log in a checkpoint file.
type logImage struct {
	id       engine.LogID
	base     stream.Position
	tip      tip
	segments []segment.Info
}

// capture notes the state of all logs that existed at the mark, deleted since
// or not: the journal behind the mark may speak of them.
func (e *Engine) capture(c *checkpoint) {
	e.mu.RLock()
	logs := append(make([]*log, 0, len(e.logs)+len(e.graveyard)), e.graveyard...)
	for _, l := range e.logs {
		logs = append(logs, l)
	}
	e.mu.RUnlock()
	for _, l := range logs {
		if img, ok := l.capture(c.mark.Frame); ok {
			c.logs = append(c.logs, img)
		}
	}
}

func (l *log) capture(frame uint64) (logImage, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.created >= frame || l.deleted && l.deletedBy < frame {
		return logImage{}, false
	}
	img := logImage{id: l.id, base: l.base, tip: l.moved, segments: l.segments}
	if l.outcome != nil {
		img.tip = l.outcome.tip
		img.segments = l.outcome.replace(l.segments)
	}
	return img, true
}
