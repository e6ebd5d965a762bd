package cloudwatch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"leat/internal/engine"
	"leat/internal/stream"
)

// prefix is the first part of the keys of all objects.
const prefix = "metrics"

// objectKey returns the key of a part of a minute.
func objectKey(minute stream.Minute, part int) engine.Key {
	return engine.NewKey(prefix, fmt.Sprintf("%012d", minute), strconv.Itoa(part))
}

// parseObjectKey returns what an object's key was made of.
func parseObjectKey(key engine.Key) (minute stream.Minute, part int, ok bool) {
	parts := key.Parts()
	if len(parts) != 3 {
		return 0, 0, false
	}
	n, errMinute := strconv.ParseInt(parts[1], 10, 64)
	part, errPart := strconv.Atoi(parts[2])
	return stream.Minute(n), part, errMinute == nil && errPart == nil && key == objectKey(stream.Minute(n), part)
}

// has reports whether a minute is kept.
func (s *store) has(minute stream.Minute) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.minutes[minute] != nil
}

// parts yields rows with their series, in pieces that make one object each. A piece
// is valid until the next.
func (r *rows) parts() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var part, one []byte
		for i := range r.series {
			row := r.at(i)
			one = appendStored(one[:0], row.series.metric.key, row.series.unit, row.body)
			if len(part)+len(one) > maxPartBytes {
				if !yield(part) {
					return
				}
				part = part[:0]
			}
			part = append(part, one...)
		}
		if len(part) > 0 {
			yield(part)
		}
	}
}

// Flush stores what has changed since the last call, and deletes what is stored
// and no longer kept. What fails is done by the next call.
func (s *Service) Flush(ctx context.Context) error {
	s.Collect()
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.store.expire(s.now().Minute())
	for _, minute := range s.store.condense() {
		if err := s.flushMinute(ctx, minute); err != nil {
			// What is deleted makes room.
			return errors.Join(fmt.Errorf("store metrics: %w", err), s.deleteStale(ctx))
		}
	}
	return s.deleteStale(ctx)
}

// flushMinute writes the objects of a minute, and deletes those that it had
// beyond.
func (s *Service) flushMinute(ctx context.Context, minute stream.Minute) (err error) {
	rows, size := s.store.takeChanged(minute), int64(0)
	defer func() { s.store.setStored(minute, size, err != nil) }()
	before, n := s.parts[minute], 0
	for part := range rows.parts() {
		object := pack(part)
		size += int64(len(object))
		s.parts[minute] = max(before, n+1)
		change := engine.Change{Key: objectKey(minute, n), Value: object, Expect: engine.Any}
		if _, err := s.engine.Write(ctx, []engine.Change{change}); err != nil {
			return err
		}
		n++
	}
	if before <= n {
		return nil
	}
	if err := s.deleteObjects(ctx, objectKeys(minute, n, before)); err != nil {
		return err
	}
	s.parts[minute] = n
	return nil
}

// deleteStale deletes the objects of minutes that are no longer kept.
func (s *Service) deleteStale(ctx context.Context) error {
	var keys []engine.Key
	var gone []stream.Minute
	for minute, parts := range s.parts {
		if !s.store.has(minute) {
			keys = append(keys, objectKeys(minute, 0, parts)...)
			gone = append(gone, minute)
		}
	}
	if err := s.deleteObjects(ctx, keys); err != nil {
		return fmt.Errorf("delete metrics: %w", err)
	}
	for _, minute := range gone {
		delete(s.parts, minute)
	}
	return nil
}

// objectKeys returns the keys of parts of a minute.
func objectKeys(minute stream.Minute, from, to int) []engine.Key {
	var keys []engine.Key
	for part := from; part < to; part++ {
		keys = append(keys, objectKey(minute, part))
	}
	return keys
}

func (s *Service) deleteObjects(ctx context.Context, keys []engine.Key) error {
	if len(keys) == 0 {
		return nil
	}
	changes := make([]engine.Change, len(keys))
	for i, key := range keys {
		changes[i] = engine.Change{Key: key, Delete: true, Expect: engine.Any}
	}
	_, err := s.engine.Write(ctx, changes)
	return err
}

// load takes over what is stored. The newest comes first: if there is too much, what
// is older is deleted. An object that cannot be read is no reason not to start: it is
// left out, and deleted when its minute would be.
func (s *Service) load(ctx context.Context) error {
	entries, err := s.engine.List(ctx, engine.NewKey(prefix), "", 0)
	if err != nil {
		return err
	}
	oldest := s.now().Minute() - retention
	for _, e := range slices.Backward(entries) {
		minute, part, ok := parseObjectKey(e.Key)
		if !ok {
			return fmt.Errorf("unexpected key %s", e.Key)
		}
		s.parts[minute] = max(s.parts[minute], part+1)
		if minute <= oldest {
			continue
		}
		all, err := unpack(e.Value)
		if err != nil {
			s.log.WarnContext(ctx, "stored metrics cannot be read", "minute", minute.Start().Time(), "error", err)
			continue
		}
		if !s.store.restore(minute, all, len(e.Value)) {
			oldest = minute
		}
	}
	return nil
}
