package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

// mixedScenarios are of clients that disturb each other.
var mixedScenarios = []scenario{
	{name: "fairness", title: "PutRecord of one client beside another's batches of 5 MiB", measure: measureFairness},
	{name: "mixed", title: "puts, gets, subscriptions and resharding together", measure: measureMixed},
}

const singleInterval = 10 * time.Millisecond

// measureFairness compares single puts with and without a client beside them
// that writes as much as it can.
func measureFairness(ctx context.Context, b *bench) (result report.Result, err error) {
	bulk := most
	bulk.Stream = streamName
	requests, err := load.NewRequests(ctx, target.Credentials, bulk.Calls(4))
	if err != nil {
		return result, err
	}
	single, err := load.NewRequests(ctx, target.Credentials, load.Records{Stream: streamName, Bytes: 100}.Calls(16))
	if err != nil {
		return result, err
	}
	err = b.withLeat(ctx, nil, func(leat *target.Process) error {
		beside := load.Job{Address: leat.Address, Connections: 4, Requests: requests, Retry: true}
		contenders := []contender{
			{name: "beside batches", round: fairnessRound(leat, single, &beside)},
			{name: "quiet", round: fairnessRound(leat, single, nil)},
		}
		rounds, err := b.set.takeTurns(ctx, contenders)
		if err != nil {
			return err
		}
		result.Rows = rowsOf(contenders, rounds, -1)
		result.Figures = []report.Figure{{
			Name: "p99 to quiet p99", Value: stats.Ratio(result.Rows[0].P99, result.Rows[1].P99), Unit: "times", Limit: 10,
		}}
		return nil
	})
	return result, err
}

// fairnessRound returns a round of single puts at a steady rate, beside a job
// unless that is nil.
func fairnessRound(leat *target.Process, single *load.Requests, beside *load.Job) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, length time.Duration) (m measured, err error) {
		err = withStream(ctx, leat, 4, func(string) error {
			var bulk sync.WaitGroup
			var failed error
			if beside != nil {
				bulk.Go(func() { _, failed = beside.Run(ctx, length) })
			}
			m, err = observe(leat, func() (measured, error) { return putSingles(ctx, leat, single, length) })
			bulk.Wait()
			return errors.Join(err, failed)
		})
		return m, err
	}
}

func putSingles(ctx context.Context, leat *target.Process, single *load.Requests, length time.Duration) (m measured, err error) {
	c, err := load.Dial(ctx, leat.Address)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	began := time.Now()
	m.latencies, err = every(ctx, singleInterval, length, func(i int) error {
		requests, err := single.At(ctx, time.Now())
		if err != nil {
			return err
		}
		_, err = c.Do(requests[i%len(requests)])
		return err
	})
	if err != nil {
		return m, err
	}
	m.elapsed = time.Since(began)
	m.requests = int64(m.latencies.Count())
	m.records, m.bytes = m.requests, m.requests*100
	return m, nil
}

const (
	mixedShards   = 4
	reshardedName = "resharded"
	// reshardInterval is the time between two changes of a stream's shards.
	reshardInterval = time.Second
)

// measureMixed does a bit of everything for the time of all rounds.
func measureMixed(ctx context.Context, b *bench) (result report.Result, err error) {
	flags, address, err := profilesAddress(ctx)
	if err != nil {
		return result, err
	}
	err = b.withLeat(ctx, flags, func(leat *target.Process) error {
		if _, err := admin(leat).Create(ctx, reshardedName, mixedShards); err != nil {
			return err
		}
		return withStream(ctx, leat, mixedShards, func(arn string) error {
			before, err := leat.Metrics(ctx)
			if err != nil {
				return err
			}
			mix := mixture{leat: leat, arn: arn, length: time.Duration(b.set.rounds) * b.set.round}
			var taken profiles
			var failed error
			var profiling sync.WaitGroup
			profiling.Go(func() { taken, failed = takeProfiles(ctx, address, mix.length, b.set.profilesDir()) })
			m, err := observe(leat, func() (measured, error) { return mix.run(ctx) })
			profiling.Wait()
			if err := errors.Join(err, failed); err != nil {
				return err
			}
			after, err := leat.Metrics(ctx)
			if err != nil {
				return err
			}
			result.Rows = []report.Row{rowOf("puts", []measured{m}, nil)}
			result.Figures = append(mix.figures(m, before, after), taken.figures()...)
			return nil
		})
	})
	return result, err
}

// mixture is the load of that scenario.
type mixture struct {
	leat   *target.Process
	arn    string
	length time.Duration

	read, pushed int64 // records
	reshardings  int
}

// run runs all parts; those that follow the puts end when the puts do.
func (x *mixture) run(ctx context.Context) (m measured, err error) {
	followers, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	errs := make([]error, 4)
	group.Go(func() { errs[0] = x.poll(followers) })
	group.Go(func() { errs[1] = x.follow(followers) })
	group.Go(func() { errs[2] = x.reshard(ctx) })
	group.Go(func() { _, errs[3] = x.put(ctx, reshardedName, 2) })
	m, err = x.put(ctx, streamName, 4)
	stop()
	group.Wait()
	return m, errors.Join(append(errs, err)...)
}

func (x *mixture) put(ctx context.Context, stream string, connections int) (measured, error) {
	records := load.Records{Stream: stream, Count: 100, Bytes: 1024}
	requests, err := load.NewRequests(ctx, target.Credentials, records.Calls(16))
	if err != nil {
		return measured{}, err
	}
	job := load.Job{Address: x.leat.Address, Connections: connections, Requests: requests}
	done, err := job.Run(ctx, x.length)
	sent := done.Requests * int64(records.Count)
	return measured{
		requests: done.Requests, records: sent, bytes: sent * int64(records.Bytes),
		elapsed: done.Elapsed, latencies: done.Latencies,
	}, err
}

// poll reads all shards in turn until the context ends.
func (x *mixture) poll(ctx context.Context) (err error) {
	c, err := load.Dial(ctx, x.leat.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	readers := make([]*load.Reader, mixedShards)
	for shard := range readers {
		readers[shard] = &load.Reader{Client: c, Credentials: target.Credentials, Stream: streamName, Form: load.JSON}
		if err := readers[shard].SeekOldest(ctx, shard); err != nil {
			return err
		}
	}
	for i := 0; ctx.Err() == nil; i++ {
		page, err := readers[i%mixedShards].Next(ctx, 1000)
		if err != nil {
			return err
		}
		x.read += int64(page.Records)
	}
	return nil
}

// follow subscribes to a shard until the context ends.
func (x *mixture) follow(ctx context.Context) (err error) {
	consumers, err := registerConsumers(ctx, x.leat, x.arn, 1)
	if err != nil {
		return err
	}
	s, err := subscribe(ctx, newTransport(), x.leat, consumers[0], 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for {
		event, err := s.next()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		x.pushed += countRecords(event)
	}
}

// reshard doubles and halves the shards of the other stream.
func (x *mixture) reshard(ctx context.Context) error {
	_, err := every(ctx, reshardInterval, x.length, func(i int) error {
		shards := mixedShards * 2
		if i%2 == 1 {
			shards = mixedShards
		}
		x.reshardings++
		in := map[string]any{"StreamName": reshardedName, "TargetShardCount": shards, "ScalingType": "UNIFORM_SCALING"}
		return admin(x.leat).Call(ctx, "UpdateShardCount", in, nil)
	})
	return err
}

// figures say what the other parts did, and what the runtime says of itself.
func (x *mixture) figures(m measured, before, after map[string]float64) []report.Figure {
	rate := func(name string) float64 { return (after[name] - before[name]) / m.elapsed.Seconds() }
	return []report.Figure{
		{Name: "records got", Value: m.perSecond(x.read), Unit: "/s"},
		{Name: "records pushed", Value: m.perSecond(x.pushed), Unit: "/s"},
		{Name: "changes of shards", Value: float64(x.reshardings), Unit: ""},
		{Name: "processor", Value: m.cpu.Seconds() / m.elapsed.Seconds(), Unit: "cores"},
		{Name: "allocated", Value: rate("go_memstats_alloc_bytes_total") / 1e6, Unit: "MB/s"},
		{Name: "collections", Value: rate("go_gc_duration_seconds_count"), Unit: "/s"},
	}
}
