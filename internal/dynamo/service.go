package dynamo

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"

	"leat/internal/engine"
	"leat/internal/stream"
)

// Config is what a Service is made of. All of it is required.
type Config struct {
	Engine Engine
	Logger *slog.Logger
}

// Engine is what the service needs of an engine.
type Engine interface {
	engine.KV
	Now() stream.Millis
}

// Service answers the operations. All methods may be called concurrently.
type Service struct {
	kv  Engine
	log *slog.Logger
	reg registry
	// structure is held shared by whoever writes items, from looking at the
	// table's snapshot until the items are durable, and exclusively by whoever
	// replaces a snapshot. So it is known what indexes are written to, and that
	// nothing is written to a table that is gone. It is taken after a table's mu
	// and before the locks of items.
	structure sync.RWMutex
	locks     keyLocks
	bytes     atomic.Int64 // size of all items
	room      int64        // that it may reach
	pageItems int          // how many items are evaluated for a page
	leftover  leftover
	sweeper   sweeper
}

// Open loads the tables that the engine has and removes what a crash left behind.
// It starts no goroutine.
func Open(ctx context.Context, cfg Config) (*Service, error) {
	s := &Service{kv: cfg.Engine, log: cfg.Logger, locks: newKeyLocks(), room: maxStoredBytes, pageItems: maxPageItems, sweeper: sweeper{budget: sweptItems}}
	s.reg.tables = make(map[ref]*table)
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("load the tables: %w", err)
	}
	return s, nil
}

// load reads all definitions and counts what is in the tables.
func (s *Service) load(ctx context.Context) error {
	entries, err := s.kv.List(ctx, engine.NewKey(tablesPart), "", 0)
	if err != nil {
		return err
	}
	tables := make(map[uint64]*table, len(entries))
	for _, e := range entries {
		t, err := loadTable(e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Key, err)
		}
		s.reg.tables[t.ref] = t
		tables[t.number] = t
	}
	if err := s.loadItems(ctx, tables); err != nil {
		return err
	}
	return s.loadIndexes(ctx, tables)
}

// loadTable returns the table that an entry defines.
func loadTable(e engine.Entry) (*table, error) {
	parts := e.Key.Parts()
	if len(parts) != 4 {
		return nil, errKeyForm
	}
	d, err := decodeDefinition(e.Value)
	if err != nil {
		return nil, err
	}
	if d.Number == 0 {
		d.Number = uint64(e.Revision)
	}
	t := newTable(ref{parts[1], parts[2], parts[3]}, d)
	t.snap.Store(t.newSnapshot(d, e.Revision))
	return t, nil
}

// loadItems counts the items of all tables. Those of tables that are gone go.
func (s *Service) loadItems(ctx context.Context, tables map[uint64]*table) error {
	return s.eachNumber(ctx, engine.NewKey(itemsPart), func(number uint64, below engine.Key) error {
		t := tables[number]
		if t == nil {
			s.removeBelow(ctx, below)
			return nil
		}
		err := s.count(ctx, below, &t.size)
		s.bytes.Add(t.size.bytes.Load())
		return err
	})
}

// loadIndexes counts the entries of all indexes. Those of indexes that are gone go.
func (s *Service) loadIndexes(ctx context.Context, tables map[uint64]*table) error {
	return s.eachNumber(ctx, engine.NewKey(entriesPart), func(number uint64, below engine.Key) error {
		t := tables[number]
		if t == nil {
			s.removeBelow(ctx, below)
			return nil
		}
		indexes := make(map[uint64]*liveIndex)
		for _, l := range t.snap.Load().indexes {
			indexes[l.Number] = l
		}
		return s.eachNumber(ctx, below, func(number uint64, below engine.Key) error {
			if l := indexes[number]; l != nil {
				return s.count(ctx, below, l.size)
			}
			t.given = max(t.given, number)
			s.removeBelow(ctx, below)
			return nil
		})
	})
}

// eachNumber calls fn for each number that follows a prefix in keys.
func (s *Service) eachNumber(ctx context.Context, prefix engine.Key, fn func(number uint64, below engine.Key) error) error {
	depth := len(prefix.Parts())
	for after := engine.Key(""); ; {
		found, err := s.kv.List(ctx, prefix, after, 1)
		if err != nil || len(found) == 0 {
			return err
		}
		part := found[0].Key.Parts()[depth]
		number, err := strconv.ParseUint(part, 36, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", found[0].Key, err)
		}
		below := prefix.Child(part)
		if err := fn(number, below); err != nil {
			return err
		}
		after = below.End()
	}
}

// count adds the sizes of all entries below a key.
func (s *Service) count(ctx context.Context, below engine.Key, c *counters) error {
	for e, err := range s.entries(ctx, below, "") {
		if err != nil {
			return err
		}
		size, _, err := storedSize(e.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Key, err)
		}
		c.add(1, size)
	}
	return nil
}
