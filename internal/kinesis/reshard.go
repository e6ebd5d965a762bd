package kinesis

import (
	"context"
	"errors"
	"fmt"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// plan says how a stream's shards are to change.
type plan func(*stream.Stream) (stream.Reshard, error)

// reshard changes the shards of an active stream in three repeatable steps: the
// plan as the object's Intent, the logs created and closed, the outcome. Puts
// that meet a closed log meanwhile wait for the outcome and go to the children.
func (s *Service) reshard(ctx context.Context, sn *snapshot, p plan) error {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return err
	}
	defer unlock()
	st := sn.state
	if err := s.checkActive(sn); err != nil {
		return err
	}
	sn, err = s.writeLocked(ctx, sn, func(obj *stream.Stream) error {
		change, err := p(obj)
		if err != nil {
			return err
		}
		if len(obj.Shards)+len(change.New) > stream.MaxShards {
			return errTooManyShards(st.ref)
		}
		obj.Intent = &change
		obj.NextShard = change.Next(obj.NextShard)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.finishReshardLocked(begun(ctx), sn)
	return err
}

// finishReshardLocked carries out the stream's Intent.
func (s *Service) finishReshardLocked(ctx context.Context, sn *snapshot) (*snapshot, error) {
	ids := make([]engine.LogID, len(sn.Intent.New))
	for i, planned := range sn.Intent.New {
		ids[i] = sn.logID(planned.ID)
	}
	if err := s.engine.Create(ctx, ids); err != nil {
		return nil, fmt.Errorf("create the logs of new shards: %w", err)
	}
	closed, err := s.closeLogs(ctx, sn, sn.Intent.Closing())
	if err != nil {
		return nil, err
	}
	return s.writeLocked(ctx, sn, func(obj *stream.Stream) error {
		shards, err := obj.Intent.Apply(obj.Shards, closed)
		if err != nil {
			return err
		}
		obj.Shards, obj.Intent = shards, nil
		s.busy(obj)
		return nil
	})
}

// closeLogs closes the logs of shards and returns when each was closed, now or
// by an earlier attempt.
func (s *Service) closeLogs(
	ctx context.Context, sn *snapshot, shards []stream.ShardID,
) (map[stream.ShardID]stream.Millis, error) {
	marks := make([]engine.Batch, len(shards))
	for i, shard := range shards {
		marks[i] = engine.Batch{Log: sn.logID(shard), Close: true}
	}
	closed := make(map[stream.ShardID]stream.Millis, len(shards))
	for i, result := range s.engine.Append(ctx, marks) {
		at := result.Time
		if errors.Is(result.Err, engine.ErrClosed) {
			tip, err := s.engine.Tip(ctx, marks[i].Log)
			if err != nil {
				return nil, fmt.Errorf("read when %v was closed: %w", shards[i], err)
			}
			at = tip.Time
		} else if result.Err != nil {
			return nil, fmt.Errorf("close %v: %w", shards[i], result.Err)
		}
		closed[shards[i]] = at
	}
	return closed, nil
}

// settled returns the stream once no change of its shards is under way,
// finishing one that was left unfinished. It is for whoever has met a closed
// log: its shard is closed in the object too then, and its children are there.
func (s *Service) settled(ctx context.Context, st *streamState) (*snapshot, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	sn, err := s.finishLocked(ctx, st)
	if err == nil && sn == nil {
		return nil, errStreamNotFound(st.ref)
	}
	return sn, err
}

// checkShardQuota refuses a change that would give the account more open shards than
// it may have in the region. more is how many there would be in addition.
func (s *Service) checkShardQuota(c service.Caller, more int) error {
	quota := s.shardQuota(c.Region)
	if quota == 0 || more <= 0 {
		return nil
	}
	have := s.provisionedShards(c)
	if have+more <= quota {
		return nil
	}
	return api.Errorf(api.LimitExceeded,
		"This request would exceed the shard limit for the account %s in %s. Current shard count for the account: %d. "+
			"Limit: %d. Number of additional shards that would have resulted from this request: %d. "+
			"Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "+
			"for current limits and how to request higher limits.",
		c.Account, c.Region, have, quota, more)
}

// errTooManyShards is for a change after which the stream's object might be too
// large to be stored. It cannot be left to the write of the outcome: that would
// fail for ever.
func errTooManyShards(r ref) error {
	return api.Errorf(api.LimitExceeded,
		"Stream %s under account %s cannot have more than %d shards, closed ones that have not expired included.",
		r.name, r.account, stream.MaxShards)
}

func (s *Service) shardQuota(region string) int {
	if s.cfg.ShardQuota >= 0 {
		return s.cfg.ShardQuota
	}
	return stream.ShardQuota(region)
}

// provisionedShards counts the open shards that count against the quota.
func (s *Service) provisionedShards(c service.Caller) int {
	n := 0
	for sn := range s.streams(c) {
		if sn.Mode == stream.Provisioned {
			n += sn.Shards.Open()
		}
	}
	return n
}

// reshardError turns a plan's refusal into AWS's words.
func reshardError(r ref, err error) error {
	var closed stream.ErrShardClosed
	var missing stream.ErrShardNotFound
	switch {
	case errors.As(err, &closed):
		return api.Errorf(api.InvalidArgument,
			"Shard %s in stream %s under account %s has already been merged or split, and thus is not eligible for merging or splitting.",
			closed.ID, r.name, r.account)
	case errors.As(err, &missing):
		return errBadShardID(r, missing.ID.String())
	}
	return err
}
