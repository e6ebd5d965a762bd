package kinesis_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

// splitAt is small, so that a day's traffic is: 1200 bytes a minute.
const splitAt = 20

func withOnDemand(c *kinesis.Config) {
	c.OnDemand = kinesis.OnDemand{SplitAt: splitAt, Memory: 30 * 24 * time.Hour, Interval: 15 * time.Minute}
}

// traffic is an on-demand stream that is written to, and all it was given.
type traffic struct {
	*fixture
	name string
	rng  *rand.Rand
	n    int
	sent map[string][]string // data by partition key, in order
	log  bytes.Buffer
	// changed is when the open shards were last seen to change.
	open    []string
	changed stream.Millis
}

func newTraffic(t *testing.T, opts ...option) *traffic {
	t.Helper()
	tr := &traffic{name: "s", rng: rand.New(rand.NewPCG(1, 2)), sent: map[string][]string{}}
	opts = append([]option{withOnDemand, func(c *kinesis.Config) { c.Logger = slog.New(slog.NewTextHandler(&tr.log, nil)) }}, opts...)
	tr.fixture = newFixture(t, opts...)
	tr.create()
	return tr
}

func (tr *traffic) create() {
	tr.t.Helper()
	tr.call("CreateStream", &api.CreateStreamInput{StreamName: some(tr.name), StreamModeDetails: mode("ON_DEMAND")})
	tr.open = openShards(tr.describe(tr.name))
}

// put puts records of 100 bytes, each at a place of the key space.
func (tr *traffic) put(records int, place func() stream.HashKey) {
	tr.t.Helper()
	for records > 0 {
		var entries []api.PutRecordsRequestEntry
		for range min(records, 50) {
			hash := place()
			key := fmt.Sprintf("%016x", hash.Hi)
			data := fmt.Sprintf("%-84d", tr.n)
			tr.n++
			tr.sent[key] = append(tr.sent[key], data)
			e := entry(key, data)
			e.ExplicitHashKey = some(hash.String())
			entries = append(entries, e)
		}
		out := kinesis.PutRecordsOutputForTest(tr.call("PutRecords", &api.PutRecordsInput{StreamName: some(tr.name), Records: some(entries)}))
		if out.FailedRecordCount.V != 0 {
			tr.t.Fatalf("%d records failed", out.FailedRecordCount.V)
		}
		records -= len(entries)
	}
}

// anywhere is one of 256 keys all over the key space.
func (tr *traffic) anywhere() stream.HashKey {
	return stream.HashKey{Hi: tr.rng.Uint64() &^ (1<<56 - 1)}
}

// within returns one of 64 keys in the nth of four quarters.
func (tr *traffic) within(quarter uint64) func() stream.HashKey {
	return func() stream.HashKey { return stream.HashKey{Hi: quarter<<62 | tr.rng.Uint64N(64)<<56} }
}

// one returns always the same key.
func one() stream.HashKey { return stream.HashKey{Hi: 5 << 60} }

// scale lets time pass, scales, and checks what must always hold.
func (tr *traffic) scale(d time.Duration) {
	tr.t.Helper()
	tr.advance(d)
	if err := tr.Scale(context.Background()); err != nil {
		tr.t.Fatal(err)
	}
	tr.check()
}

// check fails unless at most one shard was split or two were merged, and not
// sooner than 15 minutes after the last change; four shards at least are left,
// which cover all keys.
func (tr *traffic) check() {
	tr.t.Helper()
	var open []api.Shard
	for _, s := range tr.allShards(tr.name) {
		if !s.SequenceNumberRange.EndingSequenceNumber.Set {
			open = append(open, s)
		}
	}
	slices.SortFunc(open, func(a, b api.Shard) int {
		return hashKey(a.HashKeyRange.StartingHashKey).Compare(hashKey(b.HashKeyRange.StartingHashKey))
	})
	next := stream.HashKey{}
	var ids []string
	for _, s := range open {
		if hashKey(s.HashKeyRange.StartingHashKey) != next {
			tr.t.Fatalf("%s does not begin at %v", s.ShardId, next)
		}
		next = hashKey(s.HashKeyRange.EndingHashKey).Next()
		ids = append(ids, s.ShardId)
	}
	if next != (stream.HashKey{}) || len(ids) < 4 {
		tr.t.Fatalf("%d shards end before %v", len(ids), next)
	}
	slices.Sort(ids)
	if slices.Equal(ids, tr.open) {
		return
	}
	if n := len(ids) - len(tr.open); n != 1 && n != -1 {
		tr.t.Fatalf("%d shards became %d", len(tr.open), len(ids))
	}
	if since := tr.now().Sub(tr.changed); since < 15*time.Minute {
		tr.t.Fatalf("a change %v after the last", since)
	}
	tr.open, tr.changed = ids, tr.now()
}

func hashKey(s string) stream.HashKey {
	k, err := stream.ParseHashKey(s)
	if err != nil {
		panic(err)
	}
	return k
}

// verify reads everything, parents before children, and compares each key's
// records with what was put.
func (tr *traffic) verify() {
	tr.t.Helper()
	got := map[string][]string{}
	for _, shard := range tr.allShards(tr.name) {
		for it := tr.horizon(tr.name, shard.ShardId); it != ""; {
			p := tr.get(it, 0)
			for i, data := range p.data {
				got[p.keys[i]] = append(got[p.keys[i]], data)
			}
			if it = p.next; len(p.data) == 0 {
				break
			}
		}
	}
	for key, want := range tr.sent {
		if !slices.Equal(got[key], want) {
			tr.t.Errorf("key %s: read %d records, in order: %t; want %d", key, len(got[key]), slices.IsSorted(got[key]), len(want))
		}
	}
}
