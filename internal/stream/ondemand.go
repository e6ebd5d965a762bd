package stream

// OnDemandPolicy says how the shards of an on-demand stream follow its load.
type OnDemandPolicy struct {
	// SplitAt is the load of a minute above which a shard is split: half of
	// what it is there for.
	SplitAt Load
	// Least is how few open shards merging leaves, Most how many splitting
	// makes.
	Least, Most int
}

// ShardLoad is a busy minute of a shard.
type ShardLoad struct {
	Load
	// Top is what part of the load is known to be of one hash key.
	Top    Load
	TopKey HashKey
}

// Scaling is a change of an on-demand stream's shards, or none.
type Scaling struct {
	Split ShardID    // the shard to split in its middle; NoShard if none
	Merge [2]ShardID // the neighbours to merge, lower first; NoShard if none
	// OneKey are the shards that are hot because of one hash key. Splitting
	// would move everything but that key.
	OneKey []ShardID
}

// Scale chooses what to change: it splits the hottest shard that is above
// SplitAt, or else merges the coldest neighbours if what is left still has room
// for twice the peak. loads has the open shards' loads, none for one that has
// had none; peak is the most that was written to the stream in a minute.
func (p OnDemandPolicy) Scale(shards Shards, loads map[ShardID]ShardLoad, peak Load) Scaling {
	s := Scaling{Split: NoShard, Merge: [2]ShardID{NoShard, NoShard}}
	open := shards.openByRange()
	hottest := 0.0
	for _, shard := range open {
		load := loads[shard.ID]
		heat := load.Of(p.SplitAt)
		switch {
		case !load.Exceeds(p.SplitAt):
		case p.hotByOneKey(load):
			s.OneKey = append(s.OneKey, shard.ID)
		case heat > hottest && len(open) < p.Most && shard.Range.hasMiddle():
			s.Split, hottest = shard.ID, heat
		}
	}
	if s.Split == NoShard && p.hasRoom(len(open)-1, peak) {
		s.Merge = p.coldest(open, loads)
	}
	return s
}

// hotByOneKey reports whether one key has three quarters of what makes a shard
// hot, and the rest would not make it so: after a split, the shard with that
// key would be as hot.
func (p OnDemandPolicy) hotByOneKey(l ShardLoad) bool {
	if l.Minus(l.Top).Exceeds(p.SplitAt) {
		return false
	}
	return (l.Bytes <= p.SplitAt.Bytes || l.Top.Bytes >= l.Bytes/4*3) &&
		(l.Records <= p.SplitAt.Records || l.Top.Records >= l.Records/4*3)
}

// hasRoom reports whether so many shards are enough: at least as many as there
// must be, and made for twice the peak.
func (p OnDemandPolicy) hasRoom(open int, peak Load) bool {
	// A shard is made for twice SplitAt; the twos cancel out.
	return open >= p.Least && !peak.Exceeds(p.SplitAt.Times(open))
}

// coldest returns the neighbours with the least load together; of equally cold
// ones those with the narrowest range. A pair that might be split again at once
// is none.
func (p OnDemandPolicy) coldest(open []Shard, loads map[ShardID]ShardLoad) [2]ShardID {
	best := [2]ShardID{NoShard, NoShard}
	var heat float64
	var width HashKey
	for i := range len(open) - 1 {
		low, high := open[i], open[i+1]
		sum := loads[low.ID].Plus(loads[high.ID].Load).Of(p.SplitAt)
		span := high.Range.End.minus(low.Range.Start)
		if sum > mergeBelow || best[0] != NoShard && (sum > heat || sum == heat && !span.Less(width)) {
			continue
		}
		best, heat, width = [2]ShardID{low.ID, high.ID}, sum, span
	}
	return best
}

// mergeBelow is what part of SplitAt two shards may have together to be merged.
const mergeBelow = 0.75

// IsEmpty reports whether there is nothing to change.
func (s Scaling) IsEmpty() bool { return s.Split == NoShard && s.Merge[0] == NoShard }

// Plan plans the change, next being the first free id. The errors are those of
// PlanSplit and PlanMerge, for shards that have changed meanwhile.
func (s Scaling) Plan(shards Shards, next ShardID) (Reshard, error) {
	switch {
	case s.Split != NoShard:
		shard, ok := shards.Find(s.Split)
		if !ok {
			return Reshard{}, ErrShardNotFound{s.Split}
		}
		return PlanSplit(shards, next, s.Split, cutInHalf(shard.Range, nil))
	case s.Merge[0] != NoShard:
		return PlanMerge(shards, next, s.Merge[0], s.Merge[1])
	}
	return Reshard{}, nil
}

// hasMiddle reports whether PlanSplit splits the range in its middle.
func (r HashRange) hasMiddle() bool {
	middle := cutInHalf(r, nil)
	return r.Start.Next().Less(middle) && middle.Less(r.End)
}

// Resharded returns when shards were last split or merged, 0 if never.
func (s Shards) Resharded() Millis {
	var last Millis
	for _, shard := range s {
		if shard.Parent != NoShard {
			last = max(last, shard.Opened)
		}
	}
	return last
}
