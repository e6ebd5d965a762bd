// Package stats computes what a measurement comes down to: quantiles of many
// latencies, and medians of a few rounds.
//
// A Histogram counts durations in buckets that are as wide as their place
// asks for: all of a power of two are divided into equal parts.
//
//	nanoseconds   0 … 255     256 … 511    512 … 1023    …
//	wide          1           2            4             …
//
// so that a quantile is off by less than one percent, and the memory of a
// histogram does not depend on what it counts.
package stats

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// partBits says into how many parts a power of two is divided.
const partBits = 7

const buckets = (64-partBits)<<partBits + 1<<partBits

// Histogram counts durations. The zero Histogram is empty. It is not for
// concurrent use: count in one for each goroutine, then Merge them.
type Histogram struct {
	counts  [buckets]uint64
	total   uint64
	highest uint64
}

// Record counts a duration; one below 0 counts as 0.
func (h *Histogram) Record(d time.Duration) {
	v := uint64(max(d, 0))
	h.counts[bucketOf(v)]++
	h.total++
	h.highest = max(h.highest, v)
}

// Merge adds what another histogram counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.highest = max(h.highest, other.highest)
}

// Count returns how many durations were counted.
func (h *Histogram) Count() uint64 { return h.total }

// Quantile returns the least duration that at least a share q of what was
// counted does not exceed, 0 of an empty histogram.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := max(uint64(math.Ceil(q*float64(h.total))), 1)
	var below uint64
	for i, n := range h.counts {
		if below += n; below >= rank {
			return time.Duration(min(highestOf(i), h.highest))
		}
	}
	return time.Duration(h.highest)
}

// bucketOf returns the index of a value's bucket.
func bucketOf(v uint64) int {
	shift := max(bits.Len64(v)-partBits-1, 0)
	return shift<<partBits + int(v>>shift)
}

// highestOf returns the greatest value of a bucket.
func highestOf(bucket int) uint64 {
	shift := max(bucket>>partBits-1, 0)
	first := uint64(bucket - shift<<partBits)
	return (first+1)<<shift - 1
}

// Median returns the middle of the values, and between the two in the middle
// their mean; 0 of none. It leaves the slice as it is.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// Ratio returns a/b, 0 if that is no number: nothing was done, of which there
// is no share.
func Ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
