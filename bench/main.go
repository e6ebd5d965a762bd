// Bench measures what leat costs beside a server that does the least that any
// server must do: the ceiling reads the body of a request, hashes it with
// SHA-256 as a signature check would, and answers bytes made in advance.
//
//	go run ./bench
//	go run ./bench -subscriptions 5000 -round 30s
//
// The second measures what subscriptions cost that have nothing to push.
//
// Both run as processes of their own on the machine of the generator and take
// turns. Requests are encoded before the clock starts and sent over plain
// connections, so that the generator takes as little of the processors as it
// can. leat runs as a user would run it, on disk with every acknowledged record
// synced, but without rate limits; in the end everything that it acknowledged
// is read back and counted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"leat/test/proc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	rounds  int
	round   time.Duration
	dir     string // where data directories are made
	ceiling bool   // be the ceiling server
	warm    bool   // fill the page cache first
	// subscriptions, if not 0, are measured in place of the scenarios.
	subscriptions int
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var set settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&set.rounds, "rounds", 5, "rounds of each server in each scenario")
	flags.DurationVar(&set.round, "round", 3*time.Second, "length of a round")
	flags.StringVar(&set.dir, "dir", os.TempDir(), "where leat keeps its data meanwhile: the disk that is measured")
	flags.BoolVar(&set.warm, "warm", true, "fill free memory with page cache before the scenarios")
	flags.BoolVar(&set.ceiling, "ceiling", false, "be the ceiling server (what the benchmark starts)")
	flags.IntVar(&set.subscriptions, "subscriptions", 0, "measure so many idle subscriptions, for a round, in place of the scenarios")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if set.ceiling {
		return serveCeiling(ctx, stdout)
	}
	work, err := os.MkdirTemp(set.dir, "leat-bench-")
	if err != nil {
		return err
	}
	return errors.Join(measureAll(ctx, set, work, stdout), os.RemoveAll(work))
}

// measureAll runs everything below a directory of its own.
func measureAll(ctx context.Context, set settings, work string, stdout io.Writer) error {
	leat, err := proc.Build(ctx, work)
	if err != nil {
		return err
	}
	if set.subscriptions > 0 {
		return measureSubscriptions(ctx, set, leat, stdout)
	}
	start, idle, err := measureStart(ctx, leat, work)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "start to ready on an empty directory: %.0f ms\n", start.Seconds()*1e3)
	fmt.Fprintf(stdout, "resident memory when idle: %.1f MiB\n", float64(idle)/(1<<20))
	if set.warm {
		if err := warm(work, stdout); err != nil {
			return fmt.Errorf("fill the page cache: %w", err)
		}
	}
	fmt.Fprintf(stdout, "\n%s", header)
	for _, s := range scenarios {
		if err := measureScenario(ctx, set, s, leat, stdout); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// measureStart returns the median time from the start of the process to its
// ready line, and the memory of an idle server.
func measureStart(ctx context.Context, leat, work string) (time.Duration, int64, error) {
	const starts = 5
	var times []time.Duration
	var idle int64
	for i := range starts {
		began := time.Now()
		p, err := startLeat(ctx, leat, filepath.Join(work, fmt.Sprintf("start-%d", i)))
		if err != nil {
			return 0, 0, err
		}
		times = append(times, time.Since(began))
		idle, err = p.resident()
		if err := errors.Join(err, p.Stop()); err != nil {
			return 0, 0, err
		}
	}
	return percentile(times, 50), idle, nil
}

// measureScenario lets both servers take turns and prints their rows.
func measureScenario(ctx context.Context, set settings, s scenario, leat string, stdout io.Writer) (err error) {
	data, err := os.MkdirTemp(filepath.Dir(leat), "data-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	ours, err := startLeat(ctx, leat, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ours.Stop()) }()
	ceiling, err := startCeiling(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ceiling.Stop()) }()

	if err := createStream(ctx, ours.Address()); err != nil {
		return err
	}
	requests := s.encode()
	var have, most result
	for i := range set.rounds {
		turn := []struct {
			server process
			sum    *result
		}{{ours, &have}, {ceiling, &most}}
		if i%2 == 1 {
			turn[0], turn[1] = turn[1], turn[0]
		}
		for _, t := range turn {
			if err := t.sum.round(ctx, s, t.server, requests, set.round); err != nil {
				return err
			}
		}
	}
	fmt.Fprint(stdout, rows(s, have, most))
	return readBack(ctx, ours, have.requests*s.records, stdout)
}
