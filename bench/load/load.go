// Package load is the generator: it encodes and signs requests before the
// clock starts, sends them over plain connections, and counts what comes back.
// It takes as little of the processors as it can, which it shares with the
// server that is measured.
package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"leat/bench/stats"
)

// Job is to send requests over some connections, each of which sends the next
// one when it has the answer to the last.
type Job struct {
	Address     string
	Connections int
	Requests    *Requests
	// Most is how many requests are sent at most, over all connections; 0 is
	// as many as there is time for.
	Most int64
	// Retry counts answers of 500 and above in place of ending with them.
	Retry bool
}

// Tally is what was sent.
type Tally struct {
	Requests  int64 // that were answered well
	Refused   int64 // with Job.Retry
	Elapsed   time.Duration
	Latencies *stats.Histogram // of those that were answered well
}

// Run does the job for a while.
func (j Job) Run(ctx context.Context, length time.Duration) (Tally, error) {
	var group sync.WaitGroup
	tallies := make([]Tally, j.Connections)
	errs := make([]error, j.Connections)
	var begun atomic.Int64
	began := time.Now()
	for i := range j.Connections {
		group.Go(func() {
			tallies[i], errs[i] = j.runOne(ctx, i, &begun, began.Add(length))
		})
	}
	group.Wait()
	sum := Tally{Elapsed: time.Since(began), Latencies: new(stats.Histogram)}
	for _, t := range tallies {
		sum.Requests += t.Requests
		sum.Refused += t.Refused
		if t.Latencies != nil {
			sum.Latencies.Merge(t.Latencies)
		}
	}
	return sum, errors.Join(errs...)
}

// runOne sends requests over one connection; each connection begins elsewhere
// in them.
func (j Job) runOne(ctx context.Context, first int, begun *atomic.Int64, end time.Time) (t Tally, err error) {
	c, err := Dial(ctx, j.Address)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	t.Latencies = new(stats.Histogram)
	for i := first; ctx.Err() == nil; i++ {
		began := time.Now()
		if began.After(end) || j.Most > 0 && begun.Add(1) > j.Most {
			return t, nil
		}
		requests, err := j.Requests.At(ctx, began)
		if err != nil {
			return t, err
		}
		answer, err := c.Do(requests[i%len(requests)])
		if status, ok := errors.AsType[*StatusError](err); ok && j.Retry && status.Status >= 500 {
			t.Refused++
			continue
		}
		if err := errors.Join(err, Accepted(answer)); err != nil {
			return t, err
		}
		t.Latencies.Record(time.Since(began))
		t.Requests++
	}
	return t, ctx.Err()
}

var (
	failures  = []byte(`"FailedRecordCount"`)
	noFailure = []byte(`"FailedRecordCount":0`)
)

// ends is how much of an answer, at both ends, is searched for members that
// stand before or behind its records.
const ends = 4 << 10

// Accepted returns an error if an answer of PutRecords says that it refused
// records.
func Accepted(answer []byte) error {
	for _, part := range bothEnds(answer) {
		if bytes.Contains(part, failures) && !bytes.Contains(part, noFailure) {
			return fmt.Errorf("records were refused: %.200s", answer)
		}
	}
	return nil
}

func bothEnds(answer []byte) [][]byte {
	if len(answer) <= 2*ends {
		return [][]byte{answer}
	}
	return slices.Concat([][]byte{answer[:ends]}, [][]byte{answer[len(answer)-ends:]})
}
