package stream

import (
	"cmp"
	"slices"
)

// Shards are the shards of a stream in the order of their ids. Those that have
// expired may be missing. Methods never change the slice.
type Shards []Shard

// NewShards returns the n shards that a stream begins with.
func NewShards(n int, created Second, opened Millis) Shards {
	shards := make(Shards, n)
	for i, r := range EvenRanges(n) {
		shards[i] = Shard{
			ID: ShardID(i), Parent: NoShard, AdjacentParent: NoShard,
			Range: r, Created: created, Opened: opened,
		}
	}
	return shards
}

// Find returns the shard with the given id.
func (s Shards) Find(id ShardID) (Shard, bool) {
	if i, ok := s.index(id); ok {
		return s[i], true
	}
	return Shard{}, false
}

func (s Shards) index(id ShardID) (int, bool) {
	return slices.BinarySearchFunc(s, id, func(shard Shard, id ShardID) int {
		return cmp.Compare(shard.ID, id)
	})
}

// After returns the shards whose ids are above id; of NoShard, all shards. It
// shares memory with s.
func (s Shards) After(id ShardID) Shards {
	if id == NoShard {
		return s
	}
	i, found := s.index(id)
	if found {
		i++
	}
	return s[i:]
}

// Open returns how many shards are open.
func (s Shards) Open() int {
	n := 0
	for _, shard := range s {
		if shard.IsOpen() {
			n++
		}
	}
	return n
}

// Children returns the shards that came from the given one.
func (s Shards) Children(id ShardID) []Shard {
	var children []Shard
	for _, shard := range s {
		if shard.IsChildOf(id) {
			children = append(children, shard)
		}
	}
	return children
}

// openByRange returns the open shards in the order of their ranges.
func (s Shards) openByRange() []Shard {
	var open []Shard
	for _, shard := range s {
		if shard.IsOpen() {
			open = append(open, shard)
		}
	}
	slices.SortFunc(open, func(a, b Shard) int { return a.Range.Start.Compare(b.Range.Start) })
	return open
}

// Expired returns the ids of the closed shards whose last record has expired,
// expiry being the instant up to which records have.
func (s Shards) Expired(expiry Millis) []ShardID {
	var ids []ShardID
	for _, shard := range s {
		if shard.HasExpired(expiry) {
			ids = append(ids, shard.ID)
		}
	}
	return ids
}

// Without returns the shards that are not among ids, which ascend.
func (s Shards) Without(ids []ShardID) Shards {
	kept := make(Shards, 0, len(s))
	for _, shard := range s {
		if _, found := slices.BinarySearch(ids, shard.ID); !found {
			kept = append(kept, shard)
		}
	}
	return kept
}

// FilterType says which shards a Filter selects.
type FilterType uint8

// The filters of the API. The instant of the last two, and the trim horizon,
// are t; a t before the trim horizon counts as the horizon.
const (
	AfterShardID    FilterType = iota + 1 // ids above Filter.Shard
	AtTrimHorizon                         // open at the trim horizon
	FromTrimHorizon                       // open at the trim horizon or later
	AtLatest                              // open now
	AtTime                                // open at t: together they cover every hash key once
	FromTime                              // open at t or later
)

var filterNames = [...]string{
	AfterShardID:    "AFTER_SHARD_ID",
	AtTrimHorizon:   "AT_TRIM_HORIZON",
	FromTrimHorizon: "FROM_TRIM_HORIZON",
	AtLatest:        "AT_LATEST",
	AtTime:          "AT_TIMESTAMP",
	FromTime:        "FROM_TIMESTAMP",
}

// String returns the name that the API uses.
func (t FilterType) String() string { return nameOf(filterNames[:], int(t)) }

// ParseFilterType reads the name that the API uses.
func ParseFilterType(s string) (FilterType, bool) {
	i := parseName(filterNames[:], s)
	return FilterType(i), i > 0
}

// Filter selects shards.
type Filter struct {
	Type  FilterType
	Shard ShardID // for AfterShardID
	Time  Millis  // for AtTime and FromTime
}

// Filter returns the shards that f selects, horizon being the stream's trim
// horizon. A shard that was closed in the millisecond that opened it is never
// open at an instant.
func (s Shards) Filter(f Filter, horizon Millis) Shards {
	var selected func(Shard) bool
	t := max(f.Time, horizon)
	switch f.Type {
	case AfterShardID:
		return slices.Clone(s.After(f.Shard))
	case AtTrimHorizon:
		selected = func(shard Shard) bool { return shard.openAt(horizon) }
	case FromTrimHorizon:
		selected = func(shard Shard) bool { return shard.endsAfter(horizon) }
	case AtLatest:
		selected = Shard.IsOpen
	case AtTime:
		selected = func(shard Shard) bool { return shard.openAt(t) }
	case FromTime:
		selected = func(shard Shard) bool { return shard.endsAfter(t) }
	default:
		return nil
	}
	var out Shards
	for _, shard := range s {
		if selected(shard) {
			out = append(out, shard)
		}
	}
	return out
}
