package kinesis

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// create makes a stream in three repeatable steps: the object in status
// Creating without an end (BusyUntil 0), the logs, the end of Creating.
func (s *Service) create(ctx context.Context, obj stream.Stream) error {
	r := ref{obj.Account, obj.Region, obj.Name}
	if err := s.finishDue(ctx, r); err != nil {
		return err
	}
	st, err := s.claim(r)
	if err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	sn, err := s.insertLocked(ctx, st, obj)
	if err != nil {
		s.forget(st)
		return err
	}
	_, err = s.finishCreateLocked(begun(ctx), sn)
	return err
}

// begun returns the context for the further steps of a change: the client that
// goes away after the first does not leave the rest to a sweep.
func begun(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// finishDue finishes the deletion of the stream that had the name, if that is
// what is left of it.
func (s *Service) finishDue(ctx context.Context, r ref) error {
	s.reg.mu.RLock()
	st := s.reg.streams[r]
	s.reg.mu.RUnlock()
	if st == nil || st.snap.Load() == nil || s.find(r) != nil {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	_, err := s.finishLocked(ctx, st)
	return err
}

// claim reserves a name: the state it returns is in the registry but has no
// snapshot yet, so that requests do not see it.
func (s *Service) claim(r ref) (*streamState, error) {
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	if st := s.reg.streams[r]; st != nil {
		return nil, errStreamExists(r)
	}
	st := &streamState{ref: r}
	s.reg.streams[r] = st
	return st, nil
}

// forget removes a stream from the registry.
func (s *Service) forget(st *streamState) {
	st.snap.Store(nil)
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	delete(s.reg.streams, st.ref)
}

// insertLocked writes the first object of a stream, later than whatever had
// its name before.
func (s *Service) insertLocked(ctx context.Context, st *streamState, obj stream.Stream) (*snapshot, error) {
	last, err := s.tombstone(ctx, st.ref.tombstoneKey())
	if err != nil {
		return nil, err
	}
	obj.Created = s.engine.Now()
	obj.CreatedSecond = max(obj.Created.Second(), last+1)
	obj.Status = stream.Creating
	obj.BusyUntil = 0
	obj.Shards = stream.NewShards(len(obj.Shards), obj.CreatedSecond, obj.Created)
	obj.NextShard = stream.ShardID(len(obj.Shards))
	rev, err := s.engine.Write(ctx, []engine.Change{
		{Key: st.ref.key(), Value: obj.AppendBinary(nil), Expect: engine.Absent},
	})
	if err != nil {
		return nil, fmt.Errorf("write stream %s: %w", obj.Name, err)
	}
	return st.publish(obj, rev), nil
}

// tombstone returns the last creation second of an earlier stream or consumer,
// 0 if there was none.
func (s *Service) tombstone(ctx context.Context, key engine.Key) (stream.Second, error) {
	entry, err := s.engine.Get(ctx, key)
	if errors.Is(err, engine.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return decodeSecond(entry.Value)
}

// finishCreateLocked gives a new stream its logs and opens it.
func (s *Service) finishCreateLocked(ctx context.Context, sn *snapshot) (*snapshot, error) {
	ids := sn.ownedLogs()
	if err := s.engine.Create(ctx, ids); err != nil {
		return nil, fmt.Errorf("create the logs of stream %s: %w", sn.Name, err)
	}
	return s.writeLocked(ctx, sn, func(obj *stream.Stream) error {
		obj.BusyUntil = s.engine.Now().Add(s.cfg.TransitionDelay)
		return nil
	})
}

// remove deletes a stream: at once, or when its DELETING ends. It has to be told
// to delete the stream's consumers with it. Subscriptions end at once.
func (s *Service) remove(ctx context.Context, sn *snapshot, consumersToo bool) error {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return err
	}
	defer unlock()
	st := sn.state
	if sn.Status == stream.Deleting {
		return errNotActive(st.ref, stream.Deleting)
	}
	if !consumersToo && len(st.consumersAt(s.engine.Now())) > 0 {
		return errHasConsumers(st.ref)
	}
	sn, err = s.writeLocked(ctx, sn, func(obj *stream.Stream) error {
		obj.Status = stream.Deleting
		obj.BusyUntil = s.engine.Now().Add(s.cfg.TransitionDelay)
		return nil
	})
	if err != nil {
		return err
	}
	st.endSubscriptions(errStreamNotFound(st.ref))
	if s.cfg.TransitionDelay > 0 {
		return nil
	}
	return s.finishDeleteLocked(begun(ctx), sn)
}

// finishDeleteLocked removes the logs of a stream whose object says Deleting,
// and then the object with its consumers. From the first step on nothing can be
// appended.
func (s *Service) finishDeleteLocked(ctx context.Context, sn *snapshot) error {
	if err := s.engine.Delete(ctx, sn.ownedLogs()); err != nil {
		return fmt.Errorf("delete the logs of stream %s: %w", sn.Name, err)
	}
	last := sn.CreatedSecond
	for _, shard := range sn.Shards {
		last = max(last, shard.Created)
	}
	changes := append(sn.state.consumerRemovals(sn.state.listConsumers()),
		engine.Change{Key: sn.state.ref.key(), Delete: true, Expect: sn.revision},
		engine.Change{Key: sn.state.ref.peaksKey(), Delete: true, Expect: engine.Any},
		engine.Change{Key: sn.state.ref.tombstoneKey(), Value: encodeSecond(last), Expect: engine.Any})
	if _, err := s.engine.Write(ctx, changes); err != nil {
		return fmt.Errorf("delete stream %s: %w", sn.Name, err)
	}
	s.forget(sn.state)
	return nil
}

// finishLocked finishes whatever change of the stream is under way, and
// returns the newest snapshot, nil if the stream is gone.
func (s *Service) finishLocked(ctx context.Context, st *streamState) (*snapshot, error) {
	sn := st.snap.Load()
	switch {
	case sn == nil:
		return nil, nil
	case sn.Status == stream.Deleting:
		if sn.BusyUntil > s.engine.Now() {
			return sn, nil
		}
		return nil, s.finishDeleteLocked(ctx, sn)
	case sn.unborn():
		return s.finishCreateLocked(ctx, sn)
	case sn.Intent != nil:
		return s.finishReshardLocked(ctx, sn)
	}
	return sn, nil
}

// EnsureStream creates a provisioned stream unless it exists, and returns how
// many open shards it has and whether it was created now.
func (s *Service) EnsureStream(ctx context.Context, c service.Caller, name string, shards int) (have int, created bool, err error) {
	if sn := s.find(ref{c.Account, c.Region, name}); sn != nil {
		return sn.Shards.Open(), false, nil
	}
	in := api.CreateStreamInput{StreamName: api.Some(name), ShardCount: api.Some(int32(shards))}
	if verr := api.Validate(&in, api.CreateStreamSchema); verr != nil {
		return 0, false, verr
	}
	if err := s.createStream(ctx, c, &in); err != nil {
		return 0, false, err
	}
	return shards, true, nil
}

// status returns what a stream shows as its StreamStatus.
func (sn *snapshot) status(now stream.Millis) stream.Status {
	switch {
	case sn.unborn():
		return stream.Creating
	case sn.Intent != nil && sn.Status != stream.Deleting:
		return stream.Updating
	}
	return sn.StatusAt(now)
}

// unborn reports whether the stream's creation is unfinished: it may not have
// all its logs yet.
func (sn *snapshot) unborn() bool { return sn.Status == stream.Creating && sn.BusyUntil == 0 }

// readable reports whether records can be put and read: not before the stream
// was ACTIVE for the first time, and not once it is DELETING.
func (sn *snapshot) readable(now stream.Millis) bool {
	status := sn.status(now)
	return status == stream.Active || status == stream.Updating
}

// lookupActive returns a stream whose shards or settings may be changed.
func (s *Service) lookupActive(c service.Caller, t target) (*snapshot, error) {
	sn, err := s.lookup(c, t)
	if err != nil {
		return nil, err
	}
	return sn, s.checkActive(sn)
}

func (s *Service) checkActive(sn *snapshot) error {
	if status := sn.status(s.engine.Now()); status != stream.Active {
		return errNotActive(sn.state.ref, status)
	}
	return nil
}

// busy makes a change show as UPDATING for the transition delay.
func (s *Service) busy(obj *stream.Stream) {
	obj.Status = stream.Updating
	obj.BusyUntil = s.engine.Now().Add(s.cfg.TransitionDelay)
}

// encodeSecond returns the value of a tombstone.
func encodeSecond(s stream.Second) []byte { return binary.BigEndian.AppendUint64(nil, uint64(s)) }

func decodeSecond(b []byte) (stream.Second, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("a tombstone of %d bytes", len(b))
	}
	return stream.Second(binary.BigEndian.Uint64(b)), nil
}
