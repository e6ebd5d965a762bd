package dynamo

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"

	"leat/internal/dynamo/item"
	"leat/internal/engine"
)

// change is what is to become of one item.
type change struct {
	sn  *snapshot
	key keyForm
	// apply returns the item that is to be in the place of one, which stays as it
	// is; nil is an item that does not exist. The error refuses the change.
	apply func(there item.Item) (item.Item, error)
	// check is whether the item stays as it is.
	check bool
	// origin is what the item is after the change, which messages tell apart.
	origin origin
}

// origin is where an item comes from.
type origin int

const (
	wasPut         origin = iota
	wasUpdated            // by AttributeUpdates
	wasTransformed        // by an UpdateExpression
)

// outcome is what became of an item.
type outcome struct {
	sn            *snapshot
	before, after item.Item // nil for none
	sizes         [2]int    // of before and after
}

// unmet is the error of a condition that does not hold. It has the item that is
// there, if the client is to be told of it.
type unmet struct{ there item.Item }

func (*unmet) Error() string { return "the condition does not hold" }

// refusals are the errors of changes that cannot all be made, nil for those that
// are not the reason.
type refusals []error

func (r refusals) Error() string {
	return fmt.Sprintf("some of %d changes are refused: %v", len(r), errors.Join(r...))
}

// commitOne changes one item.
func (s *Service) commitOne(ctx context.Context, c change) (outcome, error) {
	out, err := s.commit(ctx, []change{c}, false, nil)
	if r := refusals(nil); errors.As(err, &r) {
		err = r[0]
	}
	if e := (*unmet)(nil); errors.As(err, &e) {
		err = errCondition(e.there)
	}
	if err != nil {
		return outcome{}, err
	}
	return out[0], nil
}

// commit changes items durably, all or none. It is as if nothing else happened
// meanwhile: the locks of the items are held until the write is durable. No key
// may occur twice. The token, which may be nil, is stored together with the
// changes. The error has the type refusals when it is about items.
func (s *Service) commit(ctx context.Context, changes []change, transaction bool, tok *token) ([]outcome, error) {
	s.structure.RLock()
	defer s.structure.RUnlock()
	c := &commit{service: s, changes: changes, keys: make([]engine.Key, 0, len(changes)+1), transaction: transaction}
	for i := range changes {
		c.keys = append(c.keys, changes[i].sn.itemKey(changes[i].key))
	}
	if tok != nil {
		c.keys = append(c.keys, tok.key)
	}
	defer s.locks.lock(c.keys)()
	if tok != nil {
		if err := tok.check(ctx, s); err != nil {
			return nil, err
		}
		c.writes = append(c.writes, tok.change())
	}
	if err := c.stage(ctx); err != nil {
		return nil, err
	}
	return c.outcomes, c.write(ctx)
}

// commit is changes on their way to one write.
type commit struct {
	service  *Service
	changes  []change
	keys     []engine.Key
	writes   []engine.Change
	outcomes []outcome
	grown    int64     // by how much all items are larger after the write
	counted  []counted // what the write does to counters
	// transaction is whether there is a limit on all items together.
	transaction bool
}

// counted is what is to be added to counters.
type counted struct {
	to           *counters
	items, bytes int
}

// stage finds out what all changes come to.
func (c *commit) stage(ctx context.Context) error {
	c.outcomes = make([]outcome, len(c.changes))
	refused := make(refusals, len(c.changes))
	failed := false
	for i := range c.changes {
		refused[i] = c.stageOne(ctx, i)
		failed = failed || refused[i] != nil
	}
	if failed {
		return refused
	}
	if !c.transaction {
		return nil
	}
	bytes := 0
	for i := range c.outcomes {
		bytes += c.outcomes[i].sizes[1]
	}
	return checkTransactionSize(bytes)
}

// stageOne finds out what a change comes to.
func (c *commit) stageOne(ctx context.Context, i int) error {
	ch, key := &c.changes[i], c.keys[i]
	sn := ch.sn.table.snap.Load()
	if sn == nil {
		return errNoTable()
	}
	before, size, rev, err := c.service.readItem(ctx, key)
	if err != nil {
		return err
	}
	after, err := ch.apply(before)
	if err != nil {
		return err
	}
	out := outcome{sn: sn, before: before, after: after, sizes: [2]int{size, 0}}
	if ch.check || before == nil && after == nil {
		out.sizes[1] = size
		c.outcomes[i] = out
		return nil
	}
	if after != nil {
		out.sizes[1] = after.Size()
		if err := sn.checkStorable(after, out.sizes[1], ch.origin); err != nil {
			return err
		}
	}
	c.outcomes[i] = out
	c.writeItem(&out, key, rev)
	for i, l := range sn.indexes {
		building := i >= len(sn.Indexes)
		if err := c.writeEntry(ctx, &out, l, ch.key, building); err != nil {
			return err
		}
	}
	return nil
}

// writeItem adds the change of an item that has a revision.
func (c *commit) writeItem(o *outcome, key engine.Key, rev engine.Revision) {
	w := engine.Change{Key: key, Expect: rev, Delete: o.after == nil}
	if !w.Delete {
		w.Value = stored(o.sizes[1], o.after.AppendBinary(nil))
	}
	c.writes = append(c.writes, w)
	bytes := o.sizes[1] - o.sizes[0]
	c.grown += int64(bytes)
	c.counted = append(c.counted, counted{&o.sn.table.size, count(o.after) - count(o.before), bytes})
}

// count returns how many items an item is.
func count(it item.Item) int {
	if it == nil {
		return 0
	}
	return 1
}

// writeEntry adds what the change of an item does to an index. One that is being
// built may not have the entry yet.
func (c *commit) writeEntry(ctx context.Context, o *outcome, l *liveIndex, of keyForm, building bool) error {
	from, had := l.form(o.before)
	to, has := l.form(o.after)
	if had && building {
		_, err := c.service.kv.Get(ctx, entryKey(l.entries, from, of))
		if had = err == nil; err != nil && !errors.Is(err, engine.ErrNotFound) {
			return err
		}
	}
	n := counted{to: l.size}
	var sizes [2]int
	if had {
		sizes[0] = l.projectedSize(o.before)
		n.items--
	}
	if has {
		sizes[1] = l.projectedSize(o.after)
		n.items++
	}
	if n.bytes = sizes[1] - sizes[0]; had && has && from == to && n.bytes == 0 {
		return nil
	}
	if had && (!has || from != to) {
		c.writes = append(c.writes, engine.Change{Key: entryKey(l.entries, from, of), Delete: true, Expect: engine.Any})
	}
	if has {
		c.writes = append(c.writes, engine.Change{
			Key: entryKey(l.entries, to, of), Value: stored(sizes[1], nil), Expect: engine.Any,
		})
	}
	c.counted = append(c.counted, n)
	return nil
}

// write makes what was staged durable.
func (c *commit) write(ctx context.Context) error {
	if len(c.writes) == 0 {
		return nil
	}
	total := &c.service.bytes
	if total.Add(c.grown) > c.service.room && c.grown > 0 {
		total.Add(-c.grown)
		return errNoRoom(c.service.room)
	}
	if _, err := c.service.kv.Write(ctx, c.writes); err != nil {
		total.Add(-c.grown)
		return fmt.Errorf("write items: %w", err)
	}
	for _, n := range c.counted {
		n.to.add(n.items, n.bytes)
	}
	return nil
}

// readItem returns an item, its size and its revision; nil for one that is not there.
func (s *Service) readItem(ctx context.Context, key engine.Key) (item.Item, int, engine.Revision, error) {
	e, err := s.kv.Get(ctx, key)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return nil, 0, engine.Absent, nil
	case err != nil:
		return nil, 0, 0, err
	}
	it, size, err := loadItem(e.Value)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%s: %w", key, err)
	}
	return it, size, e.Revision, nil
}

// readOf returns an item of a table like readItem. That the table is gone is no
// reason for an item not to be there.
func (s *Service) readOf(ctx context.Context, sn *snapshot, key engine.Key) (item.Item, int, error) {
	it, size, _, err := s.readItem(ctx, key)
	if err == nil {
		err = sn.gone()
	}
	return it, size, err
}

// keyLocks are the locks of the items: each stands for all keys with a hash, so
// two items may share one, which costs a wait.
type keyLocks struct {
	seed  maphash.Seed
	locks *[4096]sync.Mutex
}

func newKeyLocks() keyLocks { return keyLocks{maphash.MakeSeed(), new([4096]sync.Mutex)} }

// lock takes the locks of keys, in an order that all callers share, and returns
// what gives them back.
func (l keyLocks) lock(keys []engine.Key) (unlock func()) {
	places := make([]int, len(keys))
	for i, k := range keys {
		places[i] = int(maphash.String(l.seed, string(k)) % uint64(len(l.locks)))
	}
	slices.Sort(places)
	places = slices.Compact(places)
	for _, p := range places {
		l.locks[p].Lock()
	}
	return func() {
		for _, p := range places {
			l.locks[p].Unlock()
		}
	}
}
