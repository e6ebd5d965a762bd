package disk

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"leat/internal/engine"
)

// request is one caller's wish, on its way through the committer.
type request struct {
	state  atomic.Int32
	cancel atomic.Pointer[error] // the caller has gone on to other things, because of this
	done   chan struct{}         // gets a token when the request is settled
	since  time.Time             // when it was queued
	alarm  <-chan struct{}       // the next one then

	append *appendCall // nil for what follows

	// boundary is called between two frames, with all before durable.
	boundary func()

	// bytes bounds what stage adds to the frame. stage adds it and returns
	// what is to be done when the frame is durable, or sets err; nil without
	// err means that there was nothing to write.
	bytes int
	stage func() (publish func())
	err   error
}

// States of a request. Whoever moves it on from queued owns its results.
const (
	queued int32 = iota
	taken
	withdrawn
)

func newRequest() *request { return &request{done: make(chan struct{}, 1)} }

// isBulk reports whether the request is an append that may have to wait for those
// that are not.
func (r *request) isBulk() bool { return r.append != nil && r.append.bytes > smallAppendBytes }

// settle tells the caller that the request has its outcome.
func (r *request) settle() { r.done <- struct{}{} }

const (
	// patience is how long a request waits for the disk: less than clients wait
	// for their answers. What it keeps in memory meanwhile is bounded by whoever
	// reads requests.
	patience = 10 * time.Second
	// alarmInterval is how late it may notice. All that wait are woken then, by
	// one timer: one for each request would cost more than the request.
	alarmInterval = patience / 5
)

// errSlow ends the calls that have lost their patience. Nothing is wrong, so the
// same call may succeed.
var errSlow = fmt.Errorf("%w in time: the disk is slower than what is to be written", engine.ErrFull)

// queue is where requests wait for the committer.
type queue struct {
	mu       sync.Mutex // guards what follows
	requests []*request
	closed   bool
	alarm    chan struct{} // closed by the next alarm; nil when none is set

	ready chan struct{} // has a token when the committer should look
}

// put adds a request, or reports that the queue is closed.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	closed := q.closed
	if !closed {
		r.since, r.alarm = time.Now(), q.alarmLocked()
		q.requests = append(q.requests, r)
	}
	q.mu.Unlock()
	if closed {
		return false
	}
	q.kick()
	return true
}

// kick makes the committer look at its requests.
func (q *queue) kick() {
	select {
	case q.ready <- struct{}{}:
	default: // it will look anyway
	}
}

// take moves all requests to the end of list.
func (q *queue) take(list []*request) (more []*request, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	list = append(list, q.requests...)
	clear(q.requests)
	q.requests = q.requests[:0]
	return list, q.closed
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.kick()
}

// await waits until the request is settled. A caller who gives up, because its
// context ends or its patience does, leaves at once if nothing was taken from it,
// with the reason; else it waits for the outcome of what was, and the rest is
// refused.
func (q *queue) await(ctx context.Context, r *request) (withdrew error) {
	reason := q.awaitPatiently(ctx, r)
	if reason == nil {
		return nil
	}
	if r.state.CompareAndSwap(queued, withdrawn) {
		return reason
	}
	r.cancel.Store(&reason)
	q.kick()
	<-r.done
	return nil
}

// awaitPatiently returns nil when the request is settled, or why not to wait any
// longer.
func (q *queue) awaitPatiently(ctx context.Context, r *request) error {
	for alarm := r.alarm; ; alarm = q.nextAlarm() {
		select {
		case <-r.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-alarm:
			if time.Since(r.since) >= patience {
				return errSlow
			}
		}
	}
}

// nextAlarm returns a channel that is closed within alarmInterval.
func (q *queue) nextAlarm() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.alarmLocked()
}

func (q *queue) alarmLocked() <-chan struct{} {
	if q.alarm == nil {
		alarm := make(chan struct{})
		q.alarm = alarm
		time.AfterFunc(alarmInterval, func() {
			q.mu.Lock()
			q.alarm = nil
			q.mu.Unlock()
			close(alarm)
		})
	}
	return q.alarm
}
