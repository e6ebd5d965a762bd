package dynamo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"leat/internal/dynamo/item"
	"leat/internal/engine"
)

// entries yields the entries below a key and after another, in order. They are of
// several moments.
func (s *Service) entries(ctx context.Context, below, after engine.Key) iter.Seq2[engine.Entry, error] {
	return pages(after, func(after engine.Key) ([]engine.Entry, error) {
		return s.kv.List(ctx, below, after, listEntries)
	})
}

// entriesBack yields the entries below a key and before another in descending order,
// as entries does in ascending order.
func (s *Service) entriesBack(ctx context.Context, below, before engine.Key) iter.Seq2[engine.Entry, error] {
	return pages(before, func(before engine.Key) ([]engine.Entry, error) {
		return s.kv.ListBack(ctx, below, before, listEntries)
	})
}

// pages yields the entries of one list after the other. Each begins where the one
// before has ended, and the first at from.
func pages(from engine.Key, list func(from engine.Key) ([]engine.Entry, error)) iter.Seq2[engine.Entry, error] {
	return func(yield func(engine.Entry, error) bool) {
		for from := from; ; {
			list, err := list(from)
			if err != nil {
				yield(engine.Entry{}, err)
				return
			}
			for _, e := range list {
				if !yield(e, nil) {
					return
				}
			}
			if len(list) < listEntries {
				return
			}
			from = list[len(list)-1].Key
		}
	}
}

// build writes the entries of an index for all items that there are. The index is
// in the table's snapshot, so items that change meanwhile have theirs.
func (s *Service) build(ctx context.Context, sn *snapshot, l *liveIndex) error {
	for after := engine.Key(""); ; {
		list, err := s.kv.List(ctx, sn.table.items, after, listEntries)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := s.buildSome(ctx, sn, l, list); err != nil {
			return err
		}
		after = list[len(list)-1].Key
	}
}

// buildSome writes the entries of an index for some items.
func (s *Service) buildSome(ctx context.Context, sn *snapshot, l *liveIndex, list []engine.Entry) error {
	keys := make([]engine.Key, len(list))
	for i, e := range list {
		keys[i] = e.Key
	}
	defer s.locks.lock(keys)()
	var writes []engine.Change
	var added counters
	for _, key := range keys {
		it, _, _, err := s.readItem(ctx, key)
		if err != nil {
			return err
		}
		w, size, err := s.missing(ctx, sn, l, it)
		if err != nil {
			return err
		}
		if w.Key != "" {
			writes = append(writes, w)
			added.add(1, size)
		}
	}
	if len(writes) == 0 {
		return nil
	}
	if _, err := s.kv.Write(ctx, writes); err != nil {
		return fmt.Errorf("write the entries of index %s: %w", l.Name, err)
	}
	l.size.add(int(added.items.Load()), int(added.bytes.Load()))
	return nil
}

// missing returns the change that writes the entry that an index should have for
// an item and does not have, and the entry's size. There is none without a key.
func (s *Service) missing(ctx context.Context, sn *snapshot, l *liveIndex, it item.Item) (engine.Change, int, error) {
	in, ok := l.form(it)
	if !ok {
		return engine.Change{}, 0, nil
	}
	of, _ := sn.schema.form(it)
	key := entryKey(l.entries, in, of)
	_, err := s.kv.Get(ctx, key)
	if !errors.Is(err, engine.ErrNotFound) {
		return engine.Change{}, 0, err
	}
	size := l.projectedSize(it)
	return engine.Change{Key: key, Value: stored(size, nil), Expect: engine.Absent}, size, nil
}

// leftover is what should be removed and could not be.
type leftover struct {
	mu   sync.Mutex // guards keys
	keys []engine.Key
}

// removeBelow removes all entries below keys that nobody reads or writes any more.
// What cannot be removed now is for the next sweep.
func (s *Service) removeBelow(ctx context.Context, keys ...engine.Key) {
	for _, below := range keys {
		if err := s.remove(ctx, below); err != nil {
			s.log.WarnContext(ctx, "what a table or an index had is not removed yet", "key", below.String(), "error", err)
			s.leftover.mu.Lock()
			s.leftover.keys = append(s.leftover.keys, below)
			s.leftover.mu.Unlock()
		}
	}
}

// removeLeftover tries again to remove what should be.
func (s *Service) removeLeftover(ctx context.Context) {
	s.leftover.mu.Lock()
	keys := s.leftover.keys
	s.leftover.keys = nil
	s.leftover.mu.Unlock()
	s.removeBelow(ctx, keys...)
}

// remove removes all entries below a key, some at a time.
func (s *Service) remove(ctx context.Context, below engine.Key) error {
	for {
		list, err := s.kv.List(ctx, below, "", writeEntries)
		if err != nil || len(list) == 0 {
			return err
		}
		changes := make([]engine.Change, len(list))
		for i, e := range list {
			changes[i] = engine.Change{Key: e.Key, Delete: true, Expect: engine.Any}
		}
		if _, err := s.kv.Write(ctx, changes); err != nil {
			return err
		}
	}
}
