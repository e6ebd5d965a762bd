package kinesis

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/stream"
)

// ref names a stream.
type ref struct{ account, region, name string }

func (r ref) key() engine.Key { return engine.NewKey("stream", r.account, r.region, r.name) }

func (r ref) arn() string { return stream.StreamARN(r.region, r.account, r.name) }

// tombstoneKey is where the last creation second of a deleted stream is kept,
// so that one made again under its name gets a later one.
func (r ref) tombstoneKey() engine.Key {
	return engine.NewKey(tombstones, r.account, r.region, r.name)
}

// tombstones is the first part of the tombstones' keys.
const tombstones = "tombstone"

// registry holds the streams that exist.
type registry struct {
	mu      sync.RWMutex // guards streams
	streams map[ref]*streamState
}

// streamState is a stream while the server runs.
type streamState struct {
	ref  ref
	snap atomic.Pointer[snapshot] // nil once the stream is gone
	mu   sync.Mutex               // serialises changes; readers use snap
	// rates holds the *shardRates of the shards that were used.
	rates sync.Map
	usage usage
	// counters count what is done with the stream.
	counters counters
	// consumers are the stream's, ordered by name; nil for none. They change
	// with mu held.
	consumers atomic.Pointer[[]*consumer]
	// dataKeys holds the stream's *dataKey by their stream.DataKeyID. They
	// change with mu held.
	dataKeys sync.Map
}

// snapshot is a stream at one revision. It never changes.
type snapshot struct {
	stream.Stream
	revision engine.Revision
	router   stream.Router
	names    []string       // the ids of the open shards as text, by router index
	rules    *policy.Policy // of the stream; nil for none
	state    *streamState
}

func (sn *snapshot) logID(shard stream.ShardID) engine.LogID {
	return engine.LogID{Stream: sn.Number, Shard: shard}
}

func (sn *snapshot) logIDs(shards []stream.ShardID) []engine.LogID {
	ids := make([]engine.LogID, len(shards))
	for i, shard := range shards {
		ids[i] = sn.logID(shard)
	}
	return ids
}

// publish makes the stream's newest object the one that requests see.
func (st *streamState) publish(obj stream.Stream, rev engine.Revision) *snapshot {
	if obj.Number == 0 {
		obj.Number = uint64(rev)
	}
	sn := &snapshot{Stream: obj, revision: rev, router: stream.NewRouter(obj.Shards), state: st}
	sn.names = make([]string, sn.router.Len())
	for i := range sn.names {
		sn.names[i] = sn.router.At(i).ID.String()
	}
	// Whoever sees the snapshot finds its data keys.
	st.publishDataKeys(obj.DataKeys)
	if before := st.snap.Load(); before != nil && before.Policy == obj.Policy {
		sn.rules = before.rules
	} else {
		sn.rules = parseRules(sn.ARN(), obj.Policy)
	}
	st.snap.Store(sn)
	return sn
}

// find returns the stream's snapshot, or nil if there is none. A stream whose
// deletion is due is none.
func (s *Service) find(r ref) *snapshot {
	s.reg.mu.RLock()
	st := s.reg.streams[r]
	s.reg.mu.RUnlock()
	if st == nil {
		return nil
	}
	sn := st.snap.Load()
	if sn == nil || sn.Status == stream.Deleting && sn.BusyUntil <= s.engine.Now() {
		return nil
	}
	return sn
}

// streams yields the streams of an account and region, in no order.
func (s *Service) streams(c service.Caller) iter.Seq[*snapshot] {
	return func(yield func(*snapshot) bool) {
		for _, st := range s.allStates() {
			if st.ref.account != c.Account || st.ref.region != c.Region {
				continue
			}
			if sn := s.find(st.ref); sn != nil && !yield(sn) {
				return
			}
		}
	}
}

// target is how requests name a stream.
type target struct{ name, arn api.Opt[string] }

// ref returns the stream that a request means. The caller's own account and
// region hold unless an ARN says otherwise.
func (t target) ref(c service.Caller) (ref, error) {
	r := ref{c.Account, c.Region, t.name.V}
	if !t.arn.Set {
		if !t.name.Set {
			return ref{}, api.Errorf(api.InvalidArgument, "Either StreamName or StreamARN should be provided.")
		}
		return r, nil
	}
	account, region, name, ok := stream.ParseStreamARN(t.arn.V)
	switch {
	case !ok:
		return ref{}, api.Errorf(api.InvalidArgument, "Invalid StreamARN %s.", t.arn.V)
	case t.name.Set && t.name.V != name:
		return ref{}, api.Errorf(api.InvalidArgument, "StreamName %s and StreamARN %s name different streams.", t.name.V, t.arn.V)
	case account != c.Account && !c.CrossAccount:
		return ref{}, api.Errorf(api.AccessDenied,
			"User: arn:aws:iam::%s:root is not authorized to access resource: %s because no resource-based policy allows it", c.Account, t.arn.V)
	case region != c.Region:
		return ref{}, errStreamNotFound(ref{account, region, name})
	}
	return ref{account, region, name}, nil
}

// lookup returns the stream that a request names, in whatever status.
func (s *Service) lookup(c service.Caller, t target) (*snapshot, error) {
	r, err := t.ref(c)
	if err != nil {
		return nil, err
	}
	sn := s.find(r)
	if sn == nil {
		return nil, errStreamNotFound(r)
	}
	return sn, nil
}

// change is one change to a stream's object. It gets a copy that it may modify
// and returns the error that refuses it.
type change func(*stream.Stream) error

// update changes a stream's object in one write, unless the stream is DELETING.
func (s *Service) update(ctx context.Context, sn *snapshot, fn change) error {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return err
	}
	defer unlock()
	st := sn.state
	if sn.Status == stream.Deleting {
		return errNotActive(st.ref, stream.Deleting)
	}
	_, err = s.writeLocked(ctx, sn, fn)
	return err
}

// updateActive changes the object of an active stream in one write, which shows
// as UPDATING.
func (s *Service) updateActive(ctx context.Context, sn *snapshot, fn change) error {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.checkActive(sn); err != nil {
		return err
	}
	_, err = s.writeLocked(ctx, sn, func(obj *stream.Stream) error {
		s.busy(obj)
		return fn(obj)
	})
	return err
}

// lockCurrent takes the lock of a stream's changes and returns the newest
// snapshot of the stream that sn is of. The caller then has to unlock. After an
// error, that the stream is gone, there is nothing to unlock.
func (s *Service) lockCurrent(sn *snapshot) (current *snapshot, unlock func(), err error) {
	st := sn.state
	st.mu.Lock()
	current = s.find(st.ref)
	if current == nil || current.Number != sn.Number {
		st.mu.Unlock()
		return nil, nil, errStreamNotFound(st.ref)
	}
	return current, st.mu.Unlock, nil
}

// writeLocked makes a change durable and visible. The caller holds the
// stream's mu and sn is its newest snapshot.
func (s *Service) writeLocked(ctx context.Context, sn *snapshot, fn change) (*snapshot, error) {
	obj := sn.Stream
	obj.Tags = maps.Clone(obj.Tags)
	obj.Shards = slices.Clone(obj.Shards)
	if err := fn(&obj); err != nil {
		return nil, err
	}
	rev, err := s.engine.Write(ctx, []engine.Change{
		{Key: sn.state.ref.key(), Value: obj.AppendBinary(nil), Expect: sn.revision},
	})
	if err != nil {
		return nil, fmt.Errorf("write stream %s: %w", obj.Name, err)
	}
	return sn.state.publish(obj, rev), nil
}

// load reads all streams and finishes what was left unfinished.
func (s *Service) load(ctx context.Context) error {
	entries, err := s.engine.List(ctx, engine.NewKey("stream"), "", 0)
	if err != nil {
		return err
	}
	owned := make(map[engine.LogID]bool)
	for _, e := range entries {
		parts := e.Key.Parts()
		if len(parts) != 4 {
			return fmt.Errorf("unexpected key %s", e.Key)
		}
		obj, err := stream.DecodeStream(e.Value)
		if err != nil {
			return fmt.Errorf("decode %s: %w", e.Key, err)
		}
		st := &streamState{ref: ref{parts[1], parts[2], parts[3]}}
		s.reg.streams[st.ref] = st
		sn := st.publish(obj, e.Revision)
		for _, id := range sn.ownedLogs() {
			owned[id] = true
		}
	}
	if err := s.loadConsumers(ctx); err != nil {
		return err
	}
	if err := s.loadPeaks(ctx); err != nil {
		return err
	}
	if err := s.deleteOrphans(ctx, owned); err != nil {
		return err
	}
	return s.finishAll(ctx)
}

// ownedLogs returns the logs that the stream has or is about to have.
func (sn *snapshot) ownedLogs() []engine.LogID {
	var ids []engine.LogID
	for _, shard := range sn.Shards {
		ids = append(ids, sn.logID(shard.ID))
	}
	if sn.Intent != nil {
		for _, planned := range sn.Intent.New {
			ids = append(ids, sn.logID(planned.ID))
		}
	}
	return ids
}

// deleteOrphans deletes the logs that no stream owns: what is left of
// deletions that a crash interrupted.
func (s *Service) deleteOrphans(ctx context.Context, owned map[engine.LogID]bool) error {
	ids, err := s.engine.Logs(ctx, 0)
	if err != nil {
		return err
	}
	orphans := slices.DeleteFunc(ids, func(id engine.LogID) bool { return owned[id] })
	if len(orphans) == 0 {
		return nil
	}
	return s.engine.Delete(ctx, orphans)
}

// finishAll finishes the changes that a crash interrupted. A full engine is no
// reason not to start: whoever needs the change later finishes it.
func (s *Service) finishAll(ctx context.Context) error {
	for _, st := range s.reg.streams {
		st.mu.Lock()
		_, err := s.finishLocked(ctx, st)
		st.mu.Unlock()
		switch {
		case errors.Is(err, engine.ErrFull):
			s.log.Warn("a change of a stream is still unfinished", "stream", st.ref.name, "error", err)
		case err != nil:
			return fmt.Errorf("finish the change of stream %s: %w", st.ref.name, err)
		}
	}
	return nil
}
