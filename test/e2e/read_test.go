package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const firstShard = "shardId-000000000000"

// TestIteratorTypes reads five records from each kind of position.
func TestIteratorTypes(t *testing.T) {
	t.Parallel()
	c := serve(t, "--memory", "--limits", "off").client(t)
	create(t, c, "orders", 1)
	var numbers []*string
	for i := range 5 {
		out := put(t, c, "orders", "k", fmt.Sprint(i))
		if *out.ShardId != firstShard {
			t.Fatalf("put into %s", *out.ShardId)
		}
		numbers = append(numbers, out.SequenceNumber)
	}
	all, _ := drain(t, c, oldest(t, c, "orders", firstShard))
	arrival := all[0].ApproximateArrivalTimestamp
	if time.Since(*arrival).Abs() > eventTimeout {
		t.Errorf("arrived at %v", arrival)
	}

	at := func(kind types.ShardIteratorType) *kinesis.GetShardIteratorInput {
		return &kinesis.GetShardIteratorInput{
			StreamName: aws.String("orders"), ShardId: aws.String(firstShard), ShardIteratorType: kind,
		}
	}
	atNumber, afterNumber, atTime := at(types.ShardIteratorTypeAtSequenceNumber),
		at(types.ShardIteratorTypeAfterSequenceNumber), at(types.ShardIteratorTypeAtTimestamp)
	atNumber.StartingSequenceNumber, afterNumber.StartingSequenceNumber = numbers[2], numbers[2]
	atTime.Timestamp = arrival
	tests := []struct {
		in   *kinesis.GetShardIteratorInput
		want []string
	}{
		{at(types.ShardIteratorTypeTrimHorizon), []string{"0", "1", "2", "3", "4", "5"}},
		{atNumber, []string{"2", "3", "4", "5"}},
		{afterNumber, []string{"3", "4", "5"}},
		{atTime, []string{"0", "1", "2", "3", "4", "5"}},
		{at(types.ShardIteratorTypeLatest), []string{"5"}},
	}
	iterators := make([]*string, len(tests))
	for i, tt := range tests {
		iterators[i] = iterator(t, c, tt.in)
	}
	put(t, c, "orders", "k", "5")
	for i, tt := range tests {
		got, _ := drain(t, c, iterators[i])
		if !slices.Equal(data(got), tt.want) {
			t.Errorf("%s reads %q, want %q", tt.in.ShardIteratorType, data(got), tt.want)
		}
	}
}

// TestBatch puts as many records as a call may have and reads them page by page.
func TestBatch(t *testing.T) {
	t.Parallel()
	c := serve(t, "--memory", "--limits", "off").client(t)
	create(t, c, "orders", 3)
	in := &kinesis.PutRecordsInput{StreamName: aws.String("orders")}
	for i := range 500 {
		in.Records = append(in.Records, types.PutRecordsRequestEntry{
			PartitionKey: aws.String(fmt.Sprint("key-", i)), Data: []byte(fmt.Sprint(i)),
		})
	}
	out, err := c.PutRecords(t.Context(), in)
	if err != nil || *out.FailedRecordCount != 0 || len(out.Records) != 500 {
		t.Fatalf("PutRecords: %+v, %v", out, err)
	}
	want := make(map[string][]string) // the records of each shard, in order
	for i, r := range out.Records {
		want[*r.ShardId] = append(want[*r.ShardId], fmt.Sprint(i))
	}
	if len(want) != 3 {
		t.Errorf("500 keys went into %d shards", len(want))
	}
	for shard, records := range want {
		var got []types.Record
		it := oldest(t, c, "orders", shard)
		for len(got) < len(records) {
			page, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(7)})
			if err != nil || len(page.Records) == 0 || len(page.Records) > 7 {
				t.Fatalf("GetRecords: %d records, %v", len(page.Records), err)
			}
			got, it = append(got, page.Records...), page.NextShardIterator
		}
		if !slices.Equal(data(got), records) {
			t.Errorf("%s has %q, want %q", shard, data(got), records)
		}
	}
}

// TestReadersFollowChildren splits and merges shards that have records, and
// follows the children from the first shard on.
func TestReadersFollowChildren(t *testing.T) {
	t.Parallel()
	c := serve(t, "--memory", "--limits", "off").client(t)
	create(t, c, "orders", 1)
	round := func(n int) {
		for i := range 8 {
			put(t, c, "orders", fmt.Sprint("key-", i), fmt.Sprintf("%d/%d", i, n))
		}
	}
	round(0)
	_, err := c.SplitShard(t.Context(), &kinesis.SplitShardInput{
		StreamName: aws.String("orders"), ShardToSplit: aws.String(firstShard),
		NewStartingHashKey: aws.String("170141183460469231731687303715884105728"),
	})
	if err != nil {
		t.Fatal(err)
	}
	active(t, c, "orders")
	round(1)
	_, err = c.MergeShards(t.Context(), &kinesis.MergeShardsInput{
		StreamName: aws.String("orders"), ShardToMerge: aws.String("shardId-000000000001"),
		AdjacentShardToMerge: aws.String("shardId-000000000002"),
	})
	if err != nil {
		t.Fatal(err)
	}
	active(t, c, "orders")
	round(2)

	var order []string
	got := make(map[string]string) // the rounds that each key was seen in
	seen := make(map[string]bool)
	for queue := []string{firstShard}; len(queue) > 0; queue = queue[1:] {
		if seen[queue[0]] {
			continue
		}
		seen[queue[0]] = true
		order = append(order, queue[0])
		records, children := drain(t, c, oldest(t, c, "orders", queue[0]))
		for _, d := range data(records) {
			key, n, _ := strings.Cut(d, "/")
			got[key] += n
		}
		for _, child := range children {
			queue = append(queue, *child.ShardId)
		}
	}
	if len(order) != 4 {
		t.Errorf("followed %q", order)
	}
	for i := range 8 {
		if rounds := got[fmt.Sprint(i)]; rounds != "012" {
			t.Errorf("key %d was seen in the rounds %q", i, rounds)
		}
	}
}
