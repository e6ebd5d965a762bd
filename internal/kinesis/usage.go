package kinesis

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"leat/internal/engine"
	"leat/internal/stream"
)

// usage is how much a stream in ON_DEMAND mode is written to, by the minute. It
// is forgotten with the end of the server, but for the peaks: these are kept in
// the KV.
type usage struct {
	// mu guards all fields. An append takes it once for each stream, not for
	// each record.
	mu     sync.Mutex
	minute stream.Minute // which is counted; 0 before the first
	total  stream.Load   // of all shards in that minute, also of those closed meanwhile
	shards map[stream.ShardID]*shardUse
	peaks  stream.Peaks
	// unsaved says that peaks is not what is stored, due that it is time to
	// store it.
	unsaved, due bool
}

// shardUse is how much a shard is written to.
type shardUse struct {
	load stream.Load // in the minute that is counted
	keys *keyUse     // nil until the minute is half as busy as a hot one
	// busiest is the busiest minute of those before that still count.
	busiest   stream.ShardLoad
	busiestAt stream.Minute
	// oneKey says that the log has told of the one key that makes it hot.
	oneKey bool
}

// keyUse is which keys a minute's records have, since it became busy.
type keyUse struct{ bytes, records stream.HeavyKeys }

// count counts what a round of an append has written, before the records are
// settled.
func (u *usage) count(now stream.Millis, o OnDemand, a *appender, results []engine.Result) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rollLocked(now.Minute(), o)
	busy := false
	for i := range a.batches {
		b := &a.batches[i]
		if results[i].Err != nil {
			continue
		}
		use := u.shardLocked(b.shard.ID)
		written := stream.Load{Bytes: int64(b.bytes), Records: int64(b.records)}
		use.load = use.load.Plus(written)
		u.total = u.total.Plus(written)
		if use.keys == nil && use.load.Times(2).Exceeds(o.splitAt()) {
			use.keys = new(keyUse)
		}
		busy = busy || use.keys != nil
	}
	if busy {
		u.countKeysLocked(a, results)
	}
}

// countKeysLocked counts the keys of busy shards.
func (u *usage) countKeysLocked(a *appender, results []engine.Result) {
	for i := range a.records {
		r := &a.records[i]
		if !r.pending() || results[r.batch].Err != nil {
			continue
		}
		if keys := u.shards[r.shard.ID].keys; keys != nil {
			keys.bytes.Add(r.hash, int64(r.bytes()))
			keys.records.Add(r.hash, 1)
		}
	}
}

func (u *usage) shardLocked(id stream.ShardID) *shardUse {
	use := u.shards[id]
	if use == nil {
		use = new(shardUse)
		if u.shards == nil {
			u.shards = make(map[stream.ShardID]*shardUse)
		}
		u.shards[id] = use
	}
	return use
}

// rollLocked ends the minute that is counted if another one has begun.
func (u *usage) rollLocked(minute stream.Minute, o OnDemand) {
	if minute <= u.minute {
		return
	}
	u.peakLocked(o)
	for _, use := range u.shards {
		use.roll(u.minute, o)
	}
	u.minute, u.total = minute, stream.Load{}
}

// peakLocked takes the minute that is counted into the peaks.
func (u *usage) peakLocked(o OnDemand) {
	if u.total == (stream.Load{}) {
		return
	}
	if u.peaks.Add(u.minute, o.slot(), u.total) {
		u.due = true
	}
	u.unsaved = true
}

// roll ends a minute.
func (use *shardUse) roll(minute stream.Minute, o OnDemand) {
	now, limit := use.current(), o.splitAt()
	if now.Of(limit) >= use.recent(minute, o).Of(limit) {
		use.busiest, use.busiestAt = now, minute
	}
	use.load, use.keys = stream.Load{}, nil
}

// current returns the load of the minute so far.
func (use *shardUse) current() stream.ShardLoad {
	l := stream.ShardLoad{Load: use.load}
	if use.keys == nil {
		return l
	}
	key, part := use.keys.bytes.Top()
	l.Top.Bytes = int64(part * float64(l.Bytes))
	l.TopKey = key
	key, partOfRecords := use.keys.records.Top()
	l.Top.Records = int64(partOfRecords * float64(l.Records))
	if partOfRecords > part {
		l.TopKey = key
	}
	return l
}

// recent returns the busiest minute that still counts, the given one aside: of
// those that end no longer ago than a stream may have to wait for a change.
func (use *shardUse) recent(minute stream.Minute, o OnDemand) stream.ShardLoad {
	if minute-use.busiestAt > o.window() {
		return stream.ShardLoad{}
	}
	return use.busiest
}

// demand returns how busy each open shard of a stream is, and the stream at
// most, and whether it is time to store the peaks. What no longer counts is
// forgotten.
func (u *usage) demand(sn *snapshot, now stream.Millis, o OnDemand) (map[stream.ShardID]stream.ShardLoad, stream.Load, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rollLocked(now.Minute(), o)
	u.peaks.Forget(now.Add(-o.Memory).Minute(), o.slot())
	loads := make(map[stream.ShardID]stream.ShardLoad, len(u.shards))
	for id, use := range u.shards {
		if shard, ok := sn.Shards.Find(id); !ok || !shard.IsOpen() {
			delete(u.shards, id)
			continue
		}
		load := use.current()
		if recent := use.recent(u.minute, o); recent.Of(o.splitAt()) > load.Of(o.splitAt()) {
			load = recent
		}
		loads[id] = load
	}
	return loads, u.peaks.Max().Max(u.total), u.due
}

// tell reports whether the log is to tell of a shard that is hot by one key: it
// does so once.
func (u *usage) tell(id stream.ShardID) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	use := u.shards[id]
	if use == nil || use.oneKey {
		return false
	}
	use.oneKey = true
	return true
}

// restart forgets all and takes a load for the peak so far.
func (u *usage) restart(now stream.Millis, o OnDemand, peak stream.Load) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.minute, u.total, u.shards, u.peaks = now.Minute(), stream.Load{}, nil, stream.Peaks{}
	u.peaks.Add(u.minute, o.slot(), peak)
	u.unsaved, u.due = true, true
}

// encode returns the peaks to store, or nil if they are stored already.
func (u *usage) encode(o OnDemand) []byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.peakLocked(o)
	u.due = false
	if !u.unsaved {
		return nil
	}
	u.unsaved = false
	return u.peaks.AppendBinary(nil)
}

// notSaved says that what encode returned could not be stored.
func (u *usage) notSaved() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.unsaved, u.due = true, true
}

// peaksKey is where the peaks of a stream are kept.
func (r ref) peaksKey() engine.Key { return engine.NewKey("peaks", r.account, r.region, r.name) }

// SavePeaks stores how much the on-demand streams were written to at most. It is
// for the end of a server; while it runs, Scale does it.
func (s *Service) SavePeaks(ctx context.Context) error {
	var errs []error
	for _, st := range s.allStates() {
		errs = append(errs, s.savePeaks(ctx, st))
	}
	return errors.Join(errs...)
}

// savePeaks stores a stream's peaks unless they are stored. The stream's lock
// keeps them from being stored after its deletion.
func (s *Service) savePeaks(ctx context.Context, st *streamState) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if sn := st.snap.Load(); sn == nil || !s.cfg.OnDemand.counts(sn) {
		return nil
	}
	value := st.usage.encode(s.cfg.OnDemand)
	if value == nil {
		return nil
	}
	_, err := s.engine.Write(ctx, []engine.Change{{Key: st.ref.peaksKey(), Value: value, Expect: engine.Any}})
	if err != nil {
		st.usage.notSaved()
		return fmt.Errorf("write the peaks of stream %s: %w", st.ref.name, err)
	}
	return nil
}

// loadPeaks gives the on-demand streams their peaks.
func (s *Service) loadPeaks(ctx context.Context) error {
	entries, err := s.engine.List(ctx, engine.NewKey("peaks"), "", 0)
	if err != nil {
		return err
	}
	for _, e := range entries {
		parts := e.Key.Parts()
		if len(parts) != 4 {
			return fmt.Errorf("unexpected key %s", e.Key)
		}
		peaks, err := stream.DecodePeaks(e.Value)
		if err != nil {
			return fmt.Errorf("decode %s: %w", e.Key, err)
		}
		if st := s.reg.streams[ref{parts[1], parts[2], parts[3]}]; st != nil {
			st.usage.peaks = peaks
		}
	}
	return nil
}
