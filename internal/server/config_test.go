package server

import (
	"strings"
	"testing"
	"time"
)

func TestDefaultConfigIsValid(t *testing.T) {
	t.Parallel()
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Config)
		want   string // part of the error; empty if it is valid
	}{
		{"no port", func(c *Config) { c.Listen = "127.0.0.1" }, "not HOST:PORT"},
		{"a port's name", func(c *Config) { c.Listen = "127.0.0.1:http" }, `"http" is not a port`},
		{"a large port", func(c *Config) { c.Listen = "127.0.0.1:65536" }, "not a port"},
		{"all interfaces", func(c *Config) { c.Listen = ":4567" }, "refusing to listen on :4567"},
		{"all interfaces, by number", func(c *Config) { c.Listen = "0.0.0.0:0" }, "refusing to listen"},
		{"all interfaces of IPv6", func(c *Config) { c.Listen = "[::]:0" }, "refusing to listen"},
		{"a name", func(c *Config) { c.Listen = "example.org:0" }, "refusing to listen"},
		{"a name, insecure", func(c *Config) { c.Listen, c.Insecure = "example.org:0", true }, ""},
		{"a name, with authentication", func(c *Config) { c.Listen, c.AuthFile = "example.org:0", "auth.yaml" }, ""},
		{"localhost", func(c *Config) { c.Listen = "localhost:0" }, ""},
		{"IPv6", func(c *Config) { c.Listen = "[::1]:0" }, ""},
		{"another loopback address", func(c *Config) { c.Listen = "127.1.2.3:0" }, ""},
		{"metrics for other machines", func(c *Config) { c.MetricsListen = ":9464" }, ""},
		{"metrics without a port", func(c *Config) { c.MetricsListen = "localhost" }, `metrics: address "localhost" is not HOST:PORT`},
		{"metrics on a port's name", func(c *Config) { c.MetricsListen = ":http" }, "not a port"},
		{"profiles", func(c *Config) { c.PprofListen = "[::1]:6060" }, ""},
		{"profiles for other machines", func(c *Config) { c.PprofListen, c.Insecure = ":6060", true }, "refusing to serve profiles on :6060"},
		{"profiles without a port", func(c *Config) { c.PprofListen = "localhost" }, `pprof: address "localhost" is not HOST:PORT`},
		{"a certificate without its key", func(c *Config) { c.TLSCert = "c" }, "go together"},
		{"a key without its certificate", func(c *Config) { c.TLSKey = "k" }, "go together"},
		{"a certificate", func(c *Config) { c.TLSCert, c.TLSKey = "c", "k" }, ""},
		{"a certificate without TLS", func(c *Config) { c.TLSCert, c.TLSKey, c.TLS = "c", "k", false }, "--tls off"},
		{"hosts", func(c *Config) { c.TLSHosts = []string{"a.example", "10.0.0.1", "fe80::1"} }, ""},
		{"a host with a port", func(c *Config) { c.TLSHosts = []string{"a:1"} }, `TLS host "a:1"`},
		{"origins", func(c *Config) { c.CORSOrigins = []string{"*", "https://a.example:8443"} }, ""},
		{"an origin with a path", func(c *Config) { c.CORSOrigins = []string{"http://a/"} }, `origin "http://a/"`},
		{"no directory", func(c *Config) { c.DataDir = "" }, "no data directory"},
		{"no directory, in memory", func(c *Config) { c.DataDir, c.Memory = "", true }, ""},
		{"no keyring", func(c *Config) { c.Keyring = "" }, "no keyring"},
		{"quota", func(c *Config) { c.ShardQuota = -2 }, "shard quota"},
		{"account", func(c *Config) { c.Account = "12345678901" }, "12 digits"},
		{"region", func(c *Config) { c.Region = "US" }, `region "US"`},
		{"delay", func(c *Config) { c.TransitionDelay = -time.Second }, "transition delay"},
		{"iterators", func(c *Config) { c.IteratorTTL = 0 }, "iterator TTL"},
		{"subscriptions", func(c *Config) { c.SubscriptionTTL = 0 }, "subscription TTL"},
		{"no split rate", func(c *Config) { c.OnDemand.SplitAt = 0 }, "split rate 0"},
		{"a huge split rate", func(c *Config) { c.OnDemand.SplitAt = 1<<40 + 1 }, "split rate"},
		{"memory", func(c *Config) { c.OnDemand.Memory = 999 * time.Millisecond }, "on-demand memory"},
		{"interval", func(c *Config) { c.OnDemand.Interval = 0 }, "on-demand interval"},
		{"on-demand streams within seconds", func(c *Config) {
			c.OnDemand.SplitAt, c.OnDemand.Memory, c.OnDemand.Interval = 1, time.Second, time.Second
		}, ""},
		{"no logger", func(c *Config) { c.Logger = nil }, "no logger"},
		{"stream", func(c *Config) { c.Streams = []StreamSpec{{Name: "a"}, {Name: "b c"}} }, `"b c"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := DefaultConfig()
			tt.change(&c)
			err := c.Validate()
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestParseStreamSpec(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]StreamSpec{
		"orders":             {Name: "orders"},
		"orders:2":           {Name: "orders", Shards: 2},
		"orders:2:eu-west-1": {Name: "orders", Shards: 2, Region: "eu-west-1"},
		"orders::eu-west-1":  {Name: "orders", Region: "eu-west-1"},
	} {
		if got, err := ParseStreamSpec(text); err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ":2", "a b", "orders:0", "orders:-1", "orders:x", "orders:4294967297", "orders:1:EU", "orders:1:eu:x"} {
		if got, err := ParseStreamSpec(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
