package kinesis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/api"
	"leat/internal/engine/memory"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

// inBubble runs a test on a service whose time, like that of the test's timers,
// is a bubble's.
func inBubble(t *testing.T, test func(t *testing.T, f *fixture), opts ...option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{t: t, engine: memory.Open(memory.Options{})}
		f.open(opts...)
		f.create("s", 1)
		test(t, f)
		f.EndSubscriptions()
		synctest.Wait()
	})
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

// subscriber is one who reads a subscription.
type subscriber struct {
	t      *testing.T
	events chan page // closed at the end
	err    error     // why it has ended, once events is closed
	leave  context.CancelFunc
}

func subscribeInput(arn, shard, kind, number string) *api.SubscribeToShardInput {
	start := api.StartingPosition{Type: some(kind)}
	if number != "" {
		start.SequenceNumber = some(number)
	}
	return &api.SubscribeToShardInput{ConsumerARN: some(arn), ShardId: some(shard), StartingPosition: some(start)}
}

// trySubscribe subscribes. The subscriber takes every event at once.
func (f *fixture) trySubscribe(in *api.SubscribeToShardInput) (*subscriber, error) {
	f.t.Helper()
	op := f.ops["SubscribeToShard"]
	if err := api.Validate(in, op.Schema); err != nil {
		seen.note(op.Name, in, err)
		return nil, err
	}
	ctx, cancel := context.WithCancel(f.t.Context())
	events, err := op.Stream(ctx, caller, in)
	seen.note(op.Name, in, err)
	if err != nil {
		cancel()
		return nil, err
	}
	s := &subscriber{t: f.t, events: make(chan page, 1000), leave: cancel}
	go func() {
		defer cancel()
		defer close(s.events)
		for event, err := range events {
			if err != nil {
				seen.note(op.Name, in, err)
				s.err = err
				return
			}
			r := new(pageReader)
			event.Encode(r)
			event.(api.Releaser).Release()
			s.events <- r.page
		}
	}()
	return s, nil
}

func (f *fixture) subscribe(arn, kind, number string) *subscriber {
	f.t.Helper()
	s, err := f.trySubscribe(subscribeInput(arn, shard0, kind, number))
	if err != nil {
		f.t.Fatalf("subscribe: %v", err)
	}
	return s
}

// now returns the event that has been pushed by now.
func (s *subscriber) now() page {
	s.t.Helper()
	synctest.Wait()
	select {
	case p, ok := <-s.events:
		if !ok {
			s.t.Fatalf("the subscription has ended: %v", s.err)
		}
		return p
	default:
		s.t.Fatal("no event")
		return page{}
	}
}

// wantNothing checks that no event has come and the subscription goes on.
func (s *subscriber) wantNothing() {
	s.t.Helper()
	synctest.Wait()
	select {
	case p, ok := <-s.events:
		s.t.Fatalf("event %+v (%t)", p, ok)
	default:
	}
}

// wantEnd checks that the subscription has ended, with an exception or, for no
// code, cleanly.
func (s *subscriber) wantEnd(code api.Code, message string) {
	s.t.Helper()
	synctest.Wait()
	select {
	case p, ok := <-s.events:
		if ok {
			s.t.Fatalf("event %+v in place of the end", p)
		}
	default:
		s.t.Fatal("the subscription goes on")
	}
	var e *api.Error
	switch {
	case code == "" && s.err == nil:
	case !errors.As(s.err, &e) || e.Code != string(code) || e.Message != message:
		s.t.Errorf("ended with %v, want %s: %s", s.err, code, message)
	}
}

// refused checks that a subscription does not begin.
func (f *fixture) refused(in *api.SubscribeToShardInput, code api.Code, message string) {
	f.t.Helper()
	_, err := f.trySubscribe(in)
	var e *api.Error
	if !errors.As(err, &e) || e.Code != string(code) || e.Message != message {
		f.t.Errorf("subscribe:\n got %v\nwant %s: %s", err, code, message)
	}
}

func TestRecordsArePushedAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		f.put("s", "k", "one")
		arn := f.register("s", "app").ConsumerARN
		s := f.subscribe(arn, "TRIM_HORIZON", "")
		other := f.subscribe(f.register("s", "other").ConsumerARN, "LATEST", "")
		first := s.now()
		wantData(t, first.data, "one")
		other.wantNothing()
		two := f.put("s", "k", "two").SequenceNumber
		for _, s := range []*subscriber{s, other} {
			p := s.now()
			wantData(t, p.data, "two")
			if p.behind != 0 || !slices.Equal(p.seqs, []string{two}) || p.childs != nil {
				t.Errorf("event %+v", p)
			}
			s.wantNothing()
		}
		s.leave()
		s.wantEnd("", "")
		pass(5 * time.Second)
		for _, kind := range []string{"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"} {
			s := f.subscribe(arn, kind, first.continuation)
			wantData(t, s.now().data, "two")
			s.wantNothing()
			s.leave()
			s.wantEnd("", "")
		}
	})
}

func TestIdleSubscription(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		f.put("s", "k", "one")
		arn := f.register("s", "app").ConsumerARN
		s := f.subscribe(arn, "TRIM_HORIZON", "")
		continuation := s.now().continuation
		start := time.Now()
		for last := start; ; last = time.Now() {
			p, ok := <-s.events
			if !ok {
				break
			}
			if gap := time.Since(last); gap > 5*time.Second || gap < 4*time.Second {
				t.Fatalf("an event after %v", gap)
			}
			if len(p.data) > 0 || p.behind != 0 || p.continuation != continuation || p.childs != nil {
				t.Fatalf("idle event %+v", p)
			}
		}
		s.wantEnd("", "")
		if lived := time.Since(start); lived != 5*time.Minute {
			t.Errorf("the subscription lived for %v", lived)
		}
		f.put("s", "k", "two")
		for _, kind := range []string{"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"} {
			s := f.subscribe(arn, kind, continuation)
			wantData(t, s.now().data, "two")
			s.leave()
			s.wantEnd("", "")
		}
	})
}

func TestTakeover(t *testing.T) {
	const taken = "Another active subscription exists for this consumer: 000000000000:s:shardId-000000000000:app"
	inBubble(t, func(t *testing.T, f *fixture) {
		arn := f.register("s", "app").ConsumerARN
		in := subscribeInput(arn, shard0, "LATEST", "")
		first := f.subscribe(arn, "LATEST", "")
		pass(5*time.Second - time.Millisecond)
		first.now()
		f.refused(in, api.ResourceInUse, taken)
		first.wantNothing()
		pass(time.Millisecond)
		second := f.subscribe(arn, "LATEST", "")
		first.wantEnd(api.ResourceInUse, taken)
		f.put("s", "k", "one")
		wantData(t, second.now().data, "one")
		f.refused(in, api.ResourceInUse, taken)
		// Another consumer has its own.
		f.subscribe(f.register("s", "other").ConsumerARN, "LATEST", "").wantNothing()
		// What has ended holds no place, but under AWS's limits.
		second.leave()
		second.wantEnd("", "")
		f.subscribe(arn, "LATEST", "").wantNothing()
	})
	inBubble(t, func(_ *testing.T, f *fixture) {
		arn := f.register("s", "app").ConsumerARN
		in := subscribeInput(arn, shard0, "LATEST", "")
		first := f.subscribe(arn, "LATEST", "")
		f.refused(in, api.LimitExceeded, "Rate exceeded for consumer "+arn+" and shard shardId-000000000000")
		first.leave()
		first.wantEnd("", "")
		pass(time.Second)
		f.refused(in, api.ResourceInUse, taken)
		pass(4 * time.Second)
		f.subscribe(arn, "LATEST", "").wantNothing()
	}, withLimits)
}

func withLimits(c *kinesis.Config) { c.EnforceRates = true }

func TestSplitWhileSubscribed(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		arn := f.register("s", "app").ConsumerARN
		s := f.subscribe(arn, "TRIM_HORIZON", "")
		f.put("s", "k", "one")
		wantData(t, s.now().data, "one")
		f.call("UpdateShardCount", &api.UpdateShardCountInput{
			StreamName: some("s"), TargetShardCount: some(int32(2)), ScalingType: some("UNIFORM_SCALING"),
		})
		children := []string{"shardId-000000000001", "shardId-000000000002"}
		p := s.now()
		if len(p.data) > 0 || p.continuation != "" || !slices.Equal(p.childs, children) {
			t.Errorf("last event %+v", p)
		}
		s.wantEnd("", "")
		// A closed shard is read to its end, and its children are there.
		pass(5 * time.Second)
		s = f.subscribe(arn, "TRIM_HORIZON", "")
		p = s.now()
		wantData(t, p.data, "one")
		if p.continuation == "" || p.childs != nil {
			t.Errorf("event %+v", p)
		}
		if p := s.now(); len(p.data) > 0 || p.continuation != "" || !slices.Equal(p.childs, children) {
			t.Errorf("last event %+v", p)
		}
		s.wantEnd("", "")
		for _, child := range children {
			s, err := f.trySubscribe(subscribeInput(arn, child, "TRIM_HORIZON", ""))
			if err != nil {
				t.Fatal(err)
			}
			s.wantNothing()
		}
	})
}

func TestSubscriptionsEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		end     func(f *fixture, arn string)
		code    api.Code
		message string
	}{
		"stream deleted": {func(f *fixture, _ string) {
			f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s"), EnforceConsumerDeletion: some(true)})
		}, api.ResourceNotFound, "Stream s under account 000000000000 not found."},
		"consumer deregistered": {func(f *fixture, arn string) {
			f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{ConsumerARN: some(arn)})
		}, "", ""},
		"server closed": {func(f *fixture, _ string) { f.EndSubscriptions() }, "", ""},
	} {
		for _, delay := range []time.Duration{0, time.Minute} {
			t.Run(name+" "+delay.String(), func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fixture) {
					pass(delay)
					arn := f.register("s", "app").ConsumerARN
					pass(delay)
					s := f.subscribe(arn, "LATEST", "")
					s.wantNothing()
					tt.end(f, arn)
					s.wantEnd(tt.code, tt.message)
					pass(5 * time.Second)
					if _, err := f.trySubscribe(subscribeInput(arn, shard0, "LATEST", "")); err == nil {
						t.Error("a new subscription is admitted")
					}
				}, func(c *kinesis.Config) { c.TransitionDelay = delay })
			})
		}
	}
}

func TestSubscribeChecks(t *testing.T) {
	f := newFixture(t, func(c *kinesis.Config) { c.TransitionDelay = time.Second })
	f.create("s", 1)
	f.advance(time.Second)
	c := f.register("s", "app")
	arn := c.ConsumerARN
	in := func(shard, kind, number string) *api.SubscribeToShardInput {
		return subscribeInput(arn, shard, kind, number)
	}
	f.refused(in(shard0, "LATEST", ""), api.ResourceInUse, "Consumer app with creation timestamp 1700000001 under stream: s , "+
		"account 000000000000 is not in ACTIVE status.")
	f.advance(time.Second)
	const invalid = " used in GetShardIterator on shard shardId-000000000000 in stream s under account 000000000000 is invalid"
	f.refused(in("shard", "LATEST", ""), api.ResourceNotFound, "Could not find shard shard in stream s under account 000000000000.")
	f.refused(in("shard-7", "LATEST", ""), api.ResourceNotFound,
		"Shard shardId-000000000007 in stream s under account 000000000000 does not exist")
	f.refused(in(shard0, "AT_SEQUENCE_NUMBER", ""), api.InvalidArgument,
		"Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST "+
			"and no StartingSequenceNumber. Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber.")
	f.refused(in(shard0, "AFTER_SEQUENCE_NUMBER", strings.Repeat("9", 60)), api.InvalidArgument,
		"StartingSequenceNumber "+strings.Repeat("9", 60)+invalid+".")
	other := stream.SequenceNumber{Created: 1, Shard: 3}.String()
	f.refused(in(shard0, "AT_SEQUENCE_NUMBER", other), api.InvalidArgument,
		"Invalid StartingSequenceNumber. It encodes shardId-000000000003, while it was used in a call to a shard with shardId-000000000000")
	f.refused(in(shard0, "AT_TIMESTAMP", ""), api.InvalidArgument,
		"Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
	f.refused(in(shard0, "FIRST", ""), api.Validation, "1 validation error detected: Value 'FIRST' at 'startingPosition.type' failed to "+
		"satisfy constraint: Member must satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]")
	gone := strings.Replace(arn, "app", "apps", 1)
	f.refused(subscribeInput(gone, shard0, "LATEST", ""), api.ResourceNotFound, "Consumer "+gone+", account 000000000000 not found.")
	foreign := strings.Replace(arn, "000000000000", "111111111111", 1)
	f.refused(subscribeInput(foreign, shard0, "LATEST", ""), api.AccessDenied, "User: arn:aws:iam::000000000000:root is not authorized to "+
		"access resource: arn:aws:kinesis:us-east-1:111111111111:stream/s because no resource-based policy allows it")
	dry := in(shard0, "LATEST", "")
	dry.DryRun, dry.StreamId = some(true), some("abcdefghijklmnopqrst-123")
	f.refused(dry, api.DryRunOperation, "Request would have succeeded, but DryRun flag is set.")
}

func TestSubscribeAtTimestamp(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		f.put("s", "k", "one")
		pass(time.Second)
		since := api.Timestamp(time.Now().UnixMilli())
		f.put("s", "k", "two")
		in := subscribeInput(f.register("s", "app").ConsumerARN, shard0, "AT_TIMESTAMP", "")
		in.StartingPosition.V.Timestamp = some(since + 1)
		f.refused(in, api.InvalidArgument, fmt.Sprintf("The timestampInMillis parameter cannot be greater than the "+
			"currentTimestampInMillis. timestampInMillis: %d, currentTimestampInMillis: %d", since+1, since))
		in.StartingPosition.V.Timestamp = some(since)
		s, err := f.trySubscribe(in)
		if err != nil {
			t.Fatal(err)
		}
		wantData(t, s.now().data, "two")
		s.wantNothing()
	})
}

func TestEventsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		half := strings.Repeat("x", 400<<10)
		for range 5 {
			f.put("s", "k", half)
		}
		f.put("s", "k", strings.Repeat("x", 1<<20-1))
		pass(time.Minute)
		s := f.subscribe(f.register("s", "app").ConsumerARN, "TRIM_HORIZON", "")
		for i, want := range []int{2, 2, 1, 1} {
			p := s.now()
			if len(p.data) != want {
				t.Errorf("event %d has %d records, want %d", i, len(p.data), want)
			}
			behind := int64(60_000)
			if i == 3 {
				behind = 0
			}
			if p.behind != behind {
				t.Errorf("event %d is %d ms behind, want %d", i, p.behind, behind)
			}
		}
		s.wantNothing()
	})
}

// Two MiB are pushed at once, and as much in each second after that.
func TestPushRate(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		const records = 10
		for range records {
			f.put("s", "k", strings.Repeat("x", 1<<20-1))
			pass(2 * time.Second)
		}
		s := f.subscribe(f.register("s", "app").ConsumerARN, "TRIM_HORIZON", "")
		start := time.Now()
		for range records {
			if p := <-s.events; len(p.data) != 1 {
				t.Fatalf("event %+v", p)
			}
		}
		const want = (records - 2) * time.Second / 2
		if d := time.Since(start); d < want-time.Second || d > want+time.Second {
			t.Errorf("%d MiB took %v, want %v", records, d, want)
		}
		s.wantNothing()
	}, withLimits)
}

// A subscriber who takes no events holds up nobody.
func TestSlowSubscriber(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		slow := f.subscribe(f.register("s", "slow").ConsumerARN, "TRIM_HORIZON", "")
		for range cap(slow.events) {
			slow.events <- page{}
		}
		s := f.subscribe(f.register("s", "app").ConsumerARN, "TRIM_HORIZON", "")
		for range 10 {
			f.put("s", "k", "x")
			wantData(t, s.now().data, "x")
		}
		for range cap(slow.events) {
			<-slow.events
		}
		wantData(t, slow.now().data, "x")
		wantData(t, slow.now().data, strings.Split(strings.Repeat("x", 9), "")...)
	})
}
