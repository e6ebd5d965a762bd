package leattest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"leat/internal/leattest"
)

const firstShard = "shardId-000000000000"

// bound is how long an event may take.
const bound = 30 * time.Second

// overBoth runs a test with clients of either version of HTTP.
func overBoth(t *testing.T, test func(t *testing.T, s *leattest.Server), opts ...leattest.Option) {
	opts = append([]leattest.Option{leattest.WithStream("s", 1), leattest.WithoutRetries()}, opts...)
	t.Run("HTTP1", func(t *testing.T) { test(t, leattest.Start(t, opts...)) })
	t.Run("HTTP2", func(t *testing.T) { test(t, leattest.Start(t, append(opts, leattest.WithHTTP2())...)) })
}

// register registers a consumer of the stream s and returns its ARN.
func register(t *testing.T, c *kinesis.Client, name string) string {
	t.Helper()
	summary, err := c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{
		StreamARN: summary.StreamDescriptionSummary.StreamARN, ConsumerName: &name,
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.Consumer.ConsumerStatus != types.ConsumerStatusCreating {
		t.Errorf("the consumer is %s", out.Consumer.ConsumerStatus)
	}
	return *out.Consumer.ConsumerARN
}

// subscription is one as a user of the SDK has it.
type subscription struct {
	t *testing.T
	*kinesis.SubscribeToShardEventStream
}

// trySubscribe subscribes with a client of its own: in this version of the SDK
// the subscriptions of one client race for the memory that they decode in.
func trySubscribe(t *testing.T, s *leattest.Server, arn, shard string, from *types.StartingPosition) (*subscription, error) {
	t.Helper()
	out, err := s.Client().SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{
		ConsumerARN: &arn, ShardId: &shard, StartingPosition: from,
	})
	if err != nil {
		return nil, err
	}
	sub := &subscription{t, out.GetStream()}
	t.Cleanup(func() { _ = sub.Close() })
	return sub, nil
}

func subscribe(t *testing.T, s *leattest.Server, arn, shard string, from *types.StartingPosition) *subscription {
	t.Helper()
	sub, err := trySubscribe(t, s, arn, shard, from)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

var (
	fromStart = &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon}
	fromNow   = &types.StartingPosition{Type: types.ShardIteratorTypeLatest}
)

// next returns the next event, or false at the end of the subscription.
func (s *subscription) next() (*types.SubscribeToShardEvent, bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), bound)
	defer cancel()
	select {
	case e, ok := <-s.Events():
		if !ok {
			return nil, false
		}
		return &e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value, true
	case <-ctx.Done():
		s.t.Fatal("no event")
		return nil, false
	}
}

// wantRecords takes an event with records, and returns its continuation.
func (s *subscription) wantRecords(want ...string) string {
	s.t.Helper()
	e, ok := s.next()
	if !ok {
		s.t.Fatalf("the subscription has ended: %v", s.Err())
	}
	var got []string
	for _, r := range e.Records {
		got = append(got, string(r.Data))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("pushed %q, want %q", got, want)
	}
	return aws.ToString(e.ContinuationSequenceNumber)
}

// wantEnd takes the end of the subscription, and returns its error.
func (s *subscription) wantEnd() error {
	s.t.Helper()
	if e, ok := s.next(); ok {
		s.t.Fatalf("event %+v in place of the end", e)
	}
	return s.Err()
}

func TestSubscribe(t *testing.T) {
	overBoth(t, func(t *testing.T, s *leattest.Server) {
		c := s.Client()
		put(t, c, "s", "k", "one")
		arn := register(t, c, "app")
		sub := subscribe(t, s, arn, firstShard, fromStart)
		continuation := sub.wantRecords("one")
		for _, data := range []string{"two", "three"} {
			put(t, c, "s", "k", data)
			sub.wantRecords(data)
		}
		if err := sub.Close(); err != nil {
			t.Error(err)
		}
		s.Advance(5 * time.Second)
		again := subscribe(t, s, arn, firstShard, &types.StartingPosition{
			Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: &continuation,
		})
		again.wantRecords("two", "three")
	})
}

func TestTakeover(t *testing.T) {
	overBoth(t, func(t *testing.T, s *leattest.Server) {
		c := s.Client()
		arn := register(t, c, "app")
		first := subscribe(t, s, arn, firstShard, fromNow)
		var inUse *types.ResourceInUseException
		if _, err := trySubscribe(t, s, arn, firstShard, fromNow); !errors.As(err, &inUse) {
			t.Errorf("a second subscription: %v", err)
		}
		s.Advance(5 * time.Second)
		second := subscribe(t, s, arn, firstShard, fromNow)
		if err := first.wantEnd(); !errors.As(err, &inUse) {
			t.Errorf("the first subscription ended with %v", err)
		}
		put(t, c, "s", "k", "one")
		second.wantRecords("one")
	}, leattest.WithClock(time.Unix(1_700_000_000, 0)))
}

func TestSplitWhileSubscribed(t *testing.T) {
	overBoth(t, func(t *testing.T, s *leattest.Server) {
		c := s.Client()
		arn := register(t, c, "app")
		sub := subscribe(t, s, arn, firstShard, fromNow)
		put(t, c, "s", "k", "one")
		sub.wantRecords("one")
		if _, err := c.SplitShard(t.Context(), &kinesis.SplitShardInput{
			StreamName: aws.String("s"), ShardToSplit: aws.String(firstShard),
			NewStartingHashKey: aws.String("170141183460469231731687303715884105728"),
		}); err != nil {
			t.Fatal(err)
		}
		e, ok := sub.next()
		if !ok || e.ContinuationSequenceNumber != nil || len(e.ChildShards) != 2 || len(e.Records) != 0 {
			t.Fatalf("last event %+v", e)
		}
		if err := sub.wantEnd(); err != nil {
			t.Errorf("ended with %v", err)
		}
		put(t, c, "s", "k", "two")
		got := make(chan string, 2)
		for _, child := range e.ChildShards {
			child := subscribe(t, s, arn, *child.ShardId, fromStart)
			go func() {
				for e := range child.Events() {
					for _, r := range e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value.Records {
						got <- string(r.Data)
					}
				}
			}()
		}
		select {
		case data := <-got:
			if data != "two" {
				t.Errorf("a child has %q", data)
			}
		case <-time.After(bound):
			t.Error("no child has the record")
		}
	})
}

func TestSubscriptionsEnd(t *testing.T) {
	overBoth(t, func(t *testing.T, s *leattest.Server) {
		c := s.Client()
		arn, other := register(t, c, "app"), register(t, c, "other")
		deregistered := subscribe(t, s, other, firstShard, fromNow)
		if _, err := c.DeregisterStreamConsumer(t.Context(), &kinesis.DeregisterStreamConsumerInput{ConsumerARN: &other}); err != nil {
			t.Fatal(err)
		}
		if err := deregistered.wantEnd(); err != nil {
			t.Errorf("ended with %v", err)
		}
		deleted := subscribe(t, s, arn, firstShard, fromNow)
		var inUse *types.ResourceInUseException
		if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("s")}); !errors.As(err, &inUse) {
			t.Errorf("delete a stream with consumers: %v", err)
		}
		if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{
			StreamName: aws.String("s"), EnforceConsumerDeletion: aws.Bool(true),
		}); err != nil {
			t.Fatal(err)
		}
		var notFound *types.ResourceNotFoundException
		if err := deleted.wantEnd(); !errors.As(err, &notFound) {
			t.Errorf("ended with %v", err)
		}
		if _, err := trySubscribe(t, s, arn, firstShard, fromNow); !errors.As(err, &notFound) {
			t.Errorf("subscribe to nothing: %v", err)
		}
	})
}

func TestSubscriptionLife(t *testing.T) {
	overBoth(t, func(t *testing.T, s *leattest.Server) {
		c := s.Client()
		sub := subscribe(t, s, register(t, c, "app"), firstShard, fromNow)
		if err := sub.wantEnd(); err != nil {
			t.Errorf("ended with %v", err)
		}
	}, leattest.WithSubscriptionTTL(50*time.Millisecond))
}

// A shutdown waits for no subscription: they end.
func TestShutdownEndsSubscriptions(t *testing.T) {
	overBoth(t, func(t *testing.T, s *leattest.Server) {
		c := s.Client()
		sub := subscribe(t, s, register(t, c, "app"), firstShard, fromNow)
		start := time.Now()
		s.Restart()
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("the restart took %v", d)
		}
		if err := sub.wantEnd(); err != nil {
			t.Errorf("ended with %v", err)
		}
	})
}
