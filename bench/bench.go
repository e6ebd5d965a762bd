package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

// streamName is the stream of a round.
const streamName = "bench"

// scenario is something that is measured.
type scenario struct {
	name    string
	title   string
	measure func(ctx context.Context, b *bench) (report.Result, error)
}

// scenarios are all that there are, in the order in which they run.
var scenarios = slices.Concat(
	startScenarios, writeScenarios, readScenarios, latencyScenarios, fanOutScenarios,
	mixedScenarios, retainedScenarios,
)

// bench is what scenarios share.
type bench struct {
	set  settings
	leat target.Leat
	work string // directory for everything
}

// withLeat runs something beside a leat that begins with an empty directory.
func (b *bench) withLeat(ctx context.Context, flags []string, do func(leat *target.Process) error) (err error) {
	dir, err := os.MkdirTemp(b.work, "data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	leat, err := b.leat.Start(ctx, dir, flags...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leat.Stop()) }()
	return do(leat)
}

// withCeiling runs something beside a ceiling server.
func withCeiling(ctx context.Context, c target.Ceiling, do func(ceiling *target.Process) error) (err error) {
	ceiling, err := c.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ceiling.Stop()) }()
	return do(ceiling)
}

// withPeers runs something beside each peer, one after the other, and returns
// a row of each. What a peer cannot do is a note.
func withPeers(ctx context.Context, do func(peer *target.Process) ([]measured, error), baseline []measured) (rows []report.Row, notes []string) {
	for _, p := range target.Peers() {
		rounds, err := withPeer(ctx, p, do)
		if err != nil {
			notes = append(notes, fmt.Sprintf("%s is left out: %v", p.Name, err))
			continue
		}
		rows = append(rows, rowOf(p.Name, rounds, baseline))
	}
	return rows, notes
}

func withPeer(ctx context.Context, p target.Peer, do func(*target.Process) ([]measured, error)) (rounds []measured, err error) {
	peer, err := p.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, peer.Stop()) }()
	return do(peer)
}

// admin makes and removes streams of a server.
func admin(p *target.Process) load.Admin {
	return load.Admin{Address: p.Address, Credentials: target.Credentials}
}

// withStream makes a stream, runs something, and removes the stream.
func withStream(ctx context.Context, p *target.Process, shards int, do func(arn string) error) error {
	arn, err := admin(p).Create(ctx, streamName, shards)
	if err != nil {
		return err
	}
	return errors.Join(do(arn), admin(p).Delete(ctx, streamName))
}

// every calls something at a steady rate until the end, and returns how long
// each call took. A call that could not begin when it was due, because the one
// before it took so long, took as long as it was late, too: whoever calls at a
// steady rate would have waited.
func every(ctx context.Context, interval, length time.Duration, do func(i int) error) (*stats.Histogram, error) {
	latencies := new(stats.Histogram)
	began := time.Now()
	for i := 0; ; i++ {
		start := began.Add(time.Duration(i) * interval)
		if start.Sub(began) >= length {
			return latencies, nil
		}
		if early := time.Until(start); early > 0 {
			if err := load.Pause(ctx, early); err != nil {
				return nil, err
			}
			start = time.Now()
		}
		if err := do(i); err != nil {
			return nil, err
		}
		latencies.Record(time.Since(start))
	}
}
