package stream

import "sort"

// Router finds the open shard of a hash key. It is immutable and safe for
// concurrent use. The zero Router has no shards.
type Router struct {
	starts []HashKey // of the open shards, ascending: all that a search touches
	shards []Shard   // the open shards in the same order
}

// NewRouter returns the router over the open shards.
func NewRouter(shards Shards) Router {
	open := shards.openByRange()
	starts := make([]HashKey, len(open))
	for i, shard := range open {
		starts[i] = shard.Range.Start
	}
	return Router{starts, open}
}

// Len returns how many open shards there are.
func (r Router) Len() int { return len(r.shards) }

// At returns the open shard with index i, 0 <= i < Len, in the order of ranges.
func (r Router) At(i int) Shard { return r.shards[i] }

// Index returns the index of the open shard that h belongs to, or -1 if there
// is none.
func (r Router) Index(h HashKey) int {
	i := sort.Search(len(r.starts), func(i int) bool { return h.Less(r.starts[i]) }) - 1
	if i < 0 || r.shards[i].Range.End.Less(h) {
		return -1
	}
	return i
}

// Route returns the id of the open shard that h belongs to, or NoShard.
func (r Router) Route(h HashKey) ShardID {
	if i := r.Index(h); i >= 0 {
		return r.shards[i].ID
	}
	return NoShard
}
