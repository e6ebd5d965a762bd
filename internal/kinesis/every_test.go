package kinesis_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
)

// phase says in which states of its stream an operation works.
type phase int

const (
	inAnyState    phase = iota // in all of them
	whenActive                 // in no other than ACTIVE
	whenCreated                // not in CREATING, which is an error
	whenReadable               // in ACTIVE and UPDATING; else the stream is not found
	untilDeleting              // in all but DELETING
	onNoStream                 // it is about no stream
	onConsumer                 // when its stream has consumers, which is not in CREATING
)

// everyOperation is a case for each operation that is served: a request that
// succeeds on a stream, but for the stream's name.
type everyOperation struct {
	phase    phase
	onDemand bool // the stream must be in ON_DEMAND mode
	request  func(f *fixture, name string) api.Input
}

// request makes a case's function of a request that depends on nothing.
func request[T any, P interface {
	*T
	api.Input
}](in T,
) func(*fixture, string) api.Input {
	return func(*fixture, string) api.Input {
		again := in
		return P(&again)
	}
}

// onApp makes a case's function of a request about a stream's consumer app.
func onApp[T any, P interface {
	*T
	api.Input
}](in T,
) func(*fixture, string) api.Input {
	return func(f *fixture, name string) api.Input {
		f.app(name)
		return request[T, P](in)(f, name)
	}
}

// app returns the ARN of a stream's consumer app, which it registers if there is
// none. It leaves the rates of what cases request alone.
func (f *fixture) app(name string) string {
	f.t.Helper()
	list := f.call("ListStreamConsumers", &api.ListStreamConsumersInput{StreamARN: some(arnOf(name))})
	if c := list.(*api.ListStreamConsumersOutput).Consumers.V; len(c) > 0 {
		return c[0].ConsumerARN
	}
	return f.register(name, "app").ConsumerARN
}

var (
	oneTag  = some(map[string]string{"k": "v"})
	oneKey  = some([]string{"k"})
	metrics = some([]string{"ALL"})
)

var everyOperations = map[string]everyOperation{
	"AddTagsToStream": {untilDeleting, false, request(api.AddTagsToStreamInput{Tags: oneTag})},
	"CreateStream": {onNoStream, false, request(api.CreateStreamInput{
		StreamName: some("new"), ShardCount: some(int32(1)), Tags: oneTag, MaxRecordSizeInKiB: some(int32(2048)), StreamModeDetails: mode("PROVISIONED"),
	})},
	"DecreaseStreamRetentionPeriod": {whenActive, false, request(api.DecreaseStreamRetentionPeriodInput{RetentionPeriodHours: some(int32(24))})},
	"DeleteResourcePolicy": {untilDeleting, false, func(f *fixture, name string) api.Input {
		put := &api.PutResourcePolicyInput{ResourceARN: some(arnOf(name)), Policy: some(openPolicy)}
		if _, err := f.do(caller, "PutResourcePolicy", put); err != nil && f.summary(name).StreamStatus != "DELETING" {
			f.t.Fatal(err)
		}
		return new(api.DeleteResourcePolicyInput)
	}},
	"DeleteStream":              {untilDeleting, false, request(api.DeleteStreamInput{EnforceConsumerDeletion: some(true)})},
	"DeregisterStreamConsumer":  {onConsumer, false, onApp(api.DeregisterStreamConsumerInput{ConsumerName: some("app")})},
	"DescribeAccountSettings":   {onNoStream, false, request(api.DescribeAccountSettingsInput{})},
	"DescribeLimits":            {onNoStream, false, request(api.DescribeLimitsInput{})},
	"DescribeStream":            {inAnyState, false, request(api.DescribeStreamInput{})},
	"DescribeStreamConsumer":    {onConsumer, false, onApp(api.DescribeStreamConsumerInput{ConsumerName: some("app")})},
	"DescribeStreamSummary":     {inAnyState, false, request(api.DescribeStreamSummaryInput{})},
	"DisableEnhancedMonitoring": {whenActive, false, request(api.DisableEnhancedMonitoringInput{ShardLevelMetrics: metrics})},
	"EnableEnhancedMonitoring":  {whenActive, false, request(api.EnableEnhancedMonitoringInput{ShardLevelMetrics: metrics})},
	"GetRecords": {whenReadable, false, func(f *fixture, name string) api.Input {
		return &api.GetRecordsInput{ShardIterator: some(f.iterators[name])}
	}},
	"GetResourcePolicy":             {inAnyState, false, request(api.GetResourcePolicyInput{})},
	"GetShardIterator":              {whenReadable, false, request(api.GetShardIteratorInput{ShardId: some(shard0), ShardIteratorType: some("TRIM_HORIZON")})},
	"IncreaseStreamRetentionPeriod": {whenActive, false, request(api.IncreaseStreamRetentionPeriodInput{RetentionPeriodHours: some(int32(48))})},
	"ListShards":                    {whenCreated, false, request(api.ListShardsInput{})},
	"ListStreamConsumers":           {inAnyState, false, request(api.ListStreamConsumersInput{})},
	"ListStreams":                   {onNoStream, false, request(api.ListStreamsInput{})},
	"ListTagsForResource":           {inAnyState, false, request(api.ListTagsForResourceInput{})},
	"ListTagsForStream":             {inAnyState, false, request(api.ListTagsForStreamInput{})},
	"MergeShards":                   {whenActive, false, request(api.MergeShardsInput{ShardToMerge: some("0"), AdjacentShardToMerge: some("1")})},
	"PutRecord":                     {whenReadable, false, request(api.PutRecordInput{PartitionKey: some("k"), Data: some(api.RawBlob([]byte("x")))})},
	"PutRecords":                    {whenReadable, false, request(api.PutRecordsInput{Records: some([]api.PutRecordsRequestEntry{entry("k", "x")})})},
	"PutResourcePolicy":             {untilDeleting, false, request(api.PutResourcePolicyInput{Policy: some(openPolicy)})},
	"RegisterStreamConsumer":        {whenActive, false, request(api.RegisterStreamConsumerInput{ConsumerName: some("app")})},
	"RemoveTagsFromStream":          {untilDeleting, false, request(api.RemoveTagsFromStreamInput{TagKeys: oneKey})},
	"SplitShard":                    {whenActive, false, request(api.SplitShardInput{ShardToSplit: some("0"), NewStartingHashKey: some("5")})},
	"StartStreamEncryption":         {whenActive, false, request(api.StartStreamEncryptionInput{EncryptionType: some("KMS"), KeyId: some("alias/k")})},
	"StopStreamEncryption":          {whenActive, false, request(api.StopStreamEncryptionInput{EncryptionType: some("KMS"), KeyId: some("alias/k")})},
	"SubscribeToShard": {onConsumer, false, func(f *fixture, name string) api.Input {
		return subscribeInput(f.app(name), shard0, "LATEST", "")
	}},
	"TagResource":   {untilDeleting, false, request(api.TagResourceInput{Tags: oneTag})},
	"UntagResource": {untilDeleting, false, request(api.UntagResourceInput{TagKeys: oneKey})},
	"UpdateAccountSettings": {onNoStream, false, request(api.UpdateAccountSettingsInput{
		MinimumThroughputBillingCommitment: some(api.MinimumThroughputBillingCommitmentInput{Status: some("ENABLED")}),
	})},
	"UpdateMaxRecordSize": {whenActive, false, request(api.UpdateMaxRecordSizeInput{MaxRecordSizeInKiB: some(int32(2048))})},
	"UpdateShardCount":    {whenActive, false, request(api.UpdateShardCountInput{TargetShardCount: some(int32(3)), ScalingType: some("UNIFORM_SCALING")})},
	"UpdateStreamMode":    {whenActive, false, request(api.UpdateStreamModeInput{StreamModeDetails: mode("ON_DEMAND")})},
	"UpdateStreamRecordDistributionStrategy": {
		whenActive, true, request(api.UpdateStreamRecordDistributionStrategyInput{RecordDistributionStrategy: some("AUTO")}),
	},
	"UpdateStreamWarmThroughput": {whenActive, true, request(api.UpdateStreamWarmThroughputInput{WarmThroughputMiBps: some(int32(10))})},
}

// everyFixture is a fixture on which each operation's request succeeds: its
// account may use everything, and it has the streams s and t.
func everyFixture(t *testing.T, op everyOperation, opts ...option) *fixture {
	t.Helper()
	f := newFixture(t)
	f.commit("ENABLED")
	f.iterators = make(map[string]string)
	for _, name := range []string{"s", "t"} {
		if op.onDemand {
			f.createOnDemand(name)
		} else {
			f.create(name, 2)
		}
		f.iterators[name] = f.horizon(name, shard0)
	}
	f.open(opts...)
	return f
}

// textMember returns a member of a request, nil if it has none of that name.
func textMember(in api.Input, name string) *api.Opt[string] {
	m, _ := in.Member(name).(*api.Opt[string])
	return m
}

// arnMember returns the member of a request that takes a stream's ARN, nil if
// none does.
func arnMember(in api.Input) *api.Opt[string] {
	for _, name := range []string{"StreamARN", "ResourceARN"} {
		if m := textMember(in, name); m != nil {
			return m
		}
	}
	return nil
}

// eachOperation runs a test for each operation that has a case.
func eachOperation(t *testing.T, test func(t *testing.T, name string, op everyOperation)) {
	for _, name := range slices.Sorted(maps.Keys(everyOperations)) {
		t.Run(name, func(t *testing.T) { test(t, name, everyOperations[name]) })
	}
}

func TestEveryOperationHasACase(t *testing.T) {
	for name := range newFixture(t).ops {
		if _, ok := everyOperations[name]; !ok {
			t.Errorf("%s is served and has no case in everyOperations", name)
		}
	}
}

// A request without any member lacks what the API's model requires.
func TestEveryOperationRequiresItsMembers(t *testing.T) {
	eachOperation(t, func(t *testing.T, name string, _ everyOperation) {
		shape := model().Shapes[model().Operations[name].Input]
		var missing []string
		for _, m := range shape.Members {
			if slices.Contains(shape.Required, m.Name) {
				missing = append(missing, "Value null at '"+strings.ToLower(m.Name[:1])+m.Name[1:]+"' failed to satisfy constraint: Member must not be null")
			}
		}
		if len(missing) == 0 {
			return
		}
		noun := "errors"
		if len(missing) == 1 {
			noun = "error"
		}
		f := newFixture(t)
		f.fails(name, f.ops[name].Input(), api.Validation, fmt.Sprintf("%d validation %s detected: %s", len(missing), noun, strings.Join(missing, "; ")))
	})
}

// Streams are named by name, by ARN or by both, and a StreamId changes nothing.
func TestEveryOperationNamesStreams(t *testing.T) {
	eachOperation(t, func(t *testing.T, name string, op everyOperation) {
		for _, by := range []string{"name", "ARN", "both", "name and id", "ARN and id"} {
			f := everyFixture(t, op)
			in := op.request(f, "s")
			byName, byARN, byID := textMember(in, "StreamName"), arnMember(in), textMember(in, "StreamId")
			if byName == nil && strings.Contains(by, "name") || byARN == nil && strings.Contains(by, "ARN") ||
				(byName == nil || byARN == nil) && by == "both" || op.phase == onNoStream {
				continue
			}
			if strings.Contains(by, "name") || by == "both" {
				*byName = some("s")
			}
			if strings.Contains(by, "ARN") || by == "both" {
				*byARN = some(arnOfS)
			}
			if strings.Contains(by, "id") && byID != nil {
				*byID = some("abcdefghijklmnopqrst-abc")
			}
			if out, err := f.do(caller, name, in); err != nil {
				t.Errorf("by %s: %v", by, err)
			} else if r, ok := out.(api.Releaser); ok {
				r.Release()
			}
		}
	})
}

// unknownStream is what operations answer that do not say that the stream is
// not found.
var unknownStream = map[string]string{
	"GetShardIterator": "Shard shardId-000000000000 in stream no under account 000000000000 does not exist",
	"GetRecords":       "", // the iterator says which stream it is
}

func TestEveryOperationRefusesOtherStreams(t *testing.T) {
	eachOperation(t, func(t *testing.T, name string, op everyOperation) {
		if op.phase == onNoStream {
			t.Skip("it is about no stream")
		}
		f := everyFixture(t, op)
		missing := "Stream no under account 000000000000 not found."
		if text, ok := unknownStream[name]; ok {
			missing = text
		}
		in := op.request(f, "s")
		byName, byARN := textMember(in, "StreamName"), arnMember(in)
		if byName != nil {
			*byName = some("no")
			f.fails(name, in, api.ResourceNotFound, missing)
			*byName = api.Opt[string]{}
			nameless := "Either StreamName or StreamARN should be provided."
			if name == "ListShards" {
				nameless = "Either NextToken or StreamName should be provided."
			}
			f.fails(name, in, api.InvalidArgument, nameless)
		}
		if byName != nil && byARN != nil {
			*byName, *byARN = some("t"), some(arnOfS)
			f.fails(name, in, api.InvalidArgument, "StreamName t and StreamARN "+arnOfS+" name different streams.")
			*byName = api.Opt[string]{}
		}
		if byARN == nil {
			return
		}
		if missing != "" {
			*byARN = some(arnOf("no"))
			f.fails(name, in, api.ResourceNotFound, missing)
		}
		const foreign = "arn:aws:kinesis:us-east-1:111111111111:stream/s"
		*byARN = some(foreign)
		f.fails(name, in, api.AccessDenied, "User: arn:aws:iam::000000000000:root is not authorized to access resource: "+
			foreign+" because no resource-based policy allows it")
		const odd = "arn:aws:kinesis:us-east-1:000000000000:stream/s/t"
		*byARN = some(odd)
		f.fails(name, in, api.InvalidArgument, "Invalid StreamARN "+odd+".")
	})
}

// outcome performs an operation and returns its error as text, "" if there is
// none.
func (f *fixture) outcome(name string, in api.Input) string {
	f.t.Helper()
	out, err := f.do(caller, name, in)
	if r, ok := out.(api.Releaser); ok && err == nil {
		r.Release()
	}
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		f.t.Fatalf("%s: %v", name, err)
	}
	return e.Code + ": " + e.Message
}

func TestEveryOperationInEveryState(t *testing.T) {
	const notFound = "ResourceNotFoundException: Stream s under account 000000000000 not found."
	notActive := func(state string) string {
		return "ResourceInUseException: Stream s under account 000000000000 not ACTIVE, instead in state " + state
	}
	// enter brings the stream into a state.
	enter := map[string]func(*fixture){
		"CREATING": func(f *fixture) {
			mode := f.summary("s").StreamModeDetails
			f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")})
			f.advance(time.Minute)
			f.call("CreateStream", &api.CreateStreamInput{StreamName: some("s"), StreamModeDetails: mode})
		},
		"ACTIVE":   func(*fixture) {},
		"UPDATING": func(f *fixture) { f.startEncryption("alias/k") },
		"DELETING": func(f *fixture) { f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")}) },
	}
	want := func(p phase, state string) string {
		switch {
		case state == "ACTIVE":
			return ""
		case p == whenActive, p == whenCreated && state == "CREATING", p == untilDeleting && state == "DELETING":
			return notActive(state)
		case p == whenReadable && state != "UPDATING":
			return notFound
		}
		return ""
	}
	eachOperation(t, func(t *testing.T, name string, op everyOperation) {
		if op.phase == onNoStream || op.phase == onConsumer {
			t.Skip("the stream's state is none of its concerns")
		}
		for state, in := range enter {
			f := everyFixture(t, op, withTransitions)
			in(f)
			if got := f.summary("s").StreamStatus; got != state {
				t.Fatalf("the stream is %s instead of %s", got, state)
			}
			req := op.request(f, "s")
			if m := textMember(req, "StreamName"); m != nil {
				*m = some("s")
			} else if name != "GetRecords" {
				*arnMember(req) = some(arnOfS)
			}
			expected := want(op.phase, state)
			if expected == notFound && (name == "GetRecords" || name == "GetShardIterator") {
				expected = "ResourceNotFoundException: Shard shardId-000000000000 in stream s under account 000000000000 does not exist"
			}
			if got := f.outcome(name, req); got != expected {
				t.Errorf("in %s: %q, want %q", state, got, expected)
			}
		}
	})
}
