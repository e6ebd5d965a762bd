package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/internal/server"
)

// serveFlags are the flags of serve, in the types that flags have.
type serveFlags struct {
	cfg       server.Config
	tls       *choice
	limits    *choice
	quota     quota
	streams   streams
	logFormat *choice
	logLevel  *choice
}

func newServe(ctx context.Context, env environment) *cobra.Command {
	f := serveFlags{
		cfg:       server.DefaultConfig(),
		tls:       newChoice("auto", "auto", "off"),
		limits:    newChoice("aws", "aws", "off"),
		quota:     -1,
		logFormat: newChoice("text", "text", "json"),
		logLevel:  newChoice("info", "debug", "info", "warn", "error"),
	}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve streams until told to stop",
		Long: "Serve streams until told to stop, by SIGTERM or Ctrl-C.\n\n" +
			"When requests are accepted, one line on standard output says where. Logs go to\n" +
			"standard error. Each flag can also be set by the environment variable beside it;\n" +
			"the flag wins.",
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags := cmd.Flags(); flags.Changed("memory") && flags.Changed("data-dir") {
				return usage(errors.New("--memory keeps nothing on disk: --data-dir cannot go with it"))
			}
			if err := applyEnv(cmd.LocalFlags(), env); err != nil {
				return usage(err)
			}
			cfg := f.config(cmd.ErrOrStderr())
			if err := cfg.Validate(); err != nil {
				return usage(err)
			}
			tuneRuntime(env, cfg.PprofListen != "")
			return serve(ctx, cfg, cmd.OutOrStdout())
		},
	}
	f.define(cmd.Flags())
	return cmd
}

func (f *serveFlags) define(flags *pflag.FlagSet) {
	c := &f.cfg
	flags.SortFlags = false
	flags.StringVar(&c.Listen, "listen", c.Listen,
		"`ADDRESS` to serve; port 0 picks one, a loopback address also binds [::1]")
	flags.BoolVar(&c.Insecure, "insecure", c.Insecure,
		"allow an address that other machines reach, although any credentials pass")
	flags.StringVar(&c.AuthFile, "auth", c.AuthFile,
		"`FILE` that says who may do what, read again when it changes; without it any credentials pass")
	flags.StringSliceVar(&c.Services, "services", c.Services,
		"`NAMES` of what to serve, with commas between")
	flags.StringVar(&c.MetricsListen, "metrics-listen", "",
		"`ADDRESS` to serve /metrics on, without authentication and TLS, in place of the other one")
	flags.StringVar(&c.PprofListen, "pprof-listen", "",
		"loopback `ADDRESS` to serve profiles of the process on, for go tool pprof")
	defineDataDir(flags, &c.DataDir, "`DIR` to keep everything in")
	flags.BoolVar(&c.Memory, "memory", c.Memory, "keep everything in memory, and nothing after the end")
	flags.StringVar(&c.Keyring, "keyring", c.Keyring,
		"`FILE` with the keys of encrypted streams (see leat keyring), or auto: a key for every name, in the data directory")
	flags.Var(f.tls, "tls", "serve TLS on the same port (see leat tls help), or clear text only")
	flags.StringVar(&c.TLSCert, "tls-cert", "", "`FILE` with a certificate for TLS, in place of the local authority's")
	flags.StringVar(&c.TLSKey, "tls-key", "", "`FILE` with its private key; both are read again when they change")
	flags.StringSliceVar(&c.TLSHosts, "tls-host", nil,
		"`HOST` that the server is called by, beside localhost; repeatable")
	flags.StringSliceVar(&c.CORSOrigins, "cors-origin", nil,
		"`ORIGIN` of web pages that may use the server, beside this machine's, * for all; repeatable")
	flags.Var(f.limits, "limits", "enforce AWS's rates of shards and calls, or none; sizes and quotas always hold")
	flags.Var(&f.quota, "shard-quota",
		"most open shards of an account in a region, 0 for no quota\n"+
			"(default 20,000 in us-east-1, us-west-2 and eu-west-1, else 1,000)")
	flags.Var(&f.streams, "stream", "create a stream that is absent, with 4 shards by default; repeatable")
	flags.StringVar(&c.Account, "account", c.Account, "`ID` of the account of callers whose key id is none")
	flags.StringVar(&c.Region, "region", c.Region, "`NAME` of the region of callers that sign for none")
	flags.DurationVar(&c.TransitionDelay, "transition-delay", c.TransitionDelay,
		"how long CREATING, UPDATING and DELETING last; 0 and they are never seen")
	flags.DurationVar(&c.IteratorTTL, "iterator-ttl", c.IteratorTTL, "how long a shard iterator can be used")
	flags.DurationVar(&c.SubscriptionTTL, "subscription-ttl", c.SubscriptionTTL, "how long a subscription to a shard lives")
	flags.Var((*byteRate)(&c.OnDemand.SplitAt), "ondemand-split-at",
		"`RATE` of a minute above which a shard of an on-demand stream is split")
	flags.Var((*days)(&c.OnDemand.Memory), "ondemand-memory",
		"how long an on-demand stream keeps shards that it does not need")
	flags.Var((*days)(&c.OnDemand.Interval), "ondemand-interval",
		"least time between two changes of an on-demand stream's shards")
	flags.Var(f.logFormat, "log-format", "form of the logs")
	flags.Var(f.logLevel, "log-level", "least level of the logs")
	documentEnv(flags)
}

// config returns what the flags say.
func (f *serveFlags) config(stderr io.Writer) server.Config {
	c := f.cfg
	c.TLS = f.tls.value == "auto"
	c.EnforceRates = f.limits.value == "aws"
	c.ShardQuota = int(f.quota)
	c.Streams = f.streams
	c.Logger = newLogger(stderr, f.logFormat.value, f.logLevel.value)
	return c
}

func newLogger(w io.Writer, format, level string) *slog.Logger {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	opts := &slog.HandlerOptions{Level: levels[level]}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// serve runs a server until a signal, the end of ctx, or a failure. After the
// first signal, also if it comes while the server starts, a second one ends the
// process at once.
func serve(ctx context.Context, cfg server.Config, stdout io.Writer) error {
	ctx, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore) // a start may take long, and does not look at ctx all the time
	log := cfg.Logger
	log.InfoContext(ctx, "leat starts", "version", version(), "pid", os.Getpid())
	s, err := server.Start(ctx, cfg)
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			return nil
		}
		return err
	}
	_, err = fmt.Fprintf(stdout, "leat is ready on %s\n", s.URL())
	if err == nil {
		err = s.Wait(ctx)
	}
	restore()
	log.InfoContext(ctx, "leat stops")
	err = errors.Join(err, s.Shutdown(context.WithoutCancel(ctx)))
	if err == nil {
		log.InfoContext(ctx, "leat has stopped")
	}
	return err
}
