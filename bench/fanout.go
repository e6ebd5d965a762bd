package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

var fanOutScenarios = []scenario{
	{name: "fan-out", title: "16 subscribers on one shard written at 2 MB/s, against 16 GetRecords readers", measure: measureFanOut},
	{name: "idle-subscriptions", title: "5,000 subscriptions with nothing to push", measure: measureIdleSubscriptions},
}

const (
	fanOutReaders = 16
	// fanOutInterval is that of requests of fanOutBatch: 2 MB a second.
	fanOutInterval = 50 * time.Millisecond
	// pollInterval is that of a reader's GetRecords: five a second, which is as
	// often as AWS lets a shard be read.
	pollInterval = 200 * time.Millisecond
)

var fanOutBatch = load.Records{Stream: streamName, Count: 100, Bytes: 1000}

// measureFanOut lets three take turns: the writer alone, the writer with
// subscribers, and the writer with readers. What it compares is the processor
// time that each kind of reading adds to that of the writer.
func measureFanOut(ctx context.Context, b *bench) (result report.Result, err error) {
	requests, err := load.NewRequests(ctx, target.Credentials, fanOutBatch.Calls(16))
	if err != nil {
		return result, err
	}
	err = b.withLeat(ctx, nil, func(leat *target.Process) error {
		f := fanOut{leat: leat, requests: requests}
		contenders := []contender{
			{name: "subscribers", round: f.round(f.subscribeAll)},
			{name: "readers", round: f.round(f.pollAll)},
			{name: "writer alone", round: f.round(func(context.Context, string) (*deliveries, error) { return nil, nil })},
		}
		rounds, err := b.set.takeTurns(ctx, contenders)
		if err != nil {
			return err
		}
		result.Rows = rowsOf(contenders, rounds, -1)
		result.Figures = fanOutFigures(rounds[0], rounds[1], rounds[2])
		return nil
	})
	return result, err
}

// fanOutFigures compares what delivering costs, without what writing costs.
func fanOutFigures(subscribed, polled, alone []measured) []report.Figure {
	var perPush, perPoll, shares []float64
	for i := range alone {
		push := stats.Ratio((subscribed[i].cpu - alone[i].cpu).Seconds(), float64(subscribed[i].bytes)/1e9)
		poll := stats.Ratio((polled[i].cpu - alone[i].cpu).Seconds(), float64(polled[i].bytes)/1e9)
		perPush, perPoll = append(perPush, push), append(perPoll, poll)
		if poll > 0 {
			shares = append(shares, 100*push/poll)
		}
	}
	return []report.Figure{
		{Name: "CPU per GB pushed", Value: stats.Median(perPush), Unit: "s"},
		{Name: "CPU per GB polled", Value: stats.Median(perPoll), Unit: "s"},
		{Name: "pushed to polled", Value: stats.Median(shares), Unit: "%", Limit: 40},
	}
}

// fanOut writes a shard that many read.
type fanOut struct {
	leat     *target.Process
	requests *load.Requests
}

// deliveries counts what readers got.
type deliveries struct {
	running sync.WaitGroup
	stop    context.CancelFunc
	records atomic.Int64
	errs    chan error // of readers that ended early; has room for all
}

// round returns a round with readers of one kind: they start, the writer
// writes, and it ends when they have all that was written.
func (f fanOut) round(start func(ctx context.Context, arn string) (*deliveries, error)) func(context.Context, time.Duration) (measured, error) {
	return func(ctx context.Context, length time.Duration) (m measured, err error) {
		err = withStream(ctx, f.leat, 1, func(arn string) error {
			readers, err := start(ctx, arn)
			if err != nil {
				return err
			}
			if readers != nil {
				defer readers.running.Wait()
				defer readers.stop()
			}
			m, err = observe(f.leat, func() (measured, error) { return f.deliver(ctx, length, readers) })
			return err
		})
		return m, err
	}
}

// deliver writes for a while and waits until readers have it all; without them
// it counts what is written.
func (f fanOut) deliver(ctx context.Context, length time.Duration, readers *deliveries) (m measured, err error) {
	began := time.Now()
	latencies, err := f.write(ctx, length)
	if err != nil {
		return m, err
	}
	m = measured{requests: int64(latencies.Count()), latencies: latencies}
	m.records = m.requests * int64(fanOutBatch.Count)
	if readers != nil {
		m.records *= fanOutReaders
		if err := readers.await(ctx, m.records); err != nil {
			return m, err
		}
	}
	m.bytes = m.records * int64(fanOutBatch.Bytes)
	m.elapsed = time.Since(began)
	return m, nil
}

// write writes at a steady rate.
func (f fanOut) write(ctx context.Context, length time.Duration) (latencies *stats.Histogram, err error) {
	c, err := load.Dial(ctx, f.leat.Address)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return every(ctx, fanOutInterval, length, func(i int) error {
		requests, err := f.requests.At(ctx, time.Now())
		if err != nil {
			return err
		}
		answer, err := c.Do(requests[i%len(requests)])
		return errors.Join(err, load.Accepted(answer))
	})
}

// await returns when so many records were delivered.
func (d *deliveries) await(ctx context.Context, records int64) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		select {
		case err := <-d.errs:
			return err
		default:
		}
		switch have := d.records.Load(); {
		case have == records:
			return nil
		case have > records:
			return fmt.Errorf("%d records were delivered of %d", have, records)
		}
		if err := load.Pause(ctx, time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d records are delivered: %w", d.records.Load(), records, err)
		}
	}
}

// start runs a reader. Its error counts unless it was told to stop.
func (d *deliveries) start(ctx context.Context, read func() error) {
	d.running.Go(func() {
		if err := read(); err != nil && ctx.Err() == nil {
			d.errs <- err
		}
	})
}

func newDeliveries(ctx context.Context) (context.Context, *deliveries) {
	ctx, stop := context.WithCancel(ctx)
	return ctx, &deliveries{stop: stop, errs: make(chan error, fanOutReaders)}
}

var sequenceNumber = []byte(`"SequenceNumber"`)

// countRecords returns how many records an event has.
func countRecords(event []byte) int64 { return int64(bytes.Count(event, sequenceNumber)) }

// subscribeAll starts subscribers, each with a connection of its own.
func (f fanOut) subscribeAll(ctx context.Context, arn string) (*deliveries, error) {
	consumers, err := registerConsumers(ctx, f.leat, arn, fanOutReaders)
	if err != nil {
		return nil, err
	}
	ctx, d := newDeliveries(ctx)
	for _, consumer := range consumers {
		s, err := subscribe(ctx, newTransport(), f.leat, consumer, 0)
		if err != nil {
			d.stop()
			d.running.Wait()
			return nil, err
		}
		d.start(ctx, func() (err error) {
			defer func() { err = errors.Join(err, s.close()) }()
			for {
				event, err := s.next()
				if err != nil {
					return err
				}
				d.records.Add(countRecords(event))
			}
		})
	}
	return d, nil
}

// pollAll starts readers, each with a connection of its own.
func (f fanOut) pollAll(ctx context.Context, _ string) (*deliveries, error) {
	ctx, d := newDeliveries(ctx)
	for i := range fanOutReaders {
		c, err := load.Dial(ctx, f.leat.Address)
		if err == nil {
			r := &load.Reader{Client: c, Credentials: target.Credentials, Stream: streamName, Form: load.JSON}
			err = r.Seek(ctx, 0, map[string]any{"ShardIteratorType": "LATEST"})
			// Readers do not all come at the same moment.
			offset := time.Duration(i) * pollInterval / fanOutReaders
			d.start(ctx, func() error { return errors.Join(d.poll(ctx, r, offset), c.Close()) })
		}
		if err != nil {
			d.stop()
			d.running.Wait()
			return nil, err
		}
	}
	return d, nil
}

// poll reads a page now and then until it is told to stop.
func (d *deliveries) poll(ctx context.Context, r *load.Reader, offset time.Duration) error {
	if err := load.Pause(ctx, offset); err != nil {
		return err
	}
	ticks := time.NewTicker(pollInterval)
	defer ticks.Stop()
	for {
		page, err := r.Next(ctx, 0)
		if err != nil {
			return err
		}
		d.records.Add(int64(page.Records))
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
