package metrics

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
)

// values returns the metrics of leat with their labels, and of histograms the
// number of observations.
func values(t *testing.T, m *Metrics) map[string]float64 {
	t.Helper()
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]float64)
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "leat_") {
			continue
		}
		for _, s := range f.GetMetric() {
			name := f.GetName()
			for _, l := range s.GetLabel() {
				name += " " + l.GetValue()
			}
			out[name] = s.GetCounter().GetValue() + s.GetGauge().GetValue() + float64(s.GetHistogram().GetSampleCount())
		}
	}
	return out
}

func TestObserve(t *testing.T) {
	t.Parallel()
	m := New()
	m.InFlight.Add(3)
	m.Subscriptions.Add(2)
	m.Counter("leat_things_total", "Things.", func() int64 { return 7 })
	op := m.Operation("kinesis", "PutRecord")
	op.Observe("", time.Millisecond, 10, 100)
	op.Observe("", time.Hour, 20, 200)
	op.Observe(string(api.Validation), time.Second, 1, 1)
	m.Operation("kinesis", "PutRecord").Observe("what a client has made up", 0, 0, 0)
	want := map[string]float64{
		"leat_requests_in_flight":                                   3,
		"leat_subscriptions":                                        2,
		"leat_things_total":                                         7,
		"leat_requests_total OK PutRecord kinesis":                  2,
		"leat_requests_total other PutRecord kinesis":               1,
		"leat_request_duration_seconds PutRecord kinesis":           4,
		"leat_request_bytes_total PutRecord kinesis":                31,
		"leat_answer_bytes_total PutRecord kinesis":                 301,
		"leat_requests_total ValidationException PutRecord kinesis": 1,
	}
	if diff := cmp.Diff(want, values(t, m)); diff != "" {
		t.Error(diff)
	}
}

// TestBoundedSeries counts errors of every code and of many that there are not,
// at the same time.
func TestBoundedSeries(t *testing.T) {
	t.Parallel()
	m := New()
	codes := 0
	var clients sync.WaitGroup
	for range 2 {
		op := m.Operation(Other, Other)
		codes = 0
		for code := range api.Codes() {
			codes++
			clients.Go(func() { op.Observe(string(code), 0, 0, 0) })
		}
		for i := range 100 {
			clients.Go(func() { op.Observe(fmt.Sprint("Made up ", i), 0, 0, 0) })
		}
	}
	clients.Wait()
	series := 0
	for name, n := range values(t, m) {
		if strings.HasPrefix(name, "leat_requests_total") {
			series++
			if n != 2 && name != "leat_requests_total other other other" && name != "leat_requests_total OK other other" {
				t.Errorf("%s is %v", name, n)
			}
		}
	}
	if series != codes+2 || codes < 20 {
		t.Errorf("%d series for %d codes", series, codes)
	}
}

func TestNoAllocations(t *testing.T) {
	op := New().Operation("kinesis", "PutRecord")
	for _, code := range []string{"", string(api.ProvisionedThroughputExceeded), "made up"} {
		if n := testing.AllocsPerRun(100, func() { op.Observe(code, time.Millisecond, 10, 10) }); n != 0 {
			t.Errorf("%q: %v allocations", code, n)
		}
	}
}
