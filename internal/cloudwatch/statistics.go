package cloudwatch

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
	"leat/internal/service"
	"leat/internal/stream"
)

// maxDatapoints is how many periods GetMetricStatistics may be asked for.
const maxDatapoints = 1440

// statistic takes one number from the samples of a period, and reports false if it
// is not known.
type statistic func(*summary) (float64, bool)

// statistics are those with a name.
var statistics = map[string]statistic{
	"SampleCount": func(s *summary) (float64, bool) { return s.count, true },
	"Average":     func(s *summary) (float64, bool) { return s.sum / s.count, true },
	"Sum":         func(s *summary) (float64, bool) { return s.sum, true },
	"Minimum":     func(s *summary) (float64, bool) { return s.min, true },
	"Maximum":     func(s *summary) (float64, bool) { return s.max, true },
}

// percentilePattern is how percentiles are written.
var percentilePattern = regexp.MustCompile(`^p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)$`)

// parsePercentile returns the statistic of a percentile.
func parsePercentile(name string) (statistic, bool) {
	m := percentilePattern.FindStringSubmatch(name)
	if m == nil {
		return nil, false
	}
	percent, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return nil, false
	}
	return func(s *summary) (float64, bool) { return s.percentile(percent) }, true
}

// getMetricStatistics returns a metric's statistics by periods, in the order of
// time. The periods begin with the minute of StartTime. Samples with different
// units make datapoints of their own.
//
// Order of checks: statistics, period, times, how many periods.
func (s *Service) getMetricStatistics(
	_ context.Context, c service.Caller, in *shapes.GetMetricStatisticsInput,
) (*shapes.GetMetricStatisticsOutput, error) {
	extended, err := chosenStatistics(in)
	if err != nil {
		return nil, err
	}
	within, err := statisticsSpan(in)
	if err != nil {
		return nil, err
	}
	s.refresh()
	key := metricKey(scope{c.Account, c.Region}, in.Namespace.V, in.MetricName.V, dimensions(in.Dimensions.V))
	var points []shapes.Datapoint
	for _, t := range s.store.tracks(key, within) {
		if in.Unit.Set && in.Unit.V != t.unit.String() {
			continue
		}
		for i := range t.points {
			if d, ok := datapoint(&t.points[i], t.unit, in.Statistics.V, extended); ok {
				points = append(points, d)
			}
		}
	}
	slices.SortStableFunc(points, func(a, b shapes.Datapoint) int { return cmp.Compare(a.Timestamp.V, b.Timestamp.V) })
	if points == nil {
		points = []shapes.Datapoint{}
	}
	return &shapes.GetMetricStatisticsOutput{Label: in.MetricName, Datapoints: api.Some(points)}, nil
}

// chosenStatistics returns the percentiles that a request asks for, by name.
func chosenStatistics(in *shapes.GetMetricStatisticsInput) (map[string]statistic, error) {
	switch plain, extended := len(in.Statistics.V) > 0, len(in.ExtendedStatistics.V) > 0; {
	case !plain && !extended:
		return nil, api.Errorf(api.InvalidParameterCombination,
			"At least one of the parameters Statistics and ExtendedStatistics must be specified.")
	case plain && extended:
		return nil, api.Errorf(api.InvalidParameterCombination,
			"The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.")
	}
	percentiles := make(map[string]statistic, len(in.ExtendedStatistics.V))
	for _, name := range in.ExtendedStatistics.V {
		fn, ok := parsePercentile(name)
		if !ok {
			return nil, api.Errorf(api.InvalidParameterValue,
				"The value %s for parameter ExtendedStatistics is not supported.", api.Shown(name))
		}
		percentiles[name] = fn
	}
	return percentiles, nil
}

// statisticsSpan returns what GetMetricStatistics is to look at.
func statisticsSpan(in *shapes.GetMetricStatisticsInput) (within span, err error) {
	if in.Period.V%60 != 0 {
		return within, api.Errorf(api.InvalidParameterValue, "The parameter Period must be a multiple of 60.")
	}
	if in.StartTime.V >= in.EndTime.V {
		return within, api.Errorf(api.InvalidParameterValue, "The parameter StartTime must be less than the parameter EndTime.")
	}
	within = newSpan(in.StartTime.V, in.EndTime.V, in.Period.V)
	if n := int64(in.EndTime.V-in.StartTime.V) / (int64(in.Period.V) * 1000); n > maxDatapoints {
		return within, api.Errorf(api.InvalidParameterCombination,
			"You have requested up to %d datapoints, which exceeds the limit of %d. "+
				"You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxDatapoints)
	}
	return within, nil
}

// newSpan returns the minutes that begin before the second instant, from the one that
// the first is in.
func newSpan(from, to api.Timestamp, seconds int32) span {
	return span{stream.Millis(from).Minute(), stream.Millis(to-1).Minute() + 1, stream.Minute(seconds / 60)}
}

// datapoint returns the statistics of a period. Percentiles that nobody knows are left
// out, with the datapoint if there is nothing else.
func datapoint(p *point, u unit, plain []string, extended map[string]statistic) (d shapes.Datapoint, ok bool) {
	d = shapes.Datapoint{Timestamp: api.Some(api.Timestamp(p.at.Start())), Unit: api.Some(u.String())}
	for _, name := range plain {
		v, _ := statistics[name](&p.summary)
		switch name {
		case "SampleCount":
			d.SampleCount = api.Some(v)
		case "Average":
			d.Average = api.Some(v)
		case "Sum":
			d.Sum = api.Some(v)
		case "Minimum":
			d.Minimum = api.Some(v)
		case "Maximum":
			d.Maximum = api.Some(v)
		}
	}
	if len(extended) == 0 {
		return d, true
	}
	known := make(map[string]float64, len(extended))
	for name, fn := range extended {
		if v, ok := fn(&p.summary); ok {
			known[name] = v
		}
	}
	d.ExtendedStatistics = api.Some(known)
	return d, len(known) > 0
}
