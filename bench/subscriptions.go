package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// fanOut is the number of consumers, each of which subscribes to all shards
	// over one HTTP/2 connection.
	fanOut = 20
	// settle is how long subscriptions run before they are measured.
	settle = 10 * time.Second
)

// measureSubscriptions prints what idle subscriptions cost: the memory that they
// take, and the processor time of their events.
func measureSubscriptions(ctx context.Context, set settings, leat string, stdout io.Writer) (err error) {
	p, err := startLeat(ctx, leat, filepath.Join(filepath.Dir(leat), "subscriptions"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	consumers, err := registerConsumers(ctx, p.Address(), set.subscriptions/fanOut)
	if err != nil {
		return err
	}
	before, err := p.resident()
	if err != nil {
		return err
	}
	var s subscribers
	ctx, cancel := context.WithCancel(ctx)
	defer s.wait()
	defer cancel()
	for _, arn := range consumers {
		if err := s.subscribe(ctx, p.URL, arn, set.subscriptions/fanOut); err != nil {
			return err
		}
	}
	if err := pause(ctx, settle); err != nil {
		return err
	}
	events := s.events.Load()
	spent, err := p.processor()
	if err != nil {
		return err
	}
	if err := pause(ctx, set.round); err != nil {
		return err
	}
	used, err := p.processor()
	if err != nil {
		return err
	}
	after, err := p.resident()
	if err != nil {
		return err
	}
	n := int64(set.subscriptions)
	fmt.Fprintf(stdout, "%d idle subscriptions over %d connections: %.1f KiB each, %.0f events a second, %.2f%% of a core\n",
		n, fanOut, float64(after-before)/float64(n)/1024,
		float64(s.events.Load()-events)/set.round.Seconds(), 100*(used-spent).Seconds()/set.round.Seconds())
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// registerConsumers makes a stream and its consumers, and returns their ARNs.
func registerConsumers(ctx context.Context, address string, shards int) ([]string, error) {
	c, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.close() }()
	if _, err := c.do(encodeRequest("CreateStream", fmt.Sprintf(`{"StreamName":"fan-out","ShardCount":%d}`, shards))); err != nil {
		return nil, err
	}
	const stream = "arn:aws:kinesis:us-east-1:000000000000:stream/fan-out"
	arns := make([]string, fanOut)
	for i := range arns {
		body, err := c.do(encodeRequest("RegisterStreamConsumer", fmt.Sprintf(`{"StreamARN":%q,"ConsumerName":"app-%d"}`, stream, i)))
		if err != nil {
			return nil, err
		}
		var out struct{ Consumer struct{ ConsumerARN string } }
		if err := json.Unmarshal(body, &out); err != nil {
			return nil, err
		}
		arns[i] = out.Consumer.ConsumerARN
	}
	return arns, nil
}

// subscribers take the events of subscriptions and count them.
type subscribers struct {
	running sync.WaitGroup
	events  atomic.Int64 // reads that had something: an event comes alone
}

func (s *subscribers) wait() { s.running.Wait() }

// subscribe subscribes a consumer to all shards, over one connection.
func (s *subscribers) subscribe(ctx context.Context, url, arn string, shards int) error {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	for shard := range shards {
		body := fmt.Sprintf(`{"ConsumerARN":%q,"ShardId":"shardId-%012d","StartingPosition":{"Type":"LATEST"}}`, arn, shard)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
		if err != nil {
			return err
		}
		for _, h := range headers("SubscribeToShard") {
			r.Header.Set(h[0], h[1])
		}
		resp, err := transport.RoundTrip(r)
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return errors.Join(fmt.Errorf("subscribe: %s", resp.Status), resp.Body.Close())
		}
		s.running.Go(func() { s.take(resp.Body) })
	}
	return nil
}

// take takes events until there are no more.
func (s *subscribers) take(body io.ReadCloser) {
	defer func() { _ = body.Close() }()
	for buf := make([]byte, 1024); ; s.events.Add(1) {
		if _, err := body.Read(buf); err != nil {
			return
		}
	}
}
