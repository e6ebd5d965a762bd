package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

// writes are scenarios that write as fast as they can.
type writes struct {
	records     load.Records
	connections int
	shards      int
	auth        bool // leat verifies signatures
	// against is the number of shards of a second stream, which leat is measured
	// against in place of the ceiling.
	against int
	retry   bool // a refusal for lack of room is no failure
	limits  writeLimits
}

// writeLimits are what leat is to reach; 0 is nothing in particular.
type writeLimits struct {
	ratio        float64 // at least
	cpuPerGB     float64 // at most
	cpuPerRecord float64 // at most, in microseconds
	group        float64 // at least
	peakMiB      float64 // at most
}

// writeScenario makes a scenario of four shards, unless it says otherwise.
func writeScenario(name, title string, w writes) scenario {
	w.records.Stream = streamName
	if w.shards == 0 {
		w.shards = 4
	}
	return scenario{name: name, title: title, measure: w.measure}
}

var (
	kibibytes = load.Records{Count: 500, Bytes: 1024}
	// most is nearly as much as one request may have.
	most = load.Records{Count: 5, Bytes: 1<<20 - 1<<10}
)

var writeScenarios = []scenario{
	writeScenario("put-records-1k", "PutRecords 500 x 1 KiB, 4 connections, 4 shards",
		writes{records: kibibytes, connections: 4, limits: writeLimits{ratio: 0.65, cpuPerGB: 2.6}}),
	writeScenario("put-records-100", "PutRecords 500 x 100 B, 4 connections, 4 shards",
		writes{records: load.Records{Count: 500, Bytes: 100}, connections: 4, limits: writeLimits{ratio: 0.35, cpuPerRecord: 1.1}}),
	writeScenario("put-record-64", "PutRecord 100 B, 64 connections",
		writes{records: load.Records{Bytes: 100}, connections: 64, limits: writeLimits{ratio: 0.6}}),
	writeScenario("put-record-16", "PutRecord 100 B, 16 connections",
		writes{records: load.Records{Bytes: 100}, connections: 16, limits: writeLimits{ratio: 0.35, group: 8}}),
	writeScenario("put-records-auth", "PutRecords 500 x 1 KiB, 4 connections, signatures verified",
		writes{records: kibibytes, connections: 4, auth: true, limits: writeLimits{ratio: 0.55}}),
	writeScenario("put-records-1000", "PutRecords 500 x 1 KiB over 1,000 shards, against 4",
		writes{records: kibibytes, connections: 4, shards: 1000, against: 4, limits: writeLimits{ratio: 0.6}}),
	writeScenario("put-records-10000", "PutRecords 500 x 1 KiB over 10,000 shards, against 4",
		writes{records: kibibytes, connections: 4, shards: 10000, against: 4, limits: writeLimits{ratio: 0.4}}),
	writeScenario("put-records-memory", "PutRecords of 5 MiB, 64 connections",
		writes{records: most, connections: 64, retry: true, limits: writeLimits{peakMiB: 400}}),
}

// variants returns how many different requests there are: enough for keys to
// meet the shards, few enough to be made quickly.
func (w writes) variants() int {
	switch {
	case w.shards >= 1000:
		return 64
	case w.records.Bytes > 1<<18:
		return 4
	default:
		return 16
	}
}

func (w writes) measure(ctx context.Context, b *bench) (result report.Result, err error) {
	requests, err := load.NewRequests(ctx, target.Credentials, w.records.Calls(w.variants()))
	if err != nil {
		return result, err
	}
	var flags []string
	if w.auth {
		if flags, err = b.leat.AuthFlags(); err != nil {
			return result, err
		}
	}
	var baseline []measured
	err = b.withLeat(ctx, flags, func(leat *target.Process) error {
		if w.against > 0 {
			fewer := w
			fewer.shards = w.against
			return w.turns(ctx, b, &result, &baseline, []contender{
				{name: fmt.Sprintf("%d shards", w.shards), round: w.round(leat, requests)},
				{name: fmt.Sprintf("%d shards", w.against), round: fewer.round(leat, requests)},
			})
		}
		return w.withCeilings(ctx, func(ceiling, pooled *target.Process) (err error) {
			disk, err := target.NewDisk(b.work)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, disk.Close()) }()
			contenders := []contender{
				{name: "leat", round: w.round(leat, requests)},
				{name: "ceiling", round: w.ceilingRound(ceiling, requests)},
				{name: "pooled", round: w.ceilingRound(pooled, requests)},
			}
			if w.group() <= target.DiskBytes {
				contenders = append(contenders, contender{name: "disk", round: w.diskRound(disk)})
			}
			return w.turns(ctx, b, &result, &baseline, contenders)
		})
	})
	if err != nil || b.set.quick || !w.peers() {
		return result, err
	}
	rows, notes := withPeers(ctx, func(peer *target.Process) ([]measured, error) {
		rounds, err := b.set.takeTurns(ctx, []contender{{name: peer.Name, round: w.round(peer, requests)}})
		if err != nil {
			return nil, err
		}
		return rounds[0], nil
	}, baseline)
	result.Rows = append(result.Rows, rows...)
	result.Notes = append(result.Notes, notes...)
	return result, nil
}

// withCeilings starts both ceilings.
func (w writes) withCeilings(ctx context.Context, do func(ceiling, pooled *target.Process) error) error {
	c := target.Ceiling{Records: w.records.PerRequest()}
	return withCeiling(ctx, c, func(ceiling *target.Process) error {
		c.Pooled = true
		return withCeiling(ctx, c, func(pooled *target.Process) error { return do(ceiling, pooled) })
	})
}

// peers reports whether the scenario is for peers too: they have no room for many
// shards or large requests, and verify no signatures.
func (w writes) peers() bool { return w.against == 0 && !w.retry && !w.auth }

// turns lets contenders take turns; the second one is the baseline, whose rounds
// it leaves there.
func (w writes) turns(ctx context.Context, b *bench, result *report.Result, baseline *[]measured, contenders []contender) error {
	rounds, err := b.set.takeTurns(ctx, contenders)
	if err != nil {
		return err
	}
	result.Rows = rowsOf(contenders, rounds, 1)
	result.Figures = w.figures(result.Rows[0], rounds[0])
	*baseline = rounds[1]
	return nil
}

// round returns a round on a server: a stream that is made, written, read back
// and removed.
func (w writes) round(p *target.Process, requests *load.Requests) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, length time.Duration) (m measured, err error) {
		err = withStream(ctx, p, w.shards, func(string) error {
			if m, err = w.write(ctx, p, requests, length); err != nil {
				return err
			}
			there, err := admin(p).Count(ctx, streamName, w.shards)
			// What was refused may have been written all the same.
			if err == nil && there != m.records && (m.refused == 0 || there < m.records) {
				err = fmt.Errorf("%d records were acknowledged and %d are there", m.records, there)
			}
			return err
		})
		return m, err
	}
}

// grouped reports whether leat can tell how many requests it committed at once:
// it counts what goes to each shard, which of PutRecord is the request.
func (w writes) grouped() bool { return w.records.Count == 0 }

// write writes for a while.
func (w writes) write(ctx context.Context, p *target.Process, requests *load.Requests, length time.Duration) (measured, error) {
	grouped := p.Name == "leat" && w.grouped()
	var before, after map[string]float64
	var err error
	if grouped {
		if before, err = p.Metrics(ctx); err != nil {
			return measured{}, err
		}
	}
	m, err := w.send(ctx, p, requests, length)
	if err != nil || !grouped {
		return m, err
	}
	if after, err = p.Metrics(ctx); err != nil {
		return m, err
	}
	const batches, frames = "leat_journal_batches_total", "leat_journal_frames_total"
	m.group = stats.Ratio(after[batches]-before[batches], after[frames]-before[frames])
	return m, nil
}

func (w writes) send(ctx context.Context, p *target.Process, requests *load.Requests, length time.Duration) (measured, error) {
	return observe(p, func() (measured, error) {
		job := load.Job{Address: p.Address, Connections: w.connections, Requests: requests, Retry: w.retry}
		done, err := job.Run(ctx, length)
		records := done.Requests * int64(w.records.PerRequest())
		return measured{
			requests: done.Requests, records: records, bytes: records * int64(w.records.Bytes),
			elapsed: done.Elapsed, latencies: done.Latencies, refused: done.Refused,
		}, err
	})
}

func (w writes) ceilingRound(p *target.Process, requests *load.Requests) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, length time.Duration) (measured, error) {
		return w.send(ctx, p, requests, length)
	}
}

// group is the data of one request from each connection: no commit could be of
// more.
func (w writes) group() int { return w.connections * w.records.PerRequest() * w.records.Bytes }

// diskPatience is the most that a round of the disk lasts, which is as steady as
// it is heavy: gigabytes a second.
const diskPatience = 5 * time.Second

// diskRound returns a round of the disk, which makes a group durable at a time.
func (w writes) diskRound(disk *target.Disk) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, length time.Duration) (measured, error) {
		began := time.Now()
		latencies, err := disk.Run(ctx, w.group(), min(length, diskPatience))
		if err != nil {
			return measured{}, err
		}
		writes := int64(latencies.Count())
		return measured{
			requests: writes * int64(w.connections), records: writes * int64(w.connections*w.records.PerRequest()),
			bytes: writes * int64(w.group()), elapsed: time.Since(began), latencies: latencies,
		}, nil
	}
}

const commitGroup = "mean commit group"

// figures compares leat's row with what it is to reach.
func (w writes) figures(row report.Row, rounds []measured) []report.Figure {
	perRecord := row.CPURequest / float64(w.records.PerRequest())
	group := medianOf(rounds, func(m measured) float64 { return m.group })
	baseline := "the ceiling"
	if w.against > 0 {
		baseline = fmt.Sprintf("%d shards", w.against)
	}
	all := []report.Figure{
		{Name: "of " + baseline, Value: 100 * row.Ratio, Unit: "%", Limit: 100 * w.limits.ratio, AtLeast: true},
		{Name: "CPU per GB", Value: row.CPUPerGB, Unit: "s", Limit: w.limits.cpuPerGB},
		{Name: "CPU per record", Value: perRecord, Unit: "us", Limit: w.limits.cpuPerRecord},
		{Name: commitGroup, Value: group, Unit: "requests", Limit: w.limits.group, AtLeast: true},
		{Name: "peak memory", Value: row.PeakMiB, Unit: "MiB", Limit: w.limits.peakMiB},
	}
	var figures []report.Figure
	for _, f := range all {
		if f.Limit > 0 || f.Name == commitGroup && group > 0 {
			figures = append(figures, f)
		}
	}
	if w.retry {
		refused := medianOf(rounds, func(m measured) float64 { return m.perSecond(m.refused) })
		figures = append(figures, report.Figure{Name: "refused", Value: refused, Unit: "requests/s"})
	}
	return figures
}
