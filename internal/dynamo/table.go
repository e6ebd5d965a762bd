package dynamo

import (
	"strings"
	"sync"
	"sync/atomic"

	"leat/internal/dynamo/item"
	"leat/internal/engine"
	"leat/internal/stream"
)

// ref names a table.
type ref struct{ account, region, name string }

func (r ref) key() engine.Key { return engine.NewKey(tablesPart, r.account, r.region, r.name) }

func (r ref) arn() string { return arnPrefix(r.region, r.account) + r.name }

// arnPrefix is what the ARNs of all tables of an account and region begin with.
func arnPrefix(region, account string) string {
	return "arn:" + stream.Partition(region) + ":dynamodb:" + region + ":" + account + ":table/"
}

// parseARN takes a table's ARN apart.
func parseARN(s string) (ref, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !strings.HasPrefix(parts[1], "aws") || parts[2] != "dynamodb" {
		return ref{}, false
	}
	name, ok := strings.CutPrefix(parts[5], "table/")
	r := ref{parts[4], parts[3], name}
	return r, ok && validName(name) && stream.ValidRegion(r.region) && stream.ValidAccount(r.account)
}

// validName reports whether a table or an index may have a name.
func validName(s string) bool {
	if len(s) < minNameBytes || len(s) > maxNameBytes {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}

// table is a table while the server runs.
type table struct {
	ref    ref
	number uint64
	items  engine.Key               // what the keys of its items begin with
	snap   atomic.Pointer[snapshot] // nil once the table is gone
	mu     sync.Mutex               // serialises changes of the definition
	size   counters
	// given is the number of the last index that was begun, finished or not. It
	// changes with mu held.
	given uint64
}

// counters is how many items a table has, or entries an index, and their size.
type counters struct{ items, bytes atomic.Int64 }

func (c *counters) add(items, bytes int) {
	c.items.Add(int64(items))
	c.bytes.Add(int64(bytes))
}

// snapshot is a table at one revision. It never changes.
type snapshot struct {
	definition
	revision engine.Revision
	table    *table
	schema   schema
	// indexes are those of the definition, in its order, and then those that are
	// being built: they are written to and not read.
	indexes []*liveIndex
}

// liveIndex is an index while the server runs.
type liveIndex struct {
	index
	schema  schema
	entries engine.Key      // what the keys of its entries begin with
	attrs   map[string]bool // what it projects; nil for everything
	size    *counters
}

// newIndex returns an index of a table with the definition d.
func (t *table) newIndex(d *definition, ix index) *liveIndex {
	l := &liveIndex{
		index: ix, schema: d.schema(ix.Key), size: new(counters),
		entries: entriesKey(t.number).Child(numberPart(ix.Number)),
	}
	if ix.Projection == projectAll {
		return l
	}
	l.attrs = make(map[string]bool)
	for _, names := range [][]string{d.Key.names(), ix.Key.names(), ix.Included} {
		for _, name := range names {
			l.attrs[name] = true
		}
	}
	return l
}

// form returns the key form that an item has in the index. It is not ok for an item
// that is not in the index: it lacks a key attribute, or has one that was no key
// when it was written, with another type or a size that no key may have.
func (l *liveIndex) form(it item.Item) (keyForm, bool) {
	k, ok := l.schema.form(it)
	for i, a := range l.schema.attributes() {
		ok = ok && checkKeyValue(a, it[a.Name], i == 0) == nil
	}
	return k, ok
}

// project returns what the index has of an item.
func (l *liveIndex) project(it item.Item) item.Item {
	if l.attrs == nil {
		return it
	}
	part := make(item.Item, len(l.attrs))
	for name := range l.attrs {
		if v, ok := it[name]; ok {
			part[name] = v
		}
	}
	return part
}

// projectedSize returns the size of what the index has of an item.
func (l *liveIndex) projectedSize(it item.Item) int {
	if l.attrs == nil {
		return it.Size()
	}
	return l.project(it).Size()
}

// newSnapshot returns the table at a revision, with indexes that are being built.
// What is known of indexes that were there before is kept.
func (t *table) newSnapshot(d definition, rev engine.Revision, building ...*liveIndex) *snapshot {
	sn := &snapshot{definition: d, revision: rev, table: t, schema: d.schema(d.Key)}
	have := map[uint64]*liveIndex{}
	for _, l := range building {
		have[l.Number] = l
	}
	if old := t.snap.Load(); old != nil {
		for _, l := range old.indexes {
			have[l.Number] = l
		}
	}
	for _, ix := range d.Indexes {
		l := t.newIndex(&d, ix)
		if known := have[ix.Number]; known != nil {
			l.size = known.size
		}
		sn.indexes = append(sn.indexes, l)
	}
	for _, l := range building {
		if !sn.hasIndex(l.Number) {
			sn.indexes = append(sn.indexes, l)
		}
	}
	return sn
}

// gone returns the error about a table that is not there any more, nil for one
// that is.
func (sn *snapshot) gone() error {
	if sn.table.snap.Load() == nil {
		return errNoTable()
	}
	return nil
}

func (sn *snapshot) hasIndex(number uint64) bool {
	for _, l := range sn.indexes {
		if l.Number == number {
			return true
		}
	}
	return false
}

// index returns the index with a name, or nil.
func (sn *snapshot) index(name string) *liveIndex {
	// Those that are being built are behind these.
	for _, l := range sn.indexes[:len(sn.Indexes)] {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// itemKey returns the KV's key of an item.
func (sn *snapshot) itemKey(k keyForm) engine.Key { return sn.schema.itemKey(sn.table.items, k) }
