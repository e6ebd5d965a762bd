package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// UpdateStreamRecordDistributionStrategy says how records of a stream in
// ON_DEMAND mode find their shard: USER_PARTITION_KEY by their keys, AUTO evenly,
// whatever their keys, of which they need none then. It takes effect at once.
//
// Order of checks: stream, its status, its mode.

func (s *Service) updateStreamRecordDistributionStrategy(
	ctx context.Context, c service.Caller, in *api.UpdateStreamRecordDistributionStrategyInput,
) error {
	sn, err := s.lookupActive(c, target{arn: in.StreamARN})
	if err != nil {
		return err
	}
	distribution, _ := stream.ParseDistribution(in.RecordDistributionStrategy.V)
	return s.update(ctx, sn, func(obj *stream.Stream) error {
		if distribution == stream.Auto && obj.Mode != stream.OnDemand {
			return errNotOnDemand(obj.Name)
		}
		obj.Distribution = distribution
		return nil
	})
}

// errNotOnDemand refuses AUTO for a stream that is, or would be, provisioned.
func errNotOnDemand(name string) error {
	return api.Errorf(api.InvalidArgument,
		"RecordDistributionStrategy is only available for streams in ON_DEMAND mode, which stream %s is not.", name)
}
