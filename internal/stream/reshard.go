package stream

import (
	"errors"
	"fmt"
)

// The errors of PlanSplit, PlanMerge and PlanScale, beside ErrShardNotFound
// and ErrShardClosed.
var (
	// ErrHashKey says that a shard cannot be split at the given key.
	ErrHashKey = errors.New("new starting hash key is not inside the shard's range")
	// ErrNotAdjacent says that the second shard's range does not follow the first's.
	ErrNotAdjacent = errors.New("shards are not an adjacent pair")
	// ErrShardCount says that a stream cannot have so many shards.
	ErrShardCount = errors.New("shard count must be at least 1")
)

// ErrShardNotFound says that the stream has no such shard.
type ErrShardNotFound struct{ ID ShardID }

func (e ErrShardNotFound) Error() string { return fmt.Sprintf("shard %v does not exist", e.ID) }

// ErrShardClosed says that the shard has been split or merged before.
type ErrShardClosed struct{ ID ShardID }

func (e ErrShardClosed) Error() string { return fmt.Sprintf("shard %v is closed", e.ID) }

// Reshard is a change of a stream's shards, stored as an intent and then
// executed in steps that may be repeated: create the logs of New, close those
// of Parents and of the New shards that close, store the outcome of Apply.
type Reshard struct {
	Parents []ShardID      // the shards to close
	New     []PlannedShard // the shards to make, in the order of their ids, parents before children
}

// PlannedShard is a shard to be made.
type PlannedShard struct {
	ID             ShardID
	Parent         ShardID // NoShard if none, as in Shard
	AdjacentParent ShardID
	Range          HashRange
	Closes         bool // an intermediate shard: parent of a later one, never open
}

// IsEmpty reports whether there is nothing to do.
func (r Reshard) IsEmpty() bool { return len(r.Parents) == 0 && len(r.New) == 0 }

// Closing returns the ids of all shards whose logs have to be closed: parents,
// then intermediate shards.
func (r Reshard) Closing() []ShardID {
	ids := append([]ShardID(nil), r.Parents...)
	for _, p := range r.New {
		if p.Closes {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// Next returns the id that is free after the plan, given the one before it.
func (r Reshard) Next(before ShardID) ShardID { return before + ShardID(len(r.New)) }

// PlanSplit plans to split a shard in two, the upper of which starts at
// newStart; next is the first free id. The checks come in the service's order:
// ErrShardNotFound, ErrHashKey, ErrShardClosed.
func PlanSplit(shards Shards, next, id ShardID, newStart HashKey) (Reshard, error) {
	shard, ok := shards.Find(id)
	if !ok {
		return Reshard{}, ErrShardNotFound{id}
	}
	// Both children are wider than one key: start+1 < newStart < end.
	r := shard.Range
	if !r.Start.Less(newStart) || !r.Start.Less(newStart.Prev()) || !newStart.Less(r.End) {
		return Reshard{}, ErrHashKey
	}
	if !shard.IsOpen() {
		return Reshard{}, ErrShardClosed{id}
	}
	p := planner{next: next}
	p.split(piece{id: id, Range: r, existing: true}, newStart)
	return p.plan, nil
}

// PlanMerge plans to merge shard a with shard b, whose range follows a's. The
// checks come in the service's order: ErrShardNotFound, ErrNotAdjacent,
// ErrShardClosed.
func PlanMerge(shards Shards, next, a, b ShardID) (Reshard, error) {
	var halves [2]Shard
	for i, id := range [...]ShardID{a, b} {
		shard, ok := shards.Find(id)
		if !ok {
			return Reshard{}, ErrShardNotFound{id}
		}
		halves[i] = shard
	}
	if !halves[0].Range.Adjacent(halves[1].Range) {
		return Reshard{}, ErrNotAdjacent
	}
	for _, half := range halves {
		if !half.IsOpen() {
			return Reshard{}, ErrShardClosed{half.ID}
		}
	}
	p := planner{next: next}
	p.merge(
		piece{id: a, Range: halves[0].Range, existing: true},
		piece{id: b, Range: halves[1].Range, existing: true})
	return p.plan, nil
}

// Apply returns the shards after the plan, closed being the close time of each
// of Closing. It changes neither argument.
//
// All shards change over at one instant, the latest of the close times: it is
// the parents' Closed and the new shards' Opened, so that the shards open at
// any instant cover all hash keys once, although the logs were closed one after
// the other. No record is stamped later than that instant in a parent, and none
// earlier in a child, whose creation second is after it. Intermediate shards
// are opened and closed at that instant, so they are open at none; each
// generation's creation second is one more than the last.
func (r Reshard) Apply(shards Shards, closed map[ShardID]Millis) (Shards, error) {
	if r.IsEmpty() {
		return shards, nil
	}
	change, err := r.changeOver(shards, closed)
	if err != nil {
		return nil, err
	}
	out := make(Shards, len(shards), len(shards)+len(r.New))
	copy(out, shards)
	for _, id := range r.Parents {
		i, _ := out.index(id)
		out[i].Closed = change
	}
	for _, planned := range r.New {
		shard, err := planned.shard(out, change)
		if err != nil {
			return nil, err
		}
		out = append(out, shard)
	}
	return out, nil
}

// changeOver returns the instant at which the plan takes effect.
func (r Reshard) changeOver(shards Shards, closed map[ShardID]Millis) (Millis, error) {
	var change Millis
	for _, id := range r.Parents {
		parent, ok := shards.Find(id)
		if !ok {
			return 0, ErrShardNotFound{id}
		}
		if !parent.IsOpen() {
			return 0, ErrShardClosed{id}
		}
		change = max(change, parent.Opened)
	}
	for _, id := range r.Closing() {
		t := closed[id]
		if t <= 0 {
			return 0, fmt.Errorf("shard %v has no close time", id)
		}
		change = max(change, t)
	}
	return change, nil
}

// shard returns the planned shard, opened at the instant change, after the
// given ones, which contain its parents.
func (p PlannedShard) shard(shards Shards, change Millis) (Shard, error) {
	if len(shards) > 0 && shards[len(shards)-1].ID >= p.ID {
		return Shard{}, fmt.Errorf("shard %v is not newer than all others", p.ID)
	}
	var parents []Shard
	for _, id := range [...]ShardID{p.Parent, p.AdjacentParent} {
		if id == NoShard {
			continue
		}
		parent, ok := shards.Find(id)
		if !ok {
			return Shard{}, ErrShardNotFound{id}
		}
		parents = append(parents, parent)
	}
	shard := Shard{
		ID: p.ID, Parent: p.Parent, AdjacentParent: p.AdjacentParent,
		Range: p.Range, Created: ChildCreated(parents...), Opened: change,
	}
	if p.Closes {
		shard.Closed = change
	}
	return shard, nil
}
