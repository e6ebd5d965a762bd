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

// mergeLocked returns rows of a list, which it sorts. A series that occurs in it
// twice has one row, and a use less.
func (s *store) mergeLocked(list []row) rows {
	slices.SortFunc(list, func(a, b row) int { return compareSeries(a.series, b.series) })
	r := makeRows(list)
	for i := 0; i < len(list); i++ {
		ser, body := list[i].series, list[i].body
		if i+1 < len(list) && list[i+1].series == ser {
			sum, more := decodeSummary(body), decodeSummary(list[i+1].body)
			sum.merge(&more)
			body = sum.appendTo(nil)
			s.releaseLocked(ser)
			i++
		}
		r.series = append(r.series, ser)
		r.bodies = append(r.bodies, body...)
		r.ends = append(r.ends, uint32(len(r.bodies)))
	}
	if len(r.series) == len(list) {
		return r
	}
	// What was reserved for series that occur twice is given back.
	return rows{slices.Clone(r.series), slices.Clone(r.ends), slices.Clone(r.bodies)}
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
	body, fresh := b.rows.find(ser), b.fresh[ser]
	if body != nil {
		sum = decodeSummary(body)
	}
	if fresh != nil {
		sum.merge(fresh)
	}
	return sum, body != nil || fresh != nil
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
// rows are to be stored.
func (s *store) condenseMinute(minute stream.Minute) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.minutes[minute]
	if b == nil || len(b.fresh) == 0 {
		return b != nil && b.changed
	}
	list := b.rows.list()
	var arena []byte
	s.bytes -= b.rows.bytes()
	for ser, sum := range b.fresh {
		begin := len(arena)
		arena = sum.appendTo(arena)
		list = append(list, row{ser, arena[begin:]})
		s.bytes -= summaryBytes + sum.sketch.bytes()
	}
	b.rows, b.fresh, b.changed = s.mergeLocked(list), nil, true
	s.bytes += b.rows.bytes()
	s.makeRoomLocked(minute, 0)
	return true
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
