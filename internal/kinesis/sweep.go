package kinesis

import (
	"context"
	"errors"
	"maps"
	"slices"

	"leat/internal/engine"
	"leat/internal/stream"
)

// Sweep does what becomes due as time passes: it ends DELETING, forgets closed
// shards whose records have expired, and lets the engine forget expired
// records. It is called now and then; requests never rely on it, as they do not
// see what is due. One stream's failure does not keep the others waiting.
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
	return errors.Join(errs...)
}

func (s *Service) sweepStream(ctx context.Context, st *streamState) error {
	sn, err := s.dropExpiredShards(ctx, st)
	if err != nil || sn == nil || sn.Status == stream.Deleting {
		return err
	}
	expiry := sn.Expiry(s.engine.Now())
	for _, shard := range sn.Shards {
		log := sn.logID(shard.ID)
		first, err := s.engine.SeekTime(ctx, log, expiry)
		if err == nil {
			err = s.engine.Trim(ctx, log, first)
		}
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			return err
		}
	}
	return nil
}

// dropExpiredShards finishes what is due of the stream's changes, and then
// removes the closed shards that have expired, first from the object and then
// their logs. It returns the newest snapshot, nil if the stream is gone.
func (s *Service) dropExpiredShards(ctx context.Context, st *streamState) (*snapshot, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	sn, err := s.finishLocked(ctx, st)
	if err != nil || sn == nil || sn.Status == stream.Deleting {
		return sn, err
	}
	expired := sn.Shards.Expired(sn.Expiry(s.engine.Now()))
	if len(expired) == 0 {
		return sn, nil
	}
	logs := make([]engine.LogID, len(expired))
	for i, shard := range expired {
		logs[i] = sn.logID(shard)
		st.rates.Delete(shard)
	}
	sn, err = s.writeLocked(ctx, sn, func(obj *stream.Stream) error {
		obj.Shards = obj.Shards.Without(expired)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return sn, s.engine.Delete(ctx, logs)
}

func (s *Service) allStates() []*streamState {
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	return slices.Collect(maps.Values(s.reg.streams))
}
