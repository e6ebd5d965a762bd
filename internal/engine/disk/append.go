package disk

import (
	"context"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/engine/disk/journal"
)

// appendCall is an Append on its way: which batches it has, and how far the
// committer is.
type appendCall struct {
	batches []engine.Batch
	results []engine.Result
	logs    []*log // nil for a batch that is refused already
	sums    []uint32
	bytes   int // of all batches that were not refused at once, as entries
	next    int // the first batch that no frame has
	until   int // where the frame being planned stops
}

// Append implements engine.Log.
func (e *Engine) Append(ctx context.Context, batches []engine.Batch) []engine.Result {
	results := make([]engine.Result, len(batches))
	err := ctx.Err()
	if err == nil {
		err = e.failed()
	}
	if err != nil {
		refuse(results, err)
		return results
	}
	a := &appendCall{
		batches: batches,
		results: results,
		logs:    make([]*log, len(batches)),
		sums:    make([]uint32, len(batches)),
	}
	if !e.prepare(a) {
		return results
	}
	r := newRequest()
	r.append = a
	if !e.queue.put(r) {
		a.refuseRest(errClosing)
		return results
	}
	if err := e.await(ctx, r); err != nil {
		a.refuseRest(err)
		// The queue keeps the request for as long as the disk hangs, and nothing of it.
		a.batches, a.results, a.logs, a.sums = nil, nil, nil, nil
	}
	return results
}

func refuse(results []engine.Result, err error) {
	for i := range results {
		results[i] = engine.Result{Err: err}
	}
}

// prepare does what can be done outside of the committer, and reports whether
// anything is left to do there.
func (e *Engine) prepare(a *appendCall) bool {
	e.mu.RLock()
	for i := range a.batches {
		if a.logs[i] = e.logs[a.batches[i].Log]; a.logs[i] == nil {
			a.results[i].Err = engine.ErrNotFound
		}
	}
	e.mu.RUnlock()
	left := false
	for i := range a.batches {
		b := &a.batches[i]
		if err := b.Validate(); err != nil {
			a.results[i].Err, a.logs[i] = err, nil
		}
		if a.logs[i] != nil {
			a.sums[i] = entry.Sum(b.Payload)
			a.bytes += entry.Size(len(b.Payload))
			left = true
		}
	}
	return left
}

// refuseRest gives an error to all batches that no frame has.
func (a *appendCall) refuseRest(err error) {
	for ; a.next < len(a.batches); a.next++ {
		if a.logs[a.next] != nil {
			a.results[a.next] = engine.Result{Err: err}
		}
	}
}

// onlyMarks refuses all batches but close marks, and reports whether there are
// any: a full disk must not keep a shard from being closed.
func (a *appendCall) onlyMarks(err error) bool {
	left := false
	for i := a.next; i < len(a.batches); i++ {
		switch {
		case a.logs[i] == nil:
		case a.batches[i].Close:
			left = true
		default:
			a.results[i], a.logs[i] = engine.Result{Err: err}, nil
		}
	}
	return left
}

// plan chooses the batches for the next frame, of at most share bytes unless the
// first alone has more, and returns the room they take.
func (a *appendCall) plan(share int) int {
	bytes := 0
	for a.until = a.next; a.until < len(a.batches); a.until++ {
		if a.logs[a.until] == nil {
			continue // refused
		}
		n := entry.Size(len(a.batches[a.until].Payload))
		if bytes > 0 && bytes+n > share {
			break
		}
		bytes += n
	}
	return bytes
}

// stageAppend adds the batches planned to the frame, those that are not refused.
func (c *committer) stageAppend(a *appendCall) {
	for ; a.next < a.until; a.next++ {
		if l := a.logs[a.next]; l != nil {
			if err := c.stageBatch(a, a.next, l); err != nil {
				a.results[a.next].Err = err
			}
		}
	}
}

// stageBatch gives a batch its position and time, against the pending state of
// its log.
func (c *committer) stageBatch(a *appendCall, i int, l *log) error {
	b := &a.batches[i]
	p := &l.pending
	switch {
	case p.deleted:
		return engine.ErrNotFound
	case p.tip.closed:
		return engine.ErrClosed
	case b.IfTip != nil && *b.IfTip != p.tip.last:
		return engine.ErrTip
	}
	h := entry.Header{
		Kind:         entry.Batch,
		Records:      b.Records,
		PayloadBytes: len(b.Payload),
		PayloadSum:   a.sums[i],
		Log:          l.id,
		First:        p.tip.last + 1,
		Time:         max(c.time, b.NotBefore, p.tip.time),
	}
	if b.Close {
		h.Kind = entry.CloseMark
	}
	p.tip = tip{last: h.Last(), time: h.Time, closed: b.Close}
	c.entries = append(c.entries, journal.Entry{Header: h, Payload: b.Payload})
	c.staged = append(c.staged, staged{log: l, call: a, index: i, tip: p.tip})
	a.results[i] = engine.Result{First: h.First, Time: h.Time}
	return nil
}
