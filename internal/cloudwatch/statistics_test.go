package cloudwatch

import (
	"slices"
	"testing"
	"time"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
	"leat/internal/stream"
)

func TestStatisticsRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct {
		name    string
		change  func(*shapes.GetMetricStatisticsInput)
		code    api.Code
		message string
	}{
		{
			"none", func(in *shapes.GetMetricStatisticsInput) { in.Statistics.Set, in.Statistics.V = false, nil }, api.InvalidParameterCombination,
			"At least one of the parameters Statistics and ExtendedStatistics must be specified.",
		},
		{
			"both", func(in *shapes.GetMetricStatisticsInput) { in.ExtendedStatistics = some([]string{"p50"}) }, api.InvalidParameterCombination,
			"The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.",
		},
		{
			"seconds", func(in *shapes.GetMetricStatisticsInput) { in.Period = some(int32(90)) }, api.InvalidParameterValue,
			"The parameter Period must be a multiple of 60.",
		},
		{
			"no time", func(in *shapes.GetMetricStatisticsInput) { in.EndTime = in.StartTime }, api.InvalidParameterValue,
			"The parameter StartTime must be less than the parameter EndTime.",
		},
		{
			"too much", func(in *shapes.GetMetricStatisticsInput) { in.StartTime.V = in.EndTime.V - 1441*60_000 }, api.InvalidParameterCombination,
			"You have requested up to 1441 datapoints, which exceeds the limit of 1440. You may reduce the datapoints requested by " +
				"increasing Period, or decreasing the time range.",
		},
		{
			"no statistic", func(in *shapes.GetMetricStatisticsInput) { in.Statistics = some([]string{"Median"}) }, api.Validation,
			"1 validation error detected: Value '[Median]' at 'statistics' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must satisfy enum value set: [SampleCount, Average, Sum, Minimum, Maximum]]",
		},
	} {
		in := f.statistics("m", "Sum")
		c.change(in)
		f.fails(c.name, "GetMetricStatistics", in, c.code, c.message)
	}
	for _, name := range []string{"p", "p101", "p-1", "p100.1", "p5.", "p50%", "P50", "tm90", "p1.12345678901"} {
		in := f.statistics("m")
		in.Statistics, in.ExtendedStatistics = api.Opt[[]string]{}, some([]string{name})
		f.fails(name, "GetMetricStatistics", in, api.InvalidParameterValue,
			"The value "+name+" for parameter ExtendedStatistics is not supported.")
	}
	in := f.statistics("m", "Sum")
	in.StartTime.V = in.EndTime.V - 1440*60_000
	f.call("GetMetricStatistics", in)
}

// Periods begin with the minute of StartTime. They have the minutes that begin before
// EndTime.
func TestPeriods(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	minute := testStart.Minute().Start()
	for i := range 10 {
		f.put("m", minute.Add(-time.Duration(i)*time.Minute), float64(i))
	}
	in := f.statistics("m", "Sum")
	in.StartTime, in.EndTime = timestamp(minute.Add(-7*time.Minute+30*time.Second)), timestamp(minute.Add(-time.Minute+time.Second))
	in.Period = some(int32(180))
	got := f.datapoints(in)
	// Minutes 7, 6, 5, then 4, 3, 2, and 1.
	want := []struct {
		at  stream.Millis
		sum float64
	}{{minute.Add(-7 * time.Minute), 18}, {minute.Add(-4 * time.Minute), 9}, {minute.Add(-time.Minute), 1}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, w := range want {
		if got[i].Timestamp.V != api.Timestamp(w.at) || got[i].Sum.V != w.sum {
			t.Errorf("%+v, want %+v", got[i], w)
		}
	}
	in.EndTime = timestamp(minute.Add(-time.Minute))
	if got := f.datapoints(in); len(got) != 2 {
		t.Errorf("the minute of EndTime is there: %+v", got)
	}
	// What ends now has the sample that was put just now.
	in.StartTime, in.EndTime, in.Period = timestamp(testStart.Add(-time.Hour)), timestamp(testStart), some(int32(60))
	if got := f.datapoints(in); len(got) != 10 || got[9].Timestamp.V != api.Timestamp(minute) {
		t.Errorf("%+v", got)
	}
	// Less than a minute is the minute that it is in.
	in.StartTime, in.EndTime, in.Period = timestamp(minute.Add(5*time.Second)), timestamp(minute.Add(6*time.Second)), some(int32(60))
	if got := f.datapoints(in); len(got) != 1 || got[0].Sum.V != 0 {
		t.Errorf("%+v", got)
	}
	in.MetricName = some("other")
	out := f.call("GetMetricStatistics", in).(*shapes.GetMetricStatisticsOutput)
	if !out.Datapoints.Set || len(out.Datapoints.V) != 0 || out.Label.V != "other" {
		t.Errorf("%+v", out)
	}
}

// Units are kept apart. A metric is found however its dimensions are ordered, and
// not by some of them.
func TestUnitsAndDimensions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, unit := range []string{"", "Seconds", "Milliseconds", "Seconds"} {
		d := datumOf("m", float64(i))
		d.Unit, d.Dimensions = api.Opt[string]{V: unit, Set: unit != ""}, dims("a", "1", "b", "2")
		f.call("PutMetricData", putOf(d))
	}
	in := f.statistics("m", "Sum")
	in.Dimensions = dims("b", "2", "a", "1")
	var units []string
	for _, d := range f.datapoints(in) {
		units = append(units, d.Unit.V)
	}
	if !slices.Equal(units, []string{"Seconds", "Milliseconds", "None"}) {
		t.Errorf("%q", units)
	}
	in.Unit = some("Seconds")
	if got := f.datapoints(in); len(got) != 1 || got[0].Sum.V != 4 {
		t.Errorf("%+v", got)
	}
	in.Unit.Set = false
	for _, some := range []api.Opt[[]shapes.Dimension]{dims("a", "1"), dims(), dims("a", "2", "b", "1"), dims("a", "1", "b", "2", "c", "3")} {
		in.Dimensions = some
		if got := f.datapoints(in); len(got) != 0 {
			t.Errorf("%v: %+v", some.V, got)
		}
	}
}

// There is no datapoint where nobody knows the percentiles.
func TestExtendedStatistics(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for v := range 100 {
		f.put("m", testStart, float64(v+1))
	}
	set := datumOf("m", 0)
	set.Value.Set, set.StatisticValues = false, statisticsOf(3, 30, 5, 15)
	set.Timestamp = timestamp(testStart.Add(-time.Minute))
	f.call("PutMetricData", putOf(set))
	in := f.statistics("m")
	in.Statistics, in.ExtendedStatistics = api.Opt[[]string]{}, some([]string{"p0.0", "p50", "p99.9", "p100"})
	got := f.datapoints(in)
	if len(got) != 1 || len(got[0].ExtendedStatistics.V) != 4 {
		t.Fatalf("%+v", got)
	}
	for name, want := range map[string]float64{"p0.0": 1, "p50": 50, "p99.9": 100, "p100": 100} {
		if v := got[0].ExtendedStatistics.V[name]; !near(v, want, 0.01) {
			t.Errorf("%s is %v", name, v)
		}
	}
	if got[0].Sum.Set || got[0].SampleCount.Set {
		t.Errorf("%+v", got[0])
	}
}
