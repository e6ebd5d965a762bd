package dynamo

import (
	"context"
	"fmt"
	"iter"
	"math"

	"leat/internal/api"
	"leat/internal/dynamo/expression"
	"leat/internal/dynamo/item"
	"leat/internal/engine"
)

// source is what is read in the order of keys: a table, or an index of it.
type source struct {
	sn     *snapshot
	index  *liveIndex // nil for the table
	schema schema     // of the keys that are in order
	prefix engine.Key // what all keys begin with
}

// source returns the table, or the index with a name.
func (sn *snapshot) source(index string) (source, error) {
	if index == "" {
		return source{sn: sn, schema: sn.schema, prefix: sn.table.items}, nil
	}
	l := sn.index(index)
	if l == nil {
		return source{}, errNoIndex(index)
	}
	return source{sn: sn, index: l, schema: l.schema, prefix: l.entries}, nil
}

func errNoIndex(name string) *api.Error {
	return invalid("The table does not have the specified index: %s", name)
}

// gone returns the error about a source that is not there any more, so that what was
// read of it may be a part.
func (o *source) gone() error {
	sn := o.sn.table.snap.Load()
	switch {
	case sn == nil:
		return errNoTable()
	case o.index != nil && !sn.hasIndex(o.index.Number):
		return errNoIndex(o.index.Name)
	}
	return nil
}

// key returns the key in the source's order of an item, which may be one that has
// the key attributes only.
func (o *source) key(it item.Item) (engine.Key, bool) {
	of, ok := o.sn.schema.form(it)
	if !ok || o.index == nil {
		return o.sn.itemKey(of), ok
	}
	in, ok := o.schema.form(it)
	return entryKey(o.prefix, in, of), ok
}

// position is what the key of an entry says.
type position struct {
	in keyForm // the key in the source
	of keyForm // the key in the table
}

// position takes the key of an entry apart.
func (o *source) position(k engine.Key) (p position, err error) {
	// Behind the first two parts of items, and three of entries, comes the hash.
	parts := k.Parts()
	if o.index == nil {
		if parts = parts[2:]; len(parts) != 1+len(o.schema.names()) {
			return p, errKeyForm
		}
		p.of = keyForm{partition: parts[1]}
		if len(parts) == 3 {
			p.of.sort = parts[2]
		}
		p.in = p.of
		return p, nil
	}
	if parts = parts[3:]; len(parts) != 4 {
		return p, errKeyForm
	}
	p.in = keyForm{parts[1], parts[2]}
	p.of, err = o.sn.schema.split(parts[3])
	return p, err
}

// lastKey returns where a page has ended, to be given back by the next request.
func (o *source) lastKey(k engine.Key) (item.Item, error) {
	p, err := o.position(k)
	if err != nil {
		return nil, err
	}
	it := make(item.Item, 4)
	if err := o.sn.schema.fill(it, p.of); err != nil {
		return nil, err
	}
	return it, o.schema.fill(it, p.in)
}

// loaded is an item that an entry stands for.
type loaded struct {
	item item.Item // nil if it is not there, or not with this key, any more
	size int       // what it counts in the source
	all  int       // what it counts in the table
}

// load returns the item that an entry stands for.
func (o *source) load(ctx context.Context, s *Service, e engine.Entry) (l loaded, err error) {
	if o.index == nil {
		l.item, l.size, err = loadItem(e.Value)
		l.all = l.size
		return l, err
	}
	if l.size, _, err = storedSize(e.Value); err != nil {
		return l, err
	}
	p, err := o.position(e.Key)
	if err != nil {
		return l, err
	}
	if l.item, l.all, _, err = s.readItem(ctx, o.sn.itemKey(p.of)); err != nil {
		return l, err
	}
	if in, ok := o.schema.form(l.item); !ok || in != p.in {
		l.item = nil
	}
	return l, nil
}

// reading is a Query or a Scan on its way.
type reading struct {
	source
	selection
	// after and to bound the keys; "" does not.
	after, to engine.Key
	backward  bool
	keys      expression.Range // what sort keys are wanted
	limit     int              // how many items to evaluate
}

// limitOf returns how many items are evaluated of those that a request wants: the
// more there is to a filter, the fewer.
func (s *Service) limitOf(asked api.Opt[int32], filter *expression.Condition) int {
	most := min(s.pageItems, maxPageWork/(1+filter.Size()))
	return min(int(asked.Or(math.MaxInt32)), max(most, 1))
}

// page is what a reading comes to.
type page struct {
	items   item.Items
	count   int // of the items that the filter lets pass
	scanned int // of the items that were evaluated
	bytes   int // of these, in the source
	all     int // of these, in the table
	last    engine.Key
}

// full reports whether a page ends here.
func (r *reading) full(p *page) bool {
	return p.scanned >= r.limit || p.bytes >= maxPageBytes || p.all >= maxReadBytes || r.fetch && p.all >= maxPageBytes
}

// read reads a page. Its last key is "" if nothing follows.
func (s *Service) read(ctx context.Context, r *reading) (page, error) {
	var p page
	for e, err := range s.between(ctx, r) {
		if err != nil {
			return page{}, err
		}
		if err := r.evaluate(ctx, s, &p, e); err != nil {
			return page{}, err
		}
		if r.full(&p) {
			p.last = e.Key
			break
		}
	}
	return p, r.gone()
}

// between yields the entries that a reading is about, in its order.
func (s *Service) between(ctx context.Context, r *reading) iter.Seq2[engine.Entry, error] {
	list := s.entries(ctx, r.prefix, r.after)
	if r.backward {
		list = s.entriesBack(ctx, r.prefix, r.to)
	}
	return func(yield func(engine.Entry, error) bool) {
		for e, err := range list {
			if err == nil && (r.backward && e.Key <= r.after || !r.backward && r.to != "" && e.Key >= r.to) {
				return
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// evaluate adds an item to a page, if the reading wants it.
func (r *reading) evaluate(ctx context.Context, s *Service, p *page, e engine.Entry) error {
	l, err := r.load(ctx, s, e)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Key, err)
	}
	it := l.item
	if it == nil || r.schema.sorted() && !r.keys.Holds(it[r.schema.sort.Name]) {
		return nil
	}
	p.scanned++
	p.bytes += l.size
	p.all += l.all
	if r.index != nil && !r.fetch {
		it = r.index.project(it)
	}
	if !r.filter.Holds(it) {
		return nil
	}
	p.count++
	if !r.countOnly {
		p.items = append(p.items, r.projection.Apply(it))
	}
	return nil
}
