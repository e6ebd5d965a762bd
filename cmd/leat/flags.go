package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"leat/internal/server"
)

// envName is the environment variable of a flag.
func envName(flag string) string {
	return "LEAT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// defineDataDir defines the flag of the data directory.
func defineDataDir(flags *pflag.FlagSet, dir *string, usage string) {
	flags.StringVar(dir, "data-dir", "./"+server.DefaultConfig().DataDir, usage)
}

// documentEnv adds to each flag's help the variable that sets it.
func documentEnv(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) { f.Usage += " [$" + envName(f.Name) + "]" })
}

// applyEnv sets the flags that were not given from the environment. An empty
// variable is none.
func applyEnv(flags *pflag.FlagSet, env environment) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := envName(f.Name)
		value, ok := env(name)
		if err != nil || f.Changed || !ok || value == "" || f.Name == "help" {
			return
		}
		if e := f.Value.Set(value); e != nil {
			err = fmt.Errorf("invalid value %q of %s: %w", value, name, e)
		}
	})
	return err
}

// choice is a flag that has one of a few values.
type choice struct {
	value   string
	choices []string
}

func newChoice(value string, choices ...string) *choice {
	return &choice{value: value, choices: choices}
}

func (c *choice) String() string { return c.value }

func (c *choice) Type() string { return strings.Join(c.choices, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.choices, s) {
		return fmt.Errorf("must be one of %s", strings.Join(c.choices, ", "))
	}
	c.value = s
	return nil
}

// quota is the flag of the shard quota; -1 is a region's default.
type quota int

func (q *quota) String() string {
	if *q < 0 {
		return ""
	}
	return strconv.Itoa(int(*q))
}

func (q *quota) Type() string { return "N" }

func (q *quota) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return fmt.Errorf("%q is not a number of shards", s)
	}
	*q = quota(n)
	return nil
}

// streams is the flag of the streams to create; it may be given many times,
// and each time name several, with commas between.
type streams []server.StreamSpec

func (s *streams) String() string { return "" }

func (s *streams) Type() string { return "NAME[:SHARDS[:REGION]]" }

func (s *streams) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		spec, err := server.ParseStreamSpec(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		*s = append(*s, spec)
	}
	return nil
}
