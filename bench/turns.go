package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

// contender takes turns with others in a scenario.
type contender struct {
	name string
	// round does what is measured for a while; what it does before and after,
	// like making a stream, is not measured.
	round func(ctx context.Context, length time.Duration) (measured, error)
}

// measured is what a contender did in a round.
type measured struct {
	requests, records int64
	bytes             int64 // of records' data
	elapsed           time.Duration
	cpu               time.Duration // that the server used; 0 is not known
	peak              int64         // bytes of memory; 0 is not known
	latencies         *stats.Histogram
	group             float64 // mean commit group; 0 is not known
	refused           int64   // requests, which were sent again
}

// perSecond returns the rate of a count.
func (m measured) perSecond(count int64) float64 {
	return stats.Ratio(float64(count), m.elapsed.Seconds())
}

// cpuPerGB returns processor seconds for 10^9 bytes of data.
func (m measured) cpuPerGB() float64 { return stats.Ratio(m.cpu.Seconds(), float64(m.bytes)/1e9) }

// takeTurns lets contenders take turns, in an order that is reversed in each
// round, and returns the rounds of each.
func (set settings) takeTurns(ctx context.Context, contenders []contender) ([][]measured, error) {
	rounds := make([][]measured, len(contenders))
	order := make([]int, len(contenders))
	for i := range order {
		order[i] = i
	}
	for range set.rounds {
		for _, i := range order {
			m, err := contenders[i].round(ctx, set.round)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", contenders[i].name, err)
			}
			rounds[i] = append(rounds[i], m)
		}
		slices.Reverse(order)
	}
	return rounds, nil
}

// observe measures what a server uses while something runs.
func observe(p *target.Process, run func() (measured, error)) (measured, error) {
	if err := p.ResetPeak(); err != nil {
		return measured{}, err
	}
	before, err := p.CPU()
	if err != nil {
		return measured{}, err
	}
	m, err := run()
	if err != nil {
		return measured{}, err
	}
	after, err := p.CPU()
	if err != nil {
		return measured{}, err
	}
	m.cpu = after - before
	m.peak, err = p.Peak()
	return m, err
}

// rowsOf returns a row for each contender, with ratios to one of them; -1 is to
// none.
func rowsOf(contenders []contender, rounds [][]measured, baseline int) []report.Row {
	rows := make([]report.Row, len(contenders))
	for i, c := range contenders {
		var base []measured
		if baseline >= 0 && i != baseline {
			base = rounds[baseline]
		}
		rows[i] = rowOf(c.name, rounds[i], base)
	}
	return rows
}

// rowOf makes a row of a contender's rounds: medians, the greatest peak, and all
// latencies together. The ratio is of rounds that stood beside each other.
func rowOf(name string, rounds, baseline []measured) report.Row {
	row := report.Row{
		Server:   name,
		Requests: medianOf(rounds, func(m measured) float64 { return m.perSecond(m.requests) }),
		Records:  medianOf(rounds, func(m measured) float64 { return m.perSecond(m.records) }),
		MB:       medianOf(rounds, func(m measured) float64 { return m.perSecond(m.bytes) / 1e6 }),
	}
	if rounds[0].cpu > 0 {
		row.CPUPerGB = medianOf(rounds, measured.cpuPerGB)
		row.CPURequest = medianOf(rounds, func(m measured) float64 { return stats.Ratio(m.cpu.Seconds()*1e6, float64(m.requests)) })
	}
	all := new(stats.Histogram)
	for _, m := range rounds {
		row.PeakMiB = max(row.PeakMiB, float64(m.peak)/(1<<20))
		if m.latencies != nil {
			all.Merge(m.latencies)
		}
	}
	row.Latencies(all)
	var ratios []float64
	for i := range min(len(rounds), len(baseline)) {
		ratios = append(ratios, stats.Ratio(rounds[i].perSecond(rounds[i].bytes), baseline[i].perSecond(baseline[i].bytes)))
	}
	row.Ratio = stats.Median(ratios)
	return row
}

func medianOf(rounds []measured, value func(measured) float64) float64 {
	values := make([]float64, len(rounds))
	for i, m := range rounds {
		values[i] = value(m)
	}
	return stats.Median(values)
}
