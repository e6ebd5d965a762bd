package stream

import (
	"math"
	"slices"
)

// PlanScale plans to change the number of open shards to target in the way of
// the service, next being the first free id. Going up, every shard is split
// once (again as often as that does not suffice), then neighbours are merged;
// going down, neighbours are merged. Ranges become as equal as one cut per shard
// allows. If target is the present number the plan is empty. The error is
// ErrShardCount.
func PlanScale(shards Shards, next ShardID, target int) (Reshard, error) {
	if target < 1 {
		return Reshard{}, ErrShardCount
	}
	open := shards.openByRange()
	pieces := make([]piece, len(open))
	for i, shard := range open {
		pieces[i] = piece{id: shard.ID, Range: shard.Range, existing: true}
	}
	if target == len(pieces) || len(pieces) == 0 {
		return Reshard{}, nil
	}
	ideal := EvenRanges(target)
	if target < len(pieces) {
		p := planner{next: next}
		p.mergeTo(pieces, ideal)
		return p.plan, nil
	}
	// Cuts at the ideal boundaries are best unless a shard has several inside
	// it and few merges are left to mend that; halves are the better ones then.
	exact := scaleUp(pieces, next, ideal, cutNearIdeal)
	halves := scaleUp(pieces, next, ideal, cutInHalf)
	if halves.unevenness() < exact.unevenness() {
		return halves.plan, nil
	}
	return exact.plan, nil
}

// piece is a shard in the course of planning.
type piece struct {
	Range    HashRange
	id       ShardID
	existing bool // it is in the stream already, else it is planned
}

// planner collects a plan.
type planner struct {
	plan  Reshard
	next  ShardID // the first id that is free
	final []piece // what is open in the end, once the plan is complete
}

// closes marks a piece as a parent.
func (p *planner) closes(of piece) {
	if of.existing {
		p.plan.Parents = append(p.plan.Parents, of.id)
		return
	}
	p.plan.New[of.id-p.plan.New[0].ID].Closes = true
}

// add plans a shard.
func (p *planner) add(parent, adjacent ShardID, r HashRange) piece {
	id := p.next
	p.next++
	p.plan.New = append(p.plan.New, PlannedShard{ID: id, Parent: parent, AdjacentParent: adjacent, Range: r})
	return piece{id: id, Range: r}
}

// split plans the two parts of a piece, the lower one first.
func (p *planner) split(of piece, at HashKey) (low, high piece) {
	p.closes(of)
	low = p.add(of.id, NoShard, HashRange{of.Range.Start, at.Prev()})
	high = p.add(of.id, NoShard, HashRange{at, of.Range.End})
	return low, high
}

// merge plans the union of two neighbours.
func (p *planner) merge(low, high piece) piece {
	p.closes(low)
	p.closes(high)
	return p.add(low.id, high.id, HashRange{low.Range.Start, high.Range.End})
}

// mergeTo merges neighbours until as many are left as there are ideal ranges,
// with boundaries near theirs. Merges go in rounds of neighbouring pairs, so
// that the lineage is no deeper than it must be.
func (p *planner) mergeTo(pieces []piece, ideal []HashRange) {
	groups := group(pieces, ideal)
	for merged := true; merged; {
		merged = false
		for i, g := range groups {
			if len(g) > 1 {
				groups[i] = p.mergePairs(g)
				merged = true
			}
		}
	}
	for _, g := range groups {
		p.final = append(p.final, g...)
	}
}

// mergePairs merges the first piece with the second, the third with the fourth
// and so on.
func (p *planner) mergePairs(pieces []piece) []piece {
	var out []piece
	for pair := range slices.Chunk(pieces, 2) {
		if len(pair) == 2 {
			out = append(out, p.merge(pair[0], pair[1]))
		} else {
			out = append(out, pair[0])
		}
	}
	return out
}

// group divides pieces into as many groups of neighbours as there are ideal
// ranges, at most one for each piece. Each group begins with the piece whose
// start is nearest to its ideal range's, of those that leave pieces for the
// groups before and behind it.
func group(pieces []piece, ideal []HashRange) [][]piece {
	groups := make([][]piece, 0, len(ideal))
	begin := 0
	for j := 1; j < len(ideal); j++ {
		want := ideal[j].Start
		end, last := begin+1, len(pieces)-(len(ideal)-j)
		for end < last && !want.distance(pieces[end].Range.Start).Less(want.distance(pieces[end+1].Range.Start)) {
			end++
		}
		groups = append(groups, pieces[begin:end])
		begin = end
	}
	return append(groups, pieces[begin:])
}

// cutter chooses where to split a range of at least two keys, given the ideal
// ranges: a key that is above the range's start and not above its end.
type cutter func(r HashRange, ideal []HashRange) HashKey

// scaleUp plans to split all pieces and to merge until the ideal number is
// reached.
func scaleUp(pieces []piece, next ShardID, ideal []HashRange, cut cutter) planner {
	p := planner{next: next}
	for len(pieces) < len(ideal) {
		parts := make([]piece, 0, 2*len(pieces))
		for _, of := range pieces {
			if of.Range.Start == of.Range.End {
				parts = append(parts, of) // a single key cannot be split
				continue
			}
			low, high := p.split(of, cut(of.Range, ideal))
			parts = append(parts, low, high)
		}
		pieces = parts
	}
	p.mergeTo(pieces, ideal)
	return p
}

// cutInHalf returns the middle of the range.
func cutInHalf(r HashRange, _ []HashRange) HashKey {
	return r.Start.plus(r.End.minus(r.Start).half()).Next()
}

// cutNearIdeal returns the ideal boundary inside the range that is nearest to
// its middle, or the middle if there is none.
func cutNearIdeal(r HashRange, ideal []HashRange) HashKey {
	middle := cutInHalf(r, nil)
	i, _ := slices.BinarySearchFunc(ideal, middle, func(even HashRange, k HashKey) int {
		return even.Start.Compare(k)
	})
	best, found := middle, false
	for _, even := range ideal[max(i-1, 0):min(i+1, len(ideal))] {
		inside := r.Start.Less(even.Start) && r.Contains(even.Start)
		if inside && (!found || even.Start.distance(middle).Less(best.distance(middle))) {
			best, found = even.Start, true
		}
	}
	return best
}

// unevenness returns how many times as wide as the narrowest range the widest
// one is, of those that are open in the end.
func (p planner) unevenness() float64 {
	narrow, wide := math.Inf(1), 0.0
	for _, f := range p.final {
		last := f.Range.End.minus(f.Range.Start)
		width := float64(last.Hi)*(1<<64) + float64(last.Lo) + 1
		narrow, wide = min(narrow, width), max(wide, width)
	}
	return wide / narrow
}
