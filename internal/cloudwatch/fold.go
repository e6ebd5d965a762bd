package cloudwatch

import (
	"maps"
	"math"
	"slices"

	"leat/internal/stream"
)

// folds are the functions that make one number of many, at least one.
var folds = map[string]func([]float64) float64{
	"SUM": total,
	"AVG": func(all []float64) float64 { return total(all) / float64(len(all)) },
	"MIN": slices.Min[[]float64],
	"MAX": slices.Max[[]float64],
}

func total(all []float64) float64 {
	sum := 0.0
	for _, v := range all {
		sum += v
	}
	return sum
}

// fold makes a number of a time series, and a time series of an array: at each time
// of those that have a datapoint there. A time series without datapoints is no
// number.
func (p *expression) fold(fn func([]float64) float64, v operand) (operand, error) {
	switch v.kind {
	case isNumber:
		return v, nil
	case isSeries:
		if err := p.spend(len(v.series)); err != nil || len(v.series) == 0 {
			return operand{number: math.NaN()}, err
		}
		all := make([]float64, len(v.series))
		for i, point := range v.series {
			all[i] = point.v
		}
		return operand{number: fn(all)}, nil
	case isArray:
	}
	at := make(map[stream.Minute][]float64)
	for _, ts := range v.array {
		if err := p.spend(len(ts)); err != nil {
			return operand{}, err
		}
		for _, point := range ts {
			at[point.at] = append(at[point.at], point.v)
		}
	}
	out := operand{kind: isSeries}
	for _, minute := range slices.Sorted(maps.Keys(at)) {
		out.series = out.series.with(value{minute, fn(at[minute])})
	}
	return out, nil
}
