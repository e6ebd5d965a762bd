package cloudwatch

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/engine"
	"leat/internal/stream"
)

// exact is the plain reading of a percentile.
func exact(values []float64, percent float64) float64 {
	slices.Sort(values)
	rank := int(math.Ceil(float64(len(values)) * percent / 100))
	return values[max(rank-1, 0)]
}

func near(got, want, tolerance float64) bool { return math.Abs(got-want) <= tolerance*math.Abs(want) }

func TestPercentilesAreWithinOnePercent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// The greatest is at most 159 times the least, but for zeros.
		scale := math.Pow(10, float64(rapid.IntRange(-90, 90).Draw(t, "scale")))
		value := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(1, 150))
		values := rapid.SliceOfN(value, 1, 400).Draw(t, "values")
		whole, parts := new(summary), []*summary{{}, {}}
		for i := range values {
			values[i] *= scale
			whole.add(values[i], 1)
			parts[rapid.IntRange(0, 1).Draw(t, "part")].add(values[i], 1)
		}
		parts[0].merge(parts[1])
		for _, percent := range []float64{0, 1, 50, 90, 99.9, 100} {
			want := exact(values, percent)
			for _, s := range []*summary{whole, parts[0]} {
				if got, ok := s.percentile(percent); !ok || !near(got, want, 0.0100001) {
					t.Fatalf("p%v is %v (%v), want %v", percent, got, ok, want)
				}
			}
		}
	})
}

// A sketch has no more buckets than it may, and is right about the order of
// magnitude however far values are apart.
func TestSketchesAreBounded(t *testing.T) {
	t.Parallel()
	var s summary
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 20_000)
	for i := range values {
		values[i] = math.Pow(10, r.Float64()*200-100)
		s.add(values[i], 1)
		if len(s.sketch.buckets) > maxBuckets {
			t.Fatalf("%d buckets", len(s.sketch.buckets))
		}
	}
	for _, percent := range []float64{10, 50, 90} {
		got, _ := s.percentile(percent)
		if want := exact(values, percent); math.Abs(math.Log10(got)-math.Log10(want)) > 1 {
			t.Errorf("p%v is %v, want about %v", percent, got, want)
		}
	}
	for _, v := range []float64{0, 5e-324, 1, math.MaxFloat64, maxMagnitude} {
		if raise(keyOf(v), maxLevel) > 1 || keyOf(v) > maxSketchKey {
			t.Errorf("the key of %v is %d", v, keyOf(v))
		}
	}
}

func TestDistributionsThatNobodyKnows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		sum   summary
		known bool
	}{
		{"one sample", set(1, 7, 7, 7), true},
		{"equal samples", set(4, 28, 7, 7), true},
		{"different samples", set(4, 28, 6, 8), false},
		{"a negative one", set(1, -7, -7, -7), false},
	} {
		got, ok := c.sum.percentile(50)
		if ok != c.known || ok && got != 7 {
			t.Errorf("%s: %v, %v", c.name, got, ok)
		}
		c.sum.add(1, 1)
		if _, ok := c.sum.percentile(50); ok != c.known {
			t.Errorf("%s, and one more: known %v", c.name, ok)
		}
	}
	var s summary
	s.add(3, 1)
	s.add(-1, 1)
	if _, ok := s.percentile(50); ok || s.min != -1 || s.max != 3 || s.sum != 2 || s.count != 2 {
		t.Errorf("%+v", s)
	}
}

// model is a store that keeps every sample.
type model map[engine.Key]map[unit]map[stream.Minute][]float64

func (m model) put(key engine.Key, u unit, minute stream.Minute, v float64) {
	if m[key] == nil {
		m[key] = make(map[unit]map[stream.Minute][]float64)
	}
	if m[key][u] == nil {
		m[key][u] = make(map[stream.Minute][]float64)
	}
	m[key][u][minute] = append(m[key][u][minute], v)
}

// expire forgets what is too old, and what only had that.
func (m model) expire(now stream.Minute) {
	for key, series := range m {
		for u, minutes := range series {
			for minute := range minutes {
				if minute <= now-retention {
					delete(minutes, minute)
				}
			}
			if len(minutes) == 0 {
				delete(series, u)
			}
		}
		if len(series) == 0 {
			delete(m, key)
		}
	}
}

// periods returns what a span has, by the first minutes of periods.
func (m model) periods(key engine.Key, u unit, within span) map[stream.Minute][]float64 {
	found := make(map[stream.Minute][]float64)
	for minute, values := range m[key][u] {
		if minute >= within.from && minute < within.to {
			at := within.from + (minute-within.from)/within.period*within.period
			found[at] = append(found[at], values...)
		}
	}
	return found
}

// TestStoreAgainstModel puts, expires and reads at random.
func TestStoreAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(maxBytes), make(model)
		key := func() engine.Key {
			name := strconv.Itoa(rapid.IntRange(0, 4).Draw(t, "metric"))
			return metricKey(scope{"1", "r"}, "n", name, []Dimension{{"d", "v"}})
		}
		now := stream.Minute(10_000)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				k, u := key(), unit(rapid.IntRange(0, 2).Draw(t, "unit"))
				minute := now - stream.Minute(rapid.IntRange(0, int(retention)-1).Draw(t, "age"))
				v := float64(rapid.IntRange(0, 100).Draw(t, "value"))
				sum := new(summary)
				sum.add(v, 1)
				s.put(k, u, minute, sum)
				m.put(k, u, minute, v)
			},
			"condense": func(*rapid.T) { s.condense() },
			"pass": func(t *rapid.T) {
				now += stream.Minute(rapid.IntRange(0, 600).Draw(t, "minutes"))
				s.expire(now)
				m.expire(now)
			},
			"read": func(t *rapid.T) {
				from := now - stream.Minute(rapid.IntRange(0, 2000).Draw(t, "from"))
				within := span{
					from, from + stream.Minute(rapid.IntRange(1, 2500).Draw(t, "length")),
					stream.Minute(rapid.SampledFrom([]int{1, 5, 60, 1440}).Draw(t, "period")),
				}
				k := key()
				compareTracks(t, s.tracks(k, within), m, k, within)
			},
			"": func(t *rapid.T) { compareWhole(t, s, m) },
		})
	})
}

func compareTracks(t *rapid.T, got []track, m model, key engine.Key, within span) {
	want := 0
	for u := range m[key] {
		if len(m.periods(key, u, within)) > 0 {
			want++
		}
	}
	if len(got) != want {
		t.Fatalf("%d units, want %d", len(got), want)
	}
	for _, track := range got {
		periods := m.periods(key, track.unit, within)
		if len(track.points) != len(periods) {
			t.Fatalf("%d points, want %d", len(track.points), len(periods))
		}
		if !slices.IsSortedFunc(track.points, func(a, b point) int { return cmp.Compare(a.at, b.at) }) {
			t.Fatal("not in the order of time")
		}
		for i := range track.points {
			p := &track.points[i]
			values := periods[p.at]
			sum := 0.0
			for _, v := range values {
				sum += v
			}
			if p.count != float64(len(values)) || p.sum != sum || p.min != slices.Min(values) || p.max != slices.Max(values) {
				t.Fatalf("at %d %+v, want %v", p.at, p.summary, values)
			}
			if median, ok := p.percentile(50); !ok || !near(median, exact(values, 50), 0.0100001) {
				t.Fatalf("at %d a median of %v, want %v", p.at, median, exact(values, 50))
			}
		}
	}
}

// compareWhole compares which metrics are known, and checks the sum of bytes.
func compareWhole(t *rapid.T, s *store, m model) {
	all := s.list(engine.NewKey("1", "r"), "")
	if len(all) != len(m) {
		t.Fatalf("%d metrics, want %d", len(all), len(m))
	}
	for _, l := range all {
		if m[l.key] == nil {
			t.Fatalf("%s is still there", l.key)
		}
	}
	if got := recount(s); got != s.bytes {
		t.Fatalf("%d bytes, counted as %d", got, s.bytes)
	}
}

// recount returns what the store should say that it takes.
func recount(s *store) (n int64) {
	for key, m := range s.metrics {
		n += metricBytes + int64(len(key)) + seriesBytes*int64(len(m.series))
	}
	for _, b := range s.minutes {
		for _, some := range []map[*series]*summary{b.settling, b.fresh} {
			for _, sum := range some {
				n += summaryBytes + sum.sketch.bytes()
			}
		}
		n += b.rows.bytes() + b.stored
	}
	return n
}

// TestStoreIsBounded puts metrics that come and go, with distributions that grow,
// over many minutes: the store stays within its bytes, and drops the oldest. It runs
// alone, for it looks at the heap.
func TestStoreIsBounded(t *testing.T) {
	const limit = 1 << 20
	s := newStore(limit)
	r := rand.New(rand.NewPCG(3, 4))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const minutes = 150
	for minute := stream.Minute(1); minute <= minutes; minute++ {
		for i := range 80 {
			name := fmt.Sprintf("metric-%d", i)
			if i%2 == 0 {
				name = fmt.Sprintf("metric-%d-of-minute-%d", i, minute)
			}
			for range 3 {
				sum := new(summary)
				for range 20 {
					sum.add(r.Float64()*1000, 1)
				}
				s.put(metricKey(scope{"1", "r"}, "n", name, nil), noUnit, minute, sum)
			}
			if s.bytes > limit {
				t.Fatalf("%d bytes in minute %d", s.bytes, minute)
			}
		}
	}
	if s.bytes < limit/2 || recount(s) != s.bytes {
		t.Errorf("%d bytes, in fact %d", s.bytes, recount(s))
	}
	for minute := range s.minutes {
		if minute <= minutes-stream.Minute(len(s.minutes)) {
			t.Errorf("minute %d is there, and %d are", minute, len(s.minutes))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 3*limit/2 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	s.expire(minutes + retention)
	if s.bytes != 0 || len(s.metrics) != 0 || len(s.minutes) != 0 {
		t.Errorf("%d bytes, %d metrics and %d minutes are left", s.bytes, len(s.metrics), len(s.minutes))
	}
}

// One minute alone stays within the bytes, too: what is too much is not kept, and
// of what is kept nothing but distributions are forgotten.
func TestOneMinuteIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	s := newStore(limit)
	for i := range 10_000 {
		sum := new(summary)
		sum.add(float64(i), 1)
		s.put(metricKey(scope{"1", "r"}, "n", strconv.Itoa(i%300), nil), noUnit, 7, sum)
		if s.bytes > limit {
			t.Fatalf("%d bytes", s.bytes)
		}
	}
	if n := len(s.metrics); n == 0 || n == 300 {
		t.Fatalf("%d metrics", n)
	}
	// The first of all has all its samples.
	within := span{from: 7, to: 8, period: 1}
	if got := s.tracks(metricKey(scope{"1", "r"}, "n", "0", nil), within); len(got) != 1 || got[0].points[0].count != 34 {
		t.Errorf("%+v", got)
	}
	// What is older does not make room for itself.
	sum := new(summary)
	sum.add(1, 1)
	s.put(metricKey(scope{"1", "r"}, "n", "older", nil), noUnit, 6, sum)
	if s.has(6) {
		t.Error("an older minute got the room of a newer one")
	}
}
