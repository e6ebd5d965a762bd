package kinesis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

func arnOf(name string) string { return stream.StreamARN(caller.Region, caller.Account, name) }

func (f *fixture) register(name, consumer string) api.Consumer {
	f.t.Helper()
	out := f.call("RegisterStreamConsumer", registerInput(name, consumer))
	return out.(*api.RegisterStreamConsumerOutput).Consumer
}

func registerInput(name, consumer string) *api.RegisterStreamConsumerInput {
	return &api.RegisterStreamConsumerInput{StreamARN: some(arnOf(name)), ConsumerName: some(consumer)}
}

func (f *fixture) describeConsumer(arn string) api.ConsumerDescription {
	f.t.Helper()
	out := f.call("DescribeStreamConsumer", &api.DescribeStreamConsumerInput{ConsumerARN: some(arn)})
	return out.(*api.DescribeStreamConsumerOutput).ConsumerDescription
}

// consumers returns the names of a stream's consumers with their states.
func (f *fixture) consumers(name string) (list []string) {
	f.t.Helper()
	out := f.call("ListStreamConsumers", &api.ListStreamConsumersInput{StreamARN: some(arnOf(name))})
	for _, c := range out.(*api.ListStreamConsumersOutput).Consumers.V {
		list = append(list, c.ConsumerName+" "+c.ConsumerStatus)
	}
	return list
}

func (f *fixture) wantConsumers(name string, want ...string) {
	f.t.Helper()
	if got := f.consumers(name); !slices.Equal(got, want) {
		f.t.Errorf("consumers %q, want %q", got, want)
	}
	out := f.call("DescribeStreamSummary", &api.DescribeStreamSummaryInput{StreamName: some(name)})
	count := out.(*api.DescribeStreamSummaryOutput).StreamDescriptionSummary.ConsumerCount
	if count != some(int32(len(want))) {
		f.t.Errorf("ConsumerCount %v, want %d", count, len(want))
	}
}

func TestConsumerLife(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	c := f.register("s", "app")
	second := testStart.Second()
	if want := (api.Consumer{
		ConsumerName: "app", ConsumerARN: fmt.Sprintf("%s/consumer/app:%d", arnOf("s"), second),
		ConsumerStatus: "CREATING", ConsumerCreationTimestamp: api.Timestamp(second.Start()),
	}); c != want {
		t.Errorf("registered %+v, want %+v", c, want)
	}
	f.register("s", "an-app")
	f.open()
	f.wantConsumers("s", "an-app ACTIVE", "app ACTIVE")
	if got, want := f.describeConsumer(c.ConsumerARN), (api.ConsumerDescription{
		ConsumerName: "app", ConsumerARN: c.ConsumerARN, ConsumerStatus: "ACTIVE",
		ConsumerCreationTimestamp: c.ConsumerCreationTimestamp, StreamARN: arnOf("s"),
	}); got != want {
		t.Errorf("described %+v, want %+v", got, want)
	}
	f.fails("RegisterStreamConsumer", registerInput("s", "app"), api.ResourceInUse,
		"Consumer app under stream s already exists for account 000000000000.")
	f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{ConsumerARN: some(c.ConsumerARN)})
	f.wantConsumers("s", "an-app ACTIVE")
	f.open()
	f.wantConsumers("s", "an-app ACTIVE")
	f.fails("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{ConsumerARN: some(c.ConsumerARN)}, api.ResourceNotFound,
		"Consumer "+c.ConsumerARN+", account 000000000000 not found.")
}

// A consumer's second is in its ARN, so that no two consumers share one.
func TestConsumersOfOneNameDiffer(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	seen := make(map[string]bool)
	again := func(remove func(arn string)) {
		t.Helper()
		c := f.register("s", "app")
		if seen[c.ConsumerARN] {
			t.Fatalf("%s is registered again", c.ConsumerARN)
		}
		seen[c.ConsumerARN] = true
		f.open()
		remove(c.ConsumerARN)
		f.open()
		f.fails("DescribeStreamConsumer", &api.DescribeStreamConsumerInput{ConsumerARN: some(c.ConsumerARN)}, api.ResourceNotFound,
			"Consumer "+c.ConsumerARN+", account 000000000000 not found.")
	}
	deregister := func(arn string) {
		f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{ConsumerARN: some(arn)})
		f.sweep()
	}
	again(deregister)
	again(deregister)
	again(func(string) {
		f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s"), EnforceConsumerDeletion: some(true)})
		f.create("s", 1)
	})
	f.wantConsumers("s")
	again(deregister)
	f.advance(time.Minute)
	if c := f.register("s", "app"); c.ConsumerCreationTimestamp != api.Timestamp(f.now().Second().Start()) {
		t.Errorf("created at %d, want the current second", c.ConsumerCreationTimestamp)
	}
}

func TestConsumerStates(t *testing.T) {
	const delay = 30 * time.Second
	f := newFixture(t, func(c *kinesis.Config) { c.TransitionDelay = delay })
	f.create("s", 1)
	f.fails("RegisterStreamConsumer", registerInput("s", "app"), api.ResourceInUse,
		"Stream s under account 000000000000 not ACTIVE, instead in state CREATING")
	f.advance(delay)
	arn := f.register("s", "app").ConsumerARN
	f.wantConsumers("s", "app CREATING")
	f.advance(delay - 1e6)
	f.wantConsumers("s", "app CREATING")
	f.advance(1e6)
	f.wantConsumers("s", "app ACTIVE")
	for range 2 { // the second changes nothing
		f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{ConsumerARN: some(arn)})
		f.wantConsumers("s", "app DELETING")
	}
	f.fails("RegisterStreamConsumer", registerInput("s", "app"), api.ResourceInUse,
		"Consumer app under stream s already exists for account 000000000000.")
	f.fails("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")}, api.ResourceInUse,
		"Stream s under account 000000000000 has registered consumers. Deregister them, or set EnforceConsumerDeletion.")
	f.advance(delay)
	f.wantConsumers("s")
	f.register("s", "app")
	f.advance(delay)
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s"), EnforceConsumerDeletion: some(true)})
	f.wantConsumers("s", "app DELETING")
	f.advance(delay)
	f.fails("ListStreamConsumers", &api.ListStreamConsumersInput{StreamARN: some(arnOf("s"))}, api.ResourceNotFound,
		"Stream s under account 000000000000 not found.")
	f.sweep()
	f.open()
	f.create("s", 1)
	f.wantConsumers("s")
}

func TestDeregisteredConsumersAreSwept(t *testing.T) {
	f := newFixture(t, func(c *kinesis.Config) { c.TransitionDelay = time.Second })
	f.create("s", 1)
	f.advance(time.Second)
	arn := f.register("s", "app").ConsumerARN
	f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{ConsumerARN: some(arn)})
	f.advance(time.Minute)
	for range 2 { // the first leaves a tombstone
		f.sweep()
	}
	entries, err := f.engine.List(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains(e.Key.Parts(), "app") {
			t.Errorf("%s is left", e.Key)
		}
	}
}

func TestConsumerQuotas(t *testing.T) {
	const delay, pause = 10 * time.Second, time.Second / 5 // AWS takes 5 calls a second
	f := newFixture(t, func(c *kinesis.Config) { c.EnforceRates, c.TransitionDelay = true, delay })
	f.create("s", 1)
	f.advance(delay)
	for i := range stream.MaxConsumers {
		if i > 0 && i%stream.MaxCreatingConsumers == 0 {
			f.fails("RegisterStreamConsumer", registerInput("s", "x"), api.LimitExceeded, "Stream s under account 000000000000 has "+
				"reached the limit on the number of consumers that can simultaneously be in CREATING. Limit: 5")
			f.advance(delay)
		}
		f.register("s", fmt.Sprint("app", i))
		f.advance(pause)
	}
	f.fails("RegisterStreamConsumer", registerInput("s", "x"), api.LimitExceeded, "Stream s under account 000000000000 has "+
		"reached the limit on the number of registered consumers. Limit: 20")
	f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{StreamARN: some(arnOf("s")), ConsumerName: some("app7")})
	f.advance(delay)
	f.register("s", "x")
}

// An agreed minimum of throughput allows streams in ON_DEMAND mode more
// consumers.
func TestConsumersUnderACommitment(t *testing.T) {
	f := newFixture(t)
	f.create("p", 1)
	f.createOnDemand("s")
	fill := func(name string, from, to int) {
		t.Helper()
		for i := from; i < to; i++ {
			f.register(name, fmt.Sprint("app", i))
		}
		f.fails("RegisterStreamConsumer", registerInput(name, "x"), api.LimitExceeded, fmt.Sprintf("Stream %s under account 000000000000 has "+
			"reached the limit on the number of registered consumers. Limit: %d", name, to))
	}
	fill("s", 0, 20)
	f.commit("ENABLED")
	fill("s", 20, 50)
	fill("p", 0, 20)
}

func TestConsumerTargets(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.create("t", 1)
	arn := f.register("s", "app").ConsumerARN
	type in = api.DescribeStreamConsumerInput
	for _, good := range []*in{
		{ConsumerARN: some(arn)},
		{StreamARN: some(arnOf("s")), ConsumerName: some("app")},
		{StreamARN: some(arnOf("s")), ConsumerName: some("app"), ConsumerARN: some(arn)},
		{StreamARN: some(arnOf("s")), ConsumerARN: some(arn)},
		{ConsumerName: some("app"), ConsumerARN: some(arn), StreamId: some("abcdefghijklmnopqrst-123")},
	} {
		out := f.call("DescribeStreamConsumer", good).(*api.DescribeStreamConsumerOutput)
		if out.ConsumerDescription.ConsumerARN != arn {
			t.Errorf("%+v describes %+v", good, out)
		}
	}
	const either = "Either ConsumerARN or both StreamARN and ConsumerName should be provided."
	mixed := "ConsumerARN " + arn + " does not go with the given StreamARN or ConsumerName."
	otherSecond := arn[:len(arn)-1] + "9"
	otherAccount := strings.Replace(arn, "000000000000", "111111111111", 1)
	for _, tt := range []struct {
		in      in
		code    api.Code
		message string
	}{
		{in{}, api.InvalidArgument, either},
		{in{StreamARN: some(arnOf("s"))}, api.InvalidArgument, either},
		{in{ConsumerName: some("app")}, api.InvalidArgument, either},
		{in{ConsumerARN: some(arn), ConsumerName: some("b")}, api.InvalidArgument, mixed},
		{in{ConsumerARN: some(arn), StreamARN: some(arnOf("t"))}, api.InvalidArgument, mixed},
		{in{ConsumerARN: some(otherSecond)}, api.ResourceNotFound, "Consumer " + otherSecond + ", account 000000000000 not found."},
		{in{StreamARN: some(arnOf("s")), ConsumerName: some("b")}, api.ResourceNotFound, "Consumer b, account 000000000000 not found."},
		{in{StreamARN: some(arnOf("u")), ConsumerName: some("b")}, api.ResourceNotFound, "Stream u under account 000000000000 not found."},
		{
			in{ConsumerARN: some("arn:aws:kinesis:us-east-1:000000000000:x/stream/s/consumer/app:1")},
			api.InvalidArgument,
			"Invalid ConsumerARN arn:aws:kinesis:us-east-1:000000000000:x/stream/s/consumer/app:1.",
		},
		{in{ConsumerARN: some(otherAccount)}, api.AccessDenied, "User: arn:aws:iam::000000000000:root is not authorized to access resource: " +
			"arn:aws:kinesis:us-east-1:111111111111:stream/s because no resource-based policy allows it"},
	} {
		f.fails("DescribeStreamConsumer", &tt.in, tt.code, tt.message)
		f.fails("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{
			StreamARN: tt.in.StreamARN, ConsumerName: tt.in.ConsumerName, ConsumerARN: tt.in.ConsumerARN,
		}, tt.code, tt.message)
	}
}

func TestListStreamConsumersPages(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.create("t", 1)
	var want []string
	for i := range 7 {
		want = append(want, fmt.Sprint("app", i))
		f.register("s", want[i])
	}
	created := f.describe("s").StreamCreationTimestamp
	in := &api.ListStreamConsumersInput{StreamARN: some(arnOf("s")), MaxResults: some(int32(3)), StreamCreationTimestamp: some(created)}
	var got, tokens []string
	for {
		out := f.call("ListStreamConsumers", in).(*api.ListStreamConsumersOutput)
		for _, c := range out.Consumers.V {
			got = append(got, c.ConsumerName)
		}
		if !out.NextToken.Set {
			break
		}
		tokens = append(tokens, out.NextToken.V)
		in.NextToken, in.StreamCreationTimestamp = out.NextToken, api.Opt[api.Timestamp]{}
	}
	if !slices.Equal(got, want) || len(tokens) != 2 {
		t.Errorf("listed %q with %d tokens", got, len(tokens))
	}
	// What a token has listed last need not be there any more.
	f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{StreamARN: some(arnOf("s")), ConsumerName: some("app2")})
	in.NextToken = some(tokens[0])
	if out := f.call("ListStreamConsumers", in).(*api.ListStreamConsumersOutput); out.Consumers.V[0].ConsumerName != "app3" {
		t.Errorf("after app2 comes %+v", out.Consumers.V[0])
	}
	type list = api.ListStreamConsumersInput
	f.fails("ListStreamConsumers", &list{StreamARN: some(arnOf("s")), StreamCreationTimestamp: some(created - 1000)},
		api.ResourceNotFound, "Stream s under account 000000000000 not found.")
	f.fails("ListStreamConsumers", &list{StreamARN: some(arnOf("s")), NextToken: some(tokens[0]), StreamCreationTimestamp: some(created)},
		api.InvalidArgument, "NextToken and StreamCreationTimestamp cannot be provided together.")
	f.fails("ListStreamConsumers", &list{StreamARN: some(arnOf("t")), NextToken: some(tokens[0])}, api.InvalidArgument, "Invalid NextToken.")
	f.fails("ListStreamConsumers", &list{StreamARN: some(arnOf("s")), NextToken: some("x")}, api.InvalidArgument, "Invalid NextToken.")
	f.advance(301 * time.Second)
	if got := f.outcome("ListStreamConsumers", in); !strings.HasPrefix(got, string(api.ExpiredNextToken)) {
		t.Errorf("an old token: %s", got)
	}
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s"), EnforceConsumerDeletion: some(true)})
	f.create("s", 1)
	out := f.call("ListStreamConsumers", &list{StreamARN: some(arnOf("s"))}).(*api.ListStreamConsumersOutput)
	if !out.Consumers.Set || len(out.Consumers.V) != 0 {
		t.Errorf("a new stream has consumers %+v", out.Consumers)
	}
}

func TestConsumerTags(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	in := registerInput("s", "app")
	in.Tags = some(map[string]string{"team;": "a"})
	f.fails("RegisterStreamConsumer", in, api.InvalidArgument,
		"Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.")
	in.Tags = some(map[string]string{"team": "a"})
	f.call("RegisterStreamConsumer", in)
	entries, err := f.engine.List(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Key.Parts()[0] != "consumer" {
			continue
		}
		if c, err := stream.DecodeConsumer(e.Value); err != nil || c.Tags["team"] != "a" || len(c.Tags) != 1 {
			t.Errorf("stored %+v (%v)", c, err)
		}
		return
	}
	t.Error("no consumer is stored")
}

// A program that knew no consumers may have deleted their stream.
func TestOrphanedConsumersAreRemoved(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.register("s", "app")
	entries, err := f.engine.List(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(entries, func(e engine.Entry) bool { return e.Key.Parts()[0] == "consumer" })
	orphan := entries[i]
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s"), EnforceConsumerDeletion: some(true)})
	f.create("s", 1)
	if _, err := f.engine.Write(t.Context(), []engine.Change{{Key: orphan.Key, Value: orphan.Value}}); err != nil {
		t.Fatal(err)
	}
	f.open()
	f.wantConsumers("s")
	if _, err := f.engine.Get(t.Context(), orphan.Key); err == nil {
		t.Error("the consumer of an earlier stream is still stored")
	}
}
