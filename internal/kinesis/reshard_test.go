package kinesis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

// split splits a shard in the middle.
func (f *fixture) split(name, shard string) {
	f.t.Helper()
	f.call("SplitShard", &api.SplitShardInput{
		StreamName: some(name), ShardToSplit: some(shard), NewStartingHashKey: some(f.middle(name, shard)),
	})
}

// middle returns the hash key in the middle of a shard's range.
func (f *fixture) middle(name, shard string) string {
	f.t.Helper()
	for _, s := range f.describe(name).Shards {
		if s.ShardId != shard {
			continue
		}
		start, err := stream.ParseHashKey(s.HashKeyRange.StartingHashKey)
		if err != nil {
			f.t.Fatal(err)
		}
		end, err := stream.ParseHashKey(s.HashKeyRange.EndingHashKey)
		if err != nil {
			f.t.Fatal(err)
		}
		// (start + end) / 2 without overflow, in halves.
		lo := start.Lo/2 + end.Lo/2
		hi := start.Hi/2 + end.Hi/2
		return stream.HashKey{Hi: hi, Lo: lo}.String()
	}
	f.t.Fatalf("no shard %s", shard)
	return ""
}

func (f *fixture) merge(name, a, b string) {
	f.t.Helper()
	f.call("MergeShards", &api.MergeShardsInput{StreamName: some(name), ShardToMerge: some(a), AdjacentShardToMerge: some(b)})
}

func (f *fixture) scale(name string, target int32) {
	f.t.Helper()
	f.call("UpdateShardCount", &api.UpdateShardCountInput{
		StreamName: some(name), TargetShardCount: some(target), ScalingType: some("UNIFORM_SCALING"),
	})
}

func openShards(d api.StreamDescription) (open []string) {
	for _, s := range d.Shards {
		if !s.SequenceNumberRange.EndingSequenceNumber.Set {
			open = append(open, s.ShardId)
		}
	}
	return open
}

func TestSplitAndMergeKeepEveryRecord(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	want := map[string][]string{}
	n := 0
	put := func() {
		for range 20 {
			key := fmt.Sprint("key-", n%7)
			data := fmt.Sprint(key, "/", n)
			f.put("s", key, data)
			want[key] = append(want[key], data)
			n++
		}
	}
	put()
	f.split("s", shard0)
	put()
	f.split("s", "shardId-000000000001")
	put()
	f.merge("s", "shardId-000000000004", "shardId-000000000002")
	put()
	if got, want := openShards(f.describe("s")), []string{"shardId-000000000003", "shardId-000000000005"}; !slices.Equal(got, want) {
		t.Fatalf("open shards %q, want %q", got, want)
	}

	// Every parent is read before its children, as a consumer does it.
	got := map[string][]string{}
	last := map[string]string{}
	for _, shard := range f.describe("s").Shards {
		var p page
		if shard.SequenceNumberRange.EndingSequenceNumber.Set {
			p = f.drain(f.horizon("s", shard.ShardId))
		} else {
			p = f.get(f.horizon("s", shard.ShardId), 0)
		}
		for i, data := range p.data {
			key, _, _ := strings.Cut(data, "/")
			got[key] = append(got[key], data)
			if p.seqs[i] <= last[key] {
				t.Errorf("%s has the number %s after %s", data, p.seqs[i], last[key])
			}
			last[key] = p.seqs[i]
		}
	}
	for key := range want {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("%s: read %q, want %q", key, got[key], want[key])
		}
	}
}

func TestUpdateShardCountTotals(t *testing.T) {
	for _, tt := range []struct{ from, to, total int32 }{
		{2, 4, 6}, {4, 5, 15}, {10, 13, 37}, {4, 2, 6}, {5, 3, 7},
	} {
		f := newFixture(t)
		f.create("s", tt.from)
		f.scale("s", tt.to)
		d := f.describe("s")
		if len(d.Shards) != int(tt.total) || len(openShards(d)) != int(tt.to) {
			t.Errorf("%d to %d: %d shards, %d open, want %d in total", tt.from, tt.to, len(d.Shards), len(openShards(d)), tt.total)
		}
		f.put("s", "k", "x")
	}
}

func TestReshardErrors(t *testing.T) {
	f := newFixture(t)
	f.create("s", 2)
	split := func(shard, key string) *api.SplitShardInput {
		return &api.SplitShardInput{StreamName: some("s"), ShardToSplit: some(shard), NewStartingHashKey: some(key)}
	}
	merge := func(a, b string) *api.MergeShardsInput {
		return &api.MergeShardsInput{StreamName: some("s"), ShardToMerge: some(a), AdjacentShardToMerge: some(b)}
	}
	f.fails("SplitShard", split("bad", "5"), api.ResourceNotFound, "Could not find shard bad in stream s under account 000000000000.")
	f.fails("SplitShard", split("7", "5"), api.ResourceNotFound, "Could not find shard shardId-000000000007 in stream s under account 000000000000.")
	f.fails("SplitShard", split("0", "1"), api.InvalidArgument,
		"NewStartingHashKey 1 used in SplitShard() on shard shardId-000000000000 in stream s under account 000000000000 is not both greater "+
			"than one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 170141183460469231731687303715884105727.")
	f.fails("MergeShards", merge("1", "0"), api.InvalidArgument,
		"Shards shardId-000000000001 and shardId-000000000000 in stream s under account 000000000000 are not an adjacent pair of shards eligible for merging")
	f.merge("s", "0", "1")
	f.fails("SplitShard", split("0", "5"), api.InvalidArgument,
		"Shard shardId-000000000000 in stream s under account 000000000000 has already been merged or split, and thus is not eligible for merging or splitting.")
	f.fails("MergeShards", merge("0", "1"), api.InvalidArgument,
		"Shard shardId-000000000000 in stream s under account 000000000000 has already been merged or split, and thus is not eligible for merging or splitting.")
	f.fails("UpdateShardCount", &api.UpdateShardCountInput{
		StreamName: some("s"), TargetShardCount: some(int32(3)), ScalingType: some("UNIFORM_SCALING"),
	}, api.InvalidArgument, "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 1 Target shard count: 3")
}

func TestShardQuota(t *testing.T) {
	f := newFixture(t)
	f.open(func(c *kinesis.Config) { c.ShardQuota = 4 })
	f.create("s", 3)
	f.fails("CreateStream", &api.CreateStreamInput{StreamName: some("t"), ShardCount: some(int32(2))}, api.LimitExceeded,
		"This request would exceed the shard limit for the account 000000000000 in us-east-1. Current shard count for the account: 3. "+
			"Limit: 4. Number of additional shards that would have resulted from this request: 2. "+
			"Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "+
			"for current limits and how to request higher limits.")
	f.split("s", shard0)
	f.fails("SplitShard", &api.SplitShardInput{
		StreamName: some("s"), ShardToSplit: some("1"), NewStartingHashKey: some(f.middle("s", "shardId-000000000001")),
	}, api.LimitExceeded,
		"This request would exceed the shard limit for the account 000000000000 in us-east-1. Current shard count for the account: 4. "+
			"Limit: 4. Number of additional shards that would have resulted from this request: 1. "+
			"Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "+
			"for current limits and how to request higher limits.")
	f.merge("s", "1", "2")
}

// Without a quota, too, a stream's shards must fit into its object.
func TestMaxShards(t *testing.T) {
	f := newFixture(t)
	f.open(func(c *kinesis.Config) { c.ShardQuota = 0 })
	f.fails("CreateStream", &api.CreateStreamInput{StreamName: some("s"), ShardCount: some(int32(1<<31 - 1))}, api.Validation,
		"1 validation error detected: Value '2147483647' at 'shardCount' failed to satisfy constraint: "+
			"Member must have value less than or equal to 100000")
	f.create("s", stream.MaxShards-1)
	f.fails("SplitShard", &api.SplitShardInput{
		StreamName: some("s"), ShardToSplit: some("0"), NewStartingHashKey: some("5"),
	}, api.LimitExceeded,
		"Stream s under account 000000000000 cannot have more than 100000 shards, closed ones that have not expired included.")
	f.merge("s", "0", "1")
	if d := f.describe("s"); d.StreamStatus != "ACTIVE" {
		t.Errorf("the stream is %s", d.StreamStatus)
	}
}

func TestListShardsFilters(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.advance(time.Hour)
	f.split("s", shard0) // 1, 2
	f.advance(time.Hour)
	f.split("s", "shardId-000000000001") // 3, 4
	at := func(d time.Duration) api.Opt[api.Timestamp] { return some(api.Timestamp(testStart.Add(d))) }
	for _, tt := range []struct {
		filter api.ShardFilter
		want   string
	}{
		{api.ShardFilter{Type: some("AT_LATEST")}, "[2 3 4]"},
		{api.ShardFilter{Type: some("AT_TRIM_HORIZON")}, "[0]"},
		{api.ShardFilter{Type: some("FROM_TRIM_HORIZON")}, "[0 1 2 3 4]"},
		{api.ShardFilter{Type: some("AFTER_SHARD_ID"), ShardId: some("shardId-000000000002")}, "[3 4]"},
		{api.ShardFilter{Type: some("AT_TIMESTAMP"), Timestamp: at(30 * time.Minute)}, "[0]"},
		{api.ShardFilter{Type: some("AT_TIMESTAMP"), Timestamp: at(time.Hour)}, "[1 2]"},
		{api.ShardFilter{Type: some("AT_TIMESTAMP"), Timestamp: at(2 * time.Hour)}, "[2 3 4]"},
		{api.ShardFilter{Type: some("FROM_TIMESTAMP"), Timestamp: at(90 * time.Minute)}, "[1 2 3 4]"},
	} {
		out := f.call("ListShards", &api.ListShardsInput{StreamName: some("s"), ShardFilter: some(tt.filter)}).(*api.ListShardsOutput)
		var numbers []int
		for _, s := range out.Shards.V {
			id, _ := stream.ParseShardID(s.ShardId)
			numbers = append(numbers, int(id))
		}
		if fmt.Sprint(numbers) != tt.want {
			t.Errorf("%+v lists %v, want %s", tt.filter, numbers, tt.want)
		}
	}
}

func TestListShardsPages(t *testing.T) {
	f := newFixture(t)
	f.create("s", 5)
	var got []string
	in := &api.ListShardsInput{StreamName: some("s"), MaxResults: some(int32(2))}
	for range 3 {
		out := f.call("ListShards", in).(*api.ListShardsOutput)
		for _, s := range out.Shards.V {
			got = append(got, s.ShardId)
		}
		in = &api.ListShardsInput{NextToken: out.NextToken, MaxResults: some(int32(2))}
	}
	if len(got) != 5 || in.NextToken.Set || !slices.IsSorted(got) {
		t.Errorf("pages list %q, then token %v", got, in.NextToken)
	}
	token := f.call("ListShards", &api.ListShardsInput{StreamName: some("s"), MaxResults: some(int32(2))}).(*api.ListShardsOutput).NextToken
	f.fails("ListShards", &api.ListShardsInput{StreamName: some("s"), NextToken: token}, api.InvalidArgument,
		"NextToken and StreamName cannot be provided together.")
	f.open()
	f.call("ListShards", &api.ListShardsInput{NextToken: token})
	f.advance(stream.TokenTTL + time.Millisecond)
	if _, err := f.do(caller, "ListShards", &api.ListShardsInput{NextToken: token}); err == nil {
		t.Error("an expired token is accepted")
	}
}

func TestListingErrors(t *testing.T) {
	f := newFixture(t)
	f.fails("ListShards", &api.ListShardsInput{}, api.InvalidArgument, "Either NextToken or StreamName should be provided.")
	const noShard = "Could not find shard shard-x in stream nope under account 000000000000."
	f.fails("ListShards", &api.ListShardsInput{StreamName: some("nope"), ExclusiveStartShardId: some("shard-x")}, api.ResourceNotFound, noShard)
	f.fails("DescribeStream", &api.DescribeStreamInput{StreamName: some("nope"), ExclusiveStartShardId: some("shard-x")}, api.ResourceNotFound, noShard)
}
