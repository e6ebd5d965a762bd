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
)

// TestMetricsAreStoredByThemselves puts a record, in a bubble of fake time. Its
// metrics are stored within a minute although the first attempts fail, which is
// told of once.
func TestMetricsAreStoredByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var log logLines
		e := &failingEngine{Engine: memory.Open(memory.Options{})}
		s := &Server{engine: e, log: log.logger(), cfg: DefaultConfig()}
		var err error
		if s.service, err = kinesis.Open(ctx, kinesis.Config{Engine: e, Logger: s.log, IteratorTTL: time.Minute}); err != nil {
			t.Fatal(err)
		}
		if err := s.openCloudWatch(ctx); err != nil {
			t.Fatal(err)
		}
		caller := service.Caller{Account: "000000000000", Region: "us-east-1"}
		if _, _, err := s.service.EnsureStream(ctx, caller, "orders", 1); err != nil {
			t.Fatal(err)
		}
		for _, op := range s.service.Operations() {
			if op.Name != "PutRecord" {
				continue
			}
			if _, err := op.Call(ctx, caller, &api.PutRecordInput{
				StreamName: api.Some("orders"), PartitionKey: api.Some("k"), Data: api.Some(api.RawBlob([]byte("x"))),
			}); err != nil {
				t.Fatal(err)
			}
		}
		failure := errors.New("not now")
		e.failures = []error{failure, failure}
		s.actors.Go(func() { s.measure(ctx) })
		for _, objects := range []int{0, 0, 1} {
			<-time.After(flushCollections*collectInterval + time.Second)
			synctest.Wait()
			stored, err := e.List(ctx, engine.NewKey("metrics"), "", 0)
			if err != nil || len(stored) != objects {
				t.Errorf("%d objects, want %d (%v)", len(stored), objects, err)
			}
			s.service.CollectMetrics(func(m kinesis.Metric) { t.Errorf("%+v was left to collect", m) })
		}
		cancel()
		s.actors.Wait()
		if n := strings.Count(log.String(), "metrics not stored"); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

// Where CloudWatch is not served nothing is collected.
func TestNoMetricsWithoutTheService(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *Config) { c.Services = []string{"kinesis"} })
	if s.cloudwatch != nil || s.flushMetrics(t.Context()) != nil {
		t.Error("there are metrics")
	}
}
