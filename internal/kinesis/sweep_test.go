package kinesis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
)

// A sweep that is interrupted leaves nothing behind that the next one misses.
func TestExpiredShardsAreDroppedInSteps(t *testing.T) {
	for after := range 2 {
		f := newFixture(t)
		e := &refusing{Engine: f.engine}
		f.engine = e
		f.open()
		f.create("s", 1)
		f.split("s", shard0)
		f.advance(24 * time.Hour)
		e.change, e.after = engine.ErrFull, after
		if err := f.Sweep(context.Background()); !errors.Is(err, engine.ErrFull) {
			t.Errorf("swept with %v", err)
		}
		e.change = nil
		f.sweep()
		if n := f.logs(); n != 2 {
			t.Errorf("%d logs after %d steps and a sweep, want 2", n, after)
		}
	}
}

// What expires makes room, so it must not wait for a change that waits for room.
func TestTrimmedBehindAnUnfinishedChange(t *testing.T) {
	f := newFixture(t)
	e := &refusing{Engine: f.engine}
	f.engine = e
	f.open()
	f.create("s", 1)
	f.put("s", "k", "x")
	logs, err := f.engine.Logs(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	f.advance(25 * time.Hour)
	e.change, e.after = engine.ErrFull, 1
	if _, err := f.do(caller, "SplitShard", &api.SplitShardInput{
		StreamName: some("s"), ShardToSplit: some("0"), NewStartingHashKey: some("5"),
	}); err == nil {
		t.Fatal("the split is finished")
	}
	if err := f.Sweep(context.Background()); !errors.Is(err, engine.ErrFull) {
		t.Errorf("swept with %v", err)
	}
	tip, err := f.engine.Tip(context.Background(), logs[0])
	if err != nil || tip.First != tip.Last+1 {
		t.Errorf("tip %+v, %v", tip, err)
	}
}

func TestTombstonesAreClearedAway(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	created := f.describe("s").StreamCreationTimestamp
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s")})
	count := func() int {
		t.Helper()
		f.sweep()
		entries, err := f.engine.List(context.Background(), engine.NewKey("tombstone"), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	if n := count(); n != 1 {
		t.Errorf("%d tombstones within the second of the creation, want 1", n)
	}
	f.advance(time.Second)
	if n := count(); n != 0 {
		t.Errorf("%d tombstones after that second", n)
	}
	f.create("s", 1)
	if again := f.describe("s").StreamCreationTimestamp; again <= created {
		t.Errorf("created at %d, and again at %d", created, again)
	}
}
