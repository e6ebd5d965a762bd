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
	"syscall"
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
	// Retry counts refusals in place of ending with them: answers of 500 and
	// above, and connections that the server cut. A client that was refused
	// pauses and connects anew.
	Retry bool
}

// Tally is what was sent.
type Tally struct {
	Requests  int64 // that were answered well
	Refused   int64 // only with Job.Retry
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
	return sum, first(errs)
}

// first returns the first error: connections fail together, and all say the
// same.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
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
		if j.Retry && refused(err) {
			t.Refused++
			if err := c.reconnect(ctx, j.Address); err != nil {
				return t, err
			}
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

// refused reports whether a client may send the request again.
func refused(err error) bool {
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Status >= 500
	}
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// retryPause is how long a client waits that was refused.
const retryPause = 20 * time.Millisecond

// reconnect replaces the connection, after a pause.
func (c *Client) reconnect(ctx context.Context, address string) error {
	if err := Pause(ctx, retryPause); err != nil {
		return err
	}
	again, err := Dial(ctx, address)
	if err != nil {
		return err
	}
	old := c.conn
	c.conn, c.r = again.conn, again.r
	return old.Close()
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
