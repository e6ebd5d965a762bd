package cloudwatch

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"leat/internal/engine"
	"leat/internal/stream"
)

const (
	// retention is how many minutes are kept.
	retention = stream.Minute(24 * 60)
	// maxBytes is how much memory all that is kept may take.
	maxBytes = 64 << 20
)

// What things take beside their texts and buckets: the structure, and its place in
// the maps and slices that lead to it.
const (
	metricBytes  = 128
	seriesBytes  = 64
	summaryBytes = 112
)

// store is what is kept of all metrics. The memory that it takes stays within a
// limit: what is oldest makes room for what comes, and what would be the oldest
// itself is not kept.
type store struct {
	mu      sync.Mutex // guards all fields and what they lead to
	limit   int64
	bytes   int64
	metrics map[engine.Key]*metric
	minutes map[stream.Minute]*block
}

// metric is a metric that some minute has.
type metric struct {
	key    engine.Key
	series []*series // ordered by unit, at least one
}

// series is the samples of a metric with one unit.
type series struct {
	metric *metric
	unit   unit
	blocks int           // that have it, at least one
	last   stream.Minute // the newest that it had
}

// block is a minute.
type block struct {
	summaries map[*series]*summary
	changed   bool // since it was stored
}

func newStore(limit int64) *store {
	return &store{
		limit:   limit,
		metrics: make(map[engine.Key]*metric),
		minutes: make(map[stream.Minute]*block),
	}
}

// put adds samples to those of a minute. The store takes the summary over.
func (s *store) put(key engine.Key, u unit, minute stream.Minute, samples *summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ser := s.findLocked(key, u); ser != nil {
		if b := s.minutes[minute]; b != nil && b.summaries[ser] != nil {
			s.growLocked(minute, b.summaries[ser], samples)
			b.changed = true
			return
		}
	}
	if b := s.insertLocked(key, u, minute, samples); b != nil {
		b.changed = true
	}
}

// restore takes over the samples of a minute that were stored, unless there are
// any.
func (s *store) restore(key engine.Key, u unit, minute stream.Minute, samples *summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ser := s.findLocked(key, u); ser != nil {
		if b := s.minutes[minute]; b != nil && b.summaries[ser] != nil {
			return
		}
	}
	s.insertLocked(key, u, minute, samples)
}

func (s *store) findLocked(key engine.Key, u unit) *series {
	m := s.metrics[key]
	if m == nil {
		return nil
	}
	if i, found := m.search(u); found {
		return m.series[i]
	}
	return nil
}

func (m *metric) search(u unit) (int, bool) {
	return slices.BinarySearchFunc(m.series, u, func(s *series, u unit) int { return cmp.Compare(s.unit, u) })
}

// growLocked merges samples into a summary. Where there is no room for the
// distribution the rest is kept.
func (s *store) growLocked(minute stream.Minute, have, samples *summary) {
	before := have.sketch.bytes()
	if !have.sketch.opaque && !samples.sketch.opaque {
		// A slice that grows at most doubles.
		most := 2 * bucketBytes * int64(len(have.sketch.buckets)+len(samples.sketch.buckets)+1)
		if most > before && !s.makeRoomLocked(minute, most-before) {
			have.sketch.blur()
		}
	}
	have.merge(samples)
	s.bytes += have.sketch.bytes() - before
}

// insertLocked keeps samples of a series that the minute does not have yet, and
// returns the minute, or nil if there is no room.
func (s *store) insertLocked(key engine.Key, u unit, minute stream.Minute, samples *summary) *block {
	need := summaryBytes + samples.sketch.bytes() + seriesBytes + metricBytes + int64(len(key))
	if !s.makeRoomLocked(minute, need) {
		return nil
	}
	ser := s.seriesLocked(key, u)
	b := s.minutes[minute]
	if b == nil {
		b = &block{summaries: make(map[*series]*summary)}
		s.minutes[minute] = b
	}
	b.summaries[ser] = samples
	ser.blocks++
	ser.last = max(ser.last, minute)
	s.bytes += summaryBytes + samples.sketch.bytes()
	return b
}

// seriesLocked returns a series, which it makes if it is unknown. Its caller
// counts the block that it is for.
func (s *store) seriesLocked(key engine.Key, u unit) *series {
	m := s.metrics[key]
	if m == nil {
		m = &metric{key: key}
		s.metrics[key] = m
		s.bytes += metricBytes + int64(len(key))
	}
	i, found := m.search(u)
	if !found {
		m.series = slices.Insert(m.series, i, &series{metric: m, unit: u})
		s.bytes += seriesBytes
	}
	return m.series[i]
}

// makeRoomLocked drops the oldest minutes until there is room, but only those
// before the one that needs it.
func (s *store) makeRoomLocked(minute stream.Minute, need int64) bool {
	for s.bytes+need > s.limit {
		if len(s.minutes) == 0 {
			return false
		}
		oldest := slices.Min(slices.Collect(maps.Keys(s.minutes)))
		if oldest >= minute {
			return false
		}
		s.dropLocked(oldest)
	}
	return true
}

// dropLocked forgets a minute, and what only it had.
func (s *store) dropLocked(minute stream.Minute) {
	for ser, sum := range s.minutes[minute].summaries {
		s.bytes -= summaryBytes + sum.sketch.bytes()
		if ser.blocks--; ser.blocks > 0 {
			continue
		}
		m := ser.metric
		i, _ := m.search(ser.unit)
		m.series = slices.Delete(m.series, i, i+1)
		s.bytes -= seriesBytes
		if len(m.series) == 0 {
			delete(s.metrics, m.key)
			s.bytes -= metricBytes + int64(len(m.key))
		}
	}
	delete(s.minutes, minute)
}

// expire forgets the minutes that are too old.
func (s *store) expire(now stream.Minute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for minute := range s.minutes {
		if minute <= now-retention {
			s.dropLocked(minute)
		}
	}
}

// track is the samples of a metric with one unit, by periods.
type track struct {
	unit   unit
	points []point // ascending, none empty
}

// point is the samples of a period.
type point struct {
	at stream.Minute // the period's first
	summary
}

// span is minutes from one to before another, in periods.
type span struct{ from, to, period stream.Minute }

// tracks returns what a metric has in a span, each unit by itself and in the order
// of units.
func (s *store) tracks(key engine.Key, within span) []track {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.metrics[key]
	if m == nil {
		return nil
	}
	minutes := slices.Sorted(maps.Keys(s.minutes))
	first, _ := slices.BinarySearch(minutes, within.from)
	var all []track
	for _, ser := range m.series {
		t := track{unit: ser.unit}
		for _, minute := range minutes[first:] {
			if minute >= within.to {
				break
			}
			if sum := s.minutes[minute].summaries[ser]; sum != nil {
				t.add(within.from+(minute-within.from)/within.period*within.period, sum)
			}
		}
		if len(t.points) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// add adds the samples of a minute to those of its period.
func (t *track) add(period stream.Minute, sum *summary) {
	if n := len(t.points); n > 0 && t.points[n-1].at == period {
		t.points[n-1].merge(sum)
		return
	}
	p := point{at: period, summary: *sum}
	p.sketch = sum.sketch.clone()
	t.points = append(t.points, p)
}

// listed is a metric and when it had a sample last.
type listed struct {
	key  engine.Key
	last stream.Minute
}

// list returns the metrics below a prefix of their keys that come after one, in
// order.
func (s *store) list(prefix, after engine.Key) []listed {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []listed
	for key, m := range s.metrics {
		if key <= after || !key.Below(prefix) {
			continue
		}
		l := listed{key: key}
		for _, ser := range m.series {
			l.last = max(l.last, ser.last)
		}
		found = append(found, l)
	}
	slices.SortFunc(found, func(a, b listed) int { return cmp.Compare(a.key, b.key) })
	return found
}
