package kinesis_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

// stat is the statistics of a metric.
type stat struct{ count, sum, min, max float64 }

// collected returns what has been counted since the last call: of a shard or a
// consumer with its name before that of the metric. Latencies are only seen to be
// there, as often as they should.
func (f *fixture) collected() map[string]stat {
	f.t.Helper()
	all := make(map[string]stat)
	f.CollectMetrics(func(m kinesis.Metric) {
		name := m.Shard + m.Consumer
		if name != "" {
			name += " "
		}
		s := stat{m.Count, m.Sum, m.Min, m.Max}
		if strings.HasSuffix(m.Name, ".Latency") {
			if m.Unit != "Milliseconds" || m.Min < 0 || m.Max < m.Min || m.Sum < m.Max {
				f.t.Errorf("%+v", m)
			}
			s = stat{count: m.Count}
		}
		if m.Account != caller.Account || m.Region != caller.Region || m.Stream != "s" {
			f.t.Errorf("of another stream: %+v", m)
		}
		all[name+m.Name] = s
	})
	return all
}

func (f *fixture) wantCollected(want map[string]stat) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.collected(), cmp.AllowUnexported(stat{})); diff != "" {
		f.t.Errorf("want -, got +:\n%s", diff)
	}
}

func (f *fixture) watch(metrics ...string) {
	f.t.Helper()
	f.call("EnableEnhancedMonitoring", &api.EnableEnhancedMonitoringInput{
		StreamName: some("s"), ShardLevelMetrics: some(metrics),
	})
}

// shard1 is the second shard of a stream.
const shard1 = "shardId-000000000001"

func once(v float64) stat { return stat{1, v, v, v} }

func TestPutsAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create("s", 1)
	f.wantCollected(map[string]stat{})
	f.put("s", "key", "data")
	f.put("s", "k", "more data")
	f.wantCollected(map[string]stat{
		"PutRecord.Bytes": {2, 17, 7, 10}, "PutRecord.Latency": {count: 2}, "PutRecord.Success": {2, 2, 1, 1},
		"IncomingBytes": {2, 17, 7, 10}, "IncomingRecords": {2, 2, 1, 1},
		"WriteProvisionedThroughputExceeded": {2, 0, 0, 0},
	})
	f.putRecords("s", entry("a", "1"), entry("b", "22"), entry("c", "333"))
	f.wantCollected(map[string]stat{
		"PutRecords.Bytes": once(9), "PutRecords.Latency": {count: 1}, "PutRecords.Success": once(1),
		"PutRecords.Records": once(3), "PutRecords.TotalRecords": once(3), "PutRecords.SuccessfulRecords": once(3),
		"PutRecords.FailedRecords": once(0), "PutRecords.ThrottledRecords": once(0),
		"IncomingBytes": once(9), "IncomingRecords": once(3), "WriteProvisionedThroughputExceeded": once(0),
	})
	// What the client has done wrong is not the stream's.
	const beyond = "999999999999999999999999999999999999999"
	f.fails("PutRecord", &api.PutRecordInput{
		StreamName: some("s"), PartitionKey: some("k"), Data: some(api.RawBlob([]byte("x"))), ExplicitHashKey: some(beyond),
	}, api.InvalidArgument, "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "+beyond)
	f.wantCollected(map[string]stat{})
}

func TestThrottledPutsAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withRates)
	f.create("s", 1)
	f.watch("WriteProvisionedThroughputExceeded", "IncomingRecords")
	entries := make([]api.PutRecordsRequestEntry, 500)
	for i := range entries {
		entries[i] = entry("k", "x")
	}
	for range 3 {
		_, _ = f.do(caller, "PutRecords", &api.PutRecordsInput{StreamName: some("s"), Records: some(entries)})
	}
	got := f.collected()
	for name, want := range map[string]stat{
		"PutRecords.ThrottledRecords": {3, 500, 0, 500}, "PutRecords.SuccessfulRecords": {3, 1000, 0, 500},
		"PutRecords.Success": {3, 2, 0, 1}, "WriteProvisionedThroughputExceeded": {3, 500, 0, 500},
		shard0 + " WriteProvisionedThroughputExceeded": {3, 500, 0, 500}, shard0 + " IncomingRecords": {2, 1000, 500, 500},
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	for name := range got {
		if strings.HasPrefix(name, shard0) && !strings.HasSuffix(name, "Exceeded") && !strings.HasSuffix(name, "IncomingRecords") {
			t.Errorf("%s is counted though nobody asked for it", name)
		}
	}
}

func TestReadsAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create("s", 2)
	f.watch("ALL")
	f.putRecords("s", entry("a", "1"), entry("b", "22"), entry("c", "333"))
	if got := f.collected(); got[shard0+" IncomingBytes"].sum+got[shard1+" IncomingBytes"].sum != 9 {
		t.Errorf("%v", got)
	}
	f.advance(5 * time.Second)
	var records, bytes float64
	for _, id := range []string{shard0, shard1} {
		p := f.get(f.horizon("s", id), 1)
		n := float64(len(p.data))
		got := f.collected()
		size, age := got["GetRecords.Bytes"], got["GetRecords.IteratorAgeMilliseconds"]
		want := map[string]stat{
			"GetRecords.Bytes": size, "GetRecords.Records": once(n), "GetRecords.Latency": {count: 1},
			"GetRecords.Success": once(1), "GetRecords.IteratorAge": age, "GetRecords.IteratorAgeMilliseconds": age,
			"ReadProvisionedThroughputExceeded": once(0), id + " ReadProvisionedThroughputExceeded": once(0),
			id + " OutgoingBytes": size, id + " OutgoingRecords": once(n), id + " IteratorAgeMilliseconds": age,
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(stat{})); diff != "" {
			t.Errorf("want -, got +:\n%s", diff)
		}
		if behind := float64(p.behind); age != once(behind) {
			t.Errorf("an age of %v, and %v behind", age, behind)
		}
		records, bytes = records+n, bytes+size.sum
	}
	if records == 0 || bytes == 0 {
		t.Errorf("%v records of %v bytes", records, bytes)
	}
}

func TestThrottledReadsAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withRates)
	f.create("s", 1)
	it := f.horizon("s", shard0)
	for range stream.ReadCallsPerSecond + 2 {
		_, _ = f.do(caller, "GetRecords", &api.GetRecordsInput{ShardIterator: some(it)})
	}
	got := f.collected()
	const calls, refused = stream.ReadCallsPerSecond + 2, 2
	if want := (stat{calls, refused, 0, 1}); got["ReadProvisionedThroughputExceeded"] != want {
		t.Errorf("%v", got)
	}
	if want := (stat{calls, calls - refused, 0, 1}); got["GetRecords.Success"] != want {
		t.Errorf("%v", got)
	}
}

func TestSubscriptionsAreCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, f *fixture) {
		f.watch("OutgoingRecords")
		arn := f.register("s", "c").ConsumerARN
		f.collected()
		sub := f.subscribe(arn, "TRIM_HORIZON", "")
		f.put("s", "key", "data")
		sub.now()
		got := f.collected()
		for name, want := range map[string]stat{
			"c SubscribeToShard.Success": once(1), "c SubscribeToShard.RateExceeded": once(0),
			"c SubscribeToShardEvent.Bytes": once(7), "c SubscribeToShardEvent.Records": once(1),
			"c SubscribeToShardEvent.Success": once(1), "c SubscribeToShardEvent.MillisBehindLatest": once(0),
			shard0 + " OutgoingRecords": once(1),
		} {
			if got[name] != want {
				t.Errorf("%s is %v, want %v, of %v", name, got[name], want, slices.Sorted(maps.Keys(got)))
			}
		}
		// An event that says that there is nothing is one, too.
		pass(5 * time.Second)
		sub.now()
		if got := f.collected(); got["c SubscribeToShardEvent.Records"] != once(0) || got["c SubscribeToShardEvent.Success"] != once(1) {
			t.Errorf("%v", got)
		}
	})
}

// What is collected says which minute it is of. What nobody collects is forgotten
// but for two minutes.
func TestCountsAreByTheMinute(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create("s", 1)
	var want []stream.Millis
	for range 3 {
		f.put("s", "k", "x")
		want = append(want, f.now().Minute().Start())
		f.advance(90 * time.Second)
	}
	var got []stream.Millis
	f.CollectMetrics(func(m kinesis.Metric) {
		if m.Name == "IncomingRecords" && m.Count == 1 {
			got = append(got, m.At)
		}
	})
	if !slices.Equal(got, want[1:]) {
		t.Errorf("minutes %v, want %v", got, want[1:])
	}
	f.put("s", "k", "x")
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")})
	f.wantCollected(map[string]stat{})
}

// Whatever is counted is collected once, also while it is counted.
func TestCountsWhileTheyAreCollected(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create("s", 2)
	f.watch("ALL")
	const writers, puts = 4, 100
	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() {
			for range puts {
				if _, err := f.do(caller, "PutRecords", &api.PutRecordsInput{
					StreamName: some("s"), Records: some([]api.PutRecordsRequestEntry{entry(strconv.Itoa(i), "x"), entry("k", "x")}),
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writing.Wait()
		close(done)
	}()
	whole, shards := 0.0, 0.0
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		got := f.collected()
		whole += got["IncomingRecords"].sum
		shards += got[shard0+" IncomingRecords"].sum + got[shard1+" IncomingRecords"].sum
	}
	if whole != 2*writers*puts || shards != whole {
		t.Errorf("%v records, %v by shard", whole, shards)
	}
}

// A stream that is made again counts from the start, and what leads to the one before
// counts nothing.
func TestStreamsThatAreMadeAgainAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.create("s", 1)
	f.put("s", "k", "xxxx")
	iterator := f.horizon("s", shard0)
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")})
	f.advance(time.Minute)
	f.create("s", 1)
	f.put("s", "k", "x")
	if _, err := f.do(caller, "GetRecords", &api.GetRecordsInput{ShardIterator: some(iterator)}); err == nil {
		t.Error("the stream before was read")
	}
	got := f.collected()
	if _, read := got["GetRecords.Success"]; read || got["IncomingBytes"] != once(2) {
		t.Errorf("%v", got)
	}
}
