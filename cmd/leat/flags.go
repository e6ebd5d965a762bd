package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"leat/internal/policy"
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

// byteRate is a flag of bytes per second, as 500KB/s.
type byteRate int64

// byteUnits are what a rate may be given in, longer ones before those that they
// end with.
var byteUnits = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1},
}

func (r *byteRate) String() string {
	for _, u := range []int{5, 4, 3} { // GB, MB, KB
		if n := byteUnits[u].bytes; *r != 0 && int64(*r)%n == 0 {
			return fmt.Sprintf("%d%s/s", int64(*r)/n, byteUnits[u].name)
		}
	}
	return fmt.Sprintf("%dB/s", int64(*r))
}

func (r *byteRate) Type() string { return "RATE" }

func (r *byteRate) Set(s string) error {
	number := strings.TrimSuffix(s, "/s")
	for _, u := range byteUnits {
		digits, ok := strings.CutSuffix(number, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/u.bytes {
			break
		}
		*r = byteRate(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%q is not a rate like 500KB/s", s)
}

// days is a flag of a duration that may be given in days, as 30d or 1d12h.
type days time.Duration

func (d *days) String() string {
	const day = 24 * time.Hour
	if v := time.Duration(*d); v != 0 && v%day == 0 {
		return fmt.Sprintf("%dd", v/day)
	}
	return time.Duration(*d).String()
}

func (d *days) Type() string { return "duration" }

func (d *days) Set(s string) error {
	whole, rest, ok := strings.Cut(s, "d")
	if !ok {
		whole, rest = "0", s
	}
	n, err := strconv.ParseUint(whole, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is not a duration like 30d or 15m", s)
	}
	var part time.Duration
	if !ok || rest != "" {
		if part, err = time.ParseDuration(rest); err != nil {
			return fmt.Errorf("%q is not a duration like 30d or 15m", s)
		}
	}
	*d = days(time.Duration(n)*24*time.Hour + part)
	return nil
}

// conditionKeys is a flag of the condition keys that services fill, with their
// values; it may be given many times.
type conditionKeys map[string][]string

func (k *conditionKeys) String() string { return "" }

func (k *conditionKeys) Type() string { return "KEY=VALUE" }

func (k *conditionKeys) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q is not KEY=VALUE", s)
	}
	key, ok := policy.ContextKey(name)
	if !ok {
		return fmt.Errorf("%s is not a condition key that a service fills", name)
	}
	if *k == nil {
		*k = make(conditionKeys)
	}
	(*k)[key] = append((*k)[key], value)
	return nil
}
