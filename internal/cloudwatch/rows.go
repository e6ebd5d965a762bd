package cloudwatch

import (
	"cmp"
	"maps"
	"slices"

	"leat/internal/stream"
)

// rows are the summaries of a minute in a dense form, as they are stored: about a
// quarter of what they take while they change. They are ordered by the numbers of
// their series, and never change.
type rows struct {
	series []*series
	ends   []uint32 // where each series' row ends
	bodies []byte
}

// row is the encoded summary of a series.
type row struct {
	series *series
	body   []byte
}

func (r *rows) at(i int) row {
	begin := uint32(0)
	if i > 0 {
		begin = r.ends[i-1]
	}
	return row{r.series[i], r.bodies[begin:r.ends[i]]}
}

// list returns all rows.
func (r *rows) list() []row {
	all := make([]row, len(r.series))
	for i := range all {
		all[i] = r.at(i)
	}
	return all
}

// find returns the body of a series' row, or nil.
func (r *rows) find(ser *series) []byte {
	i, found := slices.BinarySearchFunc(r.series, ser, compareSeries)
	if !found {
		return nil
	}
	return r.at(i).body
}

func compareSeries(a, b *series) int { return cmp.Compare(a.number, b.number) }

// bytes is the memory of the rows.
func (r *rows) bytes() int64 {
	return int64(8*cap(r.series) + 4*cap(r.ends) + cap(r.bodies))
}

// mergeRows returns rows of a list, which it sorts, and the series that occur in it
// twice: they have one row.
func mergeRows(list []row) (r rows, twice []*series) {
	slices.SortFunc(list, func(a, b row) int { return compareSeries(a.series, b.series) })
	r = makeRows(list)
	for i := 0; i < len(list); i++ {
		ser, body := list[i].series, list[i].body
		if i+1 < len(list) && list[i+1].series == ser {
			sum, more := decodeSummary(body), decodeSummary(list[i+1].body)
			sum.merge(&more)
			body, twice = sum.appendTo(nil), append(twice, ser)
			i++
		}
		r.series = append(r.series, ser)
		r.bodies = append(r.bodies, body...)
		r.ends = append(r.ends, uint32(len(r.bodies)))
	}
	if len(twice) == 0 {
		return r, nil
	}
	// What was reserved for them is given back.
	return rows{slices.Clone(r.series), slices.Clone(r.ends), slices.Clone(r.bodies)}, twice
}

// makeRows returns rows without any, with room for those of a list.
func makeRows(list []row) rows {
	size := 0
	for i := range list {
		size += len(list[i].body)
	}
	return rows{make([]*series, 0, len(list)), make([]uint32, 0, len(list)), make([]byte, 0, size)}
}

// at returns the samples of a series, which share no memory with the block.
func (b *block) at(ser *series) (sum summary, ok bool) {
	if body := b.rows.find(ser); body != nil {
		sum, ok = decodeSummary(body), true
	}
	for _, some := range [...]map[*series]*summary{b.settling, b.fresh} {
		if more := some[ser]; more != nil {
			sum.merge(more)
			ok = true
		}
	}
	return sum, ok
}

// condense makes rows of all that is fresh. It returns the minutes whose rows are
// to be stored, in order.
func (s *store) condense() (changed []stream.Minute) {
	s.mu.Lock()
	minutes := slices.Sorted(maps.Keys(s.minutes))
	s.mu.Unlock()
	for _, minute := range minutes {
		if s.condenseMinute(minute) {
			changed = append(changed, minute)
		}
	}
	return changed
}

// condenseMinute makes rows of what is fresh of a minute, and reports whether its
// rows are to be stored. It works without the lock on what does not change
// meanwhile; only one may be under way.
func (s *store) condenseMinute(minute stream.Minute) (changed bool) {
	s.mu.Lock()
	b := s.minutes[minute]
	if b == nil || len(b.fresh) == 0 {
		defer s.mu.Unlock()
		return b != nil && b.changed
	}
	b.settling, b.fresh = b.fresh, nil
	rows, settling := b.rows, b.settling
	s.mu.Unlock()
	merged, twice := mergeRows(append(rows.list(), encode(settling)...))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.minutes[minute] != b {
		return false
	}
	s.bytes += merged.bytes() - rows.bytes()
	for _, sum := range settling {
		s.bytes -= summaryBytes + sum.sketch.bytes()
	}
	for _, ser := range twice {
		s.releaseLocked(ser)
	}
	b.rows, b.settling, b.changed = merged, nil, true
	s.makeRoomLocked(minute, 0)
	return true
}

// encode returns rows of summaries, in no order.
func encode(summaries map[*series]*summary) []row {
	list, arena := make([]row, 0, len(summaries)), []byte(nil)
	for ser, sum := range summaries {
		begin := len(arena)
		arena = sum.appendTo(arena)
		list = append(list, row{ser, arena[begin:]})
	}
	return list
}

// takeChanged returns the rows of a minute, and takes them for stored.
func (s *store) takeChanged(minute stream.Minute) (r rows) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.minutes[minute]; b != nil {
		b.changed, r = false, b.rows
	}
	return r
}

// setStored says how large the objects of a minute are, or that they are not what
// they should be.
func (s *store) setStored(minute stream.Minute, size int64, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.minutes[minute]
	if b == nil {
		return
	}
	b.changed = b.changed || failed
	s.bytes += size - b.stored
	b.stored = size
	s.makeRoomLocked(minute, 0)
}
