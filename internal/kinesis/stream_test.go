package kinesis_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/kinesis"
	"leat/internal/service"
	"leat/internal/stream"
)

func withTransitions(c *kinesis.Config) { c.TransitionDelay = 10 * time.Second }

func named(name string) *api.DescribeStreamInput {
	return &api.DescribeStreamInput{StreamName: some(name)}
}

func TestDescribeFreshStream(t *testing.T) {
	f := newFixture(t)
	f.call("CreateStream", &api.CreateStreamInput{StreamName: some("orders")})
	d := f.describe("orders")
	if d.StreamARN != "arn:aws:kinesis:us-east-1:000000000000:stream/orders" || d.StreamStatus != "ACTIVE" ||
		d.RetentionPeriodHours != 24 || len(d.Shards) != 4 || d.HasMoreShards || d.KeyId.Set ||
		d.EncryptionType != some("NONE") || d.StreamCreationTimestamp != api.Timestamp(testStart.Second().Start()) {
		t.Errorf("described as %+v", d)
	}
	if r := d.Shards[0].HashKeyRange; r.StartingHashKey != "0" || r.EndingHashKey != "85070591730234615865843651857942052863" {
		t.Errorf("the first of four ranges is %v", r)
	}
	byARN := f.call("DescribeStreamSummary", &api.DescribeStreamSummaryInput{StreamARN: some(d.StreamARN)})
	if s := byARN.(*api.DescribeStreamSummaryOutput).StreamDescriptionSummary; s.OpenShardCount != 4 || s.MaxRecordSizeInKiB != some(int32(1024)) {
		t.Errorf("summary %+v", s)
	}
}

func TestNamingStreams(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	const arn = "arn:aws:kinesis:us-east-1:000000000000:stream/"
	f.fails("DescribeStream", named("other"), api.ResourceNotFound, "Stream other under account 000000000000 not found.")
	f.fails("DescribeStream", &api.DescribeStreamInput{StreamARN: some(arn + "other")}, api.ResourceNotFound,
		"Stream other under account 000000000000 not found.")
	f.fails("DescribeStream", &api.DescribeStreamInput{}, api.InvalidArgument, "Either StreamName or StreamARN should be provided.")
	f.fails("DescribeStream", &api.DescribeStreamInput{StreamARN: some(arn + "s"), StreamName: some("t")}, api.InvalidArgument,
		"StreamName t and StreamARN "+arn+"s name different streams.")
	f.fails("CreateStream", &api.CreateStreamInput{StreamName: some("s")}, api.ResourceInUse, "Stream s under account 000000000000 already exists.")
	f.fails("CreateStream", &api.CreateStreamInput{StreamName: some("t"), ShardCount: some(int32(0))}, api.Validation,
		"1 validation error detected: Value '0' at 'shardCount' failed to satisfy constraint: Member must have value greater than or equal to 1")
	for _, c := range []service.Caller{{Account: "111111111111", Region: caller.Region}, {Account: caller.Account, Region: "eu-west-1"}} {
		if _, err := f.do(c, "DescribeStream", named("s")); err == nil {
			t.Errorf("%v sees the stream of %v", c, caller)
		}
		if _, err := f.do(c, "CreateStream", &api.CreateStreamInput{StreamName: some("s")}); err != nil {
			t.Errorf("%v cannot use the name: %v", c, err)
		}
	}
}

func TestTransitions(t *testing.T) {
	f := newFixture(t)
	f.open(withTransitions)
	status := func(want string, shards int) {
		t.Helper()
		if d := f.describe("s"); d.StreamStatus != want || len(d.Shards) != shards {
			t.Errorf("stream is %s with %d shards, want %s with %d", d.StreamStatus, len(d.Shards), want, shards)
		}
	}
	f.create("s", 1)
	status("CREATING", 0)
	f.fails("PutRecord", putInput("s", "k", "x"), api.ResourceNotFound, "Stream s under account 000000000000 not found.")
	f.fails("SplitShard", &api.SplitShardInput{StreamName: some("s"), ShardToSplit: some("0"), NewStartingHashKey: some("5")},
		api.ResourceInUse, "Stream s under account 000000000000 not ACTIVE, instead in state CREATING")
	f.advance(10 * time.Second)
	status("ACTIVE", 1)
	f.split("s", shard0)
	status("UPDATING", 3)
	f.put("s", "k", "x")
	f.fails("MergeShards", &api.MergeShardsInput{StreamName: some("s"), ShardToMerge: some("1"), AdjacentShardToMerge: some("2")},
		api.ResourceInUse, "Stream s under account 000000000000 not ACTIVE, instead in state UPDATING")
	f.advance(10 * time.Second)
	status("ACTIVE", 3)
	remove := &api.DeleteStreamInput{StreamName: some("s")}
	f.call("DeleteStream", remove)
	status("DELETING", 3)
	f.fails("DeleteStream", remove, api.ResourceInUse, "Stream s under account 000000000000 not ACTIVE, instead in state DELETING")
	f.open(withTransitions) // what is under way outlives a restart
	status("DELETING", 3)
	f.advance(10 * time.Second)
	f.fails("DescribeStream", named("s"), api.ResourceNotFound, "Stream s under account 000000000000 not found.")
	f.create("s", 1)
	status("CREATING", 0)
}

func TestDeletionEndsBySweep(t *testing.T) {
	f := newFixture(t)
	f.open(withTransitions)
	f.create("s", 2)
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")})
	f.sweep()
	if n := f.logs(); n != 2 {
		t.Errorf("%d logs while the stream is DELETING, want 2", n)
	}
	f.advance(10 * time.Second)
	f.sweep()
	if n := f.logs(); n != 0 {
		t.Errorf("%d logs are left", n)
	}
}

func (f *fixture) sweep() {
	f.t.Helper()
	if err := f.Sweep(context.Background()); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) logs() int {
	f.t.Helper()
	ids, err := f.engine.Logs(context.Background(), 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return len(ids)
}

func TestTransitionQuota(t *testing.T) {
	f := newFixture(t)
	f.open(withTransitions, withRates)
	for i := range 5 {
		f.create(fmt.Sprint("s", i), 1)
	}
	f.advance(time.Second)
	f.fails("CreateStream", &api.CreateStreamInput{StreamName: some("s5")}, api.LimitExceeded,
		"The account 000000000000 has reached the limit on the number of streams that can simultaneously be in CREATING or DELETING. Limit: 5")
	f.advance(10 * time.Second)
	f.create("s5", 1)
}

func TestListStreams(t *testing.T) {
	f := newFixture(t)
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprint("s", i))
		f.create(want[i], 1)
	}
	var got []string
	in := &api.ListStreamsInput{Limit: some(int32(3))}
	for range 3 {
		out := f.call("ListStreams", in).(*api.ListStreamsOutput)
		got = append(got, out.StreamNames...)
		if out.HasMoreStreams != out.NextToken.Set || len(out.StreamSummaries.V) != len(out.StreamNames) {
			t.Errorf("answer %+v", out)
		}
		in.NextToken = out.NextToken
	}
	if !slices.Equal(got, want) || in.NextToken.Set {
		t.Errorf("listed %q, then token %v", got, in.NextToken)
	}
	out := f.call("ListStreams", &api.ListStreamsInput{ExclusiveStartStreamName: some("s4x")}).(*api.ListStreamsOutput)
	if !slices.Equal(out.StreamNames, []string{"s5", "s6"}) {
		t.Errorf("after s4x come %q", out.StreamNames)
	}
}

func TestDescribeStreamPages(t *testing.T) {
	f := newFixture(t)
	f.create("s", 120)
	d := f.describe("s")
	if len(d.Shards) != 100 || !d.HasMoreShards {
		t.Fatalf("%d shards, more %v", len(d.Shards), d.HasMoreShards)
	}
	out := f.call("DescribeStream", &api.DescribeStreamInput{
		StreamName: some("s"), ExclusiveStartShardId: some(d.Shards[99].ShardId), Limit: some(int32(10000)),
	}).(*api.DescribeStreamOutput)
	if d := out.StreamDescription; len(d.Shards) != 20 || d.HasMoreShards {
		t.Errorf("%d shards, more %v", len(d.Shards), d.HasMoreShards)
	}
}

func TestTags(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	add := func(tags map[string]string) *api.AddTagsToStreamInput {
		return &api.AddTagsToStreamInput{StreamName: some("s"), Tags: some(tags)}
	}
	list := func(after string, limit int32) (keys []string, more bool) {
		in := &api.ListTagsForStreamInput{StreamName: some("s")}
		if after != "" {
			in.ExclusiveStartTagKey = some(after)
		}
		if limit > 0 {
			in.Limit = some(limit)
		}
		out := f.call("ListTagsForStream", in).(*api.ListTagsForStreamOutput)
		for _, tag := range out.Tags {
			keys = append(keys, tag.Key+":"+tag.Value.V)
		}
		return keys, out.HasMoreTags
	}
	f.call("AddTagsToStream", add(map[string]string{"b": "1", "_": "", "a": "2", " ": "3", "0": "4", "ÿ": "5"}))
	f.call("AddTagsToStream", add(map[string]string{"b": "6"}))
	f.open()
	if got, more := list("", 0); !slices.Equal(got, []string{" :3", "0:4", "_:", "a:2", "b:6", "ÿ:5"}) || more {
		t.Errorf("listed %q, more %v", got, more)
	}
	if got, more := list("`", 2); !slices.Equal(got, []string{"a:2", "b:6"}) || !more {
		t.Errorf("listed %q, more %v", got, more)
	}
	f.call("RemoveTagsFromStream", &api.RemoveTagsFromStreamInput{StreamName: some("s"), TagKeys: some([]string{"a", "unknown", "_", " ", "0"})})
	if got, _ := list("", 0); !slices.Equal(got, []string{"b:6", "ÿ:5"}) {
		t.Errorf("after removal %q", got)
	}
	f.fails("AddTagsToStream", add(map[string]string{"a;": ""}), api.InvalidArgument,
		"Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.")
	f.fails("AddTagsToStream", add(map[string]string{"a%": ""}), api.InvalidArgument,
		"Failed to add tags to stream s under account 000000000000 because some tags contained illegal characters. "+
			"The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.")
	f.fails("RemoveTagsFromStream", &api.RemoveTagsFromStreamInput{StreamName: some("s"), TagKeys: some([]string{"%"})}, api.InvalidArgument,
		"Failed to remove tags from stream s under account 000000000000 because some tags contained illegal characters. "+
			"The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@'.")
	many := map[string]string{}
	for i := range 49 {
		many[fmt.Sprint(i)] = ""
	}
	f.fails("AddTagsToStream", add(many), api.InvalidArgument,
		"Failed to add tags to stream s under account 000000000000 because a given stream cannot have more than 10 tags associated with it.")
	delete(many, "0")
	f.call("AddTagsToStream", add(many))
}

func (f *fixture) setRetention(op string, hours int32) {
	f.t.Helper()
	f.call(op, retentionInput(op, hours))
}

func retentionInput(op string, hours int32) api.Input {
	if op == "IncreaseStreamRetentionPeriod" {
		return &api.IncreaseStreamRetentionPeriodInput{StreamName: some("s"), RetentionPeriodHours: some(hours)}
	}
	return &api.DecreaseStreamRetentionPeriodInput{StreamName: some("s"), RetentionPeriodHours: some(hours)}
}

func TestRetentionPeriod(t *testing.T) {
	const increase, decrease = "IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"
	f := newFixture(t)
	f.create("s", 1)
	f.setRetention(increase, 24)
	f.setRetention(decrease, 24)
	f.setRetention(increase, 48)
	for _, tt := range []struct {
		op    string
		hours int32
		want  string
	}{
		{increase, 23, "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."},
		{decrease, 0, "Minimum allowed retention period is 24 hours. Requested retention period (0 hours) is too short."},
		{increase, 8761, "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long."},
		{increase, 30, "Requested retention period (30 hours) for stream s can not be shorter than existing retention period (48 hours). Use DecreaseRetentionPeriod API."},
		{decrease, 72, "Requested retention period (72 hours) for stream s can not be longer than existing retention period (48 hours). Use IncreaseRetentionPeriod API."},
	} {
		f.fails(tt.op, retentionInput(tt.op, tt.hours), api.InvalidArgument, tt.want)
	}
	f.open()
	if got := f.describe("s").RetentionPeriodHours; got != 48 {
		t.Errorf("%d hours after a restart, want 48", got)
	}
}

func TestExpiredRecordsAreHiddenAndTrimmed(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	old := f.put("s", "k", "old").SequenceNumber
	f.advance(time.Hour)
	f.put("s", "k", "new")
	f.advance(23 * time.Hour)
	wantData(t, f.read(f.horizon("s", shard0)), "old", "new")
	f.advance(time.Millisecond)
	fromOld := api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("AT_SEQUENCE_NUMBER"), StartingSequenceNumber: some(old),
	}
	for range 2 { // before and after the sweep
		wantData(t, f.read(f.horizon("s", shard0)), "new")
		wantData(t, f.read(f.iterator(fromOld)), "new")
		f.setRetention("IncreaseStreamRetentionPeriod", 48) // does not bring it back
		wantData(t, f.read(f.horizon("s", shard0)), "new")
		f.sweep()
	}
}

// A page full of expired records is passed over, not returned empty.
func TestManyExpiredRecords(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	for range 300 {
		f.put("s", "k", "old")
	}
	f.advance(25 * time.Hour)
	f.put("s", "k", "new")
	wantData(t, f.get(f.horizon("s", shard0), 10).data, "new")
}

func TestClosedShardsDisappear(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.put("s", "k", "x")
	it := api.GetShardIteratorInput{StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("TRIM_HORIZON")}
	f.split("s", shard0)
	f.advance(24*time.Hour - time.Millisecond)
	if got := len(f.allShards("s")); got != 3 {
		t.Fatalf("%d shards before the expiry, want 3", got)
	}
	token := f.iterator(it)
	f.advance(time.Millisecond)
	for range 2 {
		if got := f.allShards("s"); len(got) != 2 || got[0].ParentShardId != some(shard0) {
			t.Errorf("shards %+v", got)
		}
		const gone = "Shard shardId-000000000000 in stream s under account 000000000000 does not exist"
		f.fails("GetShardIterator", &it, api.ResourceNotFound, gone)
		f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(token)}, api.ResourceNotFound, gone)
		f.sweep()
	}
	if n := f.logs(); n != 2 {
		t.Errorf("%d logs, want 2", n)
	}
	// Ids are never used again.
	f.split("s", "shardId-000000000002")
	if got := openShards(f.describe("s")); !slices.Equal(got, []string{"shardId-000000000001", "shardId-000000000003", "shardId-000000000004"}) {
		t.Errorf("open shards %q", got)
	}
}

// racing is an engine in which something else happens while an operation reads
// the clock.
type racing struct {
	engine.Engine
	meanwhile func()
}

func (e *racing) Now() stream.Millis {
	now := e.Engine.Now()
	if f := e.meanwhile; f != nil {
		e.meanwhile = nil
		f()
	}
	return now
}

func TestDeletedStreamsStayDeleted(t *testing.T) {
	f := newFixture(t)
	e := &racing{Engine: f.engine}
	f.engine = e
	f.open(withTransitions)
	f.create("s", 1)
	f.advance(10 * time.Second)
	e.meanwhile = func() { f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")}) }
	f.fails("IncreaseStreamRetentionPeriod", retentionInput("IncreaseStreamRetentionPeriod", 48), api.ResourceInUse,
		"Stream s under account 000000000000 not ACTIVE, instead in state DELETING")
	if d := f.describe("s"); d.StreamStatus != "DELETING" {
		t.Errorf("the stream is %s", d.StreamStatus)
	}
}

func TestDescribeLimits(t *testing.T) {
	f := newFixture(t)
	f.create("s", 3)
	f.call("CreateStream", &api.CreateStreamInput{
		StreamName: some("t"), StreamModeDetails: some(api.StreamModeDetails{StreamMode: some("ON_DEMAND")}),
	})
	got := *f.call("DescribeLimits", &api.DescribeLimitsInput{}).(*api.DescribeLimitsOutput)
	want := api.DescribeLimitsOutput{ShardLimit: 20000, OpenShardCount: 3, OnDemandStreamCount: 1, OnDemandStreamCountLimit: 50}
	if got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
	f.fails("SplitShard", &api.SplitShardInput{StreamName: some("t"), ShardToSplit: some("0"), NewStartingHashKey: some("5")},
		api.Validation, "Request is invalid. Stream t under account 000000000000 is in On-Demand mode.")
}

func TestEnsureStream(t *testing.T) {
	f := newFixture(t)
	for _, want := range []bool{true, false} {
		have, created, err := f.EnsureStream(context.Background(), caller, "s", 3)
		if have != 3 || created != want || err != nil {
			t.Errorf("%d shards, created %v, error %v", have, created, err)
		}
	}
	if _, _, err := f.EnsureStream(context.Background(), caller, "no name", 1); err == nil {
		t.Error("a name with a space is accepted")
	}
}

func TestLatestIsBoundWhenAsked(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	it := f.iterator(api.GetShardIteratorInput{StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("LATEST")})
	f.put("s", "k", "x")
	wantData(t, f.read(it), "x")
}
