package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// DescribeStream shows a stream with a page of its shards, closed ones that
// have not expired included, in the order of their ids. At most 100 shards are
// returned, whatever the Limit. ExclusiveStartShardId is compared as an id and
// need not exist. While a stream is CREATING it shows no shards.
//
// Order of checks: the shard id's syntax, stream.

func (s *Service) describeStream(
	_ context.Context, c service.Caller, in *api.DescribeStreamInput,
) (*api.DescribeStreamOutput, error) {
	sn, after, err := s.lookupFrom(c, target{in.StreamName, in.StreamARN}, in.ExclusiveStartShardId)
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
	encryption, key := sn.encryption()
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
		EncryptionType:          encryption,
		KeyId:                   key,
	}}, nil
}

// lookupFrom returns a stream and the shard that a listing of its shards starts
// after: NoShard when none is named. An id that is none is found before that
// there is no such stream.
func (s *Service) lookupFrom(c service.Caller, t target, start api.Opt[string]) (*snapshot, stream.ShardID, error) {
	r, err := t.ref(c)
	if err != nil {
		return nil, 0, err
	}
	after := stream.NoShard
	if start.Set {
		var ok bool
		if after, ok = stream.ParseShardID(start.V); !ok {
			return nil, 0, errBadShardID(r, start.V)
		}
	}
	sn, err := s.lookup(c, t)
	return sn, after, err
}
