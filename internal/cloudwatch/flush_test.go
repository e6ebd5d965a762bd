package cloudwatch

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
)

// objects returns the keys of what is stored.
func (f *fixture) objects() (all []string) {
	f.t.Helper()
	entries, err := f.kv.List(f.t.Context(), engine.NewKey(prefix), "", 0)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Key.String())
	}
	return all
}

func (f *fixture) flush() {
	f.t.Helper()
	if err := f.Flush(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

func TestMetricsOutliveARestart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put("m", testStart, 1, 2, 3)
	f.put("m", testStart.Add(-time.Hour+time.Minute), 4)
	f.flush()
	f.put("lost", testStart, 1)
	f.open()
	if got := f.sum("m"); got != 10 {
		t.Errorf("a sum of %v", got)
	}
	in := f.statistics("m")
	in.Statistics.Set, in.Statistics.V, in.ExtendedStatistics = false, nil, some([]string{"p50"})
	if got := f.datapoints(in); len(got) != 2 || !near(got[1].ExtendedStatistics.V["p50"], 2, 0.01) {
		t.Errorf("%+v", got)
	}
	if f.sum("lost") != 0 {
		t.Error("what was not stored is there")
	}
	// What comes later adds up with what was stored.
	f.put("m", testStart, 5)
	f.flush()
	f.open()
	if got := f.sum("m"); got != 15 {
		t.Errorf("a sum of %v", got)
	}
}

// Only minutes that have changed are written, and what has expired is deleted.
func TestFlushWritesWhatHasChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	expect := func(writes int, minutes ...stream.Minute) {
		t.Helper()
		f.kv.writes = 0
		f.flush()
		var want []string
		for _, m := range minutes {
			want = append(want, fmt.Sprintf("metrics/%012d/0", m))
		}
		if got := f.objects(); f.kv.writes != writes || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d writes and %v, want %d and %v", f.kv.writes, got, writes, want)
		}
	}
	first := testStart.Minute()
	expect(0)
	f.put("m", testStart, 1)
	f.put("m", testStart.Add(-time.Minute), 1)
	expect(2, first-1, first)
	expect(0, first-1, first)
	f.advance(time.Minute)
	f.put("m", f.at(), 1)
	expect(1, first-1, first, first+1)
	f.open()
	expect(0, first-1, first, first+1)
	f.advance(24*time.Hour - time.Minute)
	expect(1, first+1)
	f.open()
	f.advance(time.Hour)
	f.open()
	expect(1)
}

// A KV that refuses does not refuse metrics, and gets them later.
func TestFlushGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put("m", testStart, 1)
	f.kv.refusal = engine.ErrFull
	for range 2 {
		if err := f.Flush(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "store metrics: ") {
			t.Errorf("%v", err)
		}
		f.put("m", testStart, 1)
	}
	f.kv.refusal = nil
	f.flush()
	f.open()
	if got := f.sum("m"); got != 3 {
		t.Errorf("a sum of %v", got)
	}
	// Nor does what cannot be deleted come back.
	f.advance(25 * time.Hour)
	f.kv.refusal = engine.ErrFailed
	if err := f.Flush(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "delete metrics: ") {
		t.Errorf("%v", err)
	}
	f.kv.refusal = nil
	f.flush()
	if got := f.objects(); len(got) != 0 {
		t.Errorf("%v is left", got)
	}
}

// A minute that is too large for an object has several, and what is in two of them
// counts once.
func TestMinutesOfManyObjects(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const metrics, values = 2200, 250
	var wide summary
	for v := range values {
		wide.add(math.Pow(gamma, float64(v)), 1.5)
	}
	for i := range metrics {
		sum := new(summary)
		sum.merge(&wide)
		f.store.put(metricKey(scope{caller.Account, caller.Region}, "App", fmt.Sprint(i), nil), noUnit, testStart.Minute(), sum)
	}
	f.flush()
	if n := len(f.objects()); n < 2 {
		t.Fatalf("%d objects", n)
	}
	// As after a crash, the second object has what the first one has.
	first, err := f.kv.Get(t.Context(), objectKey(testStart.Minute(), 0))
	if err != nil {
		t.Fatal(err)
	}
	again := []engine.Change{{Key: objectKey(testStart.Minute(), len(f.objects())), Value: first.Value, Expect: engine.Any}}
	if _, err := f.kv.Write(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	f.open()
	if n := len(f.store.metrics); n != metrics {
		t.Errorf("%d metrics", n)
	}
	for _, b := range f.store.minutes {
		for _, ser := range b.rows.series {
			if sum, _ := b.at(ser); sum.count != 1.5*values {
				t.Fatalf("%s has %v samples", ser.metric.key, sum.count)
			}
		}
	}
	// The minute gets smaller: nothing of it stays behind.
	f.store = newStore(maxBytes)
	f.put("m", testStart, 1)
	f.flush()
	if got := f.objects(); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// What cannot be read does not keep the server from starting, and goes when its
// minute would.
func TestDamagedObjects(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put("m", testStart, 1)
	f.flush()
	bad := []engine.Change{{Key: objectKey(testStart.Minute(), 1), Value: []byte("damaged"), Expect: engine.Absent}}
	if _, err := f.kv.Write(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	f.open()
	if got := f.sum("m"); got != 1 {
		t.Errorf("a sum of %v", got)
	}
	f.advance(25 * time.Hour)
	f.flush()
	if got := f.objects(); len(got) != 0 {
		t.Errorf("%v is left", got)
	}
}

// Of more than there is room for, whole minutes are loaded, the newest, and the
// objects of the others are deleted.
func TestLoadingMoreThanThereIsRoomFor(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const minutes, metrics = 12, 40
	for i := range minutes {
		for m := range metrics {
			f.put(fmt.Sprint(m), testStart.Add(-time.Duration(i)*time.Minute), float64(i))
		}
	}
	f.flush()
	f.store, f.parts = newStore(f.store.bytes*3/4), make(map[stream.Minute]int)
	if err := f.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept := len(f.store.minutes)
	if kept < minutes/3 || kept >= minutes || f.store.bytes > f.store.limit || f.store.bytes != recount(f.store) {
		t.Errorf("%d minutes and %d bytes, of at most %d", kept, f.store.bytes, f.store.limit)
	}
	for i := range kept {
		if b := f.store.minutes[testStart.Minute()-stream.Minute(i)]; b == nil || len(b.rows.series) != metrics {
			t.Errorf("minute %d is %+v", i, b)
		}
	}
	f.flush()
	if got := f.objects(); len(got) != kept {
		t.Errorf("%d objects, want %d", len(got), kept)
	}
}
