package server

import (
	"context"
	"fmt"
	"net"

	"leat/internal/engine/disk"
	"leat/internal/httpd"
	"leat/internal/metrics"
)

// newMetrics returns the metrics of a server whose engine is open.
func (s *Server) newMetrics() *metrics.Metrics {
	m := metrics.New()
	m.Gauge("leat_accepts_writes", "1 if writes are accepted, 0 if not.", func() int64 {
		if s.engine.Health() != nil {
			return 0
		}
		return 1
	})
	if e, ok := s.engine.(interface{ Stats() disk.Stats }); ok {
		addEngine(m, e.Stats)
	}
	return m
}

// addEngine adds the metrics of a disk engine.
func addEngine(m *metrics.Metrics, stats func() disk.Stats) {
	m.Counter("leat_journal_frames_total", "Durable frames of the journal, each the work of all who waited at its time.",
		func() int64 { return stats().Frames })
	m.Counter("leat_journal_fsyncs_total", "Syncs of the journal.",
		func() int64 { return stats().Fsyncs })
	m.Counter("leat_journal_batches_total", "Batches in the frames; by frames they are the mean group of a commit.",
		func() int64 { return stats().Batches })
	m.Counter("leat_journal_bytes_total", "Bytes of the frames, in whole pages.",
		func() int64 { return stats().Bytes })
	m.Gauge("leat_journal_waiting_bytes", "Bytes of the journal that no checkpoint has moved.",
		func() int64 { return stats().Waiting })
	m.Gauge("leat_journal_waiting_batches", "Batches of the journal that no checkpoint has moved.",
		func() int64 { return stats().WaitingBatches })
	m.Counter("leat_checkpoints_total", "Checkpoints that have completed.",
		func() int64 { return stats().Checkpoints })
	m.Counter("leat_checkpoint_moved_bytes_total", "Bytes of batches that checkpoints have moved to segments.",
		func() int64 { return stats().MovedBytes })
}

// listenForMetrics opens the port of metrics, if they have one of their own.
func (s *Server) listenForMetrics(ctx context.Context) error {
	if err := s.metricsPort.open(ctx, s.cfg.MetricsListen, s.log); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	return nil
}

// serveMetrics serves metrics on their own port.
func (s *Server) serveMetrics(ctx context.Context, m *metrics.Metrics) {
	for _, l := range s.metricsPort.listeners {
		s.log.InfoContext(ctx, "metrics are served", "address", l.Addr().String())
	}
	s.servePort(&s.metricsPort, httpd.NewMetricsHandler(m))
}

// MetricsAddr is the address that metrics are served on, nil if they have none
// of their own.
func (s *Server) MetricsAddr() net.Addr { return s.metricsPort.addr() }
