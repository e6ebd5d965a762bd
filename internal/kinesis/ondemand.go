package kinesis

import (
	"context"
	"errors"
	"time"

	"leat/internal/api"
	"leat/internal/stream"
)

// OnDemand says how streams in ON_DEMAND mode follow what is written to them.
// With the zero value they do not.
type OnDemand struct {
	// SplitAt is the bytes per second above which a shard is split, by the
	// minute. It is half of what a shard is there for.
	SplitAt int64
	// Memory is how long the most that was written counts.
	Memory time.Duration
	// Interval is the least time between two changes of a stream.
	Interval time.Duration
}

// counts reports whether what is written to a stream is counted.
func (o OnDemand) counts(sn *snapshot) bool {
	return o.SplitAt > 0 && sn.Mode == stream.OnDemand && sn.Status != stream.Deleting
}

// splitAt is the load of a minute above which a shard is split.
func (o OnDemand) splitAt() stream.Load {
	return stream.PerMinute(o.SplitAt, stream.OnDemandSplitRecords)
}

// slot is how long one peak is for.
func (o OnDemand) slot() stream.Minute { return stream.Slot(o.Memory) }

// window is how many minutes a busy one counts for: a shard that was hot while
// the stream waited for its next change is split then.
func (o OnDemand) window() stream.Minute {
	return 1 + stream.Minute((o.Interval+time.Minute-1)/time.Minute)
}

// policy is how a stream's shards follow its load.
func (o OnDemand) policy(sn *snapshot) stream.OnDemandPolicy {
	return stream.OnDemandPolicy{
		SplitAt: o.splitAt(),
		Least:   leastShards(sn.Warm.TargetMiBps),
		Most:    stream.OnDemandShards(sn.Region),
	}
}

// leastShards is how many shards an on-demand stream keeps at least: one for
// each MiB per second of its warm throughput.
func leastShards(warmMiBps int) int { return max(stream.DefaultShards, warmMiBps) }

// Scale fits the shards of on-demand streams to what is written to them: it
// splits a hot shard of a stream, or merges two cold ones, and stores from time
// to time how much was written. It is called every few seconds. One stream's
// failure does not keep the others waiting.
func (s *Service) Scale(ctx context.Context) error {
	var errs []error
	for _, st := range s.allStates() {
		sn := st.snap.Load()
		if sn == nil || !s.cfg.OnDemand.counts(sn) {
			continue
		}
		errs = append(errs, s.scaleStream(ctx, sn))
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

func (s *Service) scaleStream(ctx context.Context, sn *snapshot) error {
	now := s.engine.Now()
	loads, peak, due := sn.state.usage.demand(sn, now, s.cfg.OnDemand)
	change := s.cfg.OnDemand.policy(sn).Scale(sn.Shards, loads, peak)
	for _, id := range change.OneKey {
		s.tellOneKey(ctx, sn, id, loads[id])
	}
	ready := !change.IsEmpty() && sn.status(now) == stream.Active &&
		now.Sub(sn.Shards.Resharded()) >= s.cfg.OnDemand.Interval
	if due || ready {
		// The peaks come first: without those that made a shard hot, a restart
		// would take back the split.
		if err := s.savePeaks(ctx, sn.state); err != nil {
			return err
		}
	}
	if !ready {
		return nil
	}
	return s.applyScaling(ctx, sn, change)
}

// applyScaling changes a stream's shards. What a request has changed meanwhile
// is no failure: the next call decides anew.
func (s *Service) applyScaling(ctx context.Context, sn *snapshot, change stream.Scaling) error {
	err := s.reshard(ctx, sn, func(obj *stream.Stream) (stream.Reshard, error) {
		if obj.Mode != stream.OnDemand {
			return stream.Reshard{}, errNotOnDemand(obj.Name)
		}
		plan, err := change.Plan(obj.Shards, obj.NextShard)
		return plan, reshardError(sn.state.ref, err)
	})
	if refused, ok := errors.AsType[*api.Error](err); ok {
		s.log.DebugContext(ctx, "on-demand stream not scaled", "stream", sn.Name, "error", refused)
		return nil
	}
	if err != nil {
		return err
	}
	args := []any{"account", sn.Account, "region", sn.Region, "stream", sn.Name}
	if change.Split != stream.NoShard {
		s.log.InfoContext(ctx, "on-demand stream scaled", append(args, "split", change.Split.String())...)
	} else {
		s.log.InfoContext(ctx, "on-demand stream scaled", append(args, "merged", change.Merge[0].String(), "with", change.Merge[1].String())...)
	}
	return nil
}

// tellOneKey logs once that a shard is hot because of one key.
func (s *Service) tellOneKey(ctx context.Context, sn *snapshot, id stream.ShardID, load stream.ShardLoad) {
	if !sn.state.usage.tell(id) {
		return
	}
	s.log.WarnContext(ctx, "shard is hot by one key and is not split, which would not help",
		"account", sn.Account, "region", sn.Region, "stream", sn.Name, "shard", id.String(), "hash_key", load.TopKey.String(),
		"bytes_per_minute", load.Bytes, "of_the_key", load.Top.Bytes,
		"records_per_minute", load.Records, "records_of_the_key", load.Top.Records)
}

// beginOnDemand makes a stream that was PROVISIONED one whose shards follow its
// load. What was written to it is not known: it is taken to have used half of
// what its shards are there for, so that they are not merged before the memory
// is over.
func (s *Service) beginOnDemand(st *streamState, shards int) {
	sn := st.snap.Load()
	if sn == nil || !s.cfg.OnDemand.counts(sn) {
		return
	}
	st.usage.restart(s.engine.Now(), s.cfg.OnDemand, s.cfg.OnDemand.splitAt().Times(shards))
}

// updateShards makes a change of an active stream, after which it has at least
// so many open shards, in one step.
func (s *Service) updateShards(ctx context.Context, sn *snapshot, least int, fn change) error {
	if sn.Shards.Open() >= least {
		return s.updateActive(ctx, sn, fn)
	}
	return s.reshard(ctx, sn, func(obj *stream.Stream) (stream.Reshard, error) {
		if err := fn(obj); err != nil {
			return stream.Reshard{}, err
		}
		return stream.PlanScale(obj.Shards, obj.NextShard, max(least, obj.Shards.Open()))
	})
}
