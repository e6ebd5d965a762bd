package stream_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/stream"
)

// policy splits above 500 bytes or records a minute.
var policy = stream.OnDemandPolicy{SplitAt: stream.Load{Bytes: 500, Records: 500}, Least: 4, Most: 8}

func TestScale(t *testing.T) {
	t.Parallel()
	bytesOf := func(n int64) stream.ShardLoad { return stream.ShardLoad{Load: stream.Load{Bytes: n}} }
	records := func(n int64) stream.ShardLoad { return stream.ShardLoad{Load: stream.Load{Records: n}} }
	top := func(l stream.ShardLoad, bytes, records int64) stream.ShardLoad {
		l.Top = stream.Load{Bytes: bytes, Records: records}
		return l
	}
	const no = stream.NoShard
	none := stream.Scaling{Split: no, Merge: [2]stream.ShardID{no, no}}
	split := func(id stream.ShardID) stream.Scaling { s := none; s.Split = id; return s }
	merge := func(a, b stream.ShardID) stream.Scaling { s := none; s.Merge = [2]stream.ShardID{a, b}; return s }
	oneKey := func(id stream.ShardID) stream.Scaling { s := none; s.OneKey = []stream.ShardID{id}; return s }
	for _, tt := range []struct {
		name  string
		open  int
		loads map[stream.ShardID]stream.ShardLoad
		peak  stream.Load
		want  stream.Scaling
	}{
		{"idle", 4, nil, stream.Load{}, none},
		{"fewer than least", 2, nil, stream.Load{}, none},
		{"at the threshold", 4, map[stream.ShardID]stream.ShardLoad{1: bytesOf(500)}, stream.Load{Bytes: 500}, none},
		{"hot by bytes", 4, map[stream.ShardID]stream.ShardLoad{1: bytesOf(501)}, stream.Load{Bytes: 501}, split(1)},
		{"hot by records", 4, map[stream.ShardID]stream.ShardLoad{2: records(501)}, stream.Load{Records: 501}, split(2)},
		{"the hottest first", 4, map[stream.ShardID]stream.ShardLoad{0: bytesOf(600), 3: records(700), 1: bytesOf(650)}, stream.Load{}, split(3)},
		{"at most", 8, map[stream.ShardID]stream.ShardLoad{0: bytesOf(5000)}, stream.Load{Bytes: 5000}, none},
		{"one key", 4, map[stream.ShardID]stream.ShardLoad{1: top(bytesOf(600), 450, 0)}, stream.Load{}, oneKey(1)},
		{"hardly one key", 4, map[stream.ShardID]stream.ShardLoad{1: top(bytesOf(600), 449, 0)}, stream.Load{}, split(1)},
		{"one key and much else", 4, map[stream.ShardID]stream.ShardLoad{1: top(bytesOf(4000), 3499, 0)}, stream.Load{}, split(1)},
		{"one key's records", 4, map[stream.ShardID]stream.ShardLoad{1: top(records(600), 0, 600)}, stream.Load{}, oneKey(1)},
		{"one key's records, many keys' bytes", 4, map[stream.ShardID]stream.ShardLoad{
			1: top(stream.ShardLoad{Load: stream.Load{Bytes: 600, Records: 600}}, 200, 600),
		}, stream.Load{}, split(1)},
		{
			"one key, another shard", 4,
			map[stream.ShardID]stream.ShardLoad{1: top(bytesOf(900), 900, 0), 2: bytesOf(501)},
			stream.Load{},
			stream.Scaling{Split: 2, Merge: none.Merge, OneKey: []stream.ShardID{1}},
		},
		{"room for twice the peak", 5, nil, stream.Load{Bytes: 2000}, merge(0, 1)},
		{"no room by bytes", 5, nil, stream.Load{Bytes: 2001}, none},
		{"no room by records", 5, nil, stream.Load{Records: 2001}, none},
		{
			"the coldest", 5,
			map[stream.ShardID]stream.ShardLoad{0: bytesOf(90), 1: bytesOf(20), 2: bytesOf(30), 3: bytesOf(25), 4: bytesOf(40)},
			stream.Load{Bytes: 205},
			merge(1, 2),
		},
		{
			"none is cold", 5,
			map[stream.ShardID]stream.ShardLoad{0: bytesOf(400), 1: records(10), 2: bytesOf(380), 3: bytesOf(6), 4: bytesOf(380)},
			stream.Load{Bytes: 1150},
			none,
		},
	} {
		shards := stream.NewShards(tt.open, 1, 1000)
		if got := policy.Scale(shards, tt.loads, tt.peak); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestScaleNarrow does not split a shard of a few keys.
func TestScaleNarrow(t *testing.T) {
	t.Parallel()
	hot := map[stream.ShardID]stream.ShardLoad{0: {Load: stream.Load{Bytes: 1000}}}
	for last, splits := range map[uint64]bool{0: false, 1: false, 2: false, 3: true, 4: true} {
		shards := stream.Shards{{
			ID: 0, Parent: stream.NoShard, AdjacentParent: stream.NoShard,
			Range: stream.HashRange{Start: stream.HashKey{Lo: 10}, End: stream.HashKey{Lo: 10 + last}}, Created: 1, Opened: 1000,
		}}
		got := policy.Scale(shards, hot, stream.Load{})
		if _, err := got.Plan(shards, 1); err != nil {
			t.Errorf("%d keys: %v", last+1, err)
		}
		if !got.IsEmpty() != splits {
			t.Errorf("%d keys: %+v", last+1, got)
		}
	}
}

// TestScaleEqualRanges merges the narrowest of equally cold neighbours, which
// makes ranges equal again.
func TestScaleEqualRanges(t *testing.T) {
	t.Parallel()
	shards := stream.NewShards(4, 1, 1000)
	hot := map[stream.ShardID]stream.ShardLoad{2: {Load: stream.Load{Bytes: 1000}}}
	shards = apply(t, policy.Scale(shards, hot, stream.Load{}), shards)
	if got := policy.Scale(shards, nil, stream.Load{}); got.Merge != [2]stream.ShardID{4, 5} {
		t.Errorf("after a split of shard 2: %+v", got)
	}
}

// apply carries a change out.
func apply(t failer, s stream.Scaling, shards stream.Shards) stream.Shards {
	t.Helper()
	next := shards[len(shards)-1].ID + 1
	plan, err := s.Plan(shards, next)
	if err != nil {
		t.Fatalf("%v", err)
	}
	closed := map[stream.ShardID]stream.Millis{}
	for _, id := range plan.Closing() {
		closed[id] = 2000 + stream.Millis(next)
	}
	after, err := plan.Apply(shards, closed)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return after
}

// TestScaleProperties changes shards under any load: they always cover all
// keys, merging leaves at least so many, splitting makes at most so many, and
// every change is for a reason.
func TestScaleProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shards := stream.NewShards(rapid.IntRange(1, 9).Draw(t, "shards"), 1, 1000)
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			loads := map[stream.ShardID]stream.ShardLoad{}
			var sum stream.Load
			for _, s := range shards {
				l := stream.Load{Bytes: rapid.Int64Range(0, 700).Draw(t, "bytes"), Records: rapid.Int64Range(0, 700).Draw(t, "records")}
				loads[s.ID] = stream.ShardLoad{Load: l}
				sum = sum.Plus(l)
			}
			peak := stream.Load{Bytes: rapid.Int64Range(0, 5000).Draw(t, "peak"), Records: 0}
			got := policy.Scale(shards, loads, peak)
			before := shards.Open()
			if got.IsEmpty() {
				continue
			}
			shards = apply(t, got, shards)
			if shards.Resharded() <= 1000 {
				t.Fatalf("changed at %d", shards.Resharded())
			}
			after := shards.Open()
			if got.Split != stream.NoShard && (after != before+1 || after > policy.Most || !loads[got.Split].Exceeds(policy.SplitAt)) {
				t.Fatalf("%+v of %v: %d shards became %d", got, loads[got.Split], before, after)
			}
			if got.Split == stream.NoShard && (after != before-1 || after < policy.Least || peak.Exceeds(policy.SplitAt.Times(after))) {
				t.Fatalf("%+v at a peak of %v: %d shards became %d", got, peak, before, after)
			}
			checkCover(t, openOf(shards))
		}
	})
}

// openOf returns the open shards.
func openOf(shards stream.Shards) (open stream.Shards) {
	for _, s := range shards {
		if s.IsOpen() {
			open = append(open, s)
		}
	}
	return open
}

// TestScaleSettles writes the same to the same keys all the time: after some
// changes there are no more, and no shard is hot that splitting would help.
func TestScaleSettles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keys := map[stream.HashKey]int64{}
		var total int64
		for range rapid.IntRange(1, 40).Draw(t, "keys") {
			key := stream.HashKey{Hi: rapid.Uint64().Draw(t, "key")}
			load := rapid.Int64Range(1, 700).Draw(t, "load")
			keys[key] += load
			total += load
		}
		many := stream.OnDemandPolicy{SplitAt: policy.SplitAt, Least: 4, Most: 1000}
		shards := stream.NewShards(rapid.IntRange(1, 50).Draw(t, "shards"), 1, 1000)
		for range 10_000 {
			loads := loadsOf(shards, keys)
			got := many.Scale(shards, loads, stream.Load{Bytes: total})
			if !got.IsEmpty() {
				shards = openOf(apply(t, got, shards))
				continue
			}
			checkCover(t, shards)
			for _, s := range shards {
				if l := loads[s.ID]; l.Exceeds(many.SplitAt) && !slices.Contains(got.OneKey, s.ID) {
					t.Fatalf("%v is hot with %v", s, l)
				}
			}
			return
		}
		t.Fatalf("%d shards still change", len(shards))
	})
}

// loadsOf returns the load of each open shard, given that of each key.
func loadsOf(shards stream.Shards, keys map[stream.HashKey]int64) map[stream.ShardID]stream.ShardLoad {
	loads := map[stream.ShardID]stream.ShardLoad{}
	r := stream.NewRouter(shards)
	for key, load := range keys {
		id := r.Route(key)
		l := loads[id]
		l.Bytes += load
		l.Top.Bytes = max(l.Top.Bytes, load)
		loads[id] = l
	}
	return loads
}
