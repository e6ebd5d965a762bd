package server

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/engine"
	"leat/internal/engine/memory"
	"leat/internal/kinesis"
	"leat/internal/service"
)

// TestSweepRunsByItself lets a day pass, in a bubble of fake time, after which
// a record is gone although nobody has asked for anything.
func TestSweepRunsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e := memory.Open(memory.Options{})
		s := &Server{engine: e, log: slog.New(slog.DiscardHandler)}
		var err error
		s.service, err = kinesis.Open(ctx, kinesis.Config{Engine: e, Logger: s.log, IteratorTTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.service.EnsureStream(ctx, service.Caller{Account: "000000000000", Region: "us-east-1"}, "orders", 1); err != nil {
			t.Fatal(err)
		}
		logs, err := e.Logs(ctx, 0)
		if err != nil || len(logs) != 1 {
			t.Fatalf("logs %v, %v", logs, err)
		}
		result := e.Append(ctx, []engine.Batch{{Log: logs[0], Records: 1, Payload: []byte("x")}})
		if result[0].Err != nil {
			t.Fatal(result[0].Err)
		}

		s.actors.Go(func() { s.sweep(ctx) })
		for _, step := range []struct {
			passes time.Duration
			kept   bool
		}{{23 * time.Hour, true}, {time.Hour + 2*sweepInterval, false}} {
			<-time.After(step.passes)
			synctest.Wait()
			tip, err := e.Tip(ctx, logs[0])
			if err != nil || tip.First <= tip.Last != step.kept {
				t.Errorf("%v later: tip %+v, %v; want the record kept: %t", step.passes, tip, err, step.kept)
			}
		}
		cancel()
		s.actors.Wait()
	})
}
