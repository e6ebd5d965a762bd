package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// TestPaginators pages through streams and shards.
func TestPaginators(t *testing.T) {
	t.Parallel()
	c := serve(t, "--memory", "--stream", "a:1,b:1,c:1,d:1,e:5").client(t)

	var names []string
	streams := kinesis.NewListStreamsPaginator(c, &kinesis.ListStreamsInput{Limit: aws.Int32(2)})
	for streams.HasMorePages() {
		page, err := streams.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, page.StreamNames...)
	}
	if want := []string{"a", "b", "c", "d", "e"}; !slices.Equal(names, want) {
		t.Errorf("the streams are %q, want %q", names, want)
	}

	var described, listed []string
	shards := kinesis.NewDescribeStreamPaginator(c, &kinesis.DescribeStreamInput{StreamName: aws.String("e"), Limit: aws.Int32(2)})
	for shards.HasMorePages() {
		page, err := shards.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.StreamDescription.Shards {
			described = append(described, *s.ShardId)
		}
	}
	in := &kinesis.ListShardsInput{StreamName: aws.String("e"), MaxResults: aws.Int32(2)}
	for in != nil {
		page, err := c.ListShards(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page.Shards {
			listed = append(listed, *s.ShardId)
		}
		in = nil
		if page.NextToken != nil {
			in = &kinesis.ListShardsInput{NextToken: page.NextToken, MaxResults: aws.Int32(2)}
		}
	}
	var want []string
	for i := range 5 {
		want = append(want, fmt.Sprintf("shardId-%012d", i))
	}
	if !slices.Equal(described, want) || !slices.Equal(listed, want) {
		t.Errorf("described %q, listed %q", described, listed)
	}
}

// TestTransitions sees a stream come and go, with a delay, through the waiters.
func TestTransitions(t *testing.T) {
	t.Parallel()
	c := serve(t, "--memory", "--transition-delay", "300ms").client(t)
	name := aws.String("orders")
	status := func() types.StreamStatus {
		out, err := c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: name})
		if err != nil {
			t.Fatal(err)
		}
		return out.StreamDescriptionSummary.StreamStatus
	}
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: name}); err != nil {
		t.Fatal(err)
	}
	if s := status(); s != types.StreamStatusCreating {
		t.Errorf("a new stream is %s", s)
	}
	active(t, c, *name)
	if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: name}); err != nil {
		t.Fatal(err)
	}
	if s := status(); s != types.StreamStatusDeleting {
		t.Errorf("a deleted stream is %s", s)
	}
	w := kinesis.NewStreamNotExistsWaiter(c, func(o *kinesis.StreamNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 500*time.Millisecond
	})
	if err := w.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: name}, eventTimeout); err != nil {
		t.Error(err)
	}
}

// TestErrors sees that the SDK knows the errors for what they are.
func TestErrors(t *testing.T) {
	t.Parallel()
	c := serve(t, "--memory", "--stream", "orders:1").client(t)

	_, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("orders")})
	var inUse *types.ResourceInUseException
	if !errors.As(err, &inUse) || *inUse.Message != "Stream orders under account 000000000000 already exists." {
		t.Errorf("a second CreateStream: %v", err)
	}
	_, err = c.DescribeStream(t.Context(), &kinesis.DescribeStreamInput{StreamName: aws.String("other")})
	var notFound *types.ResourceNotFoundException
	if !errors.As(err, &notFound) || *notFound.Message != "Stream other under account 000000000000 not found." {
		t.Errorf("an unknown stream: %v", err)
	}

	// The rates are enforced unless lifted. A record of 1 MiB, key included,
	// is a second's share of a shard.
	var exceeded *types.ProvisionedThroughputExceededException
	for i := 0; !errors.As(err, &exceeded); i++ {
		if i == 100 {
			t.Fatal("100 MiB went into one shard at once")
		}
		_, err = c.PutRecord(t.Context(), &kinesis.PutRecordInput{
			StreamName: aws.String("orders"), PartitionKey: aws.String("k"), Data: make([]byte, 1<<20-1),
		})
		if err != nil && !errors.As(err, &exceeded) {
			t.Fatal(err)
		}
	}
}
