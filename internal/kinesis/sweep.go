package kinesis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"leat/internal/engine"
	"leat/internal/stream"
)

// Sweep does what becomes due as time passes: it ends DELETING, forgets closed
// shards whose records have expired, lets the engine forget expired records,
// and clears tombstones away. It is called now and then; requests never rely on
// it, as they do not see what is due. One stream's or shard's failure does not
// keep the others waiting.
func (s *Service) Sweep(ctx context.Context) error {
	var errs []error
	for _, st := range s.allStates() {
		if err := s.sweepStream(ctx, st); err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(append(errs, s.dropTombstones(ctx))...)
}

// sweepStream trims first: that may make the room which the rest needs.
func (s *Service) sweepStream(ctx context.Context, st *streamState) error {
	return errors.Join(s.trim(ctx, st.snap.Load()), s.dropExpiredShards(ctx, st))
}

// trim lets the engine forget the expired records of a stream, nil if it is
// gone.
func (s *Service) trim(ctx context.Context, sn *snapshot) error {
	if sn == nil {
		return nil
	}
	var errs []error
	expiry := sn.Expiry(s.engine.Now())
	for _, shard := range sn.Shards {
		log := sn.logID(shard.ID)
		first, err := s.engine.SeekTime(ctx, log, expiry)
		if err == nil {
			err = s.engine.Trim(ctx, log, first)
		}
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			errs = append(errs, fmt.Errorf("trim %v of stream %s: %w", shard.ID, sn.Name, err))
		}
	}
	return errors.Join(errs...)
}

// dropExpiredShards finishes what is due of the stream's changes and removes the
// consumers whose deletion is due. Then it removes the closed shards that have
// expired: their logs, which nobody sees any more, and then their mention in the
// object, so that a sweep that fails in between is made up for by the next.
func (s *Service) dropExpiredShards(ctx context.Context, st *streamState) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	sn, err := s.finishLocked(ctx, st)
	if err != nil || sn == nil || sn.Status == stream.Deleting {
		return err
	}
	if err := s.dropConsumersLocked(ctx, st); err != nil {
		return err
	}
	expired := sn.Shards.Expired(sn.Expiry(s.engine.Now()))
	if len(expired) == 0 {
		return nil
	}
	for _, shard := range expired {
		st.forgetUse(shard)
	}
	if err := s.engine.Delete(ctx, sn.logIDs(expired)); err != nil {
		return err
	}
	_, err = s.writeLocked(ctx, sn, func(obj *stream.Stream) error {
		obj.Shards = obj.Shards.Without(expired)
		return nil
	})
	return err
}

// forgetUse forgets how much a shard that is gone was used lately.
func (st *streamState) forgetUse(shard stream.ShardID) {
	st.rates.Delete(shard)
	for _, c := range st.listConsumers() {
		c.pushes.forget(shard)
	}
}

// maxTombstones is how many tombstones one sweep clears away at most.
const maxTombstones = 10_000

// dropTombstones removes the tombstones whose second is over: a stream made now
// gets a later one anyway. One that is written again meanwhile stays.
func (s *Service) dropTombstones(ctx context.Context) error {
	entries, err := s.engine.List(ctx, engine.NewKey(tombstones), "", maxTombstones)
	if err != nil {
		return err
	}
	now := s.engine.Now().Second()
	var changes []engine.Change
	for _, e := range entries {
		last, err := decodeSecond(e.Value)
		if err != nil {
			return fmt.Errorf("decode %s: %w", e.Key, err)
		}
		if last < now {
			changes = append(changes, engine.Change{Key: e.Key, Delete: true, Expect: e.Revision})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if _, err = s.engine.Write(ctx, changes); errors.Is(err, engine.ErrConflict) {
		return nil
	}
	return err
}

func (s *Service) allStates() []*streamState {
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	return slices.Collect(maps.Values(s.reg.streams))
}
