package dynamo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
)

// registry holds the tables that exist.
type registry struct {
	mu     sync.RWMutex // guards tables
	tables map[ref]*table
}

// get returns the newest snapshot of a table, or nil.
func (r *registry) get(name ref) *snapshot {
	r.mu.RLock()
	t := r.tables[name]
	r.mu.RUnlock()
	if t == nil {
		return nil
	}
	return t.snap.Load()
}

func (r *registry) put(t *table) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tables[t.ref] = t
}

// remove removes a table, unless another has its name by now.
func (r *registry) remove(t *table) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tables[t.ref] == t {
		delete(r.tables, t.ref)
	}
}

// all returns all tables, ordered by their numbers.
func (r *registry) all() []*table {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*table, 0, len(r.tables))
	for _, t := range r.tables {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *table) int { return cmp.Compare(a.number, b.number) })
	return list
}

// names returns the names of the tables of an account and region, in order.
func (r *registry) names(c service.Caller) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var names []string
	for name := range r.tables {
		if name.account == c.Account && name.region == c.Region {
			names = append(names, name.name)
		}
	}
	slices.Sort(names)
	return names
}

// refOf returns the table that a request names, by its name or its ARN. The
// caller's own account and region hold unless an ARN says otherwise.
func refOf(c service.Caller, name string) (ref, error) {
	if !strings.HasPrefix(name, "arn:") {
		if !validName(name) {
			return ref{}, errName()
		}
		return ref{c.Account, c.Region, clone(name)}, nil
	}
	r, ok := parseARN(name)
	switch {
	case !ok:
		return ref{}, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", name)
	case r.account != c.Account && !c.CrossAccount:
		return ref{}, api.Errorf(api.AccessDenied,
			"User: %s is not authorized to access resource: %s because no resource-based policy allows it", c.Principal.ARN, name)
	}
	return ref{clone(r.account), clone(r.region), clone(r.name)}, nil
}

func errName() *api.Error {
	return invalid("Invalid table/index name.  Table/index names must be between %d and %d characters long, "+
		"and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'", minNameBytes, maxNameBytes)
}

// lookup returns the table whose items a request is about. A table of another
// region is not there.
func (s *Service) lookup(c service.Caller, name string) (*snapshot, error) {
	r, err := refOf(c, name)
	if err != nil {
		return nil, err
	}
	sn := s.reg.get(r)
	if sn == nil || r.region != c.Region {
		return nil, errNoTable()
	}
	return sn, nil
}

// lookupTable returns the table that a request is about itself.
func (s *Service) lookupTable(c service.Caller, name string) (*snapshot, error) {
	sn, err := s.lookup(c, name)
	if isNoTable(err) {
		return nil, errTableNotFound(name)
	}
	return sn, err
}

// update changes a table's definition in one write. fn gets a copy that it may
// modify and returns the error that refuses the change.
func (s *Service) update(ctx context.Context, sn *snapshot, fn func(*definition) error) (*snapshot, error) {
	t := sn.table
	t.mu.Lock()
	defer t.mu.Unlock()
	current := t.snap.Load()
	if current == nil {
		return nil, errTableNotFound(t.ref.name)
	}
	d := current.clone()
	if err := fn(&d); err != nil {
		return nil, err
	}
	return s.writeLocked(ctx, current, d)
}

// writeLocked makes a definition durable and visible, of a table at its newest
// snapshot. The caller holds the table's mu.
func (s *Service) writeLocked(ctx context.Context, sn *snapshot, d definition, built ...*liveIndex) (*snapshot, error) {
	t := sn.table
	d.Number = t.number
	rev, err := s.kv.Write(ctx, []engine.Change{{Key: t.ref.key(), Value: d.encode(), Expect: sn.revision}})
	if err != nil {
		return nil, fmt.Errorf("write table %s: %w", t.ref.name, err)
	}
	next := t.newSnapshot(d, rev, built...)
	s.publish(t, next)
	return next, nil
}

// publish makes a snapshot the one that requests see. When it returns, nobody
// writes items by an older one any more.
func (s *Service) publish(t *table, sn *snapshot) {
	s.structure.Lock()
	defer s.structure.Unlock()
	t.snap.Store(sn)
}

// create makes a table. It is not there yet.
func (s *Service) create(ctx context.Context, r ref, d definition) (*snapshot, error) {
	rev, err := s.kv.Write(ctx, []engine.Change{{Key: r.key(), Value: d.encode(), Expect: engine.Absent}})
	switch {
	case errors.Is(err, engine.ErrConflict):
		return nil, errTableExists(r.name)
	case err != nil:
		return nil, fmt.Errorf("write table %s: %w", r.name, err)
	}
	d.Number = uint64(rev)
	t := newTable(r, d)
	t.snap.Store(t.newSnapshot(d, rev))
	s.reg.put(t)
	return t.snap.Load(), nil
}

func errTableExists(name string) *api.Error {
	return api.Errorf(api.ResourceInUse, "Table already exists: %s", name)
}

func newTable(r ref, d definition) *table {
	return &table{ref: r, number: d.Number, items: itemsKey(d.Number), given: d.nextIndex() - 1}
}

// drop removes a table's definition, and then what is in the table. The check may
// refuse it.
func (s *Service) drop(ctx context.Context, sn *snapshot, check func(*definition) error) (*snapshot, error) {
	t := sn.table
	t.mu.Lock()
	defer t.mu.Unlock()
	current := t.snap.Load()
	if current == nil {
		return nil, errTableNotFound(t.ref.name)
	}
	if err := check(&current.definition); err != nil {
		return nil, err
	}
	if err := s.dropDefinition(ctx, current); err != nil {
		return nil, err
	}
	s.bytes.Add(-t.size.bytes.Load())
	s.removeBelow(context.WithoutCancel(ctx), t.items, entriesKey(t.number))
	return current, nil
}

// dropDefinition makes a table go. No item is written to it once it is gone.
func (s *Service) dropDefinition(ctx context.Context, sn *snapshot) error {
	t := sn.table
	s.structure.Lock()
	defer s.structure.Unlock()
	_, err := s.kv.Write(ctx, []engine.Change{{Key: t.ref.key(), Delete: true, Expect: sn.revision}})
	if err != nil {
		return fmt.Errorf("delete table %s: %w", t.ref.name, err)
	}
	t.snap.Store(nil)
	s.reg.remove(t)
	return nil
}
