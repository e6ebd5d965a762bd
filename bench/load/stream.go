package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Admin makes and removes streams of a server.
type Admin struct {
	Address     string
	Credentials Credentials
}

// ShardID returns the id of a stream's shard, as long as none was split.
func ShardID(shard int) string { return fmt.Sprintf("shardId-%012d", shard) }

// Call calls an operation over a connection of its own, with an input that is
// made into JSON, and an output that is made of it, if not nil.
func (a Admin) Call(ctx context.Context, operation string, in, out any) (err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := a.Credentials.Encode(ctx, Call{Operation: operation, Form: JSON, Body: body})
	if err != nil {
		return err
	}
	c, err := Dial(ctx, a.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	answer, err := c.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// pollEvery is how often a stream is asked whether it is there, or gone.
const pollEvery = 20 * time.Millisecond

// Create makes a stream, waits until it is active, and returns its ARN.
func (a Admin) Create(ctx context.Context, name string, shards int) (string, error) {
	if err := a.Call(ctx, "CreateStream", map[string]any{"StreamName": name, "ShardCount": shards}, nil); err != nil {
		return "", err
	}
	for {
		arn, status, err := a.describe(ctx, name)
		if err != nil || status == "ACTIVE" {
			return arn, err
		}
		if err := Pause(ctx, pollEvery); err != nil {
			return "", err
		}
	}
}

// Delete removes a stream and waits until it is gone.
func (a Admin) Delete(ctx context.Context, name string) error {
	if err := a.Call(ctx, "DeleteStream", map[string]any{"StreamName": name, "EnforceConsumerDeletion": true}, nil); err != nil {
		return err
	}
	for {
		_, _, err := a.describe(ctx, name)
		if status, ok := errors.AsType[*StatusError](err); ok && strings.Contains(status.Body, "ResourceNotFound") {
			return nil
		}
		if err := errors.Join(err, Pause(ctx, pollEvery)); err != nil {
			return err
		}
	}
}

func (a Admin) describe(ctx context.Context, name string) (arn, status string, err error) {
	var out struct {
		StreamDescriptionSummary struct{ StreamARN, StreamStatus string }
	}
	err = a.Call(ctx, "DescribeStreamSummary", map[string]any{"StreamName": name}, &out)
	return out.StreamDescriptionSummary.StreamARN, out.StreamDescriptionSummary.StreamStatus, err
}

// countConnections is over how many connections a stream is counted.
const countConnections = 4

// Count reads a whole stream and returns how many records it has.
func (a Admin) Count(ctx context.Context, name string, shards int) (int64, error) {
	var group sync.WaitGroup
	var next, records atomic.Int64
	errs := make([]error, countConnections)
	for i := range countConnections {
		group.Go(func() {
			errs[i] = a.countShards(ctx, name, func() (int, bool) {
				shard := int(next.Add(1) - 1)
				return shard, shard < shards
			}, &records)
		})
	}
	group.Wait()
	return records.Load(), errors.Join(errs...)
}

// countShards counts one shard after another.
func (a Admin) countShards(ctx context.Context, name string, next func() (int, bool), records *atomic.Int64) (err error) {
	c, err := Dial(ctx, a.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	r := Reader{Client: c, Credentials: a.Credentials, Stream: name, Form: JSON}
	for shard, ok := next(); ok; shard, ok = next() {
		if err := r.SeekOldest(ctx, shard); err != nil {
			return err
		}
		for {
			page, err := r.Next(ctx, 0)
			if err != nil {
				return fmt.Errorf("read back %s: %w", ShardID(shard), err)
			}
			records.Add(int64(page.Records))
			if page.Records == 0 && page.AtTip {
				break
			}
		}
	}
	return nil
}

// Pause waits for a while, or until the context ends, whose error it returns.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
