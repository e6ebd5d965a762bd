package disk

import (
	"cmp"
	"slices"
	"sync"

	"leat/internal/engine"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/disk/segment"
	"leat/internal/stream"
)

// log is the state of one log. There may be 100,000 idle ones, so it is small.
type log struct {
	id engine.LogID

	// Of the committer: the state behind all frames begun, durable or not.
	pending struct {
		tip     tip
		deleted bool
	}
	created uint64 // the frame that created it
	dirty   uint64 // the epoch in whose list of dirty logs it is

	mu sync.Mutex // guards what follows, which knows of durable frames only

	visible   bool // its creation is durable
	deleted   bool
	moving    bool   // between beginMove and endMove
	deletedBy uint64 // the frame that deleted it

	tip  tip
	base stream.Position // positions before it are forgotten
	trim stream.Position // a Trim that waits for the move to end

	// segments, then head, hold the batches in order and without gaps, from
	// base or before it to the tip. What is in their arrays never changes, so
	// a slice of them may be used without the lock.
	segments []segment.Info
	head     []headBatch

	moved   tip           // the tip at the last checkpoint's mark
	outcome *move         // what the checkpoint under way has done
	wake    chan struct{} // closed at the next change; nil if nobody waits
}

// tip is how far a log has come.
type tip struct {
	last   stream.Position
	time   stream.Millis
	closed bool
}

// headBatch is a batch, or the close mark, in the journal.
type headBatch struct {
	first stream.Position
	ref   journal.Ref
}

func newLog(id engine.LogID, created uint64) *log {
	return &log{id: id, created: created, base: 1}
}

// changed wakes those who wait. The lock is held.
func (l *log) changed() {
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
}

// publish makes a durable batch or mark visible.
func (l *log) publish(b headBatch, t tip) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head = append(l.head, b)
	l.tip = t
	l.changed()
}

// gone reports that the log does not exist for readers. The lock is held.
func (l *log) gone() bool { return l.deleted || !l.visible }

// records returns the batches of the head without the mark. The lock is held.
func (l *log) records() []headBatch {
	n := len(l.head)
	if n > 0 && l.tip.closed && l.head[n-1].first == l.tip.last {
		n--
	}
	return l.head[:n:n]
}

// lastRecord returns the position of the last record taken. The lock is held.
func (l *log) lastRecord() stream.Position {
	if l.tip.closed {
		return l.tip.last - 1
	}
	return l.tip.last
}

// first returns the oldest position that can be read. The lock is held.
func (l *log) first() stream.Position {
	if l.base > l.lastRecord() {
		return l.tip.last + 1
	}
	return l.base
}

// place is where some batches of a log are: in a segment or in the journal.
type place struct {
	from    stream.Position // what was asked for, or where the log begins if later
	none    bool            // nothing is there, yet
	segment *segment.Info
	head    []headBatch
	last    stream.Position // of the last batch of head
}

// locate finds the batch that holds a position, or the first after it.
func (l *log) locate(from stream.Position) (place, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone() {
		return place{}, engine.ErrNotFound
	}
	p := place{from: max(from, l.base)}
	if p.from > l.lastRecord() {
		p.none = true
		return p, nil
	}
	i, _ := slices.BinarySearchFunc(l.segments, p.from, func(s segment.Info, pos stream.Position) int {
		return cmp.Compare(s.Last, pos)
	})
	if i < len(l.segments) {
		info := l.segments[i]
		p.segment = &info
		return p, nil
	}
	head := l.records()
	p.head, p.last = head[floorBatch(head, p.from):], l.lastRecord()
	return p, nil
}

// floorBatch returns the index of the batch that holds a position at or after
// the first.
func floorBatch(head []headBatch, pos stream.Position) int {
	i, found := slices.BinarySearchFunc(head, pos, func(b headBatch, pos stream.Position) int {
		return cmp.Compare(b.first, pos)
	})
	if !found {
		i--
	}
	return max(i, 0)
}

// ended reports that a reader who goes on at a position has read all of a
// closed log.
func (l *log) ended(next stream.Position) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tip.closed && max(next, l.base) > l.lastRecord()
}

// forget implements Trim and returns the segments that nobody reads any more.
// While batches are being moved it only notes the wish.
func (l *log) forget(before stream.Position) (dropped []stream.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forgetLocked(before)
}

func (l *log) forgetLocked(before stream.Position) (dropped []stream.Position) {
	if l.moving {
		l.trim = max(l.trim, before)
		return nil
	}
	before = min(before, l.lastRecord()+1)
	n := 0
	for n < len(l.segments) && l.segments[n].Last < before {
		dropped = append(dropped, l.segments[n].First)
		n++
	}
	if n > 0 {
		l.segments = slices.Clone(l.segments[n:])
	}
	base := before
	if len(l.segments) > 0 {
		base = l.segments[0].First
	} else if head := l.records(); len(head) > 0 && before <= l.lastRecord() {
		base = head[floorBatch(head, before)].first
	}
	l.base = max(l.base, base)
	return dropped
}
