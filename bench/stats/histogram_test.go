package stats

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBucketsAreContiguous(t *testing.T) {
	for b := range 3000 {
		highest := highestOf(b)
		if bucketOf(highest) != b || bucketOf(highest+1) != b+1 {
			t.Fatalf("bucket %d ends with %d, which is in %d, and %d is in %d",
				b, highest, bucketOf(highest), highest+1, bucketOf(highest+1))
		}
	}
	if b := bucketOf(math.MaxInt64); b >= buckets {
		t.Errorf("the longest duration is in bucket %d of %d", b, buckets)
	}
}

func TestQuantilesAreThoseOfTheSortedValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 1, 200).Draw(t, "values")
		split := rapid.IntRange(0, len(values)).Draw(t, "split")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		var h, other Histogram
		for i, v := range values {
			if i < split {
				h.Record(time.Duration(v))
			} else {
				other.Record(time.Duration(v))
			}
		}
		h.Merge(&other)
		slices.Sort(values)
		want := values[max(int(math.Ceil(q*float64(len(values))))-1, 0)]
		got := int64(h.Quantile(q))
		if got < want || float64(got) > float64(want)*1.01+1 {
			t.Fatalf("quantile %v of %v: %d, want %d", q, values, got, want)
		}
		if h.Count() != uint64(len(values)) {
			t.Fatalf("%d counted", h.Count())
		}
	})
}

func TestQuantileOfNothing(t *testing.T) {
	var h Histogram
	if q := h.Quantile(0.99); q != 0 {
		t.Errorf("got %v", q)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 9, 2}, 3},
	} {
		before := slices.Clone(c.values)
		if got := Median(c.values); got != c.want || !slices.Equal(before, c.values) {
			t.Errorf("Median(%v) = %v, want %v; left %v", before, got, c.want, c.values)
		}
	}
}

func TestRatio(t *testing.T) {
	if r := Ratio(1, 4); r != 0.25 {
		t.Errorf("1 of 4 is %v", r)
	}
	if r := Ratio(1, 0); r != 0 {
		t.Errorf("1 of nothing is %v", r)
	}
}
