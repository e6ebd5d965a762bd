package cloudwatch

import "math"

// summary is the samples of a series in one minute, or in several. The zero value
// has none.
type summary struct {
	count, sum, min, max float64
	sketch               sketch
}

// set returns the summary of a statistic set. Its distribution is known only if
// its samples are all the same.
func set(count, sum, least, greatest float64) summary {
	s := summary{count: count, sum: sum, min: least, max: greatest}
	switch {
	case least < 0:
		s.sketch.blur()
	case count == 1 || least == greatest:
		s.sketch.add(least, count)
	default:
		s.sketch.blur()
	}
	return s
}

// add adds a value, count times. There are no percentiles of negative values.
func (s *summary) add(v, count float64) {
	if count == 0 {
		return
	}
	s.total(count, v*count, v, v)
	if v < 0 {
		s.sketch.blur()
		return
	}
	s.sketch.add(v, count)
}

// total adds samples but for their distribution.
func (s *summary) total(count, sum, least, greatest float64) {
	if s.count == 0 {
		s.min, s.max = least, greatest
	}
	s.count += count
	s.sum += sum
	s.min, s.max = math.Min(s.min, least), math.Max(s.max, greatest)
}

// merge adds the samples of another summary, which stays as it is.
func (s *summary) merge(o *summary) {
	if o.count == 0 {
		return
	}
	s.total(o.count, o.sum, o.min, o.max)
	s.sketch.merge(&o.sketch)
}

// percentile returns a percentile, and false if nobody knows it.
func (s *summary) percentile(percent float64) (float64, bool) {
	v, ok := s.sketch.percentile(percent)
	switch {
	case !ok:
		return 0, false
	case percent == 0:
		return s.min, true
	case percent == 100:
		return s.max, true
	}
	return min(max(v, s.min), s.max), true
}
