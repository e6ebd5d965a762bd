package cloudwatch

import (
	"slices"
	"strings"

	"leat/internal/engine"
	"leat/internal/stream"
)

// units are those that samples may have. A unit is stored by its index, so new
// ones go to the end.
var units = [...]string{
	"Seconds", "Microseconds", "Milliseconds",
	"Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
	"Bits", "Kilobits", "Megabits", "Gigabits", "Terabits",
	"Percent", "Count",
	"Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second",
	"Bits/Second", "Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second",
	"Count/Second", "None",
}

// unit is an index in units.
type unit uint8

// noUnit is the unit of samples that are given none.
const noUnit = unit(len(units) - 1)

func (u unit) String() string { return units[u] }

// parseUnit returns the unit with a name.
func parseUnit(name string) (unit, bool) {
	i := slices.Index(units[:], name)
	return unit(max(i, 0)), i >= 0
}

// Dimension tells metrics with the same name apart.
type Dimension struct{ Name, Value string }

// Sample is a statistic set of a source's metric.
type Sample struct {
	Account, Region, Namespace, Name string
	Dimensions                       []Dimension
	Unit                             string // "" for None
	At                               stream.Millis
	Count, Sum, Min, Max             float64
}

// Source yields what has been counted since it was asked last.
type Source func(yield func(Sample))

// scope is whose metrics are meant.
type scope struct{ account, region string }

// scopeParts is how many parts of a metric's key are its scope, and nameParts how
// many come before its dimensions.
const (
	scopeParts = 2
	nameParts  = 4
)

// metricKey returns the key of a metric. It shares no memory with its arguments,
// and the order of the dimensions does not matter.
func metricKey(s scope, namespace, name string, dimensions []Dimension) engine.Key {
	sorted := slices.SortedFunc(slices.Values(dimensions), func(a, b Dimension) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
	parts := make([]string, 0, nameParts+2*len(sorted))
	parts = append(parts, s.account, s.region, namespace, name)
	for _, d := range sorted {
		parts = append(parts, d.Name, d.Value)
	}
	return engine.NewKey(parts...)
}

// metricName is what a metric's key was made of, but for the scope.
type metricName struct {
	namespace, name string
	dimensions      []Dimension
}

// splitKey returns what a metric's key was made of.
func splitKey(key engine.Key) metricName {
	parts := key.Parts()
	m := metricName{namespace: parts[scopeParts], name: parts[scopeParts+1]}
	for pair := range slices.Chunk(parts[nameParts:], 2) {
		m.dimensions = append(m.dimensions, Dimension{pair[0], pair[1]})
	}
	return m
}
