// Package leattest runs a real leat server inside a test.
//
//	func TestOrders(t *testing.T) {
//		s := leattest.Start(t, leattest.WithStream("orders", 2))
//		client := s.Client()
//		...
//		s.Advance(25 * time.Hour) // what was put has expired
//	}
//
// The server listens on a free port of the loopback address, keeps everything
// in memory unless WithDisk says otherwise, enforces no rates unless WithLimits
// does, and ends with the test. Any number may run side by side. What it serves
// is what leat serve serves; nothing is mocked but the clock.
package leattest

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"leat/internal/server"
	"leat/internal/stream"
	"leat/internal/vfs"
)

const (
	// closeTimeout bounds what the end of a server may take.
	closeTimeout = 30 * time.Second
	// journalFileBytes is small, so that a test's directory is made and
	// removed quickly.
	journalFileBytes = 4 << 20
)

// Server is a server that runs until its test ends. Its methods fail the test
// when they cannot do their work, and must be called from the test's goroutine;
// the clients that it returns may be used by any.
type Server struct {
	tb        testing.TB
	cfg       server.Config
	noRetries bool
	clock     clock
	transport *http.Transport // of all clients
	server    *server.Server
}

// Option changes how a server is started.
type Option func(*Server)

// WithDisk keeps everything in a directory, durably; an empty dir is a
// temporary one of the test's.
func WithDisk(dir string) Option {
	return func(s *Server) {
		if dir == "" {
			dir = s.tb.TempDir()
		}
		s.cfg.Memory, s.cfg.DataDir = false, dir
	}
}

// WithFS keeps everything in a file system, with the disk engine.
func WithFS(fsys vfs.FS) Option {
	return func(s *Server) { s.cfg.Memory, s.cfg.FS = false, fsys }
}

// WithLimits enforces AWS's rates of shards and calls.
func WithLimits() Option {
	return func(s *Server) { s.cfg.EnforceRates = true }
}

// WithShardQuota limits the open shards of an account in a region; 0 is no
// limit. Without this option it is that of AWS.
func WithShardQuota(shards int) Option {
	return func(s *Server) { s.cfg.ShardQuota = shards }
}

// WithStream creates a stream at start, in the default region.
func WithStream(name string, shards int) Option {
	return func(s *Server) {
		s.cfg.Streams = append(s.cfg.Streams, server.StreamSpec{Name: name, Shards: shards})
	}
}

// WithTransitionDelay makes CREATING, UPDATING and DELETING last.
func WithTransitionDelay(d time.Duration) Option {
	return func(s *Server) { s.cfg.TransitionDelay = d }
}

// WithIteratorTTL sets how long a shard iterator can be used.
func WithIteratorTTL(d time.Duration) Option {
	return func(s *Server) { s.cfg.IteratorTTL = d }
}

// WithSubscriptionTTL sets how long a subscription lives.
func WithSubscriptionTTL(d time.Duration) Option {
	return func(s *Server) { s.cfg.SubscriptionTTL = d }
}

// WithOnDemand says how streams in ON_DEMAND mode follow what is written to
// them: above how many bytes per second a shard is split, for how long the most
// that was written counts, and how long it is between two changes at least.
// Without this option it is as with AWS.
func WithOnDemand(splitAt int64, memory, interval time.Duration) Option {
	return func(s *Server) {
		s.cfg.OnDemand.SplitAt, s.cfg.OnDemand.Memory, s.cfg.OnDemand.Interval = splitAt, memory, interval
	}
}

// WithHTTP2 makes clients speak HTTP/2, with prior knowledge.
func WithHTTP2() Option {
	return func(s *Server) {
		s.transport.Protocols = new(http.Protocols)
		s.transport.Protocols.SetUnencryptedHTTP2(true)
	}
}

// WithClock makes the server's clock stand still at a time, until Advance. In
// other servers it runs.
func WithClock(at time.Time) Option {
	return func(s *Server) { s.clock.stand(at) }
}

// WithoutRetries makes clients return the first error, so that a test sees each
// one.
func WithoutRetries() Option {
	return func(s *Server) { s.noRetries = true }
}

// WithLogger logs to a logger. Without this option nothing is logged.
func WithLogger(log *slog.Logger) Option {
	return func(s *Server) { s.cfg.Logger = log }
}

// Start starts a server.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s := &Server{tb: tb, cfg: server.DefaultConfig(), transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	s.cfg.Listen = "127.0.0.1:0"
	s.cfg.Memory = true
	s.cfg.EnforceRates = false
	s.cfg.Disk.JournalFileBytes = journalFileBytes
	s.cfg.Now = func() stream.Millis { return stream.MillisOf(s.clock.now()) }
	for _, o := range opts {
		o(s)
	}
	s.start()
	tb.Cleanup(func() {
		s.transport.CloseIdleConnections()
		s.stop()
	})
	return s
}

func (s *Server) start() {
	s.tb.Helper()
	running, err := server.Start(s.tb.Context(), s.cfg)
	if err != nil {
		s.tb.Fatalf("start leat: %v", err)
	}
	s.server = running
	// A restarted server is found where the first one was.
	s.cfg.Listen = running.Addr().String()
}

func (s *Server) stop() {
	s.tb.Helper()
	if s.server == nil {
		return
	}
	// The test's own context has ended when its cleanups run.
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		s.tb.Errorf("shut leat down: %v", err)
	}
	s.server = nil
}

// Restart shuts the server down and starts it again at the same address. With
// WithDisk or WithFS everything is there again, else nothing is.
func (s *Server) Restart() {
	s.tb.Helper()
	s.transport.CloseIdleConnections()
	s.stop()
	s.start()
}

// URL is the endpoint.
func (s *Server) URL() string { return s.server.URL() }

// Client returns an SDK client for a region, by default us-east-1. Its
// credentials are of no account, so that it uses 000000000000.
func (s *Server) Client(region ...string) *kinesis.Client {
	s.tb.Helper()
	if len(region) > 1 {
		s.tb.Fatalf("a client has one region, not %q", region)
	}
	o := kinesis.Options{
		BaseEndpoint: aws.String(s.URL()),
		Region:       s.cfg.Region,
		Credentials:  credentials.NewStaticCredentialsProvider("any", "any", ""),
		HTTPClient:   &http.Client{Transport: Transport{Base: s.transport}},
	}
	if len(region) == 1 {
		o.Region = region[0]
	}
	if s.noRetries {
		o.Retryer = aws.NopRetryer{}
	}
	return kinesis.New(o)
}

// Now is the server's time.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the server's clock and does what is due then: what has expired
// is deleted, changes of streams come to their end, and on-demand streams get
// the shards that they need.
func (s *Server) Advance(d time.Duration) {
	s.tb.Helper()
	s.clock.advance(d)
	if err := s.server.Sweep(s.tb.Context()); err != nil {
		s.tb.Fatalf("sweep: %v", err)
	}
}

// clock is a clock that tests move. The zero clock is the system's.
type clock struct {
	mu     sync.Mutex // guards both
	fixed  time.Time  // where the clock stands, zero if it runs
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fixed.IsZero() {
		return time.Now().Add(c.offset)
	}
	return c.fixed.Add(c.offset)
}

func (c *clock) stand(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fixed = at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}
