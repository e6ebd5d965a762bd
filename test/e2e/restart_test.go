package e2e

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// TestRestart ends servers in both ways and sees that the next one on the same
// directory knows all that the first one acknowledged.
func TestRestart(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*server, *testing.T){
		"SIGTERM": (*server).stop, "kill -9": (*server).kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := serve(t, "--data-dir", dir)
			before := fill(t, s.client(t))
			end(s, t)
			before.check(t, serve(t, "--data-dir", dir).client(t))
		})
	}
}

// filled is what a server has acknowledged.
type filled struct {
	first, latest *string // iterators of before the second record
	token         *string // of a page of shards
	last          *kinesis.PutRecordOutput
}

func fill(t *testing.T, c *kinesis.Client) filled {
	t.Helper()
	var f filled
	create(t, c, "orders", 1)
	create(t, c, "gone", 1)
	_, err := c.AddTagsToStream(t.Context(), &kinesis.AddTagsToStreamInput{
		StreamName: aws.String("orders"), Tags: map[string]string{"team": "shop"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.IncreaseStreamRetentionPeriod(t.Context(), &kinesis.IncreaseStreamRetentionPeriodInput{
		StreamName: aws.String("orders"), RetentionPeriodHours: aws.Int32(48),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("gone")}); err != nil {
		t.Fatal(err)
	}
	put(t, c, "orders", "k", "one")
	f.first = oldest(t, c, "orders", firstShard)
	f.latest = iterator(t, c, &kinesis.GetShardIteratorInput{
		StreamName: aws.String("orders"), ShardId: aws.String(firstShard),
		ShardIteratorType: types.ShardIteratorTypeLatest,
	})
	f.last = put(t, c, "orders", "k", "two")
	_, err = c.SplitShard(t.Context(), &kinesis.SplitShardInput{
		StreamName: aws.String("orders"), ShardToSplit: aws.String(firstShard),
		NewStartingHashKey: aws.String("170141183460469231731687303715884105728"),
	})
	if err != nil {
		t.Fatal(err)
	}
	active(t, c, "orders")
	page, err := c.ListShards(t.Context(), &kinesis.ListShardsInput{
		StreamName: aws.String("orders"), MaxResults: aws.Int32(1),
	})
	if err != nil || page.NextToken == nil {
		t.Fatalf("ListShards: %+v, %v", page, err)
	}
	f.token = page.NextToken
	return f
}

func (f filled) check(t *testing.T, c *kinesis.Client) {
	t.Helper()
	streams, err := c.ListStreams(t.Context(), &kinesis.ListStreamsInput{})
	if err != nil || !slices.Equal(streams.StreamNames, []string{"orders"}) {
		t.Errorf("streams: %+v, %v", streams, err)
	}
	summary, err := c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	if d := summary.StreamDescriptionSummary; *d.RetentionPeriodHours != 48 || *d.OpenShardCount != 2 ||
		d.StreamStatus != types.StreamStatusActive {
		t.Errorf("summary: %d hours, %d shards, %s", *d.RetentionPeriodHours, *d.OpenShardCount, d.StreamStatus)
	}
	tags, err := c.ListTagsForStream(t.Context(), &kinesis.ListTagsForStreamInput{StreamName: aws.String("orders")})
	if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "team" || *tags.Tags[0].Value != "shop" {
		t.Errorf("tags: %+v, %v", tags, err)
	}
	page, err := c.ListShards(t.Context(), &kinesis.ListShardsInput{NextToken: f.token})
	if err != nil || len(page.Shards) != 2 {
		t.Errorf("a page token of before: %+v, %v", page, err)
	}
	for it, want := range map[*string][]string{f.first: {"one", "two"}, f.latest: {"two"}} {
		records, children := drain(t, c, it)
		if !slices.Equal(data(records), want) || len(children) != 2 {
			t.Errorf("an iterator of before reads %q and %d children, want %q", data(records), len(children), want)
		}
		if n := len(records); n > 0 && *records[n-1].SequenceNumber != *f.last.SequenceNumber {
			t.Errorf("the last number is %s, was %s", *records[n-1].SequenceNumber, *f.last.SequenceNumber)
		}
	}
	if now := put(t, c, "orders", "k", "three"); *now.SequenceNumber <= *f.last.SequenceNumber {
		t.Errorf("a child's number %s is not above its parent's %s", *now.SequenceNumber, *f.last.SequenceNumber)
	}
}
