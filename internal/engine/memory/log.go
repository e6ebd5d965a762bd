package memory

import (
	"bytes"
	"fmt"
	"io"
	"sort"
	"sync"

	"leat/internal/engine"
	"leat/internal/stream"
)

// log is one log.
type log struct {
	mu      sync.RWMutex         // guards all that follows
	batches []engine.StoredBatch // what can be read; payloads never change
	last    stream.Position      // the last position taken, the mark's included
	time    stream.Millis        // when last was taken
	closed  bool
	deleted bool
	// changed, if not nil, has waiters: it is closed, and forgotten, as soon
	// as more can be read, or nothing any more.
	changed chan struct{}
}

func (l *log) append(b *engine.Batch, e *Engine) engine.Result {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.accepts(b)
	if err == nil {
		err = e.reserve(b)
	}
	if err != nil {
		return engine.Result{Err: err}
	}
	// The clock is asked with the log locked, so that times follow positions.
	r := engine.Result{First: l.last + 1, Time: max(e.clock.now(), b.NotBefore, l.time)}
	if b.Close {
		l.closed = true
		l.last = r.First
	} else {
		l.batches = append(l.batches, engine.StoredBatch{
			First:   r.First,
			Records: b.Records,
			Time:    r.Time,
			Payload: bytes.Clone(b.Payload),
		})
		l.last += stream.Position(b.Records)
	}
	l.time = r.Time
	l.wake()
	return r
}

// accepts returns why the log, being locked, refuses a batch.
func (l *log) accepts(b *engine.Batch) error {
	switch {
	case l.deleted:
		return engine.ErrNotFound
	case l.closed:
		return engine.ErrClosed
	case b.IfTip != nil && *b.IfTip != l.last:
		return fmt.Errorf("%w: at %d, not %d", engine.ErrTip, l.last, *b.IfTip)
	}
	return nil
}

func (l *log) wake() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// delete ends the log and returns the bytes that it held.
func (l *log) delete() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deleted = true
	freed := l.forget(len(l.batches))
	l.wake()
	return freed
}

// forget drops the oldest n batches and returns the bytes that they held.
func (l *log) forget(n int) int64 {
	var freed int64
	for _, b := range l.batches[:n] {
		freed += batchBytes(len(b.Payload))
	}
	clear(l.batches[:n]) // the array lives on until append needs a larger one
	l.batches = l.batches[n:]
	if len(l.batches) == 0 {
		l.batches = nil
	}
	return freed
}

// search returns the index of the batch that holds a position, or else of the
// first after it.
func (l *log) search(p stream.Position) int {
	return sort.Search(len(l.batches), func(i int) bool { return end(l.batches[i]) > p })
}

// end returns the position after a batch.
func end(b engine.StoredBatch) stream.Position { return b.First + stream.Position(b.Records) }

func (l *log) read(from stream.Position, budget engine.Budget) (engine.Page, error) {
	found, eof, err := l.collect(from, budget)
	if err != nil {
		return engine.Page{}, err
	}
	page := engine.Page{Batches: found, Next: from}
	if len(found) > 0 {
		page.Next = end(found[len(found)-1])
	}
	// Payloads are copied without the lock: not even Trim changes them.
	total := 0
	for _, b := range found {
		total += len(b.Payload)
	}
	page.Buf = budget.Buf[:0]
	if cap(page.Buf) < total {
		page.Buf = make([]byte, 0, total)
	}
	for i := range found {
		start := len(page.Buf)
		page.Buf = append(page.Buf, found[i].Payload...)
		found[i].Payload = page.Buf[start:len(page.Buf):len(page.Buf)]
	}
	if eof {
		return page, io.EOF
	}
	return page, nil
}

// collect returns the batches of a page, with payloads that are the log's, and
// whether the close mark comes next.
func (l *log) collect(from stream.Position, budget engine.Budget) (found []engine.StoredBatch, eof bool, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.deleted {
		return nil, false, engine.ErrNotFound
	}
	rest := l.batches[l.search(from):]
	n, size, records := 0, 0, 0
	for _, b := range rest {
		if n > 0 && size+len(b.Payload) > budget.Bytes {
			break
		}
		n++
		size += len(b.Payload)
		records += int(end(b) - max(b.First, from))
		if budget.Records > 0 && records >= budget.Records {
			break
		}
	}
	return append(found, rest[:n]...), l.closed && n == len(rest), nil
}

// poll returns nil and what Wait has to return, or, if there is nothing to
// read yet, a channel that is closed with the next change.
func (l *log) poll(from stream.Position) (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.deleted:
		return nil, engine.ErrNotFound
	case l.closed || l.search(from) < len(l.batches):
		return nil, nil
	}
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed, nil
}

func (l *log) tip() (engine.Tip, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.deleted {
		return engine.Tip{}, engine.ErrNotFound
	}
	first := l.last + 1
	if len(l.batches) > 0 {
		first = l.batches[0].First
	}
	return engine.Tip{First: first, Last: l.last, Time: l.time, Closed: l.closed}, nil
}

func (l *log) seekTime(t stream.Millis) (stream.Position, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.deleted {
		return 0, engine.ErrNotFound
	}
	i := sort.Search(len(l.batches), func(i int) bool { return l.batches[i].Time >= t })
	if i < len(l.batches) {
		return l.batches[i].First, nil
	}
	return l.last + 1, nil
}

func (l *log) trim(before stream.Position) (freed int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deleted {
		return 0, engine.ErrNotFound
	}
	return l.forget(l.search(before)), nil
}
