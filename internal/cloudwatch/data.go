package cloudwatch

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
	"leat/internal/service"
	"leat/internal/stream"
)

// Limits of GetMetricData.
const (
	maxQueries = 500
	// dataPage is how many datapoints an answer has at most, of all queries.
	dataPage = 100_800
)

// idPattern is what the ids of queries are made of.
var idPattern = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)

// getMetricData returns a statistic of many metrics by periods, and what is
// computed from them. The periods begin with the minute of StartTime. Of a metric
// that has samples with several units, and no unit asked for, the first of the
// list of units decides.
//
// Order of checks: how many queries, times, page, each query, token, expressions.
func (s *Service) getMetricData(
	_ context.Context, c service.Caller, in *shapes.GetMetricDataInput,
) (*shapes.GetMetricDataOutput, error) {
	if err := checkData(in); err != nil {
		return nil, err
	}
	page := int(in.MaxDatapoints.Or(dataPage))
	request, first := dataHash(in), 0
	if in.NextToken.Set {
		place, ok := openToken(request, in.NextToken.V)
		// Whoever knows how can make a token. No request has as many datapoints.
		n, err := strconv.ParseUint(place, 10, 31)
		if !ok || err != nil {
			return nil, api.Errorf(api.InvalidNextToken, "The NextToken is invalid.")
		}
		first = int(n)
	}
	s.refresh()
	results, err := newEvaluation(in.MetricDataQueries.V, func(q *shapes.MetricDataQuery) timeSeries {
		// No account sees the metrics of another.
		if q.AccountId.Set && q.AccountId.V != c.Account {
			return nil
		}
		return s.metricStat(scope{c.Account, c.Region}, in, &q.MetricStat.V)
	}).results()
	if err != nil {
		return nil, err
	}
	out := &shapes.GetMetricDataOutput{Messages: api.Some([]shapes.MessageData{})}
	var more bool
	out.MetricDataResults, more = dataPages(in, results, first, page)
	if more {
		out.NextToken = api.Some(newToken(request, strconv.Itoa(first+page)))
	}
	return out, nil
}

// checkData refuses what is wrong about a request but for its expressions.
func checkData(in *shapes.GetMetricDataInput) error {
	queries := in.MetricDataQueries.V
	switch {
	case len(queries) == 0:
		return invalidData("The parameter MetricDataQueries is required.")
	case len(queries) > maxQueries:
		return invalidData("The collection MetricDataQueries must not have a size greater than %d.", maxQueries)
	case in.StartTime.V >= in.EndTime.V:
		return invalidData("The parameter StartTime must be less than the parameter EndTime.")
	case in.MaxDatapoints.Set && (in.MaxDatapoints.V < 1 || in.MaxDatapoints.V > dataPage):
		return invalidData("The parameter MaxDatapoints must be between 1 and %d.", dataPage)
	}
	seen := make(map[string]bool, len(queries))
	for i := range queries {
		if err := checkQuery("MetricDataQueries.member."+strconv.Itoa(i+1), &queries[i]); err != nil {
			return err
		}
		if id := queries[i].Id.V; seen[id] {
			return invalidData("The values for parameter id in MetricDataQueries are not unique.")
		}
		seen[queries[i].Id.V] = true
	}
	return nil
}

// checkQuery checks a query. The path is how messages name it.
func checkQuery(path string, q *shapes.MetricDataQuery) error {
	period := q.Period
	switch {
	case !idPattern.MatchString(q.Id.V):
		return invalidData("The value %s for parameter %s.Id is not matching the expected pattern %s.",
			api.Shown(q.Id.V), path, idPattern)
	case q.Expression.Set && q.MetricStat.Set:
		return invalidData("The parameters %s.Expression and %s.MetricStat are mutually exclusive and you have specified both.", path, path)
	case !q.Expression.Set && !q.MetricStat.Set:
		return invalidData("At least one of the parameters %s.Expression and %s.MetricStat must be specified.", path, path)
	case q.MetricStat.Set && q.Period.Set:
		return invalidData("The parameters %s.Period and %s.MetricStat are mutually exclusive and you have specified both.", path, path)
	case q.MetricStat.Set:
		path, period = path+".MetricStat", q.MetricStat.V.Period
		stat := q.MetricStat.V.Stat.V
		if _, ok := parseStatistic(stat); !ok {
			return invalidData("The value %s for parameter %s.Stat is not a valid statistic.", api.Shown(stat), path)
		}
		metric := &q.MetricStat.V.Metric.V
		switch {
		case !metric.Namespace.Set:
			return invalidData("The parameter %s.Metric.Namespace is required.", path)
		case !metric.MetricName.Set:
			return invalidData("The parameter %s.Metric.MetricName is required.", path)
		}
	}
	if period.V%60 != 0 {
		return invalidData("The parameter %s.Period must be a multiple of 60.", path)
	}
	return nil
}

func invalidData(format string, args ...any) error {
	return api.Errorf(api.Validation, format, args...)
}

// parseStatistic returns the statistic with a name, percentiles included.
func parseStatistic(name string) (statistic, bool) {
	if fn, ok := statistics[name]; ok {
		return fn, true
	}
	return parsePercentile(name)
}

// metricStat returns what a query for a metric asks for.
func (s *Service) metricStat(sc scope, in *shapes.GetMetricDataInput, q *shapes.MetricStat) timeSeries {
	m := &q.Metric.V
	key := metricKey(sc, m.Namespace.V, m.MetricName.V, dimensions(m.Dimensions.V))
	fn, _ := parseStatistic(q.Stat.V)
	for _, t := range s.store.tracks(key, newSpan(in.StartTime.V, in.EndTime.V, q.Period.V)) {
		if q.Unit.Set && q.Unit.V != t.unit.String() {
			continue
		}
		var ts timeSeries
		for i := range t.points {
			if v, ok := fn(&t.points[i].summary); ok {
				ts = append(ts, value{t.points[i].at, v})
			}
		}
		return ts
	}
	return nil
}

// timeSeries is numbers by minute, ascending.
type timeSeries []value

type value struct {
	at stream.Minute
	v  float64
}

// dataPages returns a page of the results, which is a part of the datapoints of
// all of them in their order, and whether there are more behind it.
func dataPages(
	in *shapes.GetMetricDataInput, results []queryResult, first, page int,
) (out api.Opt[[]shapes.MetricDataResult], more bool) {
	shown, begin := []shapes.MetricDataResult{}, 0
	for _, r := range results {
		// Two results may be the same series.
		ts := slices.Clone(r.series)
		if in.ScanBy.V != "TimestampAscending" {
			slices.Reverse(ts)
		}
		from, to := min(max(first-begin, 0), len(ts)), min(max(first+page-begin, 0), len(ts))
		begin += len(ts)
		// An empty result is on the first page, any other one where its points are.
		if from == to && (first > 0 || len(ts) > 0) {
			more = more || to < len(ts)
			continue
		}
		shown = append(shown, r.shape(ts[from:to], to < len(ts)))
		more = more || to < len(ts)
	}
	return api.Some(shown), more
}

// shape returns a part of a result as answers have it.
func (r *queryResult) shape(part timeSeries, more bool) shapes.MetricDataResult {
	times, values := make([]api.Timestamp, len(part)), make([]float64, len(part))
	for i, p := range part {
		times[i], values[i] = api.Timestamp(p.at.Start()), p.v
	}
	status := "Complete"
	if more {
		status = "PartialData"
	}
	return shapes.MetricDataResult{
		Id: api.Some(r.id), Label: api.Some(r.label),
		Timestamps: api.Some(times), Values: api.Some(values), StatusCode: api.Some(status),
	}
}

// dataHash returns what the pages of a request for data have in common.
func dataHash(in *shapes.GetMetricDataInput) [8]byte {
	texts := []string{
		"GetMetricData", in.ScanBy.V, strconv.Itoa(int(in.MaxDatapoints.V)),
		strconv.FormatInt(int64(in.StartTime.V), 10), strconv.FormatInt(int64(in.EndTime.V), 10),
	}
	for i := range in.MetricDataQueries.V {
		q := &in.MetricDataQueries.V[i]
		m := &q.MetricStat.V
		texts = append(texts, q.Id.V, q.Expression.V, q.AccountId.V, m.Stat.V, strconv.Itoa(int(m.Period.V)), m.Unit.V,
			string(metricKey(scope{}, m.Metric.V.Namespace.V, m.Metric.V.MetricName.V, dimensions(m.Metric.V.Dimensions.V))))
	}
	return requestHash(texts...)
}
