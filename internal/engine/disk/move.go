package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/disk/segment"
	"leat/internal/stream"
)

// move is one log's part of a checkpoint.
type move struct {
	log  *log
	head []headBatch     // to be moved
	last stream.Position // of the last of them
	open *segment.Info   // the segment to go on with
	base stream.Position // what ends before is dropped
	tip  tip             // at the mark

	// What has been done.
	segments []segment.Info // instead of open, if there are any
	created  []segment.Info // those whose files are new
	bytes    int64
}

// open returns the log's segment that can be appended to. The lock is held.
func (l *log) open() *segment.Info {
	if n := len(l.segments); n > 0 && !l.segments[n-1].Sealed {
		info := l.segments[n-1]
		return &info
	}
	return nil
}

// beginMove determines what is to be moved. Until endMove the segments and
// what is before the mark stay as they are.
func (l *log) beginMove(c *checkpoint) *move {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.created >= c.mark.Frame || l.deleted && l.deletedBy < c.mark.Frame {
		return nil
	}
	n, _ := slices.BinarySearchFunc(l.head, c.mark.Ref(), func(b headBatch, mark journal.Ref) int {
		if b.ref < mark {
			return -1
		}
		return 1
	})
	m := &move{log: l, head: l.head[:n:n], open: l.open(), base: l.base, tip: l.moved}
	switch {
	case n == len(l.head) && n > 0:
		m.last, m.tip = l.tip.last, l.tip
	case n > 0:
		m.last = l.head[n].first - 1
		m.tip.last = m.last // move finds the time
	}
	l.moving, l.outcome = true, m
	return m
}

// endMove makes the outcome of a move what readers see, or forgets it.
func (e *Engine) endMove(m *move, done bool) {
	l := m.log
	l.mu.Lock()
	if done {
		l.segments = m.replace(l.segments)
		l.head = slices.Clone(l.head[len(m.head):])
		l.moved = m.tip
	}
	l.moving, l.outcome = false, nil
	dropped := l.forgetLocked(l.trim)
	l.trim = 0
	deleted := l.deleted
	l.mu.Unlock()
	e.garbage.addTrimmed(l.id, dropped)
	if !done || deleted {
		e.garbage.addDeleted(l.id, m.created)
	}
}

// replace returns the log's segments as they are after the move.
func (m *move) replace(segments []segment.Info) []segment.Info {
	if len(m.segments) == 0 {
		return segments
	}
	if m.open != nil {
		segments = segments[:len(segments)-1]
	}
	return slices.Concat(segments, m.segments)
}

// mover does moves, one after the other.
type mover struct {
	e      *Engine
	c      *checkpoint
	window entry.Window
	memory *segment.Memory
	file   *journal.File // the one that window knows
	number uint32

	// Of the move under way.
	m      *move
	writer *segment.Writer
	time   stream.Millis
}

func newMover(e *Engine, c *checkpoint, m *segment.Memory) *mover {
	return &mover{e: e, c: c, memory: m}
}

func (w *mover) move(m *move) (err error) {
	w.m, w.writer, w.time = m, nil, m.log.moved.time
	defer func() {
		if err != nil && w.writer != nil {
			err = errors.Join(err, w.writer.Abort())
		}
	}()
	if w.deleted() {
		return nil
	}
	if m.open != nil && w.e.old(m.open, w.c.time) || m.open != nil && m.tip.closed {
		if err := w.resume(); err != nil {
			return err
		}
	}
	for i, b := range m.head {
		last := m.last
		if i+1 < len(m.head) {
			last = m.head[i+1].first - 1
		}
		if m.tip.closed && b.first == m.tip.last {
			break // the mark, which the checkpoint file has
		}
		if err := w.moveBatch(b, last); err != nil {
			return err
		}
	}
	if m.tip.last == m.last && !m.tip.closed && len(m.head) > 0 {
		m.tip.time = max(m.tip.time, w.time) // the last batch may be lost
	}
	return w.finish(m.tip.closed)
}

// deleted reports that the log is gone, so that nothing needs to be moved. Its
// tip at the mark is needed nevertheless, for the journal behind it.
func (w *mover) deleted() bool {
	w.m.log.mu.Lock()
	defer w.m.log.mu.Unlock()
	return w.m.log.deleted
}

func (w *mover) moveBatch(b headBatch, last stream.Position) error {
	h, payload, err := w.read(b, last)
	if err != nil {
		return err
	}
	w.time = h.Time
	if last < w.m.base {
		return nil
	}
	if err := w.room(&h); err != nil {
		return err
	}
	w.m.bytes += int64(h.Size())
	return w.writer.Add(&h, payload)
}

// read reads a batch from the journal. For one that is damaged it returns an
// entry that says so, to take its place.
func (w *mover) read(b headBatch, last stream.Position) (entry.Header, []byte, error) {
	if w.file == nil || w.number != b.ref.File() {
		f, err := w.e.journal.File(b.ref)
		if err != nil {
			return entry.Header{}, nil, err
		}
		w.file, w.number = f, b.ref.File()
	}
	h, err := w.e.headHeader(w.m.log, &w.window, w.file, b, last)
	var payload []byte
	if err == nil {
		payload, err = w.window.Peek(&h, w.file, b.ref.Offset(), w.file.Bytes())
	}
	if _, damaged := errors.AsType[*engine.CorruptError](err); damaged {
		w.e.opts.Logger.Error("batch is damaged and lost", "stream", w.m.log.id.Stream, "shard", w.m.log.id.Shard,
			"position", b.first, "records", last-b.first+1, "err", err)
		h = entry.Header{Kind: entry.Lost, Records: int(last - b.first + 1), Log: w.m.log.id, First: b.first, Time: w.time}
		return h, nil, nil
	}
	return h, payload, err
}

// room makes the writer one that has room for an entry.
func (w *mover) room(h *entry.Header) error {
	if w.writer == nil && w.m.open != nil && len(w.m.segments) == 0 {
		if err := w.resume(); err != nil {
			return err
		}
	}
	if w.writer != nil {
		info := w.writer.Info()
		if info.Length+int64(h.Size()) <= w.e.opts.SegmentBytes && !w.e.old(&info, h.Time) {
			return nil
		}
		if err := w.finish(true); err != nil {
			return err
		}
	}
	return w.create(h.First)
}

// resume goes on with the open segment. One that cannot be is left as it is,
// and the log goes on in a new one.
func (w *mover) resume() error {
	writer, err := segment.Resume(w.e.fs, w.m.log.id, *w.m.open, w.memory)
	_, damaged := errors.AsType[*engine.CorruptError](err)
	if damaged || errors.Is(err, fs.ErrNotExist) {
		w.e.opts.Logger.Error("segment is damaged; it is not appended to any more",
			"file", segment.Name(w.m.log.id, w.m.open.First), "err", err)
		left := *w.m.open
		left.Sealed = true
		w.m.segments = append(w.m.segments, left)
		return nil
	}
	if err != nil {
		return err
	}
	w.writer = writer
	return nil
}

func (w *mover) create(first stream.Position) error {
	id := w.m.log.id
	w.e.garbage.rescue(segmentName{log: id, first: first})
	w.e.cache.drop(id, first)
	w.e.upkeep.needSync(segment.StreamDir(id.Stream))
	w.m.created = append(w.m.created, segment.Info{First: first})
	writer, err := segment.Create(w.e.fs, id, first, w.memory)
	if errors.Is(err, fs.ErrNotExist) {
		w.e.upkeep.needSync(segment.Dir)
		if err := w.e.fs.Mkdir(segment.StreamDir(id.Stream)); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		writer, err = segment.Create(w.e.fs, id, first, w.memory)
	}
	if err != nil {
		return err
	}
	w.writer = writer
	return nil
}

// finish completes the writer's segment, if there is one. It is sealed if that
// is asked for or due.
func (w *mover) finish(seal bool) error {
	if w.writer == nil {
		return nil
	}
	info := w.writer.Info()
	seal = seal || info.Length >= w.e.opts.SegmentBytes || w.e.old(&info, w.c.time)
	info, err := w.writer.Finish(seal)
	if err != nil {
		return err
	}
	w.m.segments = append(w.m.segments, info)
	w.writer = nil
	return nil
}
