package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"leat/internal/certs"
	"leat/internal/engine/disk"
	"leat/internal/httpd"
	"leat/internal/kinesis"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// Config is what a Server is made of. DefaultConfig has the values for all that
// is not said to be optional.
type Config struct {
	// Listen is the TCP address to serve; port 0 picks a free one. An address
	// that other machines reach needs AuthFile or Insecure.
	Listen   string
	Insecure bool
	// AuthFile says who may use the server. It is read again when it changes.
	// Without it any credentials pass.
	AuthFile string
	// MetricsListen, when not empty, is the TCP address of a port of its own for
	// metrics, in clear text and open to all who reach it. They are not on the
	// other port then.
	MetricsListen string
	// PprofListen, when not empty, is the TCP address of a port of its own for
	// profiles of the process. Other machines must not reach it: there is no
	// authentication, and profiles cost time and tell much.
	PprofListen string

	// Services are those to serve, some of Services().
	Services []string

	// TLS serves TLS on the same port, beside clear text, with a certificate of
	// the local authority or, if they are set, from the files TLSCert and
	// TLSKey, which are read again when they change.
	TLS             bool
	TLSCert, TLSKey string
	// TLSHosts are names and addresses of the server beside localhost. The
	// certificate of the local authority is for them, and so may requests be,
	// in clear text as well.
	TLSHosts []string
	// CORSOrigins are the origins of web pages that may use the server, beside
	// pages of this machine; "*" is all.
	CORSOrigins []string

	// DataDir is where everything is kept, unless Memory: then nothing is.
	DataDir string
	Memory  bool
	// Keyring is the file of the master keys of encrypted streams, or
	// KeyringAuto: then every key exists, and is kept in the data directory.
	Keyring string
	// FS, when not nil, is used in place of the directory DataDir. It is for
	// tests, which also close it.
	FS vfs.FS
	// Disk tunes the disk engine; its zero value is fine. Logger and Now of
	// this configuration count, not its own.
	Disk disk.Options
	// Now, when not nil, replaces the system's clock. It is for tests.
	Now func() stream.Millis

	// EnforceRates enforces AWS's rates of shards and calls.
	EnforceRates bool
	// ShardQuota is the most open shards of an account in a region: 0 for no
	// quota, -1 for the region's default.
	ShardQuota int
	// Streams are created at start if they are absent.
	Streams []StreamSpec
	// Account and Region are those of callers that do not say.
	Account, Region string
	// TransitionDelay is how long CREATING, UPDATING and DELETING last; 0 and
	// they are never seen.
	TransitionDelay time.Duration
	// IteratorTTL is how long a shard iterator can be used.
	IteratorTTL time.Duration
	// SubscriptionTTL is how long a subscription lives.
	SubscriptionTTL time.Duration
	// OnDemand says how streams in ON_DEMAND mode follow what is written to
	// them.
	OnDemand kinesis.OnDemand

	Logger *slog.Logger
}

// DefaultConfig returns the configuration of a server that was told nothing.
func DefaultConfig() Config {
	return Config{
		Listen:       "127.0.0.1:4567",
		Services:     Services(),
		TLS:          true,
		DataDir:      "leat-data",
		Keyring:      KeyringAuto,
		EnforceRates: true,
		ShardQuota:   -1,
		Account:      "000000000000",
		Region:       "us-east-1",
		IteratorTTL:  stream.IteratorTTL,
		Logger:       slog.New(slog.DiscardHandler),

		SubscriptionTTL: stream.SubscriptionTTL,
		OnDemand: kinesis.OnDemand{
			SplitAt:  stream.OnDemandSplitBytes,
			Memory:   stream.OnDemandMemory,
			Interval: stream.OnDemandInterval,
		},
	}
}

// maxSplitAt keeps what is computed of the rate at which shards are split, for
// all shards of a stream and a minute, far from overflowing.
const maxSplitAt = 1 << 40

// Validate reports the first value that cannot be served.
func (c Config) Validate() error {
	if err := c.validateListen(); err != nil {
		return err
	}
	if err := c.validateAccess(); err != nil {
		return err
	}
	if err := c.validateServices(); err != nil {
		return err
	}
	switch {
	case !c.Memory && c.FS == nil && c.DataDir == "":
		return errors.New("no data directory")
	case c.Keyring == "":
		return errors.New("no keyring")
	case c.ShardQuota < -1:
		return fmt.Errorf("shard quota %d is negative", c.ShardQuota)
	case !stream.ValidAccount(c.Account):
		return fmt.Errorf("account %q is not a number of 12 digits", c.Account)
	case !stream.ValidRegion(c.Region):
		return fmt.Errorf("region %q is not a region's name", c.Region)
	case c.TransitionDelay < 0:
		return fmt.Errorf("transition delay %v is negative", c.TransitionDelay)
	case c.IteratorTTL <= 0:
		return fmt.Errorf("iterator TTL %v is not positive", c.IteratorTTL)
	case c.SubscriptionTTL <= 0:
		return fmt.Errorf("subscription TTL %v is not positive", c.SubscriptionTTL)
	case c.OnDemand.SplitAt <= 0:
		return fmt.Errorf("on-demand split rate %d is not positive", c.OnDemand.SplitAt)
	case c.OnDemand.SplitAt > maxSplitAt:
		return fmt.Errorf("on-demand split rate %d is more than %d bytes per second", c.OnDemand.SplitAt, maxSplitAt)
	case c.OnDemand.Memory < time.Second:
		return fmt.Errorf("on-demand memory %v is less than a second", c.OnDemand.Memory)
	case c.OnDemand.Interval < time.Second:
		return fmt.Errorf("on-demand interval %v is less than a second", c.OnDemand.Interval)
	case c.Logger == nil:
		return errors.New("no logger")
	}
	for _, s := range c.Streams {
		if err := s.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validateListen() error {
	host, err := splitAddress(c.Listen)
	if err != nil {
		return err
	}
	if c.MetricsListen != "" {
		if _, err := splitAddress(c.MetricsListen); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	if c.PprofListen != "" {
		host, err := splitAddress(c.PprofListen)
		if err != nil {
			return fmt.Errorf("pprof: %w", err)
		}
		if !isLoopback(host) {
			return fmt.Errorf("refusing to serve profiles on %s: other machines reach it", c.PprofListen)
		}
	}
	if c.AuthFile == "" && !c.Insecure && !isLoopback(host) {
		return fmt.Errorf("refusing to listen on %s: other machines reach it and any credentials pass (see --auth; --insecure allows it)",
			c.Listen)
	}
	return nil
}

// splitAddress returns the host of an address to listen on.
func splitAddress(address string) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("address %q is not HOST:PORT", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("address %q: %q is not a port", address, port)
	}
	return host, nil
}

func (c Config) validateAccess() error {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("a TLS certificate and its key go together (--tls-cert, --tls-key)")
	case c.TLSCert != "" && !c.TLS:
		return errors.New("a TLS certificate cannot go with --tls off")
	}
	for _, h := range c.TLSHosts {
		if !certs.ValidHost(h) {
			return fmt.Errorf("TLS host %q is not a name or an IP address", h)
		}
	}
	for _, o := range c.CORSOrigins {
		if !httpd.ValidOrigin(o) {
			return fmt.Errorf("origin %q is not SCHEME://HOST[:PORT] or *", o)
		}
	}
	return nil
}

// isLoopback reports whether only this machine reaches the host. A name is not
// looked up: what it means may change.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// defaultShards is the number of shards of a stream that does not say.
const defaultShards = 4

// StreamSpec is a stream to be created at start.
type StreamSpec struct {
	Name   string
	Shards int    // 0: the default if it is created, any if it exists
	Region string // empty: the server's
}

// ParseStreamSpec reads NAME[:SHARDS[:REGION]].
func ParseStreamSpec(s string) (StreamSpec, error) {
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return StreamSpec{}, fmt.Errorf("stream %q is not NAME[:SHARDS[:REGION]]", s)
	}
	spec := StreamSpec{Name: parts[0]}
	if len(parts) > 1 && parts[1] != "" {
		n, err := strconv.Atoi(parts[1])
		if err != nil || n < 1 {
			return StreamSpec{}, fmt.Errorf("stream %q: %q is not a number of shards", s, parts[1])
		}
		spec.Shards = n
	}
	if len(parts) > 2 {
		spec.Region = parts[2]
	}
	return spec, spec.validate()
}

func (s StreamSpec) validate() error {
	switch {
	case !stream.ValidName(s.Name):
		return fmt.Errorf("stream name %q is not 1 to 128 letters, digits, '_', '.' or '-'", s.Name)
	case s.Shards < 0 || s.Shards > stream.MaxShards:
		return fmt.Errorf("stream %s: %d is not a number of shards up to %d", s.Name, s.Shards, stream.MaxShards)
	case s.Region != "" && !stream.ValidRegion(s.Region):
		return fmt.Errorf("stream %s: %q is not a region's name", s.Name, s.Region)
	}
	return nil
}
