package kinesis

import (
	"context"
	"errors"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// MergeShards replaces two open shards by one. The range of
// AdjacentShardToMerge must follow that of ShardToMerge: the other way round
// they are not an adjacent pair.
//
// Order of checks: the shard ids' syntax, stream, its status, shards,
// adjacency, closed shards.
//
// Differs: the child takes records at once, where AWS may use the parents for
// another second. Records of its first second carry its creation second, which
// may be up to a second ahead.

func (s *Service) mergeShards(ctx context.Context, c service.Caller, in *api.MergeShardsInput) error {
	r, err := target{in.StreamName, in.StreamARN}.ref(c)
	if err != nil {
		return err
	}
	var ids [2]stream.ShardID
	for i, text := range [2]string{in.ShardToMerge.V, in.AdjacentShardToMerge.V} {
		var ok bool
		if ids[i], ok = stream.ParseShardID(text); !ok {
			return errBadShardID(r, text)
		}
	}
	sn, err := s.lookupReshardable(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, ok := sn.shard(id, s.engine.Now()); !ok {
			return errBadShardID(r, id.String())
		}
	}
	return s.reshard(ctx, sn, func(obj *stream.Stream) (stream.Reshard, error) {
		plan, err := stream.PlanMerge(obj.Shards, obj.NextShard, ids[0], ids[1])
		if errors.Is(err, stream.ErrNotAdjacent) {
			return plan, api.Errorf(api.InvalidArgument,
				"Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging",
				ids[0], ids[1], r.name, r.account)
		}
		return plan, reshardError(r, err)
	})
}
