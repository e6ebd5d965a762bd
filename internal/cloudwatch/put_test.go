package cloudwatch

import (
	"math"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
)

// badDatums are datums that are refused, by what is wrong.
var badDatums = []struct {
	name    string
	change  func(*shapes.MetricDatum)
	code    api.Code
	message string
}{
	{
		"no value", func(d *shapes.MetricDatum) { d.Value.Set = false }, api.InvalidParameterCombination,
		"At least one of the parameters MetricData.member.2.Value and MetricData.member.2.StatisticValues must be specified.",
	},
	{
		"value and statistics", func(d *shapes.MetricDatum) { d.StatisticValues = statisticsOf(1, 1, 1, 1) }, api.InvalidParameterCombination,
		"The parameters MetricData.member.2.Value and MetricData.member.2.StatisticValues are mutually exclusive and you have specified both.",
	},
	{
		"value and values", func(d *shapes.MetricDatum) { d.Values = some([]float64{1}) }, api.InvalidParameterCombination,
		"The parameters MetricData.member.2.Value and MetricData.member.2.Values are mutually exclusive and you have specified both.",
	},
	{
		"statistics and values", func(d *shapes.MetricDatum) {
			d.Value.Set = false
			d.StatisticValues, d.Values = statisticsOf(1, 1, 1, 1), some([]float64{1})
		}, api.InvalidParameterCombination,
		"The parameters MetricData.member.2.StatisticValues and MetricData.member.2.Values are mutually exclusive and you have specified both.",
	},
	{
		"not a number", func(d *shapes.MetricDatum) { d.Value = some(math.NaN()) }, api.InvalidParameterValue,
		"The value NaN for parameter MetricData.member.2.Value is invalid.",
	},
	{
		"infinite", func(d *shapes.MetricDatum) { d.Value = some(math.Inf(-1)) }, api.InvalidParameterValue,
		"The value -Infinity for parameter MetricData.member.2.Value is invalid.",
	},
	{
		"too large", func(d *shapes.MetricDatum) { d.Value = some(1e300) }, api.InvalidParameterValue,
		"The value 1E+300 for parameter MetricData.member.2.Value is invalid.",
	},
	{
		"a value of many", func(d *shapes.MetricDatum) { d.Value.Set, d.Values = false, some([]float64{1, math.Inf(1)}) }, api.InvalidParameterValue,
		"The value Infinity for parameter MetricData.member.2.Values.member.2 is invalid.",
	},
	{
		"a negative count", func(d *shapes.MetricDatum) {
			d.Value.Set, d.Values, d.Counts = false, some([]float64{1, 2}), some([]float64{-1, 1})
		}, api.InvalidParameterValue, "The value -1 for parameter MetricData.member.2.Counts.member.1 is invalid.",
	},
	{
		"counts of others", func(d *shapes.MetricDatum) {
			d.Value.Set, d.Values, d.Counts = false, some([]float64{1, 2}), some([]float64{1})
		}, api.InvalidParameterValue, "The parameters MetricData.member.2.Values and MetricData.member.2.Counts must be of the same size.",
	},
	{
		"too many values", func(d *shapes.MetricDatum) { d.Value.Set, d.Values = false, some(make([]float64, 151)) }, api.InvalidParameterValue,
		"The collection MetricData.member.2.Values must not have a size greater than 150.",
	},
	{
		"no samples", func(d *shapes.MetricDatum) { d.Value.Set, d.StatisticValues = false, statisticsOf(0, 0, 0, 0) }, api.InvalidParameterValue,
		"The parameter MetricData.member.2.StatisticValues.SampleCount must be greater than 0.",
	},
	{
		"upside down", func(d *shapes.MetricDatum) { d.Value.Set, d.StatisticValues = false, statisticsOf(2, 3, 2, 1) }, api.InvalidParameterValue,
		"The parameter MetricData.member.2.StatisticValues.Maximum must be greater than MetricData.member.2.StatisticValues.Minimum.",
	},
	{
		"a sum that is none", func(d *shapes.MetricDatum) { d.Value.Set, d.StatisticValues = false, statisticsOf(2, math.NaN(), 1, 2) },
		api.InvalidParameterValue, "The value NaN for parameter MetricData.member.2.StatisticValues.Sum is invalid.",
	},
	{
		"old", func(d *shapes.MetricDatum) { d.Timestamp = timestamp(testStart.Add(-pastLimit) - 1) }, api.InvalidParameterValue,
		"The parameter MetricData.member.2.Timestamp must specify a time within the past two weeks.",
	},
	{
		"ahead", func(d *shapes.MetricDatum) { d.Timestamp = timestamp(testStart.Add(futureLimit) + 1) }, api.InvalidParameterValue,
		"The parameter MetricData.member.2.Timestamp must specify a time no more than two hours in the future.",
	},
	{
		"resolution", func(d *shapes.MetricDatum) { d.StorageResolution = some(int32(30)) }, api.InvalidParameterValue,
		"The parameter MetricData.member.2.StorageResolution must be a value in the set [ 1, 60 ].",
	},
	{
		"a dimension twice", func(d *shapes.MetricDatum) { d.Dimensions = dims("a", "1", "b", "2", "a", "3") }, api.InvalidParameterValue,
		"No Metric may specify the same dimension twice.",
	},
	{
		"a colon", func(d *shapes.MetricDatum) { d.Dimensions = dims("a", "1", ":b", "2") }, api.InvalidParameterValue,
		"The value :b for parameter MetricData.member.2.Dimensions.member.2.Name is invalid.",
	},
	{
		"a blank", func(d *shapes.MetricDatum) { d.Dimensions = dims("a", " ") }, api.InvalidParameterValue,
		"The value   for parameter MetricData.member.2.Dimensions.member.1.Value is invalid.",
	},
	{
		"no ASCII", func(d *shapes.MetricDatum) { d.Dimensions = dims("ä", "1") }, api.InvalidParameterValue,
		"The value ä for parameter MetricData.member.2.Dimensions.member.1.Name is invalid.",
	},
}

func statisticsOf(count, sum, least, greatest float64) api.Opt[shapes.StatisticSet] {
	return some(shapes.StatisticSet{SampleCount: some(count), Sum: some(sum), Minimum: some(least), Maximum: some(greatest)})
}

// A request with one bad datum is refused, and nothing of it is kept.
func TestPutRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range badDatums {
		bad := datumOf("bad", 1)
		c.change(&bad)
		f.fails(c.name, "PutMetricData", putOf(datumOf("good", 1), bad), c.code, c.message)
		in := &shapes.PutMetricDataInput{Namespace: some("App"), EntityMetricData: some([]shapes.EntityMetricData{{
			MetricData: some([]shapes.MetricDatum{datumOf("good", 1), bad}),
		}})}
		f.fails(c.name, "PutMetricData", in, c.code,
			strings.ReplaceAll(c.message, "MetricData.member.2", "EntityMetricData.member.1.MetricData.member.2"))
	}
	for _, name := range []string{"good", "bad"} {
		if got := f.sum(name); got != 0 {
			t.Errorf("%s is kept: %v", name, got)
		}
	}
}

func TestPutRefusesRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fails("nothing", "PutMetricData", &shapes.PutMetricDataInput{Namespace: some("App")}, api.MissingRequiredParameter,
		"The parameter MetricData is required.")
	for _, namespace := range []string{"AWS/Kinesis", "AWS/", "AWS/Mine"} {
		in := putOf(datumOf("m", 1))
		in.Namespace = some(namespace)
		f.fails(namespace, "PutMetricData", in, api.InvalidParameterValue, "The value AWS/ for parameter Namespace is invalid.")
	}
	in := putOf(datumOf("m", 1))
	in.Namespace = some(":x")
	f.fails("a colon", "PutMetricData", in, api.Validation, "1 validation error detected: Value ':x' at 'namespace' "+
		"failed to satisfy constraint: Member must satisfy regular expression pattern: [^:].*")
	in = putOf(shapes.MetricDatum{Value: some(1.0)})
	f.fails("no name", "PutMetricData", in, api.Validation, "1 validation error detected: Value null at "+
		"'metricData.1.member.metricName' failed to satisfy constraint: Member must not be null")
	many := make([]shapes.MetricDatum, 1000)
	for i := range many {
		many[i] = datumOf("many", 1)
	}
	in = putOf(many...)
	f.call("PutMetricData", in)
	in.EntityMetricData = some([]shapes.EntityMetricData{{MetricData: some(many[:1])}})
	f.fails("too many", "PutMetricData", in, api.InvalidParameterValue, "The collection MetricData must not have a size greater than 1000.")
	if got := f.sum("many"); got != 1000 {
		t.Errorf("a sum of %v", got)
	}
}

// All forms of samples add up, with high resolution or without, of an entity or of
// none.
func TestPutForms(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one, set, list := datumOf("m", 2), datumOf("m", 0), datumOf("m", 0)
	one.StorageResolution = some(int32(1))
	set.Value.Set, set.StatisticValues = false, statisticsOf(3, 30, 5, 15)
	list.Value.Set, list.Values, list.Counts = false, some([]float64{1, 4}), some([]float64{2, 0})
	in := putOf(one, set)
	in.EntityMetricData = some([]shapes.EntityMetricData{{MetricData: some([]shapes.MetricDatum{list})}})
	f.call("PutMetricData", in)
	list = datumOf("n", 0)
	list.Value.Set, list.Values = false, some([]float64{1, 4})
	f.call("PutMetricData", putOf(list))
	all := []string{"Sum", "SampleCount", "Minimum", "Maximum", "Average"}
	got := f.datapoints(f.statistics("m", all...))
	if len(got) != 1 || got[0].Sum.V != 34 || got[0].SampleCount.V != 6 || got[0].Minimum.V != 1 || got[0].Maximum.V != 15 ||
		got[0].Average.V != 34.0/6 || got[0].Unit.V != "None" {
		t.Errorf("%+v", got)
	}
	got = f.datapoints(f.statistics("n", all...))
	if len(got) != 1 || got[0].Sum.V != 5 || got[0].SampleCount.V != 2 {
		t.Errorf("%+v", got)
	}
}

// Timestamps of two weeks are accepted; what is older than a day is not kept.
func TestPutTimes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, c := range []struct {
		at   time.Duration
		kept bool
	}{
		{-pastLimit, false}, {-25 * time.Hour, false}, {-23 * time.Hour, true}, {0, true}, {futureLimit, true},
	} {
		f.put("m", testStart.Add(c.at), 1)
		in := f.statistics("m", "Sum")
		in.StartTime = timestamp(testStart.Add(c.at))
		in.EndTime = timestamp(testStart.Add(c.at + time.Minute))
		if got := f.datapoints(in); c.kept != (len(got) == 1) {
			t.Errorf("%v: %+v", c.at, got)
		}
	}
}
