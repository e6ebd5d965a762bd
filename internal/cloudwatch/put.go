package cloudwatch

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// Limits of PutMetricData.
const (
	maxDatums = 1000
	maxValues = 150
	// pastLimit and futureLimit are how far timestamps may be off.
	pastLimit   = 14 * 24 * time.Hour
	futureLimit = 2 * time.Hour
)

// maxMagnitude is the greatest number that a value may be, and its negative the
// least.
var maxMagnitude = math.Ldexp(1, 360)

// reservedNamespace begins the namespaces that clients cannot put to.
const reservedNamespace = "AWS/"

// datum is what a datum says: where it belongs to and its samples.
type datum struct {
	key     engine.Key
	unit    unit
	minute  stream.Minute
	summary summary
}

// putMetricData keeps samples, all of a call's or none. What is older than the
// retention is accepted, as with AWS, and not kept.
//
// Order of checks: namespace, how many, then each datum: dimensions, timestamp,
// resolution, values.
func (s *Service) putMetricData(_ context.Context, c service.Caller, in *shapes.PutMetricDataInput) error {
	if strings.HasPrefix(in.Namespace.V, reservedNamespace) {
		return invalidValue(reservedNamespace, "Namespace")
	}
	n := len(in.MetricData.V)
	for i := range in.EntityMetricData.V {
		n += len(in.EntityMetricData.V[i].MetricData.V)
	}
	switch {
	case n == 0:
		return api.Errorf(api.MissingRequiredParameter, "The parameter MetricData is required.")
	case n > maxDatums:
		return tooLarge("MetricData", maxDatums)
	}
	p := putter{scope: scope{c.Account, c.Region}, namespace: in.Namespace.V, now: s.now(), datums: make([]datum, 0, n)}
	if err := p.addAll("MetricData", in.MetricData.V); err != nil {
		return err
	}
	for i := range in.EntityMetricData.V {
		path := "EntityMetricData.member." + strconv.Itoa(i+1) + ".MetricData"
		if err := p.addAll(path, in.EntityMetricData.V[i].MetricData.V); err != nil {
			return err
		}
	}
	oldest := p.now.Minute() - retention
	s.store.expire(p.now.Minute())
	for i := range p.datums {
		if d := &p.datums[i]; d.minute > oldest && d.summary.count > 0 {
			s.store.put(d.key, d.unit, d.minute, &d.summary)
		}
	}
	return nil
}

// putter turns the datums of a request into what is kept.
type putter struct {
	scope     scope
	namespace string
	now       stream.Millis
	datums    []datum
}

func (p *putter) addAll(path string, list []shapes.MetricDatum) error {
	for i := range list {
		d, err := p.datum(path+".member."+strconv.Itoa(i+1), &list[i])
		if err != nil {
			return err
		}
		p.datums = append(p.datums, d)
	}
	return nil
}

// datum checks a datum. The path is how messages name it.
func (p *putter) datum(path string, in *shapes.MetricDatum) (d datum, err error) {
	dimensions, err := p.dimensions(path+".Dimensions", in.Dimensions.V)
	if err != nil {
		return d, err
	}
	at := p.now
	if in.Timestamp.Set {
		at = stream.Millis(in.Timestamp.V)
	}
	switch {
	case at < p.now.Add(-pastLimit):
		return d, api.Errorf(api.InvalidParameterValue,
			"The parameter %s.Timestamp must specify a time within the past two weeks.", path)
	case at > p.now.Add(futureLimit):
		return d, api.Errorf(api.InvalidParameterValue,
			"The parameter %s.Timestamp must specify a time no more than two hours in the future.", path)
	}
	if r := in.StorageResolution; r.Set && r.V != 1 && r.V != 60 {
		return d, api.Errorf(api.InvalidParameterValue, "The parameter %s.StorageResolution must be a value in the set [ 1, 60 ].", path)
	}
	d.unit = noUnit
	if in.Unit.Set {
		d.unit, _ = parseUnit(in.Unit.V)
	}
	d.key = metricKey(p.scope, p.namespace, in.MetricName.V, dimensions)
	d.minute = at.Minute()
	d.summary, err = samples(path, in)
	return d, err
}

// dimensions checks the dimensions of a metric.
func (p *putter) dimensions(path string, in []shapes.Dimension) ([]Dimension, error) {
	all := dimensions(in)
	for i, d := range all {
		member := path + ".member." + strconv.Itoa(i+1)
		switch {
		case !isText(d.Name) || strings.HasPrefix(d.Name, ":"):
			return nil, invalidValue(d.Name, member+".Name")
		case !isText(d.Value):
			return nil, invalidValue(d.Value, member+".Value")
		}
		for _, other := range all[:i] {
			if other.Name == d.Name {
				return nil, api.Errorf(api.InvalidParameterValue, "No Metric may specify the same dimension twice.")
			}
		}
	}
	return all, nil
}

// dimensions returns the dimensions of a request.
func dimensions(in []shapes.Dimension) []Dimension {
	out := make([]Dimension, len(in))
	for i := range in {
		out[i] = Dimension{in[i].Name.V, in[i].Value.V}
	}
	return out
}

// isText reports whether a name or a value of a dimension is made of ASCII
// characters that can be printed, with one at least that is no space.
func isText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return strings.Trim(s, " ") != ""
}

// samples returns the samples of a datum, which has them in one of three forms.
func samples(path string, in *shapes.MetricDatum) (sum summary, err error) {
	both := func(a, b string) error {
		return api.Errorf(api.InvalidParameterCombination,
			"The parameters %s.%s and %s.%s are mutually exclusive and you have specified both.", path, a, path, b)
	}
	value, statistics, values := in.Value.Set, in.StatisticValues.Set, in.Values.Set && len(in.Values.V) > 0
	switch {
	case value && statistics:
		return sum, both("Value", "StatisticValues")
	case value && values:
		return sum, both("Value", "Values")
	case statistics && values:
		return sum, both("StatisticValues", "Values")
	case value:
		if !isValue(in.Value.V) {
			return sum, invalidValue(number(in.Value.V), path+".Value")
		}
		sum.add(in.Value.V, 1)
		return sum, nil
	case statistics:
		return statisticSet(path+".StatisticValues", &in.StatisticValues.V)
	case values:
		return valueArray(path, in.Values.V, in.Counts.V)
	}
	return sum, api.Errorf(api.InvalidParameterCombination,
		"At least one of the parameters %s.Value and %s.StatisticValues must be specified.", path, path)
}

// statisticSet returns the samples that a statistic set sums up.
func statisticSet(path string, in *shapes.StatisticSet) (sum summary, err error) {
	for _, m := range [...]struct {
		name  string
		value float64
	}{
		{"SampleCount", in.SampleCount.V}, {"Sum", in.Sum.V}, {"Minimum", in.Minimum.V}, {"Maximum", in.Maximum.V},
	} {
		if !isValue(m.value) {
			return sum, invalidValue(number(m.value), path+"."+m.name)
		}
	}
	switch {
	case in.SampleCount.V <= 0:
		return sum, api.Errorf(api.InvalidParameterValue, "The parameter %s.SampleCount must be greater than 0.", path)
	case in.Maximum.V < in.Minimum.V:
		return sum, api.Errorf(api.InvalidParameterValue,
			"The parameter %s.Maximum must be greater than %s.Minimum.", path, path)
	}
	return set(in.SampleCount.V, in.Sum.V, in.Minimum.V, in.Maximum.V), nil
}

// valueArray returns the samples of values that each occur some times, once
// without counts.
func valueArray(path string, values, counts []float64) (sum summary, err error) {
	switch {
	case len(values) > maxValues:
		return sum, tooLarge(path+".Values", maxValues)
	case len(counts) > 0 && len(counts) != len(values):
		return sum, api.Errorf(api.InvalidParameterValue,
			"The parameters %s.Values and %s.Counts must be of the same size.", path, path)
	}
	for i, v := range values {
		count := 1.0
		if len(counts) > 0 {
			count = counts[i]
		}
		switch {
		case !isValue(v):
			return sum, invalidValue(number(v), path+".Values.member."+strconv.Itoa(i+1))
		case !isValue(count) || count < 0:
			return sum, invalidValue(number(count), path+".Counts.member."+strconv.Itoa(i+1))
		}
		sum.add(v, count)
	}
	return sum, nil
}

// isValue reports whether a number is one, and not too large.
func isValue(v float64) bool { return v >= -maxMagnitude && v <= maxMagnitude }

// number prints a number as Java does, where it is special.
func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'G', -1, 64)
}

func invalidValue(value, path string) error {
	return api.Errorf(api.InvalidParameterValue, "The value %s for parameter %s is invalid.", value, path)
}

func tooLarge(path string, limit int) error {
	return api.Errorf(api.InvalidParameterValue, "The collection %s must not have a size greater than %d.", path, limit)
}
