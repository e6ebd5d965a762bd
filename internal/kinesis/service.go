// Package kinesis is the Amazon Kinesis Data Streams API over an engine: one
// table of operations, one file per operation, and between them and the engine
// the few things the operations share.
//
//	operations.go   the table of operations
//	service.go      Service: what is open while the server runs
//	registry.go     the streams by name: finding, listing, changing them
//	consumers.go    the consumers of a stream: finding and changing them
//	pushes.go       the subscriptions that run
//	lifecycle.go    creating and deleting streams
//	reshard.go      splitting and merging shards, in repeatable steps
//	append.go       from records to batches, to sequence numbers
//	feed.go         the events that subscriptions have in common
//	read.go         from a position to records
//	encryption.go   the data keys of streams: sealing and opening batches
//	resource.go     what tags and policies are attached to
//	permission.go   what callers have to be allowed, for authorisation
//	tags.go         the rules of tags
//	account.go      the settings of accounts
//	throttle.go     the rates of shards under --limits aws
//	calls.go        the rates of calls under --limits aws
//	ondemand.go     splitting and merging the shards of on-demand streams
//	usage.go        how much these are written to
//	counters.go     what is done with streams, for CloudWatch
//	metrics.go      the names of that
//	sweep.go        what happens as time passes: retention, transitions
//	errors.go       the errors that operations share, in AWS's words
//	view.go         streams and shards as answers show them
//
// # Streams
//
// A stream is one object in the KV, encoded by package stream, under the key
// ("stream", account, region, name). Its number is the revision that created
// it, and names its logs. The service is the only writer of these objects: it
// keeps them decoded, and every request works on an immutable snapshot of the
// stream it names. Changes to a stream take its lock, one at a time, and
// compare revisions.
//
// How much an on-demand stream was written to at most is kept under the key
// ("peaks", account, region, name), and goes with the stream.
//
// An account's settings in a region are an object of their own, under the key
// ("account", account, region).
//
// A consumer is an object of its own, under the key ("consumer", account, region,
// stream's name, name), and changes with its stream's lock held. What its
// subscriptions share is in memory only.
//
// The KV and the logs never change together. What needs both is made of steps
// that anyone may repeat: write what is intended, do it to the logs, write the
// outcome. Open finishes what a crash left half done, and so does an append
// that meets a closed log.
package kinesis

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"leat/internal/engine"
	"leat/internal/keyring"
	"leat/internal/stream"
)

// Config is what a Service is made of. Engine and Logger are required.
type Config struct {
	Engine engine.Engine
	Logger *slog.Logger
	// Keys are the master keys; nil for some that end with the service.
	Keys *keyring.Ring
	// EnforceRates enforces AWS's rates of shards, of calls and by day; sizes
	// and quotas are always enforced.
	EnforceRates bool
	// ShardQuota is the most open shards that an account may have in a
	// region: 0 for no quota, -1 for the region's default.
	ShardQuota int
	// TransitionDelay is how long CREATING, UPDATING and DELETING last. With 0
	// they are never seen.
	TransitionDelay time.Duration
	// IteratorTTL is how long a shard iterator can be used.
	IteratorTTL time.Duration
	// SubscriptionTTL is how long a subscription lives.
	SubscriptionTTL time.Duration
	// OnDemand says how streams in ON_DEMAND mode follow what is written to
	// them.
	OnDemand OnDemand
}

// Service answers the operations. All methods may be called concurrently.
type Service struct {
	cfg    Config
	engine engine.Engine
	log    *slog.Logger
	sealer *stream.Sealer
	keys   *keyring.Ring
	reg    registry
	calls  callRates
	// accounts serialises changes of accounts' settings, and of streams that
	// depend on them. It is taken before a stream's lock.
	accounts sync.Mutex
	feeds    feeds
	// closing refuses new subscriptions.
	closing atomic.Bool
}

// Open loads the streams that the engine has and finishes what a crash left
// half done. It starts no goroutine.
func Open(ctx context.Context, cfg Config) (*Service, error) {
	s := &Service{cfg: cfg, engine: cfg.Engine, log: cfg.Logger, keys: cfg.Keys}
	if s.keys == nil {
		s.keys = keyring.NewMemory()
	}
	s.reg.streams = make(map[ref]*streamState)
	// What iterators and page tokens are sealed with is kept with the streams,
	// so that they outlive a restart.
	key, err := engine.Secret(ctx, cfg.Engine, "iterator-sealing-key")
	if err != nil {
		return nil, fmt.Errorf("load the sealing key: %w", err)
	}
	if s.sealer, err = stream.NewSealer(key); err != nil {
		return nil, err
	}
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("load the streams: %w", err)
	}
	return s, nil
}

// nonce returns random bytes for sealing one token.
func nonce() (n [12]byte) {
	// Read of crypto/rand never fails.
	_, _ = rand.Read(n[:])
	return n
}
