package stream_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/stream"
)

func TestPlanSplit(t *testing.T) {
	shards := stream.NewShards(2, 1, 1000)
	r := shards[1].Range
	at := mustKey(t, "170141183460469231731687303715884105730") // start+2
	plan, err := stream.PlanSplit(shards, 2, 1, at)
	if err != nil {
		t.Fatal(err)
	}
	want := stream.Reshard{
		Parents: []stream.ShardID{1},
		New: []stream.PlannedShard{
			{ID: 2, Parent: 1, AdjacentParent: stream.NoShard, Range: stream.HashRange{Start: r.Start, End: at.Prev()}},
			{ID: 3, Parent: 1, AdjacentParent: stream.NoShard, Range: stream.HashRange{Start: at, End: r.End}},
		},
	}
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Error(diff)
	}
}

func TestPlanSplitErrors(t *testing.T) {
	shards := stream.NewShards(2, 1, 1000)
	shards[0].Closed = 2000
	r := shards[1].Range
	for name, c := range map[string]struct {
		id   stream.ShardID
		at   stream.HashKey
		want error
	}{
		"no shard":            {2, r.End.Prev(), stream.ErrShardNotFound{ID: 2}},
		"below the shard":     {1, r.Start.Prev(), stream.ErrHashKey},
		"zero":                {1, stream.HashKey{}, stream.ErrHashKey},
		"start":               {1, r.Start, stream.ErrHashKey},
		"start+1":             {1, r.Start.Next(), stream.ErrHashKey},
		"end":                 {1, r.End, stream.ErrHashKey},
		"closed, bad key":     {0, stream.MaxHashKey, stream.ErrHashKey},
		"closed, zero":        {0, stream.HashKey{}, stream.ErrHashKey},
		"closed, one":         {0, stream.HashKey{Lo: 1}, stream.ErrHashKey},
		"closed, a good key":  {0, stream.HashKey{Lo: 2}, stream.ErrShardClosed{ID: 0}},
		"just before the end": {1, r.End.Prev(), nil},
	} {
		if _, err := stream.PlanSplit(shards, 2, c.id, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestPlanMerge(t *testing.T) {
	shards := stream.NewShards(3, 1, 1000)
	plan, err := stream.PlanMerge(shards, 3, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := stream.Reshard{
		Parents: []stream.ShardID{1, 2},
		New: []stream.PlannedShard{{
			ID: 3, Parent: 1, AdjacentParent: 2,
			Range: stream.HashRange{Start: shards[1].Range.Start, End: stream.MaxHashKey},
		}},
	}
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Error(diff)
	}
}

func TestPlanMergeErrors(t *testing.T) {
	shards := stream.NewShards(4, 1, 1000)
	shards[3].Closed = 2000
	for name, c := range map[string]struct {
		a, b stream.ShardID
		want error
	}{
		"no first":   {9, 1, stream.ErrShardNotFound{ID: 9}},
		"no second":  {1, 9, stream.ErrShardNotFound{ID: 9}},
		"reversed":   {1, 0, stream.ErrNotAdjacent},
		"the same":   {1, 1, stream.ErrNotAdjacent},
		"apart":      {0, 2, stream.ErrNotAdjacent},
		"the ring":   {3, 0, stream.ErrNotAdjacent},
		"one closed": {2, 3, stream.ErrShardClosed{ID: 3}},
	} {
		if _, err := stream.PlanMerge(shards, 4, c.a, c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// scale changes the number of shards of a fresh stream.
func scale(t *testing.T, from, to int) *life {
	t.Helper()
	l := newLife(from)
	plan, err := stream.PlanScale(l.shards, l.next, to)
	if err != nil {
		t.Fatal(err)
	}
	l.run(t, plan, func() stream.Millis { return 1 })
	l.check(t)
	if open := l.shards.Open(); open != to {
		t.Fatalf("%d to %d: %d are open", from, to, open)
	}
	return l
}

func TestPlanScaleTotals(t *testing.T) {
	for _, c := range []struct{ from, to, total int }{
		{2, 4, 6}, {4, 5, 15}, {10, 13, 37}, {4, 2, 6}, {5, 3, 7}, {10, 3, 17}, {3, 3, 3}, {1, 2, 3}, {2, 1, 3},
	} {
		if l := scale(t, c.from, c.to); len(l.shards) != c.total {
			t.Errorf("%d to %d: %d shards in all, want %d", c.from, c.to, len(l.shards), c.total)
		}
	}
}

func openRanges(l *life) []stream.HashRange {
	router := stream.NewRouter(l.shards)
	var out []stream.HashRange
	for i := range router.Len() {
		out = append(out, router.At(i).Range)
	}
	return out
}

func TestPlanScaleMakesEvenRanges(t *testing.T) {
	for _, c := range []struct{ from, to int }{{2, 4}, {4, 5}, {2, 3}, {4, 2}, {16, 4}, {1, 8}, {10, 11}} {
		if diff := cmp.Diff(stream.EvenRanges(c.to), openRanges(scale(t, c.from, c.to))); diff != "" {
			t.Errorf("%d to %d: %s", c.from, c.to, diff)
		}
	}
}

// TestPlanScaleUpIsNearlyEven allows the distance that one cut per shard forces.
func TestPlanScaleUpIsNearlyEven(t *testing.T) {
	for from := 1; from <= 24; from++ {
		for to := from + 1; to <= 2*from; to++ {
			narrow, wide := stream.MaxHashKey.Hi, uint64(0)
			for _, r := range openRanges(scale(t, from, to)) {
				width := r.End.Hi - r.Start.Hi
				narrow, wide = min(narrow, width), max(wide, width)
			}
			if wide/2 > narrow+1 { // rounding of keys below the upper half
				t.Errorf("%d to %d: widths from %d to %d", from, to, narrow, wide)
			}
		}
	}
}

// depth returns the longest way from a shard to one without parents.
func depth(shards stream.Shards) int {
	depths := make(map[stream.ShardID]int)
	deepest := 0
	for _, s := range shards {
		if s.Parent != stream.NoShard {
			depths[s.ID] = depths[s.Parent] + 1
		}
		if s.AdjacentParent != stream.NoShard {
			depths[s.ID] = max(depths[s.ID], depths[s.AdjacentParent]+1)
		}
		deepest = max(deepest, depths[s.ID])
	}
	return deepest
}

func TestPlanScaleIsShallow(t *testing.T) {
	for _, c := range []struct{ from, to, want int }{{10, 5, 1}, {10, 3, 2}, {64, 1, 6}, {5, 10, 1}, {5, 9, 2}, {1000, 1, 10}} {
		if got := depth(scale(t, c.from, c.to).shards); got > c.want {
			t.Errorf("%d to %d is %d generations deep, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestPlanScaleOfTheLargest(t *testing.T) {
	if l := scale(t, 10000, 20000); len(l.shards) != 30000 {
		t.Errorf("%d shards", len(l.shards))
	}
	scale(t, 10000, 5000)
	scale(t, 7000, 10000)
}

// TestPlanScaleOfNarrowShards has shards of one and of two keys, and a stream
// that no cut at an ideal boundary would improve.
func TestPlanScaleOfNarrowShards(t *testing.T) {
	for target := 1; target <= 6; target++ {
		l := newLife(1)
		starts := []uint64{0, 1, 2, 4}
		l.shards = nil
		for i, lo := range starts {
			s := stream.Shard{ID: stream.ShardID(i), Parent: stream.NoShard, AdjacentParent: stream.NoShard, Created: birth.Second(), Opened: birth}
			s.Range = stream.HashRange{Start: stream.HashKey{Lo: lo}, End: stream.MaxHashKey}
			if i+1 < len(starts) {
				s.Range.End = stream.HashKey{Lo: starts[i+1] - 1}
			}
			l.shards = append(l.shards, s)
		}
		l.next = stream.ShardID(len(starts))
		plan, err := stream.PlanScale(l.shards, l.next, target)
		if err != nil {
			t.Fatal(err)
		}
		l.run(t, plan, func() stream.Millis { return 1 })
		l.check(t)
		if open := l.shards.Open(); open != target {
			t.Errorf("%d shards are open, want %d", open, target)
		}
	}
}

func TestPlanScaleOfUnevenShards(t *testing.T) {
	l := newLife(1)
	// A quarter and a bit; the ideal boundary would leave the bit alone.
	plan, err := stream.PlanSplit(l.shards, l.next, 0, stream.HashKey{Hi: 1<<62 + 1<<58})
	if err != nil {
		t.Fatal(err)
	}
	l.run(t, plan, func() stream.Millis { return 1 })
	if plan, err = stream.PlanScale(l.shards, l.next, 4); err != nil {
		t.Fatal(err)
	}
	l.run(t, plan, func() stream.Millis { return 1 })
	for _, r := range openRanges(l) {
		if r.End.Hi-r.Start.Hi < 1<<60 {
			t.Errorf("%v to %v is a splinter", r.Start, r.End)
		}
	}
}

func TestPlanScaleRefusesNoShards(t *testing.T) {
	if _, err := stream.PlanScale(stream.NewShards(2, 1, 1), 2, 0); !errors.Is(err, stream.ErrShardCount) {
		t.Errorf("error %v", err)
	}
}

func TestPlanScaleToTheSameNumber(t *testing.T) {
	shards := stream.NewShards(3, 1, 1000)
	plan, err := stream.PlanScale(shards, 3, 3)
	if err != nil || !plan.IsEmpty() || len(plan.Closing()) != 0 {
		t.Fatalf("plan %+v, %v", plan, err)
	}
	same, err := plan.Apply(shards, nil)
	if err != nil || cmp.Diff(shards, same) != "" {
		t.Errorf("an empty plan changes the shards to %v, %v", same, err)
	}
}

func TestApply(t *testing.T) {
	// Shard 1 was made by an earlier reshard and its second is still ahead.
	shards := stream.NewShards(2, 100, 100_000)
	shards[1].Created = 205
	plan, err := stream.PlanScale(shards, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(shards)
	got, err := plan.Apply(shards, map[stream.ShardID]stream.Millis{0: 200_300, 1: 200_100})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(shards)
	want[0].Closed, want[1].Closed = 200_300, 200_300
	want = append(want, stream.Shard{
		ID: 2, Parent: 0, AdjacentParent: 1, Range: stream.HashRange{End: stream.MaxHashKey},
		Created: 206, Opened: 200_300,
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, shards); diff != "" {
		t.Errorf("the argument changed: %s", diff)
	}
	if end := got[1].EndingSequenceNumber(); end.Time != 205 || end.Position != stream.PositionAfter || end.Created != 205 || end.Shard != 1 {
		t.Errorf("shard 1 ends with %+v", end)
	}
	if end := got[0].EndingSequenceNumber(); end.Time != 200 {
		t.Errorf("shard 0 ends with %+v", end)
	}
}

func TestApplyErrors(t *testing.T) {
	shards := stream.NewShards(3, 1, 1000)
	plan, err := stream.PlanScale(shards, 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(map[stream.ShardID]stream.Millis)
	for _, id := range plan.Closing() {
		closed[id] = 2000
	}
	if len(closed) != 3+4 {
		t.Errorf("%d logs are to be closed", len(closed))
	}
	after, err := plan.Apply(shards, closed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Apply(after, closed); !errors.Is(err, stream.ErrShardClosed{ID: 0}) {
		t.Errorf("applied twice: %v", err)
	}
	if _, err := plan.Apply(shards[1:], closed); !errors.Is(err, stream.ErrShardNotFound{ID: 0}) {
		t.Errorf("without a parent: %v", err)
	}
	delete(closed, plan.Closing()[6])
	if _, err := plan.Apply(shards, closed); err == nil {
		t.Error("applied without a close time")
	}
	stale, err := stream.PlanSplit(shards, 2, 0, stream.HashKey{Lo: 9})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stale.Apply(shards, map[stream.ShardID]stream.Millis{0: 2000}); err == nil {
		t.Error("applied with an id that is taken")
	}
}
