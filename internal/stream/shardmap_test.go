package stream_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/stream"
)

// failer is what rapid.T and testing.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkCover fails unless the ranges cover all hash keys exactly once.
func checkCover(t failer, shards stream.Shards) {
	t.Helper()
	sorted := slices.Clone(shards)
	slices.SortFunc(sorted, func(a, b stream.Shard) int { return a.Range.Start.Compare(b.Range.Start) })
	if len(sorted) == 0 || sorted[0].Range.Start != (stream.HashKey{}) || sorted[len(sorted)-1].Range.End != stream.MaxHashKey {
		t.Fatalf("%d shards do not reach both ends", len(sorted))
	}
	for i, s := range sorted {
		if s.Range.End.Less(s.Range.Start) {
			t.Fatalf("%v has an empty range", s.ID)
		}
		if i > 0 && !sorted[i-1].Range.Adjacent(s.Range) {
			t.Fatalf("%v does not begin where %v ends", s.ID, sorted[i-1].ID)
		}
	}
}

// life is a stream in the course of a random history.
type life struct {
	shards stream.Shards
	next   stream.ShardID
	now    stream.Millis
}

const birth stream.Millis = 1_700_000_000_500

func newLife(n int) *life {
	return &life{shards: stream.NewShards(n, birth.Second(), birth), next: stream.ShardID(n), now: birth}
}

// run executes a plan, closing logs one after the other at times that step
// returns.
func (l *life) run(t failer, plan stream.Reshard, step func() stream.Millis) {
	t.Helper()
	closed := make(map[stream.ShardID]stream.Millis)
	for _, id := range plan.Closing() {
		l.now += step()
		closed[id] = l.now
	}
	shards, err := plan.Apply(l.shards, closed)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	l.shards, l.next = shards, plan.Next(l.next)
}

// randomPlan draws a split, a merge or a change of the shard count.
func (l *life) randomPlan(t *rapid.T) stream.Reshard {
	router := stream.NewRouter(l.shards)
	i := rapid.IntRange(0, router.Len()-1).Draw(t, "shard")
	shard := router.At(i)
	var plan stream.Reshard
	var err error
	switch rapid.IntRange(0, 2).Draw(t, "operation") {
	case 0:
		middle := stream.HashKey{Hi: shard.Range.Start.Hi + (shard.Range.End.Hi-shard.Range.Start.Hi)/2, Lo: 7}
		plan, err = stream.PlanSplit(l.shards, l.next, shard.ID, middle)
	case 1:
		if i+1 == router.Len() {
			return stream.Reshard{}
		}
		plan, err = stream.PlanMerge(l.shards, l.next, shard.ID, router.At(i+1).ID)
	case 2:
		target := rapid.IntRange(1, min(2*router.Len(), 40)).Draw(t, "target")
		plan, err = stream.PlanScale(l.shards, l.next, target)
		defer func() { l.wantOpen(t, plan, target) }()
	}
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return plan
}

// wantOpen fails unless the plan leaves target shards open.
func (l *life) wantOpen(t *rapid.T, plan stream.Reshard, target int) {
	open := l.shards.Open() - len(plan.Parents)
	for _, p := range plan.New {
		if !p.Closes {
			open++
		}
	}
	if open != target {
		t.Fatalf("%d shards would be open, want %d", open, target)
	}
}

// check fails unless the lineage keeps all its promises.
func (l *life) check(t failer) {
	t.Helper()
	instants := []stream.Millis{birth, l.now, l.now + 1}
	for i, s := range l.shards {
		instants = append(instants, max(s.Opened-1, birth), s.Opened, s.Opened+1)
		if s.ID != stream.ShardID(i) {
			t.Fatalf("shard %d is %v", i, s.ID)
		}
		for _, parentID := range []stream.ShardID{s.Parent, s.AdjacentParent} {
			if parentID == stream.NoShard {
				continue
			}
			parent, ok := l.shards.Find(parentID)
			if !ok || parent.IsOpen() || parent.Closed != s.Opened {
				t.Fatalf("%v is the child of %+v", s, parent)
			}
			if parent.EndingSequenceNumber().Compare(s.StartingSequenceNumber()) >= 0 {
				t.Fatalf("numbers of %v are not above those of its parent %v", s.ID, parentID)
			}
			if s.NotBefore() <= s.Opened {
				t.Fatalf("%v may have records from before it was opened", s.ID)
			}
		}
	}
	slices.Sort(instants)
	for _, at := range slices.Compact(instants) {
		checkCover(t, l.shards.Filter(stream.Filter{Type: stream.AtTime, Time: at}, birth))
		checkCover(t, l.shards.Filter(stream.Filter{Type: stream.AtTrimHorizon}, at))
	}
	checkCover(t, l.shards.Filter(stream.Filter{Type: stream.AtLatest}, birth))
}

func TestShardsCoverAllKeysAtEveryInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife(rapid.IntRange(1, 8).Draw(t, "shards"))
		// Mostly the clock stands still or stays within the second.
		steps := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3), rapid.Int64Range(0, 5000))
		for range rapid.IntRange(1, 8).Draw(t, "operations") {
			l.run(t, l.randomPlan(t), func() stream.Millis { return stream.Millis(steps.Draw(t, "step")) })
			l.check(t)
		}
		h := hashKeys().Draw(t, "key")
		id := stream.NewRouter(l.shards).Route(h)
		if s, ok := l.shards.Find(id); !ok || !s.IsOpen() || !s.Range.Contains(h) {
			t.Fatalf("%v was routed to %+v", h, s)
		}
	})
}

func ids(shards stream.Shards) []stream.ShardID {
	var out []stream.ShardID
	for _, s := range shards {
		out = append(out, s.ID)
	}
	return out
}

func TestFilter(t *testing.T) {
	const none = stream.NoShard
	shards := stream.Shards{
		{ID: 1, Parent: none, AdjacentParent: none, Opened: 100, Closed: 200},
		{ID: 2, Parent: 1, AdjacentParent: none, Opened: 200, Closed: 200},
		{ID: 3, Parent: 1, AdjacentParent: none, Opened: 200, Closed: 300},
		{ID: 5, Parent: 2, AdjacentParent: 3, Opened: 300},
	}
	for _, c := range []struct {
		name    string
		filter  stream.Filter
		horizon stream.Millis
		want    []stream.ShardID
	}{
		{"after a shard", stream.Filter{Type: stream.AfterShardID, Shard: 2}, 100, []stream.ShardID{3, 5}},
		{"after a missing shard", stream.Filter{Type: stream.AfterShardID, Shard: 0}, 100, []stream.ShardID{1, 2, 3, 5}},
		{"after the last", stream.Filter{Type: stream.AfterShardID, Shard: 9}, 100, nil},
		{"latest", stream.Filter{Type: stream.AtLatest}, 100, []stream.ShardID{5}},
		{"at the horizon", stream.Filter{Type: stream.AtTrimHorizon}, 199, []stream.ShardID{1}},
		{"at a horizon of change", stream.Filter{Type: stream.AtTrimHorizon}, 200, []stream.ShardID{3}},
		{"from the horizon", stream.Filter{Type: stream.FromTrimHorizon}, 200, []stream.ShardID{1, 2, 3, 5}},
		{"from a later horizon", stream.Filter{Type: stream.FromTrimHorizon}, 201, []stream.ShardID{3, 5}},
		{"at an instant", stream.Filter{Type: stream.AtTime, Time: 299}, 100, []stream.ShardID{3}},
		{"at an instant before the horizon", stream.Filter{Type: stream.AtTime, Time: 150}, 300, []stream.ShardID{5}},
		{"from an instant", stream.Filter{Type: stream.FromTime, Time: 300}, 100, []stream.ShardID{3, 5}},
		{"from an instant before the horizon", stream.Filter{Type: stream.FromTime, Time: 50}, 250, []stream.ShardID{3, 5}},
		{"no type", stream.Filter{}, 100, nil},
	} {
		if diff := cmp.Diff(c.want, ids(shards.Filter(c.filter, c.horizon))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if diff := cmp.Diff([]stream.ShardID{2, 3}, ids(shards.Children(1))); diff != "" {
		t.Errorf("children of a split: %s", diff)
	}
	if diff := cmp.Diff([]stream.ShardID{5}, ids(shards.Children(3))); diff != "" {
		t.Errorf("children of a merge: %s", diff)
	}
	if len(shards.Children(none)) != 0 {
		t.Error("shards without parents are children of no shard")
	}
}

func TestFilterNames(t *testing.T) {
	for f := stream.AfterShardID; f <= stream.FromTime; f++ {
		if got, ok := stream.ParseFilterType(f.String()); !ok || got != f {
			t.Errorf("%v is parsed as %v, %v", f, got, ok)
		}
	}
	for _, s := range []string{"", "LATEST", "at_latest"} {
		if got, ok := stream.ParseFilterType(s); ok {
			t.Errorf("%q is parsed as %v", s, got)
		}
	}
}

func TestExpired(t *testing.T) {
	shards := stream.Shards{{ID: 0, Closed: 1000}, {ID: 1, Closed: 1001}, {ID: 2}}
	expired := shards.Expired(1000)
	if diff := cmp.Diff([]stream.ShardID{0}, expired); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]stream.ShardID{1, 2}, ids(shards.Without(expired))); diff != "" {
		t.Error(diff)
	}
	if _, ok := shards.Without(expired).Find(0); ok {
		t.Error("an expired shard is found")
	}
	if shards.Open() != 1 {
		t.Errorf("%d shards are open", shards.Open())
	}
}

func TestRouterWithoutShards(t *testing.T) {
	var router stream.Router
	if id := router.Route(stream.HashKey{}); id != stream.NoShard {
		t.Errorf("routed to %v", id)
	}
}

func TestRouterDoesNotAllocate(t *testing.T) {
	router := stream.NewRouter(stream.NewShards(1000, 1, 1))
	h := stream.HashPartitionKey("orders")
	if n := testing.AllocsPerRun(100, func() { router.Route(h) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRoute(b *testing.B) {
	router := stream.NewRouter(stream.NewShards(1000, 1, 1))
	h := stream.HashKey{}
	b.ReportAllocs()
	for b.Loop() {
		h.Hi += 0x9e3779b97f4a7c15
		router.Route(h)
	}
}
