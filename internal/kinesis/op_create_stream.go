package kinesis

import (
	"context"
	"strings"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// CreateStream makes a stream: with 4 shards unless ShardCount says otherwise.
//
// Order of checks: the settings, the tags, the name, the quotas, the most shards
// that any stream can have. An on-demand stream starts with 4 shards, and a
// ShardCount for it is refused; with WarmThroughputMiBps it has one for each MiB
// per second. From then on its shards follow what is written to it.
//
// Differs: when the shards of a stream in ON_DEMAND mode are split and merged is
// said above; AWS does not document it as exactly.

func (s *Service) createStream(ctx context.Context, c service.Caller, in *api.CreateStreamInput) error {
	r := ref{strings.Clone(c.Account), strings.Clone(c.Region), strings.Clone(in.StreamName.V)}
	obj := stream.Stream{
		Account:        r.account,
		Region:         r.region,
		Name:           r.name,
		RetentionHours: stream.DefaultRetentionHours,
		MaxRecordKiB:   int(in.MaxRecordSizeInKiB.Or(stream.DefaultMaxRecordKiB)),
		Mode:           stream.Provisioned,
	}
	if mode := in.StreamModeDetails; mode.Set {
		obj.Mode, _ = stream.ParseMode(mode.V.StreamMode.V)
	}
	shards := int(in.ShardCount.Or(stream.DefaultShards))
	if obj.Mode == stream.OnDemand && in.ShardCount.Set {
		return api.Errorf(api.InvalidArgument, "ShardCount must not be set for a stream in ON_DEMAND mode.")
	}
	if err := setOnDemandSettings(&obj, in); err != nil {
		return err
	}
	tags, err := addTags(r, nil, in.Tags.V)
	if err != nil {
		return err
	}
	obj.Tags = tags
	if s.find(r) != nil {
		return errStreamExists(r)
	}
	if err := s.checkStreamQuotas(c, obj.Mode, shards); err != nil {
		return err
	}
	obj.Shards = make(stream.Shards, max(shards, obj.Warm.TargetMiBps))
	if in.WarmThroughputMiBps.Set {
		return s.committed(ctx, c, func() error { return s.create(ctx, obj) })
	}
	return s.create(ctx, obj)
}

// setOnDemandSettings takes over the settings that only streams in ON_DEMAND
// mode have, and refuses them for others.
func setOnDemandSettings(obj *stream.Stream, in *api.CreateStreamInput) error {
	if in.WarmThroughputMiBps.Set {
		mibps := int(in.WarmThroughputMiBps.V)
		if err := checkWarmMiBps(obj.Mode, mibps); err != nil {
			return err
		}
		obj.Warm = stream.WarmThroughput{TargetMiBps: mibps, FormerMiBps: mibps}
	}
	if in.RecordDistributionStrategy.Set {
		if obj.Mode != stream.OnDemand {
			return errNotOnDemand(obj.Name)
		}
		obj.Distribution, _ = stream.ParseDistribution(in.RecordDistributionStrategy.V)
	}
	return nil
}

func errStreamExists(r ref) error {
	return api.Errorf(api.ResourceInUse, "Stream %s under account %s already exists.", r.name, r.account)
}

// checkStreamQuotas refuses one more stream with so many shards.
func (s *Service) checkStreamQuotas(c service.Caller, mode stream.Mode, shards int) error {
	if s.cfg.EnforceRates && s.streamsInTransition(c) >= stream.MaxTransitions {
		return api.Errorf(api.LimitExceeded,
			"The account %s has reached the limit on the number of streams that can simultaneously be in CREATING or DELETING. Limit: %d",
			c.Account, stream.MaxTransitions)
	}
	if err := s.checkModeQuota(c, mode, shards); err != nil {
		return err
	}
	if shards > stream.MaxShards {
		return api.Errorf(api.Validation,
			"1 validation error detected: Value '%d' at 'shardCount' failed to satisfy constraint: Member must have value less than or equal to %d",
			shards, stream.MaxShards)
	}
	return nil
}

// checkModeQuota refuses one more stream of a mode, with so many shards.
func (s *Service) checkModeQuota(c service.Caller, mode stream.Mode, shards int) error {
	if mode == stream.Provisioned {
		return s.checkShardQuota(c, shards)
	}
	if s.onDemandStreams(c) >= stream.MaxOnDemandStreams {
		return api.Errorf(api.LimitExceeded,
			"The account %s has reached the limit on the number of on-demand streams. Limit: %d", c.Account, stream.MaxOnDemandStreams)
	}
	return nil
}

func (s *Service) streamsInTransition(c service.Caller) int {
	n, now := 0, s.engine.Now()
	for sn := range s.streams(c) {
		if status := sn.status(now); status == stream.Creating || status == stream.Deleting {
			n++
		}
	}
	return n
}
