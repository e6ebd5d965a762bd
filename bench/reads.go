package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

var readScenarios = []scenario{
	{name: "get-records", title: "GetRecords draining 1 KiB records, 4 connections", measure: measureReads},
}

const (
	// drainShards is how many shards are read, each over a connection.
	drainShards = 4
	// drainRequests is how many requests of 500 records are written first: 256
	// MB, which stay in the page cache.
	drainRequests = 500
	// peerRequests is the same for peers, which would need minutes for that.
	peerRequests = 20
)

// measureReads drains the same shards again and again, as JSON and as CBOR.
func measureReads(ctx context.Context, b *bench) (result report.Result, err error) {
	var baseline []measured
	err = b.withLeat(ctx, nil, func(leat *target.Process) error {
		return withCeiling(ctx, target.Ceiling{Records: 1}, func(ceiling *target.Process) error {
			written, err := fill(ctx, leat, streamName, drainShards, drainRequests)
			if err != nil {
				return err
			}
			contenders := []contender{
				{name: "leat JSON", round: drainRound(leat, load.JSON, written)},
				{name: "leat CBOR", round: drainRound(leat, load.CBOR, written)},
				{name: "ceiling", round: drainRound(ceiling, load.JSON, 0)},
			}
			rounds, err := b.set.takeTurns(ctx, contenders)
			if err != nil {
				return err
			}
			baseline = rounds[2]
			result.Rows = rowsOf(contenders, rounds, 2)
			asCBOR := rowOf("", rounds[1], rounds[0])
			result.Figures = []report.Figure{
				{Name: "JSON of the ceiling", Value: 100 * result.Rows[0].Ratio, Unit: "%", Limit: 60, AtLeast: true},
				{Name: "JSON CPU per GB", Value: result.Rows[0].CPUPerGB, Unit: "s", Limit: 2},
				{Name: "CBOR to JSON", Value: asCBOR.Ratio, Unit: "times", Limit: 1.5, AtLeast: true},
			}
			return nil
		})
	})
	if err != nil || b.set.quick {
		return result, err
	}
	rows, notes := withPeers(ctx, func(peer *target.Process) ([]measured, error) {
		written, err := fill(ctx, peer, streamName, drainShards, peerRequests)
		if err != nil {
			return nil, err
		}
		rounds, err := b.set.takeTurns(ctx, []contender{{name: peer.Name, round: drainRound(peer, load.JSON, written)}})
		if err != nil {
			return nil, err
		}
		return rounds[0], nil
	}, baseline)
	result.Rows = append(result.Rows, rows...)
	result.Notes = append(result.Notes, notes...)
	return result, nil
}

// fill makes a stream and writes requests of 500 records of 1 KiB to it. It
// returns how many records there are.
func fill(ctx context.Context, p *target.Process, stream string, shards, requests int) (int64, error) {
	if _, err := admin(p).Create(ctx, stream, shards); err != nil {
		return 0, err
	}
	records := kibibytes
	records.Stream = stream
	const different = 16
	made, err := load.NewRequests(ctx, target.Credentials, records.Calls(different))
	if err != nil {
		return 0, err
	}
	const connections = 4
	job := load.Job{Address: p.Address, Connections: connections, Requests: made, Most: int64(requests)}
	done, err := job.Run(ctx, fillPatience)
	if err == nil && done.Requests != int64(requests) {
		err = fmt.Errorf("after %v only %d of %d requests are written", fillPatience, done.Requests, requests)
	}
	return done.Requests * int64(records.Count), err
}

const fillPatience = time.Hour

// drainRound returns a round in which each connection reads a shard to its end
// and begins anew. What is read in a whole pass over all shards has to be what
// was written, unless that is 0.
func drainRound(p *target.Process, form string, written int64) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, length time.Duration) (measured, error) {
		return observe(p, func() (measured, error) {
			var group sync.WaitGroup
			drains := make([]drain, drainShards)
			errs := make([]error, drainShards)
			began := time.Now()
			for shard := range drainShards {
				group.Go(func() {
					drains[shard] = drain{server: p, form: form, shard: shard}
					errs[shard] = drains[shard].run(ctx, began.Add(length), written > 0)
				})
			}
			group.Wait()
			m := measured{elapsed: time.Since(began), latencies: new(stats.Histogram)}
			if err := errors.Join(errs...); err != nil {
				return m, err
			}
			var there int64
			for i := range drains {
				m.requests += int64(drains[i].latencies.Count())
				m.records += drains[i].records
				m.latencies.Merge(&drains[i].latencies)
				there += drains[i].inShard
			}
			m.bytes = m.records * target.PageRecordBytes
			if there != written {
				return m, fmt.Errorf("%d records were written and %d are there", written, there)
			}
			return m, nil
		})
	}
}

// drain reads one shard again and again.
type drain struct {
	server *target.Process
	form   string
	shard  int

	records   int64
	inShard   int64 // in each whole pass
	latencies stats.Histogram
}

// run reads until the end. With whole passes it ends no sooner than one of them,
// and each has to find as many records as the first one.
func (d *drain) run(ctx context.Context, end time.Time, whole bool) (err error) {
	c, err := load.Dial(ctx, d.server.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	r := &load.Reader{Client: c, Credentials: target.Credentials, Stream: streamName, Form: d.form}
	for pass := 0; pass == 0 || time.Now().Before(end); pass++ {
		if err := r.SeekOldest(ctx, d.shard); err != nil {
			return err
		}
		seen, complete, err := d.pass(ctx, r, end, whole && pass == 0)
		if err != nil {
			return err
		}
		if pass == 0 && whole {
			d.inShard = seen
		}
		if complete && seen != d.inShard {
			return fmt.Errorf("%s had %d records, and now %d", load.ShardID(d.shard), d.inShard, seen)
		}
	}
	return nil
}

// pass reads to the end of the shard, or, if it need not be complete, until the
// end of the round.
func (d *drain) pass(ctx context.Context, r *load.Reader, end time.Time, must bool) (seen int64, complete bool, err error) {
	for must || time.Now().Before(end) {
		began := time.Now()
		page, err := r.Next(ctx, 0)
		if err != nil {
			return seen, false, err
		}
		d.latencies.Record(time.Since(began))
		seen += int64(page.Records)
		d.records += int64(page.Records)
		if page.Records == 0 && page.AtTip {
			return seen, true, nil
		}
	}
	return seen, false, nil
}
