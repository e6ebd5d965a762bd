package disk

import (
	"context"
	"sync"
	"sync/atomic"
)

// request is one caller's wish, on its way through the committer.
type request struct {
	state  atomic.Int32
	cancel atomic.Pointer[error] // the caller has gone on to other things, because of this
	done   chan struct{}         // gets a token when the request is settled

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

// queue is where requests wait for the committer.
type queue struct {
	mu       sync.Mutex // guards what follows
	requests []*request
	closed   bool

	ready chan struct{} // has a token when the committer should look
}

// put adds a request, or reports that the queue is closed.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	closed := q.closed
	if !closed {
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

// await waits until the request is settled. A caller whose context ends leaves
// at once if nothing was taken from it, with withdrawn true; else it waits for
// the outcome of what was, and the rest is refused.
func (q *queue) await(ctx context.Context, r *request) (withdrew bool) {
	if ctx.Done() == nil {
		<-r.done
		return false
	}
	select {
	case <-r.done:
		return false
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(queued, withdrawn) {
		return true
	}
	err := ctx.Err()
	r.cancel.Store(&err)
	q.kick()
	<-r.done
	return false
}
