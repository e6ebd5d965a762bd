package kinesis_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/kinesis"
)

// TestOnDemandDay simulates a day of traffic with spikes, minute by minute, the
// month after it, and another day.
func TestOnDemandDay(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t)
	tr.call("IncreaseStreamRetentionPeriod", &api.IncreaseStreamRetentionPeriodInput{
		StreamName: some(tr.name), RetentionPeriodHours: some(int32(48)),
	})
	most := 0
	for minute := range 24 * 60 {
		switch hour := minute / 60; {
		case hour < 8: // a record every other minute
			tr.put(minute%2, tr.anywhere)
		case hour == 12 || hour == 13: // a spike everywhere: 6 times a hot shard's load
			tr.put(72, tr.anywhere)
		case hour == 18: // and one in one quarter: twice
			tr.put(24, tr.within(2))
		default:
			tr.put(20, tr.anywhere)
		}
		tr.scale(time.Minute)
		most = max(most, len(tr.open))
		if minute == 12*60-1 && most != 4 {
			t.Errorf("%d shards before the first spike", most)
		}
	}
	if most < 7 || most > 16 {
		t.Errorf("at most %d shards for 6 times what makes one hot", most)
	}
	// What is left has room for twice the peak, as long as that is remembered.
	if n := len(tr.open); n < 6 {
		t.Errorf("%d shards after the day", n)
	}
	tr.verify()
	tr.sent = map[string][]string{}
	for range 29 * 24 {
		tr.scale(time.Hour)
	}
	if n := len(tr.open); n < 6 {
		t.Errorf("%d shards before the peak is forgotten", n)
	}
	for range 40 {
		tr.scale(time.Hour)
	}
	if n := len(tr.open); n != 4 {
		t.Errorf("%d shards after the peak is forgotten", n)
	}
	if err := tr.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	tr.put(20, tr.anywhere)
	tr.verify()
}

// TestOnDemandSplitsTheHotShard splits in the middle, in the minute in which it
// becomes certain, also under AWS's rates.
func TestOnDemandSplitsTheHotShard(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t, func(c *kinesis.Config) { c.EnforceRates = true })
	tr.put(12, tr.within(1)) // 1200 bytes
	tr.scale(time.Second)
	if len(tr.open) != 4 {
		t.Fatalf("split at the threshold: %q", tr.open)
	}
	tr.put(1, tr.within(1))
	tr.scale(time.Second)
	if want := []string{shard0, "shardId-000000000002", "shardId-000000000003", "shardId-000000000004", "shardId-000000000005"}; !slices.Equal(tr.open, want) {
		t.Fatalf("open shards %q, want %q", tr.open, want)
	}
	shards := tr.allShards(tr.name)
	if low, high := shards[4].HashKeyRange, shards[5].HashKeyRange; hashKey(low.EndingHashKey).Hi != 0x5fffffffffffffff || hashKey(high.StartingHashKey).Hi != 0x6000000000000000 {
		t.Errorf("split into %v and %v", low, high)
	}
	if !strings.Contains(tr.log.String(), "stream=s split=shardId-000000000001") {
		t.Errorf("log: %s", &tr.log)
	}
	// Two more become hot; each has to wait for its turn.
	tr.put(30, tr.within(0))
	tr.put(40, tr.within(3))
	tr.scale(time.Second)
	tr.scale(14 * time.Minute)
	tr.scale(time.Minute)
	if len(tr.open) != 6 || slices.Contains(tr.open, "shardId-000000000003") {
		t.Errorf("the hotter shard was not split: %q", tr.open)
	}
	tr.verify()
}

// TestOnDemandCountsByTheMinute counts a minute's load from its beginning.
func TestOnDemandCountsByTheMinute(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t)
	tr.advance(time.Minute - time.Duration(testStart%60_000)*time.Millisecond) // to a minute's beginning
	for range 30 {
		tr.put(12, tr.within(1)) // as much as a shard may get in a minute
		tr.scale(time.Minute)
	}
	if len(tr.open) != 4 {
		t.Errorf("shards were split: %q", tr.open)
	}
	tr.put(7, tr.within(1))
	tr.scale(59 * time.Second)
	tr.put(7, tr.within(1))
	tr.scale(time.Second)
	if len(tr.open) != 5 {
		t.Errorf("the shard was not split: %q", tr.open)
	}
}

// TestOnDemandOneKey does not split a shard for one key, and says so once.
func TestOnDemandOneKey(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t)
	for range 60 {
		tr.put(40, one)
		tr.put(4, tr.within(1))
		tr.scale(time.Minute)
	}
	if len(tr.open) != 4 {
		t.Errorf("shards were split: %q", tr.open)
	}
	if n := strings.Count(tr.log.String(), "hot by one key"); n != 1 ||
		!strings.Contains(tr.log.String(), "shard=shardId-000000000001 hash_key="+one().String()) {
		t.Errorf("told %d times: %s", n, &tr.log)
	}
	// With enough beside that key, splitting helps.
	tr.put(40, one)
	tr.put(30, tr.within(1))
	tr.scale(time.Second)
	if len(tr.open) != 5 {
		t.Errorf("the shard was not split: %q", tr.open)
	}
}

// grow makes the stream busy until it has so many shards.
func (tr *traffic) grow(shards int) {
	tr.t.Helper()
	for range 12 * 60 {
		tr.put(100, tr.anywhere)
		tr.scale(time.Minute)
		if len(tr.open) >= shards {
			return
		}
	}
	tr.t.Fatalf("%d shards after half a day", len(tr.open))
}

// TestOnDemandRestart keeps the peaks, whether the server was shut down or
// crashed.
func TestOnDemandRestart(t *testing.T) {
	t.Parallel()
	for _, save := range []bool{true, false} {
		tr := newTraffic(t)
		tr.grow(8)
		if save {
			if err := tr.SavePeaks(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		tr.fixture.open(withOnDemand)
		for range 29 * 24 {
			tr.scale(time.Hour)
		}
		if len(tr.open) < 8 {
			t.Errorf("saved: %t; %d shards although there was a peak", save, len(tr.open))
		}
		for range 48 {
			tr.scale(time.Hour)
		}
		if len(tr.open) != 4 {
			t.Errorf("saved: %t; %d shards after the memory", save, len(tr.open))
		}
		tr.verifyGone()
	}
}

// verifyGone checks that a deleted stream's peaks go with it.
func (tr *traffic) verifyGone() {
	tr.t.Helper()
	key := engine.NewKey("peaks", caller.Account, caller.Region, tr.name)
	if _, err := tr.engine.Get(context.Background(), key); err != nil {
		tr.t.Fatalf("no peaks are stored: %v", err)
	}
	tr.call("DeleteStream", &api.DeleteStreamInput{StreamName: some(tr.name)})
	if _, err := tr.engine.Get(context.Background(), key); !errors.Is(err, engine.ErrNotFound) {
		tr.t.Errorf("after the deletion: %v", err)
	}
	if err := tr.SavePeaks(context.Background()); err != nil {
		tr.t.Error(err)
	}
}

// countedEngine counts writes of peaks.
type countedEngine struct {
	engine.Engine
	peaks int
	fail  error
}

func (e *countedEngine) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	if changes[0].Key.Parts()[0] == "peaks" {
		if e.fail != nil {
			return 0, e.fail
		}
		e.peaks++
	}
	return e.Engine.Write(ctx, changes)
}

// TestOnDemandPeaksAreSeldomWritten writes them once an hour in which there
// was traffic, and again what could not be written.
func TestOnDemandPeaksAreSeldomWritten(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t)
	counted := &countedEngine{Engine: tr.engine}
	tr.engine = counted
	tr.fixture.open(withOnDemand)
	for range 10 * 60 {
		tr.put(8, tr.anywhere)
		tr.scale(time.Minute)
	}
	if counted.peaks < 10 || counted.peaks > 12 {
		t.Errorf("written %d times in 10 hours", counted.peaks)
	}
	before := counted.peaks
	for range 10 * 60 {
		tr.scale(time.Minute)
	}
	if counted.peaks > before+1 {
		t.Errorf("written %d times while idle", counted.peaks-before)
	}
	counted.fail = engine.ErrFull
	tr.put(60, tr.within(0))
	tr.advance(time.Second)
	if err := tr.Scale(context.Background()); !errors.Is(err, engine.ErrFull) {
		t.Errorf("a full engine: %v", err)
	}
	if tr.check(); len(tr.open) != 4 {
		t.Errorf("split without its peak: %q", tr.open)
	}
	counted.fail = nil
	if tr.scale(time.Second); len(tr.open) != 5 {
		t.Errorf("not split: %q", tr.open)
	}
}

// TestOnDemandModes keeps the shards when the mode changes: those of a stream
// that was PROVISIONED for the length of the memory, whatever is written to it.
func TestOnDemandModes(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t)
	tr.name = "p"
	tr.call("CreateStream", &api.CreateStreamInput{StreamName: some("p"), ShardCount: some(int32(6))})
	shards := func(want int) {
		t.Helper()
		tr.advance(15 * time.Minute)
		if err := tr.Scale(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := len(openShards(tr.describe("p"))); n != want {
			t.Errorf("%d shards, want %d", n, want)
		}
	}
	change := func(to string) {
		t.Helper()
		tr.call("UpdateStreamMode", &api.UpdateStreamModeInput{StreamARN: some(arnOf("p")), StreamModeDetails: mode(to)})
	}
	tr.put(100, tr.anywhere)
	shards(6)
	change("ON_DEMAND")
	shards(6)
	shards(6)
	tr.put(100, tr.within(0))
	shards(7)
	change("PROVISIONED")
	tr.put(100, tr.within(3))
	shards(7)
	change("ON_DEMAND")
	shards(7)
	tr.fixture.open(withOnDemand)
	shards(7)
	tr.advance(31 * 24 * time.Hour)
	shards(6)
	shards(5)
	shards(4)
	shards(4)
}

// TestOnDemandWarm has as many shards as the warm throughput needs, at once and
// for as long as it lasts.
func TestOnDemandWarm(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t)
	tr.call("UpdateAccountSettings", &api.UpdateAccountSettingsInput{
		MinimumThroughputBillingCommitment: some(api.MinimumThroughputBillingCommitmentInput{Status: some("ENABLED")}),
	})
	count := func(name string) int { return len(openShards(tr.describe(name))) }
	tr.call("CreateStream", &api.CreateStreamInput{
		StreamName: some("w"), StreamModeDetails: mode("ON_DEMAND"), WarmThroughputMiBps: some(int32(9)),
	})
	if n := count("w"); n != 9 {
		t.Errorf("created with %d shards", n)
	}
	tr.put(50, tr.anywhere)
	warm := func(mibps int32) *api.UpdateStreamWarmThroughputInput {
		return &api.UpdateStreamWarmThroughputInput{StreamName: some(tr.name), WarmThroughputMiBps: some(mibps)}
	}
	tr.call("UpdateStreamWarmThroughput", warm(11))
	if n := count("s"); n != 11 {
		t.Errorf("%d shards for 11 MiB/s", n)
	}
	tr.put(50, tr.anywhere)
	tr.advance(31 * 24 * time.Hour)
	for range 3 {
		tr.advance(time.Hour)
		if err := tr.Scale(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if n, w := count("s"), count("w"); n != 11 || w != 9 {
		t.Errorf("%d and %d shards while they are warm", n, w)
	}
	tr.call("UpdateStreamWarmThroughput", warm(10))
	tr.call("UpdateStreamWarmThroughput", warm(0))
	for n := 10; n >= 4; n-- {
		if tr.advance(time.Hour); tr.Scale(context.Background()) != nil || count("s") != n {
			t.Fatalf("%d shards, want %d", count("s"), n)
		}
	}
	tr.call("CreateStream", &api.CreateStreamInput{StreamName: some("p"), ShardCount: some(int32(2))})
	tr.call("UpdateStreamMode", &api.UpdateStreamModeInput{
		StreamARN: some(arnOf("p")), StreamModeDetails: mode("ON_DEMAND"), WarmThroughputMiBps: some(int32(5)),
	})
	if n := count("p"); n != 5 {
		t.Errorf("%d shards for 5 MiB/s with the mode", n)
	}
}

// TestOnDemandOff counts and changes nothing with the zero configuration, and
// nothing in streams that are not on demand.
func TestOnDemandOff(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t)
	tr.fixture.create("p", 4)
	tr.name = "p"
	tr.put(1000, tr.within(1))
	tr.scale(time.Second)
	tr.name = "s"
	tr.fixture.open(func(c *kinesis.Config) { c.OnDemand = kinesis.OnDemand{} })
	tr.put(1000, tr.within(1))
	tr.scale(time.Second)
	if n := len(openShards(tr.describe("p"))); n != 4 || len(tr.open) != 4 {
		t.Errorf("%d and %d shards", n, len(tr.open))
	}
}

// tellTale is a log that does something when it is told of a shard that is hot
// by one key.
type tellTale struct {
	slog.Handler
	then func()
}

func (tellTale) Enabled(context.Context, slog.Level) bool { return true }

func (h tellTale) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, "hot by one key") {
		h.then()
	}
	return nil
}

// TestOnDemandMeanwhile changes the mode between the decision to split a shard
// and the split.
func TestOnDemandMeanwhile(t *testing.T) {
	t.Parallel()
	var tr *traffic
	changed := 0
	tr = newTraffic(t, func(c *kinesis.Config) {
		c.Logger = slog.New(tellTale{slog.DiscardHandler, func() {
			changed++
			tr.call("UpdateStreamMode", &api.UpdateStreamModeInput{StreamARN: some(arnOf("s")), StreamModeDetails: mode("PROVISIONED")})
		}})
	})
	tr.put(50, one)
	tr.put(50, tr.within(2))
	tr.scale(time.Second)
	if changed != 1 || len(tr.open) != 4 {
		t.Errorf("changed %d times: %q", changed, tr.open)
	}
}

// TestOnDemandWhileUpdating leaves a stream alone until it is ACTIVE.
func TestOnDemandWhileUpdating(t *testing.T) {
	t.Parallel()
	tr := newTraffic(t, func(c *kinesis.Config) { c.TransitionDelay = time.Hour })
	tr.advance(time.Hour) // while it is CREATING
	tr.open = openShards(tr.describe("s"))
	for range 59 {
		tr.put(100, tr.anywhere)
		tr.scale(time.Minute)
		if d := tr.describe("s"); len(tr.open) != 5 || d.StreamStatus != "UPDATING" {
			t.Fatalf("%s with %d shards", d.StreamStatus, len(tr.open))
		}
	}
	tr.scale(2 * time.Minute)
	if len(tr.open) != 6 {
		t.Errorf("%d shards when it is ACTIVE again", len(tr.open))
	}
}
