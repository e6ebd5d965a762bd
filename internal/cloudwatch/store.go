package cloudwatch

import (
	"cmp"
	"maps"
	"slices"
	"strings"
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

// What things take beside their texts, rows and buckets: the structure, and its
// place in the maps and slices that lead to it.
const (
	metricBytes  = 128
	seriesBytes  = 64
	summaryBytes = 112
)

// store is what is kept of all metrics. The memory that it takes stays within a
// limit, that of the stored objects included, as the KV holds those in memory: what
// is oldest makes room for what comes, and what would be the oldest itself is not
// kept.
type store struct {
	mu      sync.Mutex // guards all fields and what they lead to
	limit   int64
	bytes   int64
	created uint64 // series, ever
	metrics map[engine.Key]*metric
	minutes map[stream.Minute]*block
}

// metric is a metric that some minute has.
type metric struct {
	key    engine.Key
	series []*series // ordered by unit, at least one
}

// series is the samples of a metric with one unit. The metric and the unit never
// change.
type series struct {
	metric *metric
	unit   unit
	number uint64        // no other ever has it
	uses   int           // in how many summaries and rows of blocks it is, at least one
	last   stream.Minute // the newest that it had
}

// block is a minute. What comes is fresh until it settles as rows. A series may be in
// all three.
type block struct {
	fresh    map[*series]*summary
	settling map[*series]*summary // while rows are made of it; it does not change
	rows     rows
	changed  bool  // whether the rows are other than those that are stored
	stored   int64 // bytes of its objects
}

func newStore(limit int64) *store {
	return &store{
		limit:   limit,
		metrics: make(map[engine.Key]*metric),
		minutes: make(map[stream.Minute]*block),
	}
}

// put adds samples to those of a minute. It holds on to none of its arguments: they
// are parts of a request, and what is kept of a request may be little of it.
func (s *store) put(key engine.Key, u unit, minute stream.Minute, samples *summary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.minutes[minute]
	if ser := s.findLocked(key, u); ser != nil && b != nil && b.fresh[ser] != nil {
		s.growLocked(minute, b.fresh[ser], samples)
		return
	}
	need := summaryBytes + samples.sketch.bytes() + seriesBytes + metricBytes + int64(len(key))
	if !s.makeRoomLocked(minute, need) {
		return
	}
	b = s.blockLocked(minute)
	if b.fresh == nil {
		b.fresh = make(map[*series]*summary)
	}
	own := *samples
	own.sketch = samples.sketch.clone()
	m := s.metrics[key]
	if m == nil {
		// Of a key that was built the memory may be larger than the text.
		m = s.addLocked(engine.Key(strings.Clone(string(key))))
	}
	b.fresh[s.useLocked(m, u, minute)] = &own
	s.bytes += summaryBytes + own.sketch.bytes()
}

// restore takes over the rows of an object, but for those of series that the minute
// has already. It reports whether there is room for all; if not, the minute is
// dropped.
func (s *store) restore(minute stream.Minute, all []stored, size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.blockLocked(minute)
	list := b.rows.list()
	for i := range all {
		r := &all[i]
		m := s.metrics[engine.Key(r.key)]
		if m == nil {
			m = s.addLocked(engine.Key(r.key))
		}
		ser := s.useLocked(m, r.unit, minute)
		if b.rows.find(ser) != nil {
			s.releaseLocked(ser)
			continue
		}
		list = append(list, row{ser, r.row})
	}
	s.bytes -= b.rows.bytes()
	var twice []*series
	b.rows, twice = mergeRows(list)
	for _, ser := range twice {
		s.releaseLocked(ser)
	}
	b.stored += int64(size)
	s.bytes += b.rows.bytes() + int64(size)
	if s.bytes > s.limit {
		s.dropLocked(minute)
		return false
	}
	return true
}

func (s *store) blockLocked(minute stream.Minute) *block {
	b := s.minutes[minute]
	if b == nil {
		b = new(block)
		s.minutes[minute] = b
	}
	return b
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

// growLocked merges samples into a fresh summary. Where there is no room for the
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

// addLocked adds a metric. Its caller uses it.
func (s *store) addLocked(key engine.Key) *metric {
	m := &metric{key: key}
	s.metrics[key] = m
	s.bytes += metricBytes + int64(len(key))
	return m
}

// useLocked returns a series for one more use in a minute, and makes it if it is
// unknown.
func (s *store) useLocked(m *metric, u unit, minute stream.Minute) *series {
	i, found := m.search(u)
	if !found {
		s.created++
		m.series = slices.Insert(m.series, i, &series{metric: m, unit: u, number: s.created})
		s.bytes += seriesBytes
	}
	ser := m.series[i]
	ser.uses++
	ser.last = max(ser.last, minute)
	return ser
}

// releaseLocked ends a use of a series. One that has no other is forgotten.
func (s *store) releaseLocked(ser *series) {
	if ser.uses--; ser.uses > 0 {
		return
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
	b := s.minutes[minute]
	for _, some := range [...]map[*series]*summary{b.settling, b.fresh} {
		for ser, sum := range some {
			s.bytes -= summaryBytes + sum.sketch.bytes()
			s.releaseLocked(ser)
		}
	}
	for _, ser := range b.rows.series {
		s.releaseLocked(ser)
	}
	s.bytes -= b.rows.bytes() + b.stored
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
			if sum, ok := s.minutes[minute].at(ser); ok {
				t.add(within.from+(minute-within.from)/within.period*within.period, &sum)
			}
		}
		if len(t.points) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// add adds the samples of a minute to those of its period. It takes them over.
func (t *track) add(period stream.Minute, sum *summary) {
	if n := len(t.points); n > 0 && t.points[n-1].at == period {
		t.points[n-1].merge(sum)
		return
	}
	t.points = append(t.points, point{at: period, summary: *sum})
}

// listed is a metric and when it had a sample last.
type listed struct {
	key  engine.Key
	last stream.Minute
}

// list returns the metrics below a prefix of their keys that come after one, in
// order.
func (s *store) list(prefix, after engine.Key) []listed {
	found := s.below(prefix, after)
	slices.SortFunc(found, func(a, b listed) int { return cmp.Compare(a.key, b.key) })
	return found
}

// below is list in no order.
func (s *store) below(prefix, after engine.Key) (found []listed) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
	return found
}
