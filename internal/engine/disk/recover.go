package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/disk/segment"
	"leat/internal/engine/kvtable"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// The names in a data directory.
const (
	lockFile   = "LOCK"
	journalDir = "journal"
)

// Open opens the data directory that is fsys's root, a new one if it is empty.
func Open(fsys vfs.FS, opts Options) (*Engine, error) {
	opts = opts.withDefaults()
	lock, err := lockDirectory(fsys)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		fs:      fsys,
		opts:    opts,
		lock:    lock,
		kv:      kvtable.New(),
		cache:   newSegmentCache(fsys, opts.OpenSegments),
		queue:   queue{ready: make(chan struct{}, 1)},
		logs:    map[engine.LogID]*log{},
		wakeUp:  make(chan struct{}, 1),
		closing: make(chan struct{}),
	}
	e.commits.epoch = 1
	e.upkeep.dirs = map[string]struct{}{}
	if err := e.recover(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	e.commits.start(e)
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.running.Go(func() { e.maintain(ctx) })
	e.lookAround() // the journal may already be long
	return e, nil
}

func lockDirectory(fsys vfs.FS) (io.Closer, error) {
	lock, err := fsys.Lock(lockFile)
	if errors.Is(err, vfs.ErrLocked) {
		return nil, fmt.Errorf("the data directory is in use by another server: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	return lock, nil
}

// recover brings back what is on disk. It changes nothing before it knows that
// it can.
func (e *Engine) recover() error {
	if err := prepareDirectory(e.fs); err != nil {
		return err
	}
	img, damage, err := newestImage(e.fs)
	if err != nil {
		return err
	}
	for _, d := range damage {
		e.opts.Logger.Error("a checkpoint file is damaged; the other one and the journal are used", "err", d)
	}
	if err := syncImage(e.fs, img.number); err != nil {
		return err
	}
	e.restore(img)
	e.journal, err = journal.Open(journal.Options{
		FS:             e.fs,
		Dir:            journalDir,
		Logger:         e.opts.Logger,
		FileBytes:      e.opts.JournalFileBytes,
		FirstFileBytes: min(firstJournalFileBytes, e.opts.JournalFileBytes),
		MaxSpares:      e.opts.spareFiles(),
	}, img.mark, &replayer{e: e})
	if err != nil {
		for _, d := range damage {
			err = errors.Join(err, d)
		}
		return fmt.Errorf("recover the journal: %w", err)
	}
	if err := e.removeOrphans(); err != nil {
		return errors.Join(fmt.Errorf("remove orphaned segments: %w", err), e.journal.Close())
	}
	now := e.opts.Now()
	if ahead := stream.Millis(e.clock.Load()).Sub(now); ahead > clockWarning {
		e.opts.Logger.Warn("the system's clock is behind what has been stored; time stands still until it has caught up", "by", ahead)
	}
	return nil
}

// restore takes over the content of a checkpoint file.
func (e *Engine) restore(img *image) {
	e.upkeep.number = img.number
	e.advance(img.time)
	for _, kv := range img.entries {
		e.kv.Restore(kv)
	}
	e.kv.Resume(img.revision)
	for i := range img.logs {
		li := &img.logs[i]
		l := newLog(li.id, 0)
		l.visible = true
		l.base, l.tip, l.moved, l.segments = max(li.base, 1), li.tip, li.tip, li.segments
		l.pending.tip = li.tip
		e.logs[li.id] = l
	}
}

// replayer applies the journal to an engine that nobody uses yet.
type replayer struct {
	e     *Engine
	frame uint64
}

func (r *replayer) Frame(number uint64, t stream.Millis, bytes int64) {
	r.frame = number
	r.e.advance(t)
	r.e.waiting.add(bytes, 0, t)
}

func (r *replayer) Entry(h *entry.Header, payload []byte, ref journal.Ref) error {
	r.e.waiting.batches.Add(1)
	switch h.Kind {
	case entry.Batch, entry.CloseMark:
		return r.batch(h, ref)
	case entry.CreateLogs:
		return r.logs(payload, r.create)
	case entry.DeleteLogs:
		return r.logs(payload, r.remove)
	case entry.Changes:
		return r.changes(h, payload)
	case entry.Lost:
	}
	return corrupt("entry of kind %d in the journal", h.Kind)
}

// corrupt returns damage whose place the caller knows.
func corrupt(format string, args ...any) error {
	return &engine.CorruptError{Reason: fmt.Sprintf(format, args...)}
}

func (r *replayer) batch(h *entry.Header, ref journal.Ref) error {
	l := r.e.logs[h.Log]
	switch {
	case l == nil:
		return corrupt("batch of log %d/%d, which does not exist", h.Log.Stream, h.Log.Shard)
	case l.tip.closed:
		return corrupt("batch of log %d/%d, which is closed", h.Log.Stream, h.Log.Shard)
	case h.First != l.tip.last+1:
		return corrupt("log %d/%d goes from position %d to %d", h.Log.Stream, h.Log.Shard, l.tip.last, h.First)
	}
	l.tip = tip{last: h.Last(), time: h.Time, closed: h.Kind == entry.CloseMark}
	l.pending.tip = l.tip
	l.head = append(l.head, headBatch{first: h.First, ref: ref})
	r.e.commits.markDirty(l)
	return nil
}

func (r *replayer) logs(payload []byte, apply func(engine.LogID)) error {
	ids, err := decodeIDs(payload)
	if err != nil {
		return corrupt("%s", err)
	}
	for _, id := range ids {
		apply(id)
	}
	return nil
}

func (r *replayer) create(id engine.LogID) {
	if r.e.logs[id] == nil {
		l := newLog(id, r.frame)
		l.visible = true
		r.e.logs[id] = l
	}
}

func (r *replayer) remove(id engine.LogID) {
	if l := r.e.logs[id]; l != nil {
		l.deleted, l.deletedBy = true, r.frame
		delete(r.e.logs, id)
	}
}

func (r *replayer) changes(h *entry.Header, payload []byte) error {
	changes, err := decodeChanges(payload)
	if err != nil {
		return corrupt("%s", err)
	}
	revision := engine.Revision(h.First)
	if want := r.e.kv.Revision() + 1; revision != want {
		return corrupt("metadata revision %d instead of %d", revision, want)
	}
	r.e.kv.Replay(revision, changes)
	return nil
}

// removeOrphans removes the segments that no log has, which interrupted
// checkpoints and deletions leave, and reports those that are missing.
func (e *Engine) removeOrphans() error {
	want := map[string]bool{}
	for _, l := range e.logs {
		for i := range l.segments {
			want[segment.Name(l.id, l.segments[i].First)] = true
		}
	}
	streams, err := e.fs.ReadDir(segment.Dir)
	if err != nil {
		return err
	}
	for _, s := range streams {
		if !s.IsDir() {
			continue
		}
		if err := e.removeOrphansIn(path.Join(segment.Dir, s.Name()), want); err != nil {
			return err
		}
	}
	for name := range want {
		e.opts.Logger.Error("a segment is missing; its records cannot be read", "file", name)
	}
	return nil
}

// removeOrphansIn does that for one stream and takes what is there from want.
func (e *Engine) removeOrphansIn(dir string, want map[string]bool) error {
	list, err := e.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	left := 0
	for _, d := range list {
		name := path.Join(dir, d.Name())
		if want[name] || !segment.IsName(name) {
			delete(want, name)
			left++
			continue
		}
		if err := e.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if left == 0 {
		return e.fs.Remove(dir)
	}
	return nil
}
