// Bench measures what leat costs, beside ceilings: servers that do little but what
// any server must do.
//
//	go run ./bench                               everything but what needs -large
//	go run ./bench -run 'put-record' -rounds 5   some scenarios
//	go run ./bench -list                         what there is
//	go run ./bench -quick                        two minutes, for CI
//
// All run as processes of their own on the machine of the generator and take
// turns, so that what disturbs one round disturbs its neighbours too; ratios
// are of rounds beside each other. Each round has a stream of its own, which is
// read back, counted and deleted.
//
//	load    the generator: requests encoded and signed in advance
//	target  leat, ceilings and peers as processes, and what they use
//	stats   quantiles and medians
//	report  table, JSON and plots
//
// docs/performance.md says more.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"leat/bench/report"
	"leat/bench/target"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	rounds  int
	round   time.Duration
	run     *regexp.Regexp
	dir     string         // where data directories are made
	out     string         // where the report goes
	ceiling target.Ceiling // be this server, if it has records
	warm    bool           // fill the page cache first
	list    bool
	quick   bool
	large   bool
	retain  int64 // bytes of the scenarios with -large
}

func parse(args []string) (settings, error) {
	var set settings
	pattern := ""
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&pattern, "run", "", "measure only scenarios whose name `matches` a regular expression")
	flags.IntVar(&set.rounds, "rounds", 3, "rounds of each server in each scenario")
	flags.DurationVar(&set.round, "round", 20*time.Second, "length of a round")
	flags.StringVar(&set.dir, "dir", os.TempDir(), "where leat keeps its data meanwhile: the disk that is measured")
	flags.StringVar(&set.out, "out", "", "directory for report.json and the plots")
	flags.BoolVar(&set.warm, "warm", true, "fill free memory with page cache before the scenarios")
	flags.BoolVar(&set.list, "list", false, "list the scenarios")
	flags.BoolVar(&set.quick, "quick", false, "a few scenarios in short rounds; fail if a ratio is below half of what it was")
	flags.BoolVar(&set.large, "large", false, "measure with much data kept, too")
	flags.Int64Var(&set.retain, "retain", 20_000_000_000, "how many `bytes` -large keeps")
	flags.IntVar(&set.ceiling.Records, "ceiling", 0, "be the ceiling server, for so many records in a request (what the benchmark starts)")
	flags.BoolVar(&set.ceiling.Pooled, "pooled", false, "with -ceiling, read requests into memory that is used again")
	if err := flags.Parse(args); err != nil {
		return set, err
	}
	if set.rounds < 1 || set.round <= 0 {
		return set, errors.New("there has to be a round, and it has to last")
	}
	if set.quick {
		set.rounds, set.round, set.warm = 3, 2*time.Second, false
	}
	var err error
	set.run, err = regexp.Compile(pattern)
	return set, err
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	set, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if set.ceiling.Records > 0 {
		return set.ceiling.Serve(ctx, stdout)
	}
	chosen := set.choose(scenarios)
	if set.list {
		for _, s := range chosen {
			fmt.Fprintf(stdout, "%-22s %s\n", s.name, s.title)
		}
		return nil
	}
	work, err := os.MkdirTemp(set.dir, "leat-bench-")
	if err != nil {
		return err
	}
	return errors.Join(measureAll(ctx, set, chosen, work, stdout), os.RemoveAll(work))
}

// profilesDir is where profiles are kept, empty if nothing is.
func (set settings) profilesDir() string {
	if set.out == "" {
		return ""
	}
	return filepath.Join(set.out, "profiles")
}

// choose returns the scenarios that the flags ask for.
func (set settings) choose(all []scenario) []scenario {
	var chosen []scenario
	for _, s := range all {
		_, quick := quickRatios[s.name]
		if set.run.MatchString(s.name) && (quick || !set.quick) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

// measureAll runs scenarios below a directory of its own. What was measured is
// reported even if a later scenario fails.
func measureAll(ctx context.Context, set settings, chosen []scenario, work string, stdout io.Writer) error {
	leat, err := target.Build(ctx, work)
	if err != nil {
		return err
	}
	if set.warm {
		if err := warm(work, stdout); err != nil {
			return fmt.Errorf("fill the page cache: %w", err)
		}
	}
	b := &bench{set: set, leat: leat, work: work}
	all := report.Report{Began: time.Now(), Processors: runtime.NumCPU(), Round: set.round.String(), Rounds: set.rounds}
	var failed error
	for _, s := range chosen {
		result, err := s.measure(ctx, b)
		result.Name, result.Title = s.name, s.title
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", s.name, err))
			result.Notes = append(result.Notes, "failed: "+err.Error())
		}
		fmt.Fprintf(stdout, "%s\n", result.Table())
		all.Scenarios = append(all.Scenarios, result)
		if ctx.Err() != nil {
			break
		}
	}
	failed = errors.Join(failed, ctx.Err())
	if set.out != "" {
		failed = errors.Join(failed, all.Write(set.out))
	}
	if set.quick {
		failed = errors.Join(failed, regressions(all.Scenarios))
	}
	return failed
}
