package main

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/target"
)

const (
	idleConsumers     = 20
	idleSubscriptions = 5000
	// idleSettle is how long subscriptions run before they are measured.
	idleSettle = 10 * time.Second
)

// measureIdleSubscriptions measures the memory of subscriptions and the
// processor time of their empty events. Each consumer subscribes to all shards,
// over one connection.
func measureIdleSubscriptions(ctx context.Context, b *bench) (result report.Result, err error) {
	const shards = idleSubscriptions / idleConsumers
	err = b.withLeat(ctx, nil, func(leat *target.Process) error {
		arn, err := admin(leat).Create(ctx, streamName, shards)
		if err != nil {
			return err
		}
		consumers, err := registerConsumers(ctx, leat, arn, idleConsumers)
		if err != nil {
			return err
		}
		before, err := leat.Resident()
		if err != nil {
			return err
		}
		ctx, stop := context.WithCancel(ctx)
		var events idleEvents
		defer events.running.Wait()
		defer stop()
		for _, consumer := range consumers {
			transport := newTransport()
			for shard := range shards {
				if err := events.subscribe(ctx, transport, leat, consumer, shard); err != nil {
					return err
				}
			}
		}
		result.Figures, err = events.measure(ctx, leat, b.set.round, before)
		return err
	})
	return result, err
}

// idleEvents counts events that have no records.
type idleEvents struct {
	running sync.WaitGroup
	count   atomic.Int64
}

func (e *idleEvents) subscribe(ctx context.Context, transport *http.Transport, leat *target.Process, arn string, shard int) error {
	s, err := subscribe(ctx, transport, leat, arn, shard)
	if err != nil {
		return err
	}
	e.running.Go(func() {
		defer func() { _ = s.close() }()
		for {
			if _, err := s.next(); err != nil {
				return
			}
			e.count.Add(1)
		}
	})
	return nil
}

func (e *idleEvents) measure(ctx context.Context, leat *target.Process, length time.Duration, before int64) ([]report.Figure, error) {
	if err := load.Pause(ctx, idleSettle); err != nil {
		return nil, err
	}
	seen := e.count.Load()
	m, err := observe(leat, func() (measured, error) {
		return measured{elapsed: length}, load.Pause(ctx, length)
	})
	if err != nil {
		return nil, err
	}
	after, err := leat.Resident()
	return []report.Figure{
		{Name: "memory of each", Value: float64(after-before) / idleSubscriptions / 1024, Unit: "KiB"},
		{Name: "events", Value: m.perSecond(e.count.Load() - seen), Unit: "/s"},
		{Name: "processor", Value: 100 * m.cpu.Seconds() / m.elapsed.Seconds(), Unit: "% of a core"},
	}, err
}
