package dynamo

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"leat/internal/dynamo/item"
	"leat/internal/engine"
	"leat/internal/stream"
)

const (
	// sweptItems is how many items one sweep looks at, at most. Where there are
	// more, the next goes on.
	sweptItems = 200_000
	// sweptTogether is how many items are deleted in one write, at most. With all
	// their entries in indexes they are in what the engine takes.
	sweptTogether = 64
	// oldestExpiry is how long ago an item may have expired to be deleted: what
	// is older is taken for something else than a time.
	oldestExpiry = 5 * 365 * 24 * 60 * 60 * 1000
)

// sweeper is where the sweep of items is.
type sweeper struct {
	mu     sync.Mutex // held by the sweep that runs
	budget int        // how many items a sweep looks at
	table  uint64     // the table that is next, if it is still there
	after  engine.Key // the item after which it goes on there
}

// Sweep deletes the items and the tokens that have expired, and what could not be
// removed before. What it does not get to it does the next time. Of several sweeps
// one runs after the other.
func (s *Service) Sweep(ctx context.Context) error {
	s.sweeper.mu.Lock()
	defer s.sweeper.mu.Unlock()
	s.removeLeftover(ctx)
	return errors.Join(s.sweepTokens(ctx), s.sweepItems(ctx))
}

// sweepTokens deletes the tokens that have expired.
func (s *Service) sweepTokens(ctx context.Context) error {
	now := s.kv.Now()
	var expired []engine.Entry
	for e, err := range s.entries(ctx, engine.NewKey(tokensPart), "") {
		if err != nil {
			return err
		}
		if tokenExpired(e.Value, now) {
			expired = append(expired, e)
		}
		if len(expired) == writeEntries {
			if err := s.deleteTokens(ctx, expired); err != nil {
				return err
			}
			expired = expired[:0]
		}
	}
	return s.deleteTokens(ctx, expired)
}

// deleteTokens deletes tokens, unless one of them has been stored anew: then they
// are for the next sweep.
func (s *Service) deleteTokens(ctx context.Context, expired []engine.Entry) error {
	if len(expired) == 0 {
		return nil
	}
	changes := make([]engine.Change, len(expired))
	for i, e := range expired {
		changes[i] = engine.Change{Key: e.Key, Delete: true, Expect: e.Revision}
	}
	if _, err := s.kv.Write(ctx, changes); err != nil && !errors.Is(err, engine.ErrConflict) {
		return fmt.Errorf("delete tokens: %w", err)
	}
	return nil
}

// sweepItems deletes items that have expired, from where the last sweep has ended.
func (s *Service) sweepItems(ctx context.Context) error {
	budget := s.sweeper.budget
	for _, t := range s.reg.all() {
		sn := t.snap.Load()
		if t.number < s.sweeper.table || sn == nil || sn.TimeToLive == "" {
			continue
		}
		if t.number > s.sweeper.table {
			s.sweeper.table, s.sweeper.after = t.number, ""
		}
		if err := s.sweepTable(ctx, sn, &budget); err != nil || budget == 0 {
			return err
		}
	}
	s.sweeper.table, s.sweeper.after = 0, ""
	return nil
}

// sweepTable deletes the items of a table that have expired, as far as the budget
// goes.
func (s *Service) sweepTable(ctx context.Context, sn *snapshot, budget *int) error {
	o, _ := sn.source("")
	for *budget > 0 {
		list, err := s.kv.List(ctx, o.prefix, s.sweeper.after, min(sweptTogether, *budget))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			s.sweeper.after = ""
			s.sweeper.table++
			return nil
		}
		if err := s.sweepSome(ctx, &o, list); err != nil {
			return err
		}
		s.sweeper.after = list[len(list)-1].Key
		*budget -= len(list)
	}
	return nil
}

// sweepSome deletes those of some items that have expired: in one write, unless one
// of them lives again by then.
func (s *Service) sweepSome(ctx context.Context, o *source, list []engine.Entry) error {
	var due []change
	for _, e := range list {
		it, _, err := loadItem(e.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Key, err)
		}
		if !expired(it, o.sn.TimeToLive, s.kv.Now()) {
			continue
		}
		p, err := o.position(e.Key)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Key, err)
		}
		due = append(due, s.expiry(o.sn, p.of))
	}
	if len(due) == 0 {
		return nil
	}
	_, err := s.commit(ctx, due, false, nil)
	if r := refusals(nil); !errors.As(err, &r) {
		return err
	}
	for _, c := range due {
		if _, err := s.commitOne(ctx, c); err != nil && !errors.Is(err, errAlive) && !isNoTable(err) {
			return err
		}
	}
	return nil
}

// expired reports whether an attribute of an item is a time that has passed.
func expired(it item.Item, attribute string, now stream.Millis) bool {
	v, ok := it[attribute]
	if !ok || v.Type() != item.TypeN {
		return false
	}
	seconds, ok := v.Number().Int64()
	if !ok || seconds < 0 || seconds > int64(now)/1000 {
		return false
	}
	return int64(now)-seconds*1000 < oldestExpiry
}

// errAlive refuses the deletion of an item that has not expired.
var errAlive = errors.New("the item has not expired")

// expiry is the change that deletes an item, if it has still expired by then.
func (s *Service) expiry(sn *snapshot, key keyForm) change {
	return change{sn: sn, key: key, apply: func(there item.Item) (item.Item, error) {
		now := sn.table.snap.Load()
		if now == nil || now.TimeToLive == "" || !expired(there, now.TimeToLive, s.kv.Now()) {
			return nil, errAlive
		}
		return nil, nil
	}}
}
