package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// EnableEnhancedMonitoring and DisableEnhancedMonitoring choose which metrics are
// kept for each shard. Both answer with the metrics before and after, ALL
// spelled out. A metric that is already as asked for is no error.
//
// Order of checks: stream, its status.

func (s *Service) enableEnhancedMonitoring(
	ctx context.Context, c service.Caller, in *api.EnableEnhancedMonitoringInput,
) (*api.EnhancedMonitoringOutput, error) {
	chosen := metricSet(in.ShardLevelMetrics.V)
	return s.setMetrics(ctx, c, target{in.StreamName, in.StreamARN}, func(m stream.Metrics) stream.Metrics { return m | chosen })
}

func (s *Service) disableEnhancedMonitoring(
	ctx context.Context, c service.Caller, in *api.DisableEnhancedMonitoringInput,
) (*api.EnhancedMonitoringOutput, error) {
	chosen := metricSet(in.ShardLevelMetrics.V)
	return s.setMetrics(ctx, c, target{in.StreamName, in.StreamARN}, func(m stream.Metrics) stream.Metrics { return m &^ chosen })
}

// metricSet returns the set of metrics with names that the schema allows.
func metricSet(names []string) (set stream.Metrics) {
	for _, name := range names {
		m, _ := stream.ParseMetrics(name)
		set |= m
	}
	return set
}

func (s *Service) setMetrics(
	ctx context.Context, c service.Caller, t target, fn func(stream.Metrics) stream.Metrics,
) (*api.EnhancedMonitoringOutput, error) {
	sn, err := s.lookupActive(c, t)
	if err != nil {
		return nil, err
	}
	out := &api.EnhancedMonitoringOutput{StreamName: api.Some(sn.Name), StreamARN: api.Some(sn.ARN())}
	err = s.updateActive(ctx, sn, func(obj *stream.Stream) error {
		out.CurrentShardLevelMetrics = api.Some(obj.Metrics.Names())
		obj.Metrics = fn(obj.Metrics)
		out.DesiredShardLevelMetrics = api.Some(obj.Metrics.Names())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
