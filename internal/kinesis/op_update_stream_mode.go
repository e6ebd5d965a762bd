package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// UpdateStreamMode says who decides on the number of shards from then on. The
// shards stay. A stream's switches are counted by day; the mode that it has
// already is none.
//
// Order of checks: stream, its status, the mode's settings, quota, day. A stream
// that spreads keys by itself must have stopped that before it can be
// PROVISIONED. Warm throughput ends with the ON_DEMAND mode, and may begin with
// it: then there are as many shards as it needs.
//
// Differs: a stream that becomes ON_DEMAND is taken to have used half of its
// shards' capacity, so that they are not merged before that is forgotten. What
// AWS takes it for is not documented.

func (s *Service) updateStreamMode(ctx context.Context, c service.Caller, in *api.UpdateStreamModeInput) error {
	sn, err := s.lookupActive(c, target{arn: in.StreamARN})
	if err != nil {
		return err
	}
	mode, _ := stream.ParseMode(in.StreamModeDetails.V.StreamMode.V)
	if in.WarmThroughputMiBps.Set {
		if err := checkWarmMiBps(mode, int(in.WarmThroughputMiBps.V)); err != nil {
			return err
		}
		return s.committed(ctx, c, func() error { return s.setMode(ctx, c, sn, mode, in.WarmThroughputMiBps) })
	}
	if mode == sn.Mode {
		return nil
	}
	return s.setMode(ctx, c, sn, mode, in.WarmThroughputMiBps)
}

func (s *Service) setMode(ctx context.Context, c service.Caller, sn *snapshot, mode stream.Mode, warm api.Opt[int32]) error {
	if mode != sn.Mode {
		if err := s.checkModeQuota(c, mode, sn.Shards.Open()); err != nil {
			return err
		}
	}
	shards := sn.Shards.Open()
	err := s.updateShards(ctx, sn, int(warm.V), func(obj *stream.Stream) error {
		if mode == stream.Provisioned && obj.Distribution == stream.Auto {
			return api.Errorf(api.InvalidArgument,
				"RecordDistributionStrategy of stream %s must be USER_PARTITION_KEY before its mode can be PROVISIONED.", obj.Name)
		}
		if warm.Set {
			setWarm(obj, int(warm.V))
		}
		if mode == stream.Provisioned {
			obj.Warm = stream.WarmThroughput{}
		}
		if mode == obj.Mode {
			return nil
		}
		obj.Mode = mode
		return s.spend(obj, stream.ModeChange)
	})
	if err == nil && mode == stream.OnDemand && sn.Mode != mode {
		s.beginOnDemand(sn.state, shards)
	}
	return err
}
