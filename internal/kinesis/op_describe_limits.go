package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// DescribeLimits shows the account's quotas in the region and how much of them
// is used. OpenShardCount counts provisioned streams only. Without a shard
// quota ShardLimit is the largest number that the answer can hold.
//
// Differs: ChannelCount and ChannelCountLimit are left out, as there are no
// channels.

func (s *Service) describeLimits(
	_ context.Context, c service.Caller, _ *api.DescribeLimitsInput,
) (*api.DescribeLimitsOutput, error) {
	quota := s.shardQuota(c.Region)
	if quota == 0 {
		quota = 1<<31 - 1
	}
	return &api.DescribeLimitsOutput{
		ShardLimit:               int32(quota),
		OpenShardCount:           int32(s.provisionedShards(c)),
		OnDemandStreamCount:      int32(s.onDemandStreams(c)),
		OnDemandStreamCountLimit: stream.MaxOnDemandStreams,
	}, nil
}

func (s *Service) onDemandStreams(c service.Caller) int {
	n := 0
	for sn := range s.streams(c) {
		if sn.Mode == stream.OnDemand {
			n++
		}
	}
	return n
}
