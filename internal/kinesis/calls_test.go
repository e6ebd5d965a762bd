package kinesis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"leat/internal/api"
	"leat/internal/kinesis"
	"leat/internal/service"
)

// The texts of an input are in a request's memory, which is used again for the
// next request.
func TestCallsAreCountedInMemoryOfTheirOwn(t *testing.T) {
	f := newFixture(t)
	f.open(withRates)
	f.create("s", 1)
	memory := []byte("s")
	in := &api.ListTagsForStreamInput{StreamName: some(unsafe.String(&memory[0], len(memory)))}
	for range 5 {
		f.call("ListTagsForStream", in)
	}
	memory[0] = 'x'
	f.fails("ListTagsForStream", &api.ListTagsForStreamInput{StreamName: some("s")}, api.LimitExceeded,
		"Rate exceeded for stream s under account 000000000000.")
}

// callRates are AWS's rates of calls, per second.
var callRates = map[string]kinesis.CallRate{
	"AddTagsToStream":               {PerSecond: 5},
	"CreateStream":                  {PerSecond: 5},
	"DecreaseStreamRetentionPeriod": {PerSecond: 5, PerStream: true},
	"DeleteResourcePolicy":          {PerSecond: 5},
	"DeleteStream":                  {PerSecond: 5},
	"DescribeAccountSettings":       {PerSecond: 5},
	"DeregisterStreamConsumer":      {PerSecond: 5, PerStream: true},
	"DescribeLimits":                {PerSecond: 1},
	"DescribeStream":                {PerSecond: 10},
	"DescribeStreamConsumer":        {PerSecond: 20, PerStream: true},
	"DescribeStreamSummary":         {PerSecond: 20},
	"DisableEnhancedMonitoring":     {PerSecond: 5, PerStream: true},
	"EnableEnhancedMonitoring":      {PerSecond: 5, PerStream: true},
	"GetResourcePolicy":             {PerSecond: 5},
	"IncreaseStreamRetentionPeriod": {PerSecond: 5, PerStream: true},
	"ListShards":                    {PerSecond: 1000, PerStream: true},
	"ListStreamConsumers":           {PerSecond: 5, PerStream: true},
	"ListStreams":                   {PerSecond: 5},
	"ListTagsForStream":             {PerSecond: 5, PerStream: true},
	"MergeShards":                   {PerSecond: 5, PerStream: true},
	"PutResourcePolicy":             {PerSecond: 5},
	"RegisterStreamConsumer":        {PerSecond: 5, PerStream: true},
	"RemoveTagsFromStream":          {PerSecond: 5, PerStream: true},
	"SplitShard":                    {PerSecond: 5, PerStream: true},
	"UpdateAccountSettings":         {PerSecond: 5},
	"UpdateShardCount":              {PerSecond: 10, PerStream: true},
	"UpdateStreamWarmThroughput":    {PerSecond: 5},
}

func TestEveryOperationKeepsItsRate(t *testing.T) {
	eachOperation(t, func(t *testing.T, name string, op everyOperation) {
		f := everyFixture(t, op, withRates)
		limit := callRates[name]
		if got := f.ops[name].Rate; got != limit {
			t.Fatalf("its rate is %+v, want %+v", got, limit)
		}
		if limit.PerSecond == 0 {
			return
		}
		on := func(stream string) api.Input {
			in := op.request(f, stream)
			if m := textMember(in, "StreamName"); m != nil {
				*m = some(stream)
			} else if m := arnMember(in); m != nil {
				*m = some(arnOf(stream))
			}
			return in
		}
		first, other := on("s"), on("t")
		exceeded := "LimitExceededException: Rate exceeded for stream s under account 000000000000."
		if op.phase == onNoStream && name != "CreateStream" {
			exceeded = "LimitExceededException: Rate exceeded for account 000000000000."
		}
		isRate := func(in api.Input) bool { return strings.Contains(f.outcome(name, in), "Rate exceeded") }
		for range 2 {
			for i := range limit.PerSecond {
				if isRate(first) {
					t.Fatalf("call %d of %d is refused", i+1, limit.PerSecond)
				}
			}
			if got := f.outcome(name, first); got != exceeded {
				t.Errorf("one call too many: %q", got)
			}
			if limit.PerStream == isRate(other) {
				t.Errorf("a call for another stream is refused: %v", !limit.PerStream)
			}
			if _, err := f.do(service.Caller{Account: "111111111111", Region: "us-east-1"}, name, on("s")); err != nil && strings.Contains(err.Error(), "Rate exceeded") {
				t.Errorf("another account's call is refused: %v", err)
			}
			f.advance(time.Second)
		}
	})
}

// Calls for a stream that is shared are counted for it, whoever makes them, and
// apart from those for a stream of the caller's own that has its name.
func TestSharedStreamsKeepTheirRates(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.open(withRates)
	byARN := &api.ListStreamConsumersInput{StreamARN: some(arnOfS)}
	for range 5 {
		f.call("ListStreamConsumers", byARN)
	}
	const exceeded = "LimitExceededException: Rate exceeded for stream s under account 000000000000."
	if _, err := f.do(stranger, "ListStreamConsumers", byARN); err == nil || err.Error() != exceeded {
		t.Errorf("the other account's call: %v", err)
	}
	own := &api.ListStreamConsumersInput{StreamARN: some(strings.Replace(arnOfS, caller.Account, stranger.Account, 1))}
	if _, err := f.do(stranger, "ListStreamConsumers", own); err == nil || strings.Contains(err.Error(), "Rate exceeded") {
		t.Errorf("a call for its own stream: %v", err)
	}
}

// What is kept for counting calls does not grow with what clients name.
func TestCallRatesAreBounded(t *testing.T) {
	f := newFixture(t)
	f.open(withRates)
	names := func(i int) *api.ListTagsForStreamInput {
		return &api.ListTagsForStreamInput{StreamName: some(fmt.Sprint("s", i))}
	}
	most := 0
	for i := range 50_000 {
		if _, err := f.do(caller, "ListTagsForStream", names(i)); err == nil {
			t.Fatal("a stream is there")
		}
		if i%1000 == 0 {
			f.advance(time.Second)
		}
		most = max(most, kinesis.CallBucketsForTest(f.Service))
	}
	if most > 5000 {
		t.Errorf("%d buckets are kept for 1,000 calls a second", most)
	}
}

func TestDailyLimits(t *testing.T) {
	f := newFixture(t)
	f.open(withRates)
	f.create("s", 1)
	const text = "Stream s under account 000000000000 has reached the limit of %d such changes in 24 hours."
	for i := range 11 {
		in := &api.UpdateShardCountInput{StreamName: some("s"), TargetShardCount: some(int32(1 + (i+1)%2)), ScalingType: some("UNIFORM_SCALING")}
		if f.advance(time.Second); i < 10 {
			f.call("UpdateShardCount", in)
		} else {
			f.fails("UpdateShardCount", in, api.LimitExceeded, fmt.Sprintf(text, 10))
		}
	}
	for i := range 3 {
		in := &api.UpdateStreamModeInput{StreamARN: some(arnOfS), StreamModeDetails: mode([]string{"ON_DEMAND", "PROVISIONED"}[i%2])}
		if i < 2 {
			f.call("UpdateStreamMode", in)
		} else {
			f.fails("UpdateStreamMode", in, api.LimitExceeded, fmt.Sprintf(text, 2))
		}
	}
	start := &api.StartStreamEncryptionInput{StreamName: some("s"), EncryptionType: some("KMS"), KeyId: some("alias/k")}
	stop := &api.StopStreamEncryptionInput{StreamName: some("s"), EncryptionType: some("KMS"), KeyId: some("alias/k")}
	for range 25 {
		f.call("StartStreamEncryption", start)
		f.call("StopStreamEncryption", stop)
	}
	f.open(withRates) // counts outlive a restart
	f.fails("StartStreamEncryption", start, api.LimitExceeded, fmt.Sprintf(text, 25))
	f.fails("StopStreamEncryption", stop, api.LimitExceeded, fmt.Sprintf(text, 25))
	f.advance(24 * time.Hour)
	f.call("StartStreamEncryption", start)
	f.open()
	for range 30 {
		f.call("StartStreamEncryption", start)
	}
}
