package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// result is what one server did in its rounds.
type result struct {
	requests  int
	elapsed   time.Duration
	processor time.Duration // that the server used
	latencies []time.Duration
}

// round loads a server for a while and adds what it did.
func (r *result) round(ctx context.Context, s scenario, server process, requests [][]byte, length time.Duration) error {
	before, err := server.processor()
	if err != nil {
		return err
	}
	began := time.Now()
	latencies, err := load(ctx, s, server.Address(), requests, began.Add(length))
	if err != nil {
		return err
	}
	r.elapsed += time.Since(began)
	after, err := server.processor()
	if err != nil {
		return err
	}
	r.processor += after - before
	r.requests += len(latencies)
	r.latencies = append(r.latencies, latencies...)
	return nil
}

// load sends requests over all connections until the end, and returns how
// long each took.
func load(ctx context.Context, s scenario, address string, requests [][]byte, end time.Time) ([]time.Duration, error) {
	var group sync.WaitGroup
	all := make([][]time.Duration, s.connections)
	errs := make([]error, s.connections)
	for i := range s.connections {
		group.Go(func() {
			all[i], errs[i] = loadOne(ctx, address, slices.Concat(requests[i%len(requests):], requests[:i%len(requests)]), end)
		})
	}
	group.Wait()
	return slices.Concat(all...), errors.Join(errs...)
}

var noFailure = []byte(`"FailedRecordCount":0`)

// loadOne sends requests over one connection, in turn.
func loadOne(ctx context.Context, address string, requests [][]byte, end time.Time) (latencies []time.Duration, err error) {
	c, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	latencies = make([]time.Duration, 0, 1<<16)
	for i := 0; ctx.Err() == nil; i++ {
		began := time.Now()
		if began.After(end) {
			return latencies, nil
		}
		answer, err := c.do(requests[i%len(requests)])
		if err != nil {
			return nil, err
		}
		if bytes.Contains(answer, []byte(`"FailedRecordCount"`)) && !bytes.Contains(answer, noFailure) {
			return nil, fmt.Errorf("records were refused: %.200s", answer)
		}
		latencies = append(latencies, time.Since(began))
	}
	return nil, ctx.Err()
}

// percentile returns the p-th percentile and sorts the values.
func percentile(values []time.Duration, p int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(len(values)*p/100, len(values)-1)]
}

const header = "" +
	"                 requests/s  records/s     MB/s   p50 ms   p99 ms  CPU s/GB  of ceiling\n"

// rows prints what both servers did in a scenario. MB and GB are of data.
func rows(s scenario, have, most result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.name)
	for _, row := range []struct {
		name string
		r    result
	}{{"leat", have}, {"ceiling", most}} {
		data := float64(row.r.requests * s.records * s.bytes)
		fmt.Fprintf(&b, "  %-12s %12.0f %10.0f %8.1f %8.2f %8.2f %9.2f %10.0f%%\n", row.name,
			row.r.rate(), row.r.rate()*float64(s.records), data/row.r.elapsed.Seconds()/1e6,
			percentile(row.r.latencies, 50).Seconds()*1e3, percentile(row.r.latencies, 99).Seconds()*1e3,
			row.r.processor.Seconds()/(data/1e9), 100*row.r.rate()/most.rate())
	}
	return b.String()
}

// rate is the requests per second.
func (r *result) rate() float64 { return float64(r.requests) / r.elapsed.Seconds() }
