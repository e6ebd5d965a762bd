package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

var retainedScenarios = []scenario{
	{name: "retained", title: "much data kept in one shard: seeks, puts beside it, starts with it", measure: measureRetained},
}

const (
	keptName = "kept"
	// freeFactor is how many times what is kept has to be free on the disk: 60
	// GB for 20, as the journal, the segments and the other server's rounds need.
	freeFactor = 3
	warmSeeks  = 200
	coldSeeks  = 20
	// busyRequests are written before a kill: less than makes a checkpoint.
	busyRequests = 50
)

// measureRetained fills one shard, then measures what that costs.
func measureRetained(ctx context.Context, b *bench) (result report.Result, err error) {
	if !b.set.large {
		result.Notes = append(result.Notes, "left out: it needs -large")
		return result, nil
	}
	free, err := target.FreeDisk(b.work)
	if err != nil {
		return result, err
	}
	if need := freeFactor * b.set.retain; free < need {
		result.Notes = append(result.Notes, fmt.Sprintf("left out: %.1f GB of disk are free, and it needs %.1f GB", float64(free)/1e9, float64(need)/1e9))
		return result, nil
	}
	r := retained{b: b, dir: filepath.Join(b.work, "retained"), result: &result}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	if r.leat, err = b.leat.Start(ctx, r.dir); err != nil {
		return result, err
	}
	defer func() {
		if r.leat != nil {
			err = errors.Join(err, r.leat.Stop())
		}
	}()
	for _, step := range []func(context.Context) error{r.fill, r.seek, r.put, r.restart} {
		if err := step(ctx); err != nil {
			return result, err
		}
	}
	return result, nil
}

// retained is that scenario. After each step leat runs, or is nil.
type retained struct {
	b           *bench
	dir         string
	leat        *target.Process
	first, last time.Time // when filling began and ended: there are records after both
	result      *report.Result
}

func (r *retained) fill(ctx context.Context) error {
	requests := r.b.set.retain / int64(kibibytes.Count*kibibytes.Bytes)
	r.first = time.Now()
	if _, err := fill(ctx, r.leat, keptName, 1, int(max(requests, 1))); err != nil {
		return err
	}
	r.last = time.Now()
	after := map[string]any{"StreamName": keptName, "PartitionKey": "after", "Data": []byte("one more")}
	return admin(r.leat).Call(ctx, "PutRecord", after, nil)
}

// seek gets the first record at random times, from page cache, and after the
// page cache was emptied as far as the system lets us.
func (r *retained) seek(ctx context.Context) (err error) {
	c, err := load.Dial(ctx, r.leat.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	reader := &load.Reader{Client: c, Credentials: target.Credentials, Stream: keptName, Form: load.JSON}
	rng := rand.New(rand.NewPCG(1, 2))
	var cached, cold stats.Histogram
	for range warmSeeks {
		if err := r.seekOnce(ctx, reader, rng, &cached); err != nil {
			return err
		}
	}
	for range coldSeeks {
		if err := target.DropCache(r.dir); err != nil {
			return err
		}
		if err := r.seekOnce(ctx, reader, rng, &cold); err != nil {
			return err
		}
	}
	r.figures(
		report.Figure{Name: "cached seek, p50", Value: report.MS(cached.Quantile(0.5)), Unit: "ms"},
		report.Figure{Name: "cached seek, p99", Value: report.MS(cached.Quantile(0.99)), Unit: "ms", Limit: 20},
		report.Figure{Name: "cold seek, p50", Value: report.MS(cold.Quantile(0.5)), Unit: "ms"},
		report.Figure{Name: "cold seek, most", Value: report.MS(cold.Quantile(1)), Unit: "ms", Limit: 20},
	)
	return nil
}

func (r *retained) figures(figures ...report.Figure) {
	r.result.Figures = append(r.result.Figures, figures...)
}

func (r *retained) seekOnce(ctx context.Context, reader *load.Reader, rng *rand.Rand, times *stats.Histogram) error {
	at := r.first.Add(time.Duration(rng.Int64N(int64(r.last.Sub(r.first)))))
	began := time.Now()
	position := map[string]any{"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": float64(at.UnixMilli()) / 1e3}
	if err := reader.Seek(ctx, 0, position); err != nil {
		return err
	}
	page, err := reader.Next(ctx, 1)
	if err != nil {
		return err
	}
	times.Record(time.Since(began))
	if page.Records != 1 {
		return fmt.Errorf("no record at %v", at)
	}
	return nil
}

// put compares puts beside what is kept with puts to a server that has nothing.
func (r *retained) put(ctx context.Context) error {
	w := writes{records: kibibytes, connections: 4, shards: 4}
	w.records.Stream = streamName
	requests, err := load.NewRequests(ctx, target.Credentials, w.records.Calls(w.variants()))
	if err != nil {
		return err
	}
	return r.b.withLeat(ctx, nil, func(empty *target.Process) error {
		contenders := []contender{
			{name: "much kept", round: w.round(r.leat, requests)},
			{name: "empty", round: w.round(empty, requests)},
		}
		rounds, err := r.b.set.takeTurns(ctx, contenders)
		if err != nil {
			return err
		}
		r.result.Rows = rowsOf(contenders, rounds, 1)
		r.figures(report.Figure{
			Name: "puts, of empty", Value: 100 * r.result.Rows[0].Ratio, Unit: "%", Limit: 90, AtLeast: true,
		})
		return nil
	})
}

// restart starts the server again after it was stopped, and after it was killed.
func (r *retained) restart(ctx context.Context) error {
	for _, end := range []struct {
		how   string
		do    func() error
		limit float64
	}{
		{"a clean stop", r.leat.Stop, 1},
		{"kill -9", func() error { return r.killBusy(ctx) }, 5},
	} {
		if err := end.do(); err != nil {
			return err
		}
		r.leat = nil
		began := time.Now()
		leat, err := r.b.leat.Start(ctx, r.dir)
		if err != nil {
			return err
		}
		r.leat = leat
		r.figures(report.Figure{Name: "start after " + end.how, Value: time.Since(began).Seconds(), Unit: "s", Limit: end.limit})
	}
	return nil
}

// killBusy kills the server right after it was written to, so that its journal
// has something that is nowhere else.
func (r *retained) killBusy(ctx context.Context) error {
	if _, err := fill(ctx, r.leat, streamName, drainShards, busyRequests); err != nil {
		return err
	}
	return r.leat.Kill()
}
