package main

import (
	"context"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

var startScenarios = []scenario{
	{name: "start", title: "start on an empty directory, idle memory, size of the binary", measure: measureStart},
	{name: "shards", title: "10,000 shards: creation, idle processor time, memory", measure: measureShards},
}

// measureStart measures what a server costs that does nothing.
func measureStart(ctx context.Context, b *bench) (result report.Result, err error) {
	const starts = 9
	var times, memory []float64
	for range starts {
		began := time.Now()
		err := b.withLeat(ctx, nil, func(leat *target.Process) error {
			times = append(times, report.MS(time.Since(began)))
			// Long enough for what a start leaves to be done behind it.
			if err := load.Pause(ctx, 100*time.Millisecond); err != nil {
				return err
			}
			resident, err := leat.Resident()
			memory = append(memory, float64(resident)/(1<<20))
			return err
		})
		if err != nil {
			return result, err
		}
	}
	size, err := b.leat.Size()
	result.Figures = []report.Figure{
		{Name: "ready after", Value: stats.Median(times), Unit: "ms", Limit: 30},
		{Name: "idle memory", Value: stats.Median(memory), Unit: "MiB", Limit: 25},
		{Name: "binary", Value: float64(size) / 1e6, Unit: "MB", Limit: 30},
	}
	return result, err
}

// measureShards measures a stream with as many shards as one may have.
func measureShards(ctx context.Context, b *bench) (result report.Result, err error) {
	const shards = 10_000
	err = b.withLeat(ctx, nil, func(leat *target.Process) error {
		began := time.Now()
		if _, err := admin(leat).Create(ctx, streamName, shards); err != nil {
			return err
		}
		created := time.Since(began)
		idle, err := observe(leat, func() (measured, error) {
			return measured{elapsed: b.set.round}, load.Pause(ctx, b.set.round)
		})
		if err != nil {
			return err
		}
		resident, err := leat.Resident()
		result.Figures = []report.Figure{
			{Name: "created after", Value: created.Seconds(), Unit: "s", Limit: 3},
			{Name: "idle processor", Value: 100 * idle.cpu.Seconds() / idle.elapsed.Seconds(), Unit: "%", Limit: 1},
			{Name: "memory", Value: float64(resident) / (1 << 20), Unit: "MiB", Limit: 200},
		}
		return err
	})
	return result, err
}
