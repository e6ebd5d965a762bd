package kinesis

import (
	"context"
	"errors"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// GetShardIterator returns a place in a shard to read from.
//
// Order of checks: the shard id's syntax, stream, shard, the combination of
// type, number and time, rate. LATEST is bound to the durable tip now,
// AT_TIMESTAMP to the first record at or after the time; a shard's
// StartingSequenceNumber and EndingSequenceNumber are valid starts.

func (s *Service) getShardIterator(
	ctx context.Context, c service.Caller, in *api.GetShardIteratorInput,
) (*api.GetShardIteratorOutput, error) {
	r, err := target{in.StreamName, in.StreamARN}.ref(c)
	if err != nil {
		return nil, err
	}
	id, ok := stream.ParseShardID(in.ShardId.V)
	if !ok {
		return nil, errBadShardID(r, in.ShardId.V)
	}
	now := s.engine.Now()
	sn := s.find(r)
	if sn == nil || !sn.readable(now) {
		return nil, errShardMissing(r, id)
	}
	shard, ok := sn.shard(id, now)
	if !ok {
		return nil, errShardMissing(r, id)
	}
	kind, _ := stream.ParseIteratorType(in.ShardIteratorType.V)
	p := startPosition{kind: kind, number: in.StartingSequenceNumber, at: in.Timestamp}
	if err := p.check(sn, shard, now); err != nil {
		return nil, err
	}
	if in.DryRun.V {
		return nil, errDryRun()
	}
	if !s.rates(sn, id).admitIterator(now) {
		return nil, errShardRate(r, id)
	}
	it, err := s.startIterator(ctx, sn, shard, p)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, errShardMissing(r, id)
	}
	if err != nil {
		return nil, err
	}
	return &api.GetShardIteratorOutput{ShardIterator: api.Some(s.sealIterator(it, now))}, nil
}

// startPosition is where a reader wants to start, as it says it.
type startPosition struct {
	kind   stream.IteratorType
	number api.Opt[string]
	at     api.Opt[api.Timestamp]
	seq    stream.SequenceNumber // number parsed, by check
}

// check refuses a combination that makes no sense for the shard.
func (p *startPosition) check(sn *snapshot, shard stream.Shard, now stream.Millis) error {
	switch p.kind {
	case stream.AtSequenceNumber, stream.AfterSequenceNumber:
		if !p.number.Set {
			return p.combinationError("no")
		}
		return p.checkNumber(sn, shard)
	case stream.TrimHorizon, stream.Latest:
		if p.number.Set {
			return p.combinationError("also a")
		}
	case stream.AtTimestamp:
		if !p.at.Set {
			return api.Errorf(api.InvalidArgument,
				"Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
		}
		if stream.Millis(p.at.V) > now {
			return api.Errorf(api.InvalidArgument,
				"The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "+
					"timestampInMillis: %d, currentTimestampInMillis: %d", p.at.V, now)
		}
	}
	return nil
}

func (p *startPosition) combinationError(has string) error {
	return api.Errorf(api.InvalidArgument,
		"Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "+
			"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified %s and %s StartingSequenceNumber.",
		p.kind, has)
}

// checkNumber parses the number and refuses one that the shard did not issue.
func (p *startPosition) checkNumber(sn *snapshot, shard stream.Shard) error {
	invalid := func(why string) error {
		return api.Errorf(api.InvalidArgument,
			"StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid%s.",
			p.number.V, shard.ID, sn.Name, sn.Account, why)
	}
	seq, version, err := stream.ParseSequenceNumber(p.number.V)
	switch {
	case err != nil:
		return invalid("")
	case seq.Shard != shard.ID:
		return api.Errorf(api.InvalidArgument,
			"Invalid StartingSequenceNumber. It encodes %s, while it was used in a call to a shard with %s", seq.Shard, shard.ID)
	case version == 0:
		// AWS answers a number of the oldest form so, where a shard has none.
		return api.Errorf(api.InternalFailure, "")
	case version == 1 || seq.Created != shard.Created:
		return invalid(" because it did not come from this stream")
	}
	p.seq = seq
	return nil
}

// startIterator finds the place that a checked start position means.
func (s *Service) startIterator(
	ctx context.Context, sn *snapshot, shard stream.Shard, p startPosition,
) (stream.Iterator, error) {
	it := stream.Iterator{
		Account: sn.Account, Region: sn.Region, Name: sn.Name,
		Stream: sn.Number, Shard: shard.ID, Type: p.kind,
	}
	log := sn.logID(shard.ID)
	var err error
	switch p.kind {
	case stream.Latest:
		var tip engine.Tip
		tip, err = s.engine.Tip(ctx, log)
		it.Position = tip.Last + 1
	case stream.AtTimestamp:
		it.Position, err = s.engine.SeekTime(ctx, log, stream.Millis(p.at.V))
	case stream.TrimHorizon: // before the first position
	case stream.AtSequenceNumber, stream.AfterSequenceNumber:
		it.Position, it.Time = p.seq.Position, p.seq.Time.Start()
	}
	return it, err
}
