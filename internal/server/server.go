// Package server puts a whole server together and owns what runs while it does.
//
// Start opens from the bottom up: listeners (so that an address in use is found
// before the disk is touched), engine, certificate, keyring, service, the streams that
// were asked for. Then these goroutines run, and the first that fails ends the
// server:
//
//	serve            one per listener: accepts connections, also for metrics and profiles
//	sweep            every minute: retention, changes of streams that are due,
//	                 items that expire
//	scale            every few seconds: shards of on-demand streams
//	measure          every 10 seconds: what is counted of streams, for CloudWatch
//	keep             every 10 seconds: renews or reloads what is due
//
// Shutdown closes from the top down: it ends subscriptions, stops accepting,
// lets requests that are under way finish, shows metrics until then, and closes
// service and engine.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"leat/internal/auth"
	"leat/internal/cloudwatch"
	"leat/internal/dynamo"
	"leat/internal/engine"
	"leat/internal/httpd"
	"leat/internal/kinesis"
	"leat/internal/service"
	"leat/internal/session"
	"leat/internal/vfs"
)

const (
	// drainTimeout is how long requests under way may take at a shutdown.
	drainTimeout = 10 * time.Second
	// sweepInterval is how late retention and transitions may be noticed. (A
	// request that meets one acts on it at once.)
	sweepInterval = time.Minute
	// scaleInterval is how late it is noticed that an on-demand stream needs
	// other shards, at most.
	scaleInterval = 5 * time.Second
)

// Server is a running server.
type Server struct {
	cfg        Config
	log        *slog.Logger
	engine     engine.Engine
	service    *kinesis.Service
	cloudwatch *cloudwatch.Service // nil where it is not served
	dynamo     *dynamo.Service     // likewise
	http       *http.Server
	listeners  []net.Listener
	// metricsPort is not there where metrics are served with everything else, and
	// profilesPort normally.
	metricsPort, profilesPort port
	// certificate is nil without TLS.
	certificate certificate
	// auth is nil where any credentials pass.
	auth     *auth.Store
	sessions *session.Sealer
	kept     []kept // changed by open only, and then by keep

	actors sync.WaitGroup
	stop   context.CancelFunc // ends those that wait for their time
	failed chan error         // the first failure of an actor

	shutdown    sync.Once
	shutdownErr error
}

// Start returns a server that accepts requests. The context is for starting
// only; Shutdown ends the server.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, log: cfg.Logger, failed: make(chan error, 1)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	front := httpd.Config{
		Services: s.services(),
		Account:  cfg.Account, Region: cfg.Region,
		Hosts: cfg.TLSHosts, Origins: cfg.CORSOrigins,
		Sessions: s.sessions,
		Ready:    s.engine.Health, Logger: cfg.Logger,
		Metrics: s.newMetrics(), HideMetrics: cfg.MetricsListen != "",
	}
	front.Auth = s.directory()
	s.http = httpd.NewServer(httpd.NewHandler(front), cfg.Logger)
	s.run(ctx)
	if front.HideMetrics {
		s.serveMetrics(ctx, front.Metrics)
	}
	if cfg.PprofListen != "" {
		s.serveProfiles(ctx)
	}
	return s, nil
}

// open opens what the actors work with.
func (s *Server) open(ctx context.Context) error {
	var err error
	if s.cfg.AuthFile != "" {
		if s.auth, err = auth.Open(ctx, s.cfg.AuthFile, s.log); err != nil {
			return err
		}
		s.kept = append(s.kept, kept{what: "auth file", refresh: s.auth.Refresh})
	}
	if s.listeners, err = listen(ctx, s.cfg.Listen, s.log); err != nil {
		return err
	}
	if err := errors.Join(s.listenForMetrics(ctx), s.listenForProfiles(ctx)); err != nil {
		return err
	}
	var dir vfs.FS
	if s.engine, dir, err = openEngine(s.cfg); err != nil { //nolint:contextcheck // It outlives the context of its start.
		return err
	}
	if s.sessions, err = openSessions(ctx, s.engine); err != nil {
		return err
	}
	if s.cfg.TLS {
		if s.certificate, err = openCertificate(ctx, s.cfg, dir); err != nil {
			return err
		}
		s.kept = append(s.kept, kept{what: "TLS certificate", refresh: s.certificate.Refresh})
	}
	keys, err := s.openKeyring(ctx, dir)
	if err != nil {
		return err
	}
	s.service, err = kinesis.Open(ctx, kinesis.Config{
		Engine:          s.engine,
		Logger:          s.log,
		Keys:            keys,
		EnforceRates:    s.cfg.EnforceRates,
		ShardQuota:      s.cfg.ShardQuota,
		TransitionDelay: s.cfg.TransitionDelay,
		IteratorTTL:     s.cfg.IteratorTTL,
		SubscriptionTTL: s.cfg.SubscriptionTTL,
		OnDemand:        s.cfg.OnDemand,
	})
	if err != nil {
		return err
	}
	if err := s.openCloudWatch(ctx); err != nil {
		return err
	}
	if err := s.openDynamo(ctx); err != nil {
		return err
	}
	for _, spec := range s.cfg.Streams {
		if err := s.ensureStream(ctx, spec); err != nil {
			return fmt.Errorf("create stream %s: %w", spec.Name, err)
		}
	}
	return nil
}

// ensureStream creates a stream that is absent, and leaves one that is there
// alone.
func (s *Server) ensureStream(ctx context.Context, spec StreamSpec) error {
	caller := service.Caller{Account: s.cfg.Account, Region: spec.Region}
	if caller.Region == "" {
		caller.Region = s.cfg.Region
	}
	want := spec.Shards
	if want == 0 {
		want = defaultShards
	}
	have, created, err := s.service.EnsureStream(ctx, caller, spec.Name, want)
	switch {
	case err != nil:
		return err
	case created:
		s.log.InfoContext(ctx, "stream created", "stream", spec.Name, "region", caller.Region, "shards", have)
	case spec.Shards != 0 && have != want:
		s.log.WarnContext(ctx, "stream exists with another number of shards and is left as it is",
			"stream", spec.Name, "region", caller.Region, "shards", have, "wanted", want)
	}
	return nil
}

// run starts the actors.
func (s *Server) run(ctx context.Context) {
	for _, l := range s.listeners {
		if s.certificate != nil {
			l = httpd.NewListener(l, s.certificate.GetCertificate, s.log)
		}
		s.serve(s.http, l)
	}
	// The server outlives the context of its start.
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.actors.Go(func() { s.sweep(ctx) })
	s.actors.Go(func() { s.scale(ctx) })
	if s.cloudwatch != nil {
		s.actors.Go(func() { s.measure(ctx) })
	}
	s.actors.Go(func() { s.keep(ctx) })
}

// serve serves a listener until its server is shut down.
func (s *Server) serve(h *http.Server, l net.Listener) {
	s.actors.Go(func() {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serve %s: %w", l.Addr(), err))
		}
	})
}

// sweep sweeps the services until the context ends. A sweep that fails is tried
// again with the next: what it did not do is still due then.
func (s *Server) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.sweepServices(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "sweep failed", "error", err)
		}
	}
}

// scale scales the on-demand streams until the context ends. What fails is tried
// again, and told of once.
func (s *Server) scale(ctx context.Context) {
	ticker := time.NewTicker(min(scaleInterval, s.cfg.OnDemand.Interval))
	defer ticker.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		failure := ""
		if err := s.service.Scale(ctx); err != nil && ctx.Err() == nil {
			failure = err.Error()
		}
		if failure != "" && failure != told {
			s.log.ErrorContext(ctx, "on-demand streams not scaled", "error", failure)
		}
		told = failure
	}
}

// fail records why the server cannot go on, if nothing has been before.
func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// Wait returns nil when the context ends, or else the error for which the
// server cannot go on. Either way Shutdown is due.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.failed:
		return err
	}
}

// Addr is the address that is served.
func (s *Server) Addr() net.Addr { return s.listeners[0].Addr() }

// URL is the endpoint for clients.
func (s *Server) URL() string { return "http://" + s.Addr().String() }

// Sweep does what is due at the time of the engine, without waiting for the
// next minute, and scales the on-demand streams. It is for tests that advance the clock.
func (s *Server) Sweep(ctx context.Context) error {
	if err := errors.Join(s.sweepServices(ctx), s.service.Scale(ctx), s.flushMetrics(ctx)); err != nil {
		return err
	}
	// The disk engine sweeps by a timer of its own.
	if e, ok := s.engine.(interface {
		Sweep(ctx context.Context) error
	}); ok {
		return e.Sweep(ctx)
	}
	return nil
}

// Shutdown ends subscriptions, stops accepting, lets requests under way finish,
// for 10 seconds at most and until the context ends, and closes everything. Only the first call
// acts; others wait for it.
func (s *Server) Shutdown(ctx context.Context) error {
	s.shutdown.Do(func() {
		ctx, cancel := context.WithTimeout(ctx, drainTimeout)
		defer cancel()
		s.service.EndSubscriptions()
		s.shutdownErr = errors.Join(s.drain(ctx, s.http), s.drain(ctx, s.metricsPort.http), s.endProfiles())
		s.stop()
		s.actors.Wait()
		if err := s.service.SavePeaks(context.WithoutCancel(ctx)); err != nil {
			s.log.WarnContext(ctx, "the last peaks of on-demand streams are lost", "error", err)
		}
		if err := s.flushMetrics(context.WithoutCancel(ctx)); err != nil {
			s.log.WarnContext(ctx, "the last metrics are lost", "error", err)
		}
		s.shutdownErr = errors.Join(s.shutdownErr, s.close())
	})
	return s.shutdownErr
}

// drain stops accepting and lets requests under way finish; h may be nil.
func (s *Server) drain(ctx context.Context, h *http.Server) error {
	if h == nil {
		return nil
	}
	if err := h.Shutdown(ctx); err != nil {
		s.log.WarnContext(ctx, "requests under way are cut off", "error", err)
		return h.Close()
	}
	return nil
}

// close closes what open opened. Serving has closed the listeners, if it was
// reached.
func (s *Server) close() error {
	var errs []error
	for _, l := range slices.Concat(s.listeners, s.metricsPort.listeners, s.profilesPort.listeners) {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
	}
	return errors.Join(errs...)
}
