package kinesis

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// PutRecord writes one record.
//
// Order of checks: stream, size, ExplicitHashKey, SequenceNumberForOrdering,
// rate. The number for ordering is only validated: what the shard, or an
// ancestor, has issued before is smaller by itself.

func (s *Service) putRecord(ctx context.Context, c service.Caller, in *api.PutRecordInput) (*api.PutRecordOutput, error) {
	begun := time.Now()
	sn, err := s.lookupWritable(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return nil, err
	}
	if err := checkRecord(sn, "", in.PartitionKey, in.Data.V); err != nil {
		return nil, err
	}
	hash, err := sn.hashKey(in.PartitionKey, in.ExplicitHashKey)
	if err != nil {
		return nil, err
	}
	if in.SequenceNumberForOrdering.Set {
		if err := s.checkOrdering(sn, in.SequenceNumberForOrdering.V); err != nil {
			return nil, err
		}
	}
	if in.DryRun.V {
		return nil, errDryRun()
	}
	a := getAppender()
	defer a.release()
	a.add(in.PartitionKey.V, in.Data.V, hash)
	err = s.append(ctx, sn, a)
	s.countPutRecord(sn, a, begun, err)
	if err != nil {
		return nil, err
	}
	r := &a.records[0]
	switch {
	case errors.Is(r.err, errThrottled):
		return nil, errShardRate(sn.state.ref, r.shard.ID)
	case errors.Is(r.err, engine.ErrNotFound):
		return nil, errStreamNotFound(sn.state.ref)
	case r.err != nil:
		return nil, r.err
	}
	return &api.PutRecordOutput{
		ShardId: r.shardName, SequenceNumber: r.seq.String(), EncryptionType: recordEncryption(a.encrypted),
	}, nil
}

// lookupWritable returns a stream that takes records. One in CREATING is not
// found yet.
func (s *Service) lookupWritable(c service.Caller, t target) (*snapshot, error) {
	sn, err := s.lookup(c, t)
	if err == nil && !sn.readable(s.engine.Now()) {
		return nil, errStreamNotFound(sn.state.ref)
	}
	return sn, err
}

// hashKey returns the hash key that decides a record's shard.
func (sn *snapshot) hashKey(partitionKey, explicit api.Opt[string]) (stream.HashKey, error) {
	if sn.hashesPartitionKey(explicit) {
		return stream.HashPartitionKey(partitionKey.V), nil
	}
	return sn.ownHashKey(explicit)
}

// hashesPartitionKey reports whether a record's hash key is that of its partition
// key.
func (sn *snapshot) hashesPartitionKey(explicit api.Opt[string]) bool {
	return sn.Distribution != stream.Auto && !explicit.Set
}

// ownHashKey returns the hash key of a record for which hashesPartitionKey says no:
// one at random in a stream that distributes records by itself, or else the one that
// is in the request.
func (sn *snapshot) ownHashKey(explicit api.Opt[string]) (stream.HashKey, error) {
	if sn.Distribution == stream.Auto {
		return stream.HashKey{Hi: rand.Uint64(), Lo: rand.Uint64()}, nil
	}
	hash, err := stream.ParseHashKey(explicit.V)
	if err != nil {
		return hash, api.Errorf(api.InvalidArgument,
			"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", explicit.V)
	}
	return hash, nil
}

// needsKey reports whether records need a partition key.
func (sn *snapshot) needsKey() bool { return sn.Distribution != stream.Auto }

// checkRecord refuses a record without a partition key, or larger than the
// stream allows. path is what precedes the members' names in messages.
func checkRecord(sn *snapshot, path string, key api.Opt[string], data api.Blob) error {
	limit := sn.MaxRecordBytes()
	switch {
	case !key.Set && sn.needsKey():
		return api.Errorf(api.Validation,
			"1 validation error detected: Value null at '%spartitionKey' failed to satisfy constraint: Member must not be null", path)
	case data.Len()+len(key.V) > limit:
		return api.Errorf(api.Validation,
			"1 validation error detected: Value at '%sdata' failed to satisfy constraint: Member must have length less than or equal to %d",
			path, limit)
	}
	return nil
}

func (s *Service) checkOrdering(sn *snapshot, number string) error {
	seq, _, err := stream.ParseSequenceNumber(number)
	if err == nil && !seq.InFuture(s.engine.Now().Second()) {
		return nil
	}
	return api.Errorf(api.InvalidArgument,
		"ExclusiveMinimumSequenceNumber %s used in PutRecord on stream %s under account %s is invalid.",
		number, sn.Name, sn.Account)
}
