package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// UpdateShardCount changes the number of open shards by splitting and merging,
// as evenly as that can be done, to at most twice and at least half of it.
//
// Order of checks: stream, its status, the target's bounds, quota, day. A target
// that is the count already is not counted by day.
//
// Differs: which shards are split and merged on the way is not known of AWS; the
// number of shards it leaves behind, closed ones included, is the same.

func (s *Service) updateShardCount(
	ctx context.Context, c service.Caller, in *api.UpdateShardCountInput,
) (*api.UpdateShardCountOutput, error) {
	sn, err := s.lookupReshardable(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return nil, err
	}
	current, want := sn.Shards.Open(), int(in.TargetShardCount.V)
	if err := checkTargetShardCount(current, want); err != nil {
		return nil, err
	}
	if err := s.checkShardQuota(c, want-current); err != nil {
		return nil, err
	}
	out := &api.UpdateShardCountOutput{
		StreamName:        api.Some(sn.Name),
		StreamARN:         api.Some(sn.ARN()),
		CurrentShardCount: api.Some(int32(current)),
		TargetShardCount:  api.Some(int32(want)),
	}
	if want == current {
		return out, nil
	}
	err = s.reshard(ctx, sn, func(obj *stream.Stream) (stream.Reshard, error) {
		if err := s.spend(obj, stream.ShardCountChange); err != nil {
			return stream.Reshard{}, err
		}
		return stream.PlanScale(obj.Shards, obj.NextShard, want)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func checkTargetShardCount(current, want int) error {
	switch {
	case want > stream.MaxScaleTarget:
		return api.Errorf(api.LimitExceeded, "TargetShardCount %d is more than the limit of %d shards of a stream.", want, stream.MaxScaleTarget)
	case want > 2*current:
		return api.Errorf(api.InvalidArgument,
			"UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: %d Target shard count: %d", current, want)
	case 2*want < current:
		return api.Errorf(api.InvalidArgument,
			"UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: %d Target shard count: %d", current, want)
	}
	return nil
}
