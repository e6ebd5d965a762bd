package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// UpdateStreamWarmThroughput says what a stream in ON_DEMAND mode is to be ready
// for at any time, in an account that has agreed to pay for a minimum.
//
// Order of checks: stream, its status, its mode, the most there can be, the
// account's agreement.
//
// A stream with fewer shards than MiB per second is split at once, as evenly as
// UpdateShardCount does it, and keeps that many.
//
// Differs: the agreement costs nothing, and the shards are there at once.

func (s *Service) updateStreamWarmThroughput(
	ctx context.Context, c service.Caller, in *api.UpdateStreamWarmThroughputInput,
) (*api.UpdateStreamWarmThroughputOutput, error) {
	sn, err := s.lookupActive(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return nil, err
	}
	mibps := int(in.WarmThroughputMiBps.V)
	if err := checkWarmMiBps(sn.Mode, mibps); err != nil {
		return nil, err
	}
	var former int
	err = s.committed(ctx, c, func() error {
		return s.updateShards(ctx, sn, mibps, func(obj *stream.Stream) error {
			if err := checkWarmMiBps(obj.Mode, mibps); err != nil {
				return err
			}
			former = obj.Warm.TargetMiBps
			setWarm(obj, mibps)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	if s.cfg.TransitionDelay == 0 {
		former = mibps
	}
	return &api.UpdateStreamWarmThroughputOutput{
		StreamARN:      api.Some(sn.ARN()),
		StreamName:     api.Some(sn.Name),
		WarmThroughput: viewWarm(mibps, former),
	}, nil
}
