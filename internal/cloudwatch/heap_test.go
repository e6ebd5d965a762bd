package cloudwatch

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	shapes "leat/internal/api/cloudwatch"
	"leat/internal/stream"
)

// The tests here run alone, for they look at the heap.

// heap returns the bytes that are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// checkHeap compares what has come to the heap since it had some bytes with what
// the store says that it takes.
func checkHeap(t *testing.T, s *store, before int64) {
	t.Helper()
	grown, most := heap()-before, s.bytes+s.bytes/4+64<<10
	t.Logf("%d metrics in %d minutes: %d bytes on the heap, %d counted", len(s.metrics), len(s.minutes), grown, s.bytes)
	if grown > most {
		t.Errorf("the heap has grown by %d bytes, and %d are counted", grown, s.bytes)
	}
}

// Nothing of a request is held beside what is kept of it, which is one series here.
func TestRequestsAreNotHeld(t *testing.T) {
	f := newFixture(t)
	values := make([]float64, maxValues)
	for i := range values {
		values[i] = float64(1 + i*i)
	}
	before := heap()
	for i := range 100 {
		datums := []shapes.MetricDatum{datumOf(fmt.Sprint("new", i), 1)}
		for range maxDatums - 1 {
			datums = append(datums, shapes.MetricDatum{MetricName: some("old"), Values: some(values)})
		}
		f.call("PutMetricData", putOf(datums...))
	}
	checkHeap(t, f.store, before)
}

// What is loaded takes no more than it did before, and is counted the same.
func TestLoadingTakesNoMore(t *testing.T) {
	f := newFixture(t)
	long := strings.Repeat("v", 900)
	for minute := range 60 {
		for i := range 200 {
			s := new(summary)
			s.add(float64(i), 1)
			s.add(float64(minute), 2)
			f.store.put(metricKey(scope{caller.Account, caller.Region}, "App", fmt.Sprint(i), []Dimension{{"d", long}}), noUnit,
				testStart.Minute()-stream.Minute(minute), s)
		}
	}
	f.flush()
	counted := f.store.bytes
	f.store = newStore(0)
	before := heap()
	f.open()
	checkHeap(t, f.store, before)
	if f.store.bytes != counted {
		t.Errorf("%d bytes, before %d", f.store.bytes, counted)
	}
}

// Metrics that come and go, with as many and as long dimensions as there may be and
// with wide distributions, leave nothing behind.
func TestChurnIsBounded(t *testing.T) {
	f := newFixture(t)
	const limit = 4 << 20
	f.store = newStore(limit)
	r := rand.New(rand.NewPCG(5, 6))
	before := heap()
	for minute := range 300 {
		for i := range 5 {
			d := datumOf("wide", 0)
			d.Value.Set = false
			d.Values.Set = true
			for range maxValues {
				d.Values.V = append(d.Values.V, r.ExpFloat64()*1000)
			}
			var pairs []string
			for n := range 30 {
				name := fmt.Sprintf("%03d", n)
				pairs = append(pairs, name+strings.Repeat("n", 255-len(name)), strings.Repeat("v", 900+(minute*i+n)%124))
			}
			d.Dimensions = dims(append(pairs[:58], "last", fmt.Sprint(minute, i))...)
			f.call("PutMetricData", putOf(d, datumOf(fmt.Sprint(minute, i), 1), datumOf("same", 1)))
		}
		if minute%2 == 0 {
			f.flush()
		}
		if f.store.bytes > limit {
			t.Fatalf("%d bytes", f.store.bytes)
		}
		f.advance(time.Minute)
	}

	checkHeap(t, f.store, before)
	f.advance(25 * time.Hour)
	f.flush()
	if f.store.bytes != 0 {
		t.Errorf("%d bytes are left", f.store.bytes)
	}
}
