package disk

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"leat/internal/engine"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/kvtable"
	"leat/internal/stream"
)

// committer is the goroutine that writes the journal. What it decides, it
// decides in the order of the frames.
type committer struct {
	e    *Engine
	done chan struct{} // closed when it has ended

	backlog []*request // not settled, in the order they are to be served
	pace    pacer
	hold    hold // who has to wait, as collect has found
	mixed   int  // for so many frames small appends are reckoned with

	// The frame being made.
	group    []*request
	entries  []journal.Entry
	staged   []staged // parallel to entries
	prepared []kvtable.Prepared
	time     stream.Millis

	// dirty is the logs that got something since the last checkpoint's mark.
	dirty []*log
	epoch uint64 // counts these lists
}

// staged says what to do when an entry is durable.
type staged struct {
	log     *log
	call    *appendCall
	index   int
	tip     tip
	publish func() // instead of all that, for what is no batch
}

func (c *committer) start(e *Engine) {
	c.e, c.done = e, make(chan struct{})
	go c.run()
}

// wait waits until the committer has ended, which it does when the queue is
// closed and empty.
func (c *committer) wait() { <-c.done }

func (c *committer) run() {
	defer close(c.done)
	for c.collect() {
		c.commit()
		many := len(c.group) > 1
		clear(c.group) // who is idle keeps nobody's payloads
		if many && len(c.backlog) == 0 {
			// Those just woken are about to ask for more: let them, so that
			// the next frame has it too. When there is enough for it, they would
			// only keep it waiting.
			runtime.Gosched()
		}
	}
}

// collect waits until there is something to do, and reports whether there ever
// will be.
func (c *committer) collect() bool {
	for {
		var closed bool
		c.backlog, closed = c.e.queue.take(c.backlog)
		c.dropCancelled()
		if len(c.backlog) == 0 {
			if closed {
				return false
			}
			<-c.e.queue.ready
			continue
		}
		c.hold = c.pace.hold(c.e)
		if closed || slices.ContainsFunc(c.backlog, c.hold.passes) || c.e.space.admit(c.e) != nil {
			return true
		}
		timer := time.NewTimer(c.hold.pause)
		select {
		case <-c.e.queue.ready:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// dropCancelled settles the requests whose callers do not want more.
func (c *committer) dropCancelled() {
	c.backlog = slices.DeleteFunc(c.backlog, func(r *request) bool {
		if r.state.Load() == withdrawn {
			return true
		}
		err := r.cancel.Load()
		if err == nil || r.append == nil {
			return false
		}
		r.append.refuseRest(*err)
		r.settle()
		return true
	})
}

// commit makes one frame of what is waiting, or of a part.
func (c *committer) commit() {
	bytes := c.plan()
	if err := c.admit(bytes); err != nil {
		for _, r := range c.group {
			c.refuse(r, err)
		}
		return
	}
	c.time = c.e.Now()
	for _, r := range c.group {
		c.stage(r)
	}
	err := c.write()
	c.settle(err)
	clear(c.entries)
	clear(c.staged)
	clear(c.prepared)
	c.entries, c.staged, c.prepared = c.entries[:0], c.staged[:0], c.prepared[:0]
}

// plan chooses the requests of the next frame, which is then at most so long.
func (c *committer) plan() (bytes int) {
	c.group = c.group[:0]
	full := c.e.space.admit(c.e)
	closing := c.hold.pause > 0 && c.e.isClosing()
	limit := int(min(maxFrameBytes, c.e.opts.JournalFileBytes/2))
	share, room := c.share(limit)
	bulk := 0
	keep := c.backlog[:0]
	for _, r := range c.backlog {
		switch {
		case bytes-bulk >= limit, r.isBulk() && (bytes >= limit || bulk >= room), !c.hold.passes(r) && full == nil && !closing:
			keep = append(keep, r)
		case r.state.Load() != taken && !r.state.CompareAndSwap(queued, taken):
			// withdrawn
		case r.boundary != nil:
			r.boundary()
			r.settle()
		case r.append != nil && closing:
			c.refuse(r, errClosing)
		case r.append != nil && full != nil && !r.append.onlyMarks(full):
			r.settle()
		case r.append != nil:
			n := r.append.plan(share)
			bytes += n
			if r.isBulk() {
				bulk += n
			}
			c.group = append(c.group, r)
		default:
			bytes += r.bytes
			c.group = append(c.group, r)
		}
	}
	clear(c.backlog[len(keep):])
	c.backlog = keep
	return bytes
}

// share is what the next frame takes from each bulk append, and room what it takes
// from all.
func (c *committer) share(limit int) (share, room int) {
	callers := 0
	c.mixed = max(c.mixed-1, 0)
	for _, r := range c.backlog {
		switch {
		case r.isBulk():
			callers++
		case r.append != nil:
			c.mixed = mixedFrames
		}
	}
	room = callersFrameBytes
	if c.mixed > 0 {
		room = mixedFrameBytes
	}
	return min(max(room/max(callers, 1), minShareBytes), limit), room
}

// admit makes sure that a frame of that length can be written.
func (c *committer) admit(bytes int) error {
	if err := c.e.failed(); err != nil {
		return err
	}
	if len(c.group) == 0 {
		return nil
	}
	err := c.e.journal.Reserve(journal.FrameBytes(bytes))
	switch {
	case err == nil:
		return nil
	case wantsRoom(err):
		return c.e.space.refused(err)
	default:
		c.e.fail(err)
		return c.e.failed()
	}
}

// refuse settles a request of which nothing more will be done.
func (c *committer) refuse(r *request, err error) {
	if r.append != nil {
		r.append.refuseRest(err)
	} else {
		r.err = err
	}
	r.settle()
}

func (c *committer) stage(r *request) {
	if r.append != nil {
		c.stageAppend(r.append)
		return
	}
	before := len(c.entries)
	publish := r.stage()
	if len(c.entries) > before {
		c.staged = append(c.staged, staged{publish: publish})
	}
}

// write makes the frame durable, if there is anything in it.
func (c *committer) write() error {
	if len(c.entries) == 0 {
		return nil
	}
	bytes, err := c.e.journal.Append(c.time, c.entries)
	if err != nil {
		c.e.fail(err)
		return err
	}
	c.pace.spend(bytes)
	c.e.space.spend(bytes)
	c.e.waiting.add(bytes, int64(len(c.entries)), c.time)
	c.e.stats.frames.Add(1)
	c.e.stats.batches.Add(int64(len(c.entries)))
	c.e.stats.bytes.Add(bytes)
	if c.e.waiting.due(&c.e.opts) {
		c.e.lookAround()
	}
	return nil
}

// settle makes the frame visible, or reports that its fate is unknown, and
// tells the callers.
func (c *committer) settle(err error) {
	if err == nil {
		c.publish()
	} else {
		c.disown(err)
	}
	for _, r := range c.group {
		if a := r.append; a != nil && a.next < len(a.batches) {
			c.backlog = append(c.backlog, r)
			continue
		}
		r.settle()
	}
}

func (c *committer) publish() {
	for i := range c.staged {
		s := &c.staged[i]
		if s.publish != nil {
			s.publish()
			continue
		}
		s.log.publish(headBatch{first: c.entries[i].First, ref: c.entries[i].Ref}, s.tip)
		c.markDirty(s.log)
	}
	c.e.kv.Publish(c.prepared...)
}

func (c *committer) markDirty(l *log) {
	if l.dirty != c.epoch {
		l.dirty = c.epoch
		c.dirty = append(c.dirty, l)
	}
}

// disown tells the callers of a failed frame that they cannot know.
func (c *committer) disown(cause error) {
	err := fmt.Errorf("%w: %w", engine.ErrUnknown, cause)
	for i := range c.staged {
		if a := c.staged[i].call; a != nil {
			a.results[c.staged[i].index] = engine.Result{Err: err}
		}
	}
	for _, r := range c.group {
		if r.append == nil && r.err == nil {
			r.err = err
		}
	}
	c.e.kv.Abandon()
}
