package server

import (
	"context"
	"slices"
	"time"

	"leat/internal/cloudwatch"
	"leat/internal/kinesis"
)

const (
	// collectInterval is how often what was counted is collected, beside when
	// somebody reads it.
	collectInterval = 10 * time.Second
	// flushCollections is how many collections it is between two stores of
	// metrics: a crash loses a minute of them.
	flushCollections = 6
)

// openCloudWatch opens the metrics, if they are served. Streams are there already.
func (s *Server) openCloudWatch(ctx context.Context) (err error) {
	if !slices.Contains(s.cfg.Services, "cloudwatch") {
		return nil
	}
	s.cloudwatch, err = cloudwatch.Open(ctx, cloudwatch.Config{
		Engine: s.engine, Logger: s.log,
		Sources: []cloudwatch.Source{streamMetrics(s.service)},
	})
	return err
}

// streamMetrics is what AWS shows of streams in CloudWatch.
func streamMetrics(k *kinesis.Service) cloudwatch.Source {
	return func(yield func(cloudwatch.Sample)) {
		k.CollectMetrics(func(m kinesis.Metric) {
			dimensions := []cloudwatch.Dimension{{Name: "StreamName", Value: m.Stream}}
			if m.Shard != "" {
				dimensions = append(dimensions, cloudwatch.Dimension{Name: "ShardId", Value: m.Shard})
			}
			if m.Consumer != "" {
				dimensions = append(dimensions, cloudwatch.Dimension{Name: "ConsumerName", Value: m.Consumer})
			}
			yield(cloudwatch.Sample{
				Account: m.Account, Region: m.Region, Namespace: "AWS/Kinesis", Name: m.Name, Dimensions: dimensions,
				Unit: m.Unit, At: m.At, Count: m.Count, Sum: m.Sum, Min: m.Min, Max: m.Max,
			})
		})
	}
}

// measure collects what is counted, and stores it now and then, until the context
// ends. What fails is tried again, and told of once.
func (s *Server) measure(ctx context.Context) {
	ticker := time.NewTicker(collectInterval)
	defer ticker.Stop()
	told := ""
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if n%flushCollections != 0 {
			s.cloudwatch.Collect()
			continue
		}
		failure := ""
		if err := s.cloudwatch.Flush(ctx); err != nil && ctx.Err() == nil {
			failure = err.Error()
		}
		if failure != "" && failure != told {
			s.log.ErrorContext(ctx, "metrics not stored", "error", failure)
		}
		told = failure
	}
}

// flushMetrics stores the metrics, if they are served.
func (s *Server) flushMetrics(ctx context.Context) error {
	if s.cloudwatch == nil {
		return nil
	}
	return s.cloudwatch.Flush(ctx)
}
