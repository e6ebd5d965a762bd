package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leat/bench/load"
	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

var latencyScenarios = []scenario{
	{name: "put-to-read", title: "put-to-read latency by SubscribeToShard, 100 records/s of 100 B", measure: measureLatency},
}

const (
	// probeInterval is the time between two records.
	probeInterval = 10 * time.Millisecond
	probeBytes    = 100
)

// probe is what happened to a record, as times since the beginning.
type probe struct{ put, answered, arrived time.Duration }

// measureLatency writes records one by one and notes when each was sent, when
// its put was answered, and when the subscriber had it.
func measureLatency(ctx context.Context, b *bench) (result report.Result, err error) {
	var puts, reads, over stats.Histogram
	err = b.withLeat(ctx, nil, func(leat *target.Process) error {
		return withStream(ctx, leat, 1, func(arn string) error {
			probes, err := runProbes(ctx, leat, arn, time.Duration(b.set.rounds)*b.set.round)
			for _, p := range probes {
				puts.Record(p.answered - p.put)
				reads.Record(p.arrived - p.put)
				over.Record(p.arrived - p.answered)
			}
			return err
		})
	})
	if err != nil {
		return result, err
	}
	for _, r := range []struct {
		name string
		h    *stats.Histogram
	}{{"put", &puts}, {"put to read", &reads}, {"over the put", &over}} {
		row := report.Row{Server: r.name, Requests: 1 / probeInterval.Seconds(), Records: 1 / probeInterval.Seconds()}
		row.Latencies(r.h)
		result.Rows = append(result.Rows, row)
	}
	result.Figures = []report.Figure{
		{Name: "over the put, p50", Value: report.MS(over.Quantile(0.5)), Unit: "ms", Limit: 1},
		{Name: "over the put, p99", Value: report.MS(over.Quantile(0.99)), Unit: "ms", Limit: 5},
	}
	return result, nil
}

// runProbes writes for a while and returns what happened to each record once all
// of them have arrived.
func runProbes(ctx context.Context, leat *target.Process, stream string, length time.Duration) ([]probe, error) {
	ctx, cancel := context.WithTimeout(ctx, length+time.Minute)
	defer cancel()
	consumers, err := registerConsumers(ctx, leat, stream, 1)
	if err != nil {
		return nil, err
	}
	s, err := subscribe(ctx, newTransport(), leat, consumers[0], 0)
	if err != nil {
		return nil, err
	}
	probes := make([]probe, (length+probeInterval-1)/probeInterval)
	began := time.Now()
	arrived := make(chan error, 1)
	arrivals := make([]time.Duration, len(probes))
	go func() { arrived <- errors.Join(takeProbes(s, began, arrivals), s.close()) }()
	written := writeProbes(ctx, leat, began, probes)
	if written != nil {
		cancel()
	}
	if err := errors.Join(written, <-arrived); err != nil {
		return nil, err
	}
	for i := range probes {
		probes[i].arrived = arrivals[i]
	}
	return probes, nil
}

// writeProbes writes records whose data begins with their index.
func writeProbes(ctx context.Context, leat *target.Process, began time.Time, probes []probe) (err error) {
	c, err := load.Dial(ctx, leat.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	_, err = every(ctx, probeInterval, time.Duration(len(probes))*probeInterval, func(i int) error {
		data := binary.BigEndian.AppendUint64(make([]byte, 0, probeBytes), uint64(i))
		body := fmt.Sprintf(`{"StreamName":%q,"PartitionKey":"probe","Data":%q}`,
			streamName, base64.StdEncoding.EncodeToString(data[:probeBytes]))
		request, err := target.Credentials.Encode(ctx, load.Call{Operation: "PutRecord", Form: load.JSON, Body: []byte(body)})
		if err != nil {
			return err
		}
		probes[i].put = time.Since(began)
		_, err = c.Do(request)
		probes[i].answered = time.Since(began)
		return err
	})
	return err
}

// takeProbes notes when each record arrives, and returns when all have.
func takeProbes(s *subscription, began time.Time, arrivals []time.Duration) error {
	for missing := len(arrivals); missing > 0; {
		payload, err := s.next()
		if err != nil {
			return err
		}
		now := time.Since(began)
		var event struct{ Records []struct{ Data []byte } }
		if err := json.Unmarshal(payload, &event); err != nil {
			return err
		}
		for _, r := range event.Records {
			i := binary.BigEndian.Uint64(r.Data)
			if i >= uint64(len(arrivals)) || arrivals[i] != 0 {
				return fmt.Errorf("record %d of %d came, perhaps again", i, len(arrivals))
			}
			arrivals[i] = now
			missing--
		}
	}
	return nil
}
