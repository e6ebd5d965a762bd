package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/stream"
)

// DescribeStream shows a stream with a page of its shards, closed ones that
// have not expired included, in the order of their ids. At most 100 shards are
// returned, whatever the Limit. ExclusiveStartShardId is compared as an id and
// need not exist. While a stream is CREATING it shows no shards.

func (s *Service) describeStream(
	_ context.Context, c Caller, in *api.DescribeStreamInput,
) (*api.DescribeStreamOutput, error) {
	sn, err := s.lookup(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return nil, err
	}
	after, err := sn.startShard(in.ExclusiveStartShardId)
	if err != nil {
		return nil, err
	}
	now := s.engine.Now()
	var shards stream.Shards
	if sn.status(now) != stream.Creating {
		shards = sn.visibleShards(now).After(after)
	}
	limit := min(int(in.Limit.Or(stream.MaxDescribeStreamShards)), stream.MaxDescribeStreamShards)
	more := len(shards) > limit
	if more {
		shards = shards[:limit]
	}
	return &api.DescribeStreamOutput{StreamDescription: api.StreamDescription{
		StreamName:              sn.Name,
		StreamARN:               sn.ARN(),
		StreamStatus:            sn.status(now).String(),
		StreamModeDetails:       sn.modeDetails(),
		Shards:                  viewShards(shards),
		HasMoreShards:           more,
		RetentionPeriodHours:    int32(sn.RetentionHours),
		StreamCreationTimestamp: sn.created(),
		EnhancedMonitoring:      sn.enhancedMonitoring(),
		EncryptionType:          api.Some("NONE"),
	}}, nil
}

// startShard reads an ExclusiveStartShardId; NoShard when it is absent.
func (sn *snapshot) startShard(text api.Opt[string]) (stream.ShardID, error) {
	if !text.Set {
		return stream.NoShard, nil
	}
	id, ok := stream.ParseShardID(text.V)
	if !ok {
		return 0, errBadShardID(sn.state.ref, text.V)
	}
	return id, nil
}
