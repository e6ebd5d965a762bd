package cloudwatch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
)

// query returns the query for a statistic of a metric.
func query(id, name, stat string) shapes.MetricDataQuery {
	return shapes.MetricDataQuery{Id: some(id), MetricStat: some(shapes.MetricStat{
		Metric: some(shapes.Metric{Namespace: some("App"), MetricName: some(name)}), Period: some(int32(60)), Stat: some(stat),
	})}
}

func mathQuery(id, expression string) shapes.MetricDataQuery {
	return shapes.MetricDataQuery{Id: some(id), Expression: some(expression)}
}

// data returns the input for queries over an hour until now.
func (f *fixture) data(queries ...shapes.MetricDataQuery) *shapes.GetMetricDataInput {
	return &shapes.GetMetricDataInput{
		MetricDataQueries: some(queries), ScanBy: some("TimestampAscending"),
		StartTime: timestamp(f.at().Add(-time.Hour)), EndTime: timestamp(f.at().Add(time.Minute)),
	}
}

func (f *fixture) results(in *shapes.GetMetricDataInput) *shapes.GetMetricDataOutput {
	f.t.Helper()
	return f.call("GetMetricData", in).(*shapes.GetMetricDataOutput)
}

// show prints results: id, label, status and values.
func show(out *shapes.GetMetricDataOutput) string {
	var b strings.Builder
	for _, r := range out.MetricDataResults.V {
		fmt.Fprintf(&b, "%s %q %s %v; ", r.Id.V, r.Label.V, r.StatusCode.V, r.Values.V)
		if len(r.Values.V) != len(r.Timestamps.V) {
			b.WriteString("without the times of all; ")
		}
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestDataRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	with := func(change func(*shapes.MetricDataQuery)) *shapes.GetMetricDataInput {
		q := query("m", "m", "Sum")
		change(&q)
		return f.data(query("first", "m", "Sum"), q)
	}
	many := make([]shapes.MetricDataQuery, 501)
	for i := range many {
		many[i] = query(fmt.Sprintf("m%d", i), "m", "Sum")
	}
	backwards := f.data(query("m", "m", "Sum"))
	backwards.StartTime = backwards.EndTime
	page, token := f.data(many[0]), f.data(many[0])
	page.MaxDatapoints, token.NextToken = some(int32(0)), some("x")
	for _, c := range []struct {
		name, message string
		in            *shapes.GetMetricDataInput
	}{
		{"none", "The parameter MetricDataQueries is required.", f.data()},
		{"many", "The collection MetricDataQueries must not have a size greater than 500.", f.data(many...)},
		{"no time", "The parameter StartTime must be less than the parameter EndTime.", backwards},
		{"page", "The parameter MaxDatapoints must be between 1 and 100800.", page},
		{
			"id", "The value M for parameter MetricDataQueries.member.2.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
			with(func(q *shapes.MetricDataQuery) { q.Id = some("M") }),
		},
		{
			"twice", "The values for parameter id in MetricDataQueries are not unique.",
			with(func(q *shapes.MetricDataQuery) { q.Id = some("first") }),
		},
		{
			"both", "The parameters MetricDataQueries.member.2.Expression and MetricDataQueries.member.2.MetricStat are mutually exclusive " +
				"and you have specified both.", with(func(q *shapes.MetricDataQuery) { q.Expression = some("first") }),
		},
		{
			"neither", "At least one of the parameters MetricDataQueries.member.2.Expression and MetricDataQueries.member.2.MetricStat " +
				"must be specified.", with(func(q *shapes.MetricDataQuery) { q.MetricStat.Set = false }),
		},
		{
			"period twice", "The parameters MetricDataQueries.member.2.Period and MetricDataQueries.member.2.MetricStat are mutually exclusive " +
				"and you have specified both.", with(func(q *shapes.MetricDataQuery) { q.Period = some(int32(60)) }),
		},
		{
			"seconds", "The parameter MetricDataQueries.member.2.MetricStat.Period must be a multiple of 60.",
			with(func(q *shapes.MetricDataQuery) { q.MetricStat.V.Period = some(int32(1)) }),
		},
		{
			"statistic", "The value tm90 for parameter MetricDataQueries.member.2.MetricStat.Stat is not a valid statistic.",
			with(func(q *shapes.MetricDataQuery) { q.MetricStat.V.Stat = some("tm90") }),
		},
		{
			"no name", "The parameter MetricDataQueries.member.2.MetricStat.Metric.MetricName is required.",
			with(func(q *shapes.MetricDataQuery) { q.MetricStat.V.Metric.V.MetricName.Set = false }),
		},
	} {
		f.fails(c.name, "GetMetricData", c.in, api.Validation, c.message)
	}
	f.fails("token", "GetMetricData", token, api.InvalidNextToken, "The NextToken is invalid.")
}

// three fills the metrics a and b of three minutes, of which b lacks the last, and
// returns the fixture.
func three(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	for i, v := range []float64{1, 2, 3} {
		at := testStart.Add(time.Duration(i-2) * time.Minute)
		f.put("a", at, v)
		if i < 2 {
			f.put("b", at, 10*v)
		}
	}
	return f
}

func TestDataOrderLabelsAndUnits(t *testing.T) {
	t.Parallel()
	f := three(t)
	hidden := query("hidden", "a", "Sum")
	hidden.ReturnData = some(false)
	labelled := query("labelled", "a", "Maximum")
	labelled.Label = some("${PROP('MetricName')} of mine")
	in := f.data(query("a", "a", "Sum"), hidden, labelled, query("none", "none", "Sum"), mathQuery("twice", "hidden * 2"))
	const want = `a "a" Complete [1 2 3]; labelled "${PROP('MetricName')} of mine" Complete [1 2 3]; none "none" Complete []; ` +
		`twice "twice" Complete [2 4 6]`
	if got := show(f.results(in)); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	in.ScanBy = api.Opt[string]{}
	out := f.results(in)
	if got := show(out); !strings.HasPrefix(got, `a "a" Complete [3 2 1]`) {
		t.Errorf("not the newest first: %s", got)
	}
	if times := out.MetricDataResults.V[0].Timestamps.V; times[0] != api.Timestamp(testStart.Minute().Start()) || times[0] < times[1] {
		t.Errorf("%v", times)
	}
	// An expression that is a query does not share the order with it.
	in = f.data(query("a", "a", "Sum"), mathQuery("b", "a"))
	in.ScanBy = some("TimestampDescending")
	if got := show(f.results(in)); got != `a "a" Complete [3 2 1]; b "b" Complete [3 2 1]` {
		t.Error(got)
	}

	// Other accounts have metrics of their own.
	mine, theirs := query("mine", "a", "Sum"), query("theirs", "a", "Sum")
	mine.AccountId, theirs.AccountId = some(caller.Account), some("111122223333")
	if got := show(f.results(f.data(mine, theirs))); got != `mine "a" Complete [1 2 3]; theirs "a" Complete []` {
		t.Error(got)
	}

	for i, unit := range []string{"None", "Bytes", "Seconds"} {
		d := datumOf("mixed", float64(i))
		d.Unit = some(unit)
		f.call("PutMetricData", putOf(d))
	}
	bytes := query("bytes", "mixed", "Sum")
	bytes.MetricStat.V.Unit = some("Bytes")
	if got := show(f.results(f.data(query("any", "mixed", "Sum"), bytes))); got != `any "mixed" Complete [2]; bytes "mixed" Complete [1]` {
		t.Error(got)
	}
}

func TestDataPages(t *testing.T) {
	t.Parallel()
	f := three(t)
	in := f.data(query("none", "none", "Sum"), query("a", "a", "Sum"), query("b", "b", "Sum"))
	in.MaxDatapoints = some(int32(2))
	var got []string
	for {
		out := f.results(in)
		got = append(got, show(out))
		if in.NextToken = out.NextToken; !in.NextToken.Set {
			break
		}
	}
	want := []string{`none "none" Complete []; a "a" PartialData [1 2]`, `a "a" Complete [3]; b "b" PartialData [10]`, `b "b" Complete [20]`}
	if !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	// Exactly one page.
	in.NextToken, in.MaxDatapoints = api.Opt[string]{}, some(int32(5))
	if out := f.results(in); out.NextToken.Set {
		t.Errorf("an empty page follows: %s", show(out))
	}
	in.MaxDatapoints = some(int32(2))
	in.NextToken = f.results(in).NextToken
	in.ScanBy = some("TimestampDescending")
	f.fails("another request", "GetMetricData", in, api.InvalidNextToken, "The NextToken is invalid.")
	for _, place := range []string{"", "-1", "1.5", "2147483648", "9223372036854775807"} {
		in.NextToken = some(newToken(dataHash(in), place))
		f.fails("a place "+place, "GetMetricData", in, api.InvalidNextToken, "The NextToken is invalid.")
	}
	in.NextToken = some(newToken(dataHash(in), "2147483647"))
	if out := f.results(in); out.NextToken.Set || len(out.MetricDataResults.V) != 0 {
		t.Errorf("behind the end is %s", show(out))
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	f := three(t)
	for expression, want := range map[string]string{
		"a":                           "[1 2 3]",
		" a + 1 ":                     "[2 3 4]",
		"a+b":                         "[11 22]",
		"10 - a - 1":                  "[8 7 6]",
		"2*a+1":                       "[3 5 7]",
		"2*(a+1)":                     "[4 6 8]",
		"b/a":                         "[10 10]",
		"a/(a-1)":                     "[2 1.5]",
		"-a^2":                        "[-1 -4 -9]",
		"2^-a":                        "[0.5 0.25 0.125]",
		"a*--1.5":                     "[1.5 3 4.5]",
		"SUM(METRICS())":              "[11 22 3]",
		"AVG([a, b])":                 "[5.5 11 3]",
		"MAX([a,[b]])":                "[10 20 3]",
		"MIN(METRICS())":              "[1 2 3]",
		"a/SUM(a)*6":                  "[1 2 3]",
		"a - AVG(a)":                  "[-1 0 1]",
		"a*SUM(2)":                    "[2 4 6]",
		"none":                        "[]",
		"a + SUM(none)":               "[]",
		"SUM([other, a]) - other / 2": "[1 2 3]",
	} {
		in := f.data(query("a", "a", "Sum"), query("b", "b", "Sum"), query("none", "none", "Sum"),
			mathQuery("other", "a*0"), mathQuery("result", expression))
		out := f.results(in).MetricDataResults.V
		if got := fmt.Sprint(out[len(out)-1].Values.V); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	const notKnown = "is no id of a query, and no function that is supported (SUM, AVG, MIN, MAX, METRICS)"
	for expression, want := range map[string]string{
		"":                         "it ends too early",
		"a +":                      "it ends too early",
		"(a":                       `a ")" is missing`,
		"a b":                      `"b" is not supported here`,
		"a, b":                     `"," is not supported here`,
		"'x'":                      `"'" is not supported here`,
		"1":                        "it must result in one time series",
		"SUM(a)":                   "it must result in one time series",
		"METRICS()":                "it must result in one time series",
		"METRICS(a)":               `a ")" is missing`,
		"METRICS()*2":              "operators on arrays are not supported, only SUM, AVG, MIN and MAX",
		"[a,1]":                    "an array has time series, not numbers",
		"1.2.3*a":                  `"1.2.3" is no number`,
		"FILL(a,0)":                `"FILL" ` + notKnown,
		"unknown":                  `"unknown" ` + notKnown,
		"result":                   "it depends on itself",
		"a + circle":               "it depends on itself",
		"SUM a":                    `a "(" is missing`,
		strings.Repeat("(", 100):   "it is nested too deep",
		strings.Repeat("2^", 1000): "it is nested too deep",
	} {
		if expression == "" {
			expression = " "
		}
		in := f.data(query("a", "a", "Sum"), mathQuery("result", expression), mathQuery("circle", "result"))
		f.fails(expression, "GetMetricData", in, api.Validation, "Error in expression 'result': "+want)
	}
}

// A request cannot make the server compute for long.
func TestExpressionsAreBounded(t *testing.T) {
	t.Parallel()
	series := make(timeSeries, retention)
	for i := range series {
		series[i] = value{testStart.Minute(), 1}
	}
	queries := []shapes.MetricDataQuery{query("m", "m", "Sum")}
	for i := range 20 {
		queries = append(queries, mathQuery(fmt.Sprintf("e%d", i), "m"+strings.Repeat("+m", 1000)))
	}
	_, err := newEvaluation(queries, func(*shapes.MetricDataQuery) timeSeries { return series }).results()
	if err == nil || !strings.HasSuffix(err.Error(), "the request is too expensive; ask for fewer datapoints") {
		t.Error(err)
	}
}

// FuzzExpression: any expression has a time series or an error that a client may
// see.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"a+b", "SUM(METRICS())/2", "AVG([a, -b^2.5])", "(1", "[", "result"} {
		f.Add(seed)
	}
	series := timeSeries{{1, 1}, {2, -2}}
	f.Fuzz(func(t *testing.T, expression string) {
		queries := []shapes.MetricDataQuery{query("a", "a", "Sum"), query("b", "b", "Sum"), mathQuery("result", expression)}
		got, err := newEvaluation(queries, func(*shapes.MetricDataQuery) timeSeries { return series }).results()
		if err == nil && len(got) != 3 {
			t.Errorf("%v", got)
		}
		if _, ok := errors.AsType[*api.Error](err); err != nil && !ok {
			t.Error(err)
		}
		for _, r := range got {
			if len(r.series) > len(series) || !slices.IsSortedFunc(r.series, func(a, b value) int { return int(a.at - b.at) }) {
				t.Errorf("%v", r.series)
			}
		}
	})
}
