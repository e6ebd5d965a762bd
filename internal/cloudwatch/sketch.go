package cloudwatch

import (
	"math"
	"slices"
)

// A sketch's buckets have bounds that are powers of gamma, so the middle of a
// bucket is within one percent of everything in it.
const (
	gamma = 1.02
	// lowestPower makes the keys of all positive numbers positive: the least is
	// about gamma to the power of -37,600.
	lowestPower = 40_000
	// maxBuckets bounds a sketch. Values that take more, whose greatest is 160
	// times the least at least, are kept in buckets twice as wide.
	maxBuckets = 256
	// maxLevel is where any number has key 1, so that no sketch goes beyond.
	maxLevel = 17
)

var logGamma = math.Log(gamma)

// sketch is how samples that are not negative are distributed. Buckets ascend by
// key. Key 0 is for zeros; key k is, at level 0, for numbers above gamma to the
// power k-1-lowestPower and up to gamma to the power k-lowestPower. At each
// further level a bucket is two of the level before.
type sketch struct {
	buckets []bucket
	level   uint8
	// opaque says that there are samples whose distribution nobody knows. Then
	// there are no buckets.
	opaque bool
}

// bucket is how many samples are within two bounds.
type bucket struct {
	key   uint32
	count float64
}

// bucketBytes is the size of a bucket.
const bucketBytes = 16

// keyOf returns the key of a number that is not negative, at level 0.
func keyOf(v float64) uint32 {
	if v == 0 {
		return 0
	}
	return uint32(max(1, int(math.Ceil(math.Log(v)/logGamma))+lowestPower))
}

// raise returns a key some levels above its own.
func raise(key uint32, levels uint8) uint32 {
	if key == 0 {
		return 0
	}
	return (key-1)>>levels + 1
}

// middle returns the number that stands for those of a bucket.
func (s *sketch) middle(key uint32) float64 {
	if key == 0 {
		return 0
	}
	low := float64(uint64(key-1)<<s.level) - lowestPower
	high := float64(uint64(key)<<s.level) - lowestPower
	return math.Exp((low + high) / 2 * logGamma)
}

// add adds a number that is not negative, count times.
func (s *sketch) add(v, count float64) {
	if s.opaque {
		return
	}
	s.insert(raise(keyOf(v), s.level), count)
	s.shrink()
}

func (s *sketch) insert(key uint32, count float64) {
	i, found := slices.BinarySearchFunc(s.buckets, key, func(b bucket, key uint32) int { return int(b.key) - int(key) })
	if found {
		s.buckets[i].count += count
		return
	}
	s.buckets = slices.Insert(s.buckets, i, bucket{key, count})
}

// shrink widens the buckets until there are not too many.
func (s *sketch) shrink() {
	for len(s.buckets) > maxBuckets {
		s.widen()
	}
}

// widen goes to the next level.
func (s *sketch) widen() {
	s.level++
	kept := s.buckets[:0]
	for _, b := range s.buckets {
		b.key = raise(b.key, 1)
		if n := len(kept); n > 0 && kept[n-1].key == b.key {
			kept[n-1].count += b.count
			continue
		}
		kept = append(kept, b)
	}
	s.buckets = kept
}

// merge adds the samples of another sketch, which stays as it is.
func (s *sketch) merge(o *sketch) {
	if s.opaque || o.opaque {
		s.blur()
		return
	}
	for s.level < o.level {
		s.widen()
	}
	for _, b := range o.buckets {
		s.insert(raise(b.key, s.level-o.level), b.count)
		s.shrink()
	}
}

// blur forgets the distribution.
func (s *sketch) blur() { *s = sketch{opaque: true} }

// clone returns a sketch that shares no memory with s.
func (s *sketch) clone() sketch {
	c := *s
	c.buckets = slices.Clone(s.buckets)
	return c
}

// bytes is the memory of the buckets.
func (s *sketch) bytes() int64 { return int64(cap(s.buckets)) * bucketBytes }

// percentile returns the least number that a percentage of the samples does not
// exceed, and false if nobody knows.
func (s *sketch) percentile(percent float64) (float64, bool) {
	total := 0.0
	for _, b := range s.buckets {
		total += b.count
	}
	if s.opaque || total == 0 {
		return 0, false
	}
	rank, seen := total*percent/100, 0.0
	for _, b := range s.buckets {
		if seen += b.count; seen >= rank {
			return s.middle(b.key), true
		}
	}
	return s.middle(s.buckets[len(s.buckets)-1].key), true
}
