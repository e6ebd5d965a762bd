// Package kvtable is the ordered image in memory of an engine's KV, shared by
// the engines that keep it there: what a Write expects is checked against it,
// and Get, List and Watch are answered from it.
//
// # The life of a write
//
// An engine takes writes one after the other, in the order in which they will
// be durable:
//
//	Prepare   checks the expectations and gives the revision. It sees what is
//	          visible and all that was prepared before, published or not.
//	          (The engine makes the changes durable.)
//	Publish   makes the changes visible, in the order of Prepare.
//	Abandon   forgets everything prepared and not published: it did not become
//	          durable, so nothing that was built upon it may.
//
// So a write never waits for the one before it to reach the disk, and nobody
// sees a change that a crash could take back.
//
// A table that is filled from disk takes Restore and Replay first, and only
// then any other call.
package kvtable

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/tidwall/btree"

	"leat/internal/engine"
)

// Table is the KV image. All methods may be called from any number of
// goroutines, but the calls of Prepare, Publish and Abandon have to come in an
// order that makes sense, so they are best made by one.
type Table struct {
	mu sync.RWMutex // guards all that follows; held for memory operations only

	entries  btree.Map[engine.Key, engine.Entry] // what is visible
	bytes    int64                               // of the visible keys and values
	revision engine.Revision                     // of the last published write

	staged  map[engine.Key]engine.Entry // the newest unpublished entry of each key
	prepare engine.Revision             // of the last prepared write

	watchers map[*watcher]struct{}
	closed   error // why there are no watches any more
}

// New returns an empty table at revision 0.
func New() *Table {
	return &Table{
		staged:   map[engine.Key]engine.Entry{},
		watchers: map[*watcher]struct{}{},
	}
}

// Prepared is a write that has its revision and waits to become visible.
type Prepared struct {
	Revision engine.Revision
	entries  []engine.Entry
}

// Prepare checks what the changes expect and gives them the next revision. The
// error is an ErrConflict. The changes must have passed
// engine.ValidateChanges; their values are copied.
func (t *Table) Prepare(changes []engine.Change) (Prepared, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range changes {
		c := &changes[i]
		if at := t.pendingRevision(c.Key); c.Expect != engine.Any && c.Expect != at {
			return Prepared{}, fmt.Errorf("%w: %s is at revision %d, not %d", engine.ErrConflict, c.Key, at, c.Expect)
		}
	}
	t.prepare++
	p := Prepared{Revision: t.prepare, entries: entriesOf(changes, t.prepare)}
	for _, e := range p.entries {
		t.staged[e.Key] = e
	}
	return p, nil
}

// pendingRevision returns the revision that a key has once everything prepared
// is published.
func (t *Table) pendingRevision(k engine.Key) engine.Revision {
	e, ok := t.staged[k]
	if !ok {
		e, ok = t.entries.Get(k)
	}
	if !ok || e.Deleted {
		return engine.Absent
	}
	return e.Revision
}

func entriesOf(changes []engine.Change, r engine.Revision) []engine.Entry {
	entries := make([]engine.Entry, len(changes))
	for i := range changes {
		c := &changes[i]
		entries[i] = engine.Entry{Key: c.Key, Revision: r, Deleted: c.Delete}
		if !c.Delete {
			entries[i].Value = bytes.Clone(c.Value)
		}
	}
	return entries
}

// Publish makes prepared writes visible, in the order given and at once. They
// are the oldest that are prepared and not published.
func (t *Table) Publish(writes ...Prepared) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range writes {
		if p.Revision != t.revision+1 {
			panic(fmt.Sprintf("BUG: revision %d published after %d", p.Revision, t.revision))
		}
		t.applyLocked(p.Revision, p.entries)
		for _, e := range p.entries {
			if t.staged[e.Key].Revision == p.Revision {
				delete(t.staged, e.Key)
			}
		}
	}
}

// Abandon forgets all that is prepared and not published. The next write gets
// the revision of the first that is forgotten.
func (t *Table) Abandon() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.staged)
	t.prepare = t.revision
}

// applyLocked makes entries visible and tells the watchers.
func (t *Table) applyLocked(r engine.Revision, entries []engine.Entry) {
	for _, e := range entries {
		existed := t.setLocked(e)
		for w := range t.watchers {
			if e.Key.Below(w.prefix) {
				w.add(e, existed)
			}
		}
	}
	t.revision = r
}

// setLocked stores or deletes one entry and reports whether there was one.
func (t *Table) setLocked(e engine.Entry) (existed bool) {
	var old engine.Entry
	if e.Deleted {
		old, existed = t.entries.Delete(e.Key)
	} else {
		old, existed = t.entries.Set(e.Key, e)
		t.bytes += entryBytes(e)
	}
	if existed {
		t.bytes -= entryBytes(old)
	}
	return existed
}

func entryBytes(e engine.Entry) int64 { return int64(len(e.Key) + len(e.Value)) }

// Restore stores an entry of an image as it is and keeps its value.
func (t *Table) Restore(e engine.Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setLocked(e)
	t.resumeLocked(max(t.revision, e.Revision))
}

// Resume sets the revision that an image was taken at, which may be above
// those of its entries.
func (t *Table) Resume(r engine.Revision) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resumeLocked(r)
}

func (t *Table) resumeLocked(r engine.Revision) { t.revision, t.prepare = r, r }

// Replay makes a write that is known to be durable: its expectations held when
// it was made. It copies the values.
func (t *Table) Replay(r engine.Revision, changes []engine.Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.applyLocked(r, entriesOf(changes, r))
	t.resumeLocked(r)
}

// Get implements engine.KV.
func (t *Table) Get(ctx context.Context, key engine.Key) (engine.Entry, error) {
	if err := ctx.Err(); err != nil {
		return engine.Entry{}, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	e, ok := t.entries.Get(key)
	if !ok {
		return engine.Entry{}, fmt.Errorf("%w: %s", engine.ErrNotFound, key)
	}
	return e, nil
}

// List implements engine.KV.
func (t *Table) List(ctx context.Context, prefix, after engine.Key, limit int) ([]engine.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.listLocked(prefix, after, limit, 0), nil
}

// listLocked returns the entries below prefix, after a key and of a revision
// greater than from.
func (t *Table) listLocked(prefix, after engine.Key, limit int, from engine.Revision) []engine.Entry {
	var list []engine.Entry
	// The keys that begin with prefix lie together, prefix itself first.
	t.entries.Ascend(max(prefix, after), func(k engine.Key, e engine.Entry) bool {
		if k == prefix || k == after {
			return true
		}
		if !k.Below(prefix) {
			return false
		}
		if e.Revision > from {
			list = append(list, e)
		}
		return limit <= 0 || len(list) < limit
	})
	return list
}

// ListBack implements engine.KV.
func (t *Table) ListBack(ctx context.Context, prefix, before engine.Key, limit int) ([]engine.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var list []engine.Entry
	collect := func(k engine.Key, e engine.Entry) bool {
		if k == before {
			return true
		}
		if !k.Below(prefix) {
			return false
		}
		list = append(list, e)
		return limit <= 0 || len(list) < limit
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	switch end := prefix.End(); {
	case end == "" && before == "":
		t.entries.Reverse(collect)
	case end == "" || before != "" && before < end:
		t.entries.Descend(before, collect)
	default:
		t.entries.Descend(end, collect)
	}
	return list, nil
}

// Revision returns the revision of the last visible write.
func (t *Table) Revision() engine.Revision {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.revision
}

// Bytes returns how many bytes the visible keys and values have.
func (t *Table) Bytes() int64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.bytes
}

// Image is the visible state at one moment. It stays as it is while the table
// changes, which costs the table a copy of each tree node that it then changes.
type Image struct {
	Revision engine.Revision
	Entries  int
	Bytes    int64 // of keys and values

	entries *btree.Map[engine.Key, engine.Entry]
}

// Image returns the visible state, to be written to disk.
func (t *Table) Image() Image {
	t.mu.Lock() // not RLock: Copy marks the table's own tree as shared
	defer t.mu.Unlock()
	return Image{Revision: t.revision, Entries: t.entries.Len(), Bytes: t.bytes, entries: t.entries.Copy()}
}

// All yields the entries in key order.
func (i Image) All() iter.Seq[engine.Entry] {
	return func(yield func(engine.Entry) bool) {
		i.entries.Scan(func(_ engine.Key, e engine.Entry) bool { return yield(e) })
	}
}
