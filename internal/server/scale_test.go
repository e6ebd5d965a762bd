package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/engine/memory"
	"leat/internal/kinesis"
	"leat/internal/service"
	"leat/internal/stream"
)

// failingEngine refuses to write while it has errors left.
type failingEngine struct {
	engine.Engine
	failures []error // nil for a write that succeeds
}

func (e *failingEngine) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	if len(e.failures) > 0 {
		err := e.failures[0]
		e.failures = e.failures[1:]
		if err != nil {
			return 0, err
		}
	}
	return e.Engine.Write(ctx, changes)
}

// TestScaleRunsByItself makes a shard hot, in a bubble of fake time. It is
// split although the first attempts fail, which is told of once for each reason.
func TestScaleRunsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var log logLines
		e := &failingEngine{Engine: memory.Open(memory.Options{})}
		s := &Server{engine: e, log: log.logger(), cfg: DefaultConfig()}
		s.cfg.OnDemand.SplitAt = 1
		var err error
		s.service, err = kinesis.Open(ctx, kinesis.Config{Engine: e, Logger: s.log, IteratorTTL: time.Minute, OnDemand: s.cfg.OnDemand})
		if err != nil {
			t.Fatal(err)
		}
		call := func(name string, in api.Input) {
			for _, op := range s.service.Operations() {
				if op.Name != name {
					continue
				}
				if _, err := op.Call(ctx, service.Caller{Account: "000000000000", Region: "us-east-1"}, in); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
		}
		call("CreateStream", &api.CreateStreamInput{
			StreamName:        api.Some("s"),
			StreamModeDetails: api.Some(api.StreamModeDetails{StreamMode: api.Some(stream.OnDemand.String())}),
		})
		for _, key := range []string{"1", "2"} {
			call("PutRecord", &api.PutRecordInput{
				StreamName: api.Some("s"), PartitionKey: api.Some("k"), ExplicitHashKey: api.Some(key), Data: api.Some(api.RawBlob(make([]byte, 50))),
			})
		}

		one, other := errors.New("no space"), errors.New("no disk")
		e.failures = []error{one, one, other, nil, one}
		s.actors.Go(func() { s.scale(ctx) })
		<-time.After(time.Minute)
		cancel()
		s.actors.Wait()
		if a, b := strings.Count(log.String(), one.Error()), strings.Count(log.String(), other.Error()); a != 2 || b != 1 {
			t.Errorf("told %d and %d times:\n%s", a, b, &log)
		}
		log.expect(t, "on-demand stream scaled", "stream=s", "split=shardId-000000000000")
	})
}
