package kinesis

import (
	"context"
	"errors"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// SplitShard replaces an open shard by two, of which the second starts at
// NewStartingHashKey.
//
// Order of checks: the shard id's syntax, stream, its status, shard, quota, hash
// key, closed shard.
//
// Differs: the children take records at once, where AWS may use the parent for
// another second. Records of a child's first second carry its creation second,
// which may be up to a second ahead.

func (s *Service) splitShard(ctx context.Context, c service.Caller, in *api.SplitShardInput) error {
	r, err := target{in.StreamName, in.StreamARN}.ref(c)
	if err != nil {
		return err
	}
	id, ok := stream.ParseShardID(in.ShardToSplit.V)
	if !ok {
		return errBadShardID(r, in.ShardToSplit.V)
	}
	sn, err := s.lookupReshardable(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return err
	}
	shard, ok := sn.shard(id, s.engine.Now())
	if !ok {
		return errBadShardID(r, id.String())
	}
	if err := s.checkShardQuota(c, 1); err != nil {
		return err
	}
	badKey := func() error {
		return api.Errorf(api.InvalidArgument,
			"NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s is not both greater than one "+
				"plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
			in.NewStartingHashKey.V, id, r.name, r.account, shard.Range.Start, shard.Range.End)
	}
	key, err := stream.ParseHashKey(in.NewStartingHashKey.V)
	if err != nil {
		return badKey()
	}
	return s.reshard(ctx, sn, func(obj *stream.Stream) (stream.Reshard, error) {
		plan, err := stream.PlanSplit(obj.Shards, obj.NextShard, id, key)
		if errors.Is(err, stream.ErrHashKey) {
			return plan, badKey()
		}
		return plan, reshardError(r, err)
	})
}

// lookupReshardable returns an active stream whose shards the caller manages.
func (s *Service) lookupReshardable(c service.Caller, t target) (*snapshot, error) {
	sn, err := s.lookupActive(c, t)
	if err == nil && sn.Mode == stream.OnDemand {
		return nil, api.Errorf(api.Validation, "Request is invalid. Stream %s under account %s is in On-Demand mode.", sn.Name, sn.Account)
	}
	return sn, err
}
