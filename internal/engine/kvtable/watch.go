package kvtable

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"leat/internal/engine"
)

// watcher holds what a Watch has not yet yielded: of each key only the newest
// entry, so that a consumer that never comes back holds no more than one entry
// for each key that it knows of or that exists.
type watcher struct {
	prefix engine.Key
	// pending is guarded by the table's lock.
	pending map[engine.Key]event
	// ready has a token while pending may hold something. It is closed when
	// the table is.
	ready chan struct{}
}

// event is an entry on its way to a consumer.
type event struct {
	entry engine.Entry
	// unknown: the consumer has not heard of the key since it last was absent.
	// If the key is deleted before that, there is nothing to tell.
	unknown bool
}

// add takes a change. The key existed before it, or did not.
func (w *watcher) add(e engine.Entry, existed bool) {
	before, queued := w.pending[e.Key]
	ev := event{entry: e, unknown: !existed}
	if queued {
		ev.unknown = before.unknown
	}
	switch {
	case e.Deleted && ev.unknown:
		delete(w.pending, e.Key)
		return
	case e.Deleted && !existed && queued:
		return // deleted already
	}
	w.pending[e.Key] = ev
	select {
	case w.ready <- struct{}{}:
	default: // there is a token
	}
}

// Watch implements engine.KV. The call is made when the iteration begins. After
// Close it ends with the error given there.
func (t *Table) Watch(ctx context.Context, prefix engine.Key, from engine.Revision) iter.Seq2[engine.Entry, error] {
	return func(yield func(engine.Entry, error) bool) {
		w, present := t.watch(prefix, from)
		defer t.unwatch(w)
		for entries := present; ; entries = t.take(w) {
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err := t.await(ctx, w); err != nil {
				yield(engine.Entry{}, err)
				return
			}
		}
	}
}

// watch registers a watcher and returns, in revision order, what it has to be
// told first: both at one moment, so that nothing is missed or told twice.
func (t *Table) watch(prefix engine.Key, from engine.Revision) (*watcher, []engine.Entry) {
	w := &watcher{prefix: prefix, pending: map[engine.Key]event{}, ready: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed != nil {
		close(w.ready)
		return w, nil
	}
	t.watchers[w] = struct{}{}
	present := t.listLocked(prefix, "", 0, from)
	slices.SortFunc(present, byRevision)
	return w, present
}

func (t *Table) unwatch(w *watcher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.watchers, w)
}

// await returns nil when there may be something to take, else the error that
// ends the watch.
func (t *Table) await(ctx context.Context, w *watcher) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case _, open := <-w.ready:
		if open {
			return nil
		}
		t.mu.RLock()
		defer t.mu.RUnlock()
		return t.closed
	}
}

// take removes and returns what is pending, in revision order.
func (t *Table) take(w *watcher) []engine.Entry {
	t.mu.Lock()
	pending := w.pending
	w.pending = make(map[engine.Key]event)
	t.mu.Unlock()
	entries := make([]engine.Entry, 0, len(pending))
	for _, ev := range pending {
		entries = append(entries, ev.entry)
	}
	slices.SortFunc(entries, byRevision)
	return entries
}

// byRevision orders entries by revision, and those of one write by key.
func byRevision(a, b engine.Entry) int {
	return cmp.Or(cmp.Compare(a.Revision, b.Revision), strings.Compare(string(a.Key), string(b.Key)))
}

// Close ends all watches, present and future, with the error.
func (t *Table) Close(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed != nil {
		return
	}
	t.closed = err
	for w := range t.watchers {
		close(w.ready)
	}
	clear(t.watchers)
}
