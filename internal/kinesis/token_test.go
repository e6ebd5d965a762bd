package kinesis_test

import (
	"testing"
	"time"

	"leat/internal/api"
)

// Page tokens are good for 300 seconds, for the operation that gave them.
func TestPageTokens(t *testing.T) {
	f := newFixture(t)
	f.create("a", 3)
	f.create("b", 1)
	one := some(int32(1))
	ofStreams := f.call("ListStreams", &api.ListStreamsInput{Limit: one}).(*api.ListStreamsOutput).NextToken
	ofShards := f.call("ListShards", &api.ListShardsInput{StreamName: some("a"), MaxResults: one}).(*api.ListShardsOutput).NextToken
	for _, bad := range []string{"x", "AAAA", ofShards.V, ofStreams.V[:len(ofStreams.V)-4]} {
		f.fails("ListStreams", &api.ListStreamsInput{NextToken: some(bad)}, api.InvalidArgument, "Invalid NextToken.")
	}
	f.fails("ListShards", &api.ListShardsInput{NextToken: ofStreams}, api.InvalidArgument, "Invalid NextToken.")
	f.fails("ListShards", &api.ListShardsInput{NextToken: ofShards, StreamName: some("a")}, api.InvalidArgument,
		"NextToken and StreamName cannot be provided together.")
	f.advance(300 * time.Second)
	f.open()
	f.call("ListStreams", &api.ListStreamsInput{NextToken: ofStreams})
	f.call("ListShards", &api.ListShardsInput{NextToken: ofShards})
	f.advance(time.Millisecond)
	const expired = "NextToken expired. The token was created at time Tue Nov 14 22:13:20 UTC 2023 while right now it is Tue Nov 14 22:18:20 UTC 2023."
	f.fails("ListStreams", &api.ListStreamsInput{NextToken: ofStreams}, api.ExpiredNextToken, expired)
	f.fails("ListShards", &api.ListShardsInput{NextToken: ofShards}, api.ExpiredNextToken, expired)
}

// A StreamCreationTimestamp says which of the streams with a name is meant.
func TestListShardsOfTheStreamCreatedThen(t *testing.T) {
	f := newFixture(t)
	f.create("s", 2)
	created := f.describe("s").StreamCreationTimestamp
	in := &api.ListShardsInput{StreamName: some("s"), StreamCreationTimestamp: some(created + 999)}
	if got := f.call("ListShards", in).(*api.ListShardsOutput).Shards.V; len(got) != 2 {
		t.Errorf("%d shards, want 2", len(got))
	}
	in.StreamCreationTimestamp = some(created - 1)
	f.fails("ListShards", in, api.ResourceNotFound, "Stream s under account 000000000000 not found.")
}

func TestOperationsOnShardsOfOnDemandStreams(t *testing.T) {
	f := newFixture(t)
	f.createOnDemand("s")
	for name, in := range map[string]api.Input{
		"SplitShard":       &api.SplitShardInput{StreamName: some("s"), ShardToSplit: some("0"), NewStartingHashKey: some("5")},
		"MergeShards":      &api.MergeShardsInput{StreamName: some("s"), ShardToMerge: some("0"), AdjacentShardToMerge: some("1")},
		"UpdateShardCount": &api.UpdateShardCountInput{StreamName: some("s"), TargetShardCount: some(int32(4)), ScalingType: some("UNIFORM_SCALING")},
	} {
		f.fails(name, in, api.Validation, "Request is invalid. Stream s under account 000000000000 is in On-Demand mode.")
	}
}
