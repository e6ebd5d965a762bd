package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"leat/bench/report"
	"leat/bench/stats"
)

// TestMain is the ceiling server when the benchmark under test starts one,
// since it starts the program that it is itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-ceiling" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestTurnsAlternate(t *testing.T) {
	var order []string
	turn := func(name string) contender {
		return contender{name: name, round: func(context.Context, time.Duration) (measured, error) {
			order = append(order, name)
			return measured{requests: int64(len(order))}, nil
		}}
	}
	rounds, err := settings{rounds: 3}.takeTurns(t.Context(), []contender{turn("a"), turn("b")})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "b", "a", "a", "b"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if len(rounds[0]) != 3 || rounds[1][1].requests != 3 || rounds[0][1].requests != 4 {
		t.Errorf("rounds %+v", rounds)
	}
	failing := contender{name: "c", round: func(context.Context, time.Duration) (measured, error) {
		return measured{}, errors.New("broken")
	}}
	if _, err := (settings{rounds: 3}).takeTurns(t.Context(), []contender{failing}); err == nil || err.Error() != "c: broken" {
		t.Errorf("got %v", err)
	}
}

func TestEveryCountsBeingLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		latencies, err := every(t.Context(), time.Second, 10*time.Second, func(i int) error {
			if i == 2 {
				time.Sleep(3500 * time.Millisecond) //nolint:forbidigo // the time of synctest
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		// The calls that were due 1, 2 and 3 seconds after the long one began late.
		var want stats.Histogram
		for _, ms := range []int{0, 0, 3500, 2500, 1500, 500, 0, 0, 0, 0} {
			want.Record(time.Duration(ms) * time.Millisecond)
		}
		if *latencies != want {
			t.Errorf("of %d calls: median %v, p70 %v, most %v", latencies.Count(),
				latencies.Quantile(0.5), latencies.Quantile(0.7), latencies.Quantile(1))
		}
	})
}

// second is a round of one second.
func second(requests int64, latency time.Duration) measured {
	m := measured{
		requests: requests, records: requests * 10, bytes: requests * 1e6, elapsed: time.Second,
		cpu: 500 * time.Millisecond, peak: requests << 20, latencies: new(stats.Histogram),
	}
	m.latencies.Record(latency)
	return m
}

func TestRowIsOfMedians(t *testing.T) {
	ours := []measured{second(100, time.Millisecond), second(900, 3*time.Millisecond), second(200, 2*time.Millisecond)}
	base := []measured{second(200, 0), second(1000, 0), second(1000, 0)}
	row := rowOf("leat", ours, base)
	if row.Requests != 200 || row.Records != 2000 || row.MB != 200 || row.PeakMiB != 900 {
		t.Errorf("got %+v", row)
	}
	if row.Ratio != 0.5 { // of 0.5, 0.9 and 0.2
		t.Errorf("ratio %v", row.Ratio)
	}
	if row.CPUPerGB != 2.5 || row.CPURequest != 2500 {
		t.Errorf("processor %v s/GB, %v us/request", row.CPUPerGB, row.CPURequest)
	}
	if row.P50 < 2 || row.P50 > 2.02 || row.P99 < 3 || row.P99 > 3.03 {
		t.Errorf("latencies %v and %v", row.P50, row.P99)
	}
}

// TestRowOfNothing is of a server that answered nothing: JSON has no infinity.
func TestRowOfNothing(t *testing.T) {
	idle := []measured{{elapsed: time.Second, cpu: time.Second}}
	if _, err := json.Marshal(rowOf("leat", idle, idle)); err != nil {
		t.Error(err)
	}
}

func TestRowsCompareWithTheBaseline(t *testing.T) {
	rows := rowsOf([]contender{{name: "a"}, {name: "b"}}, [][]measured{{second(1, 0)}, {second(4, 0)}}, 1)
	if rows[0].Ratio != 0.25 || rows[1].Ratio != 0 || rows[1].Server != "b" {
		t.Errorf("got %+v", rows)
	}
}

func TestFanOutComparesWithoutTheWriter(t *testing.T) {
	with := func(cpu time.Duration) []measured { return []measured{{bytes: 1e9, cpu: cpu}} }
	figures := fanOutFigures(with(3*time.Second), with(5*time.Second), with(time.Second))
	if push, poll, share := figures[0].Value, figures[1].Value, figures[2].Value; push != 2 || poll != 4 || share != 50 {
		t.Errorf("pushed %v, polled %v, %v%%", push, poll, share)
	}
}

func TestRegressions(t *testing.T) {
	result := func(ratio float64) []report.Result {
		return []report.Result{
			{Name: "put-records-1k", Rows: []report.Row{{Ratio: ratio}}},
			{Name: "start"},
			{Name: "put-record-16"}, // failed
		}
	}
	was := quickRatios["put-records-1k"]
	if err := regressions(result(was * 0.51)); err != nil {
		t.Errorf("half and more: %v", err)
	}
	if err := regressions(result(was * 0.49)); err == nil || !strings.Contains(err.Error(), "put-records-1k") {
		t.Errorf("less than half: %v", err)
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		args []string
		want int
	}{
		{nil, len(scenarios)},
		{[]string{"-run", "^put-record-"}, 2},
		{[]string{"-quick"}, len(quickRatios)},
		{[]string{"-quick", "-run", "start"}, 1},
	} {
		set, err := parse(c.args)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.choose(scenarios); len(got) != c.want {
			t.Errorf("%v: %d scenarios, want %d", c.args, len(got), c.want)
		}
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-round", "0s"}, {"-run", "("}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v passed", args)
		}
	}
}

func TestScenariosHaveNamesOfTheirOwn(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range scenarios {
		if seen[s.name] || s.title == "" || s.measure == nil || s.name != filepath.Base(s.name) {
			t.Errorf("scenario %q", s.name)
		}
		seen[s.name] = true
	}
}

// TestTinyScenarios runs leat and the ceiling for a moment each.
func TestTinyScenarios(t *testing.T) {
	out := t.TempDir()
	// Without a home there are no peers.
	t.Setenv("GOCACHE", goCache(t))
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // no peers are there
	var stdout strings.Builder
	names := []string{"put-record-16", "get-records", "put-to-read", "fan-out", "mixed", "retained"}
	err := run(t.Context(), []string{
		"-run", "^(" + strings.Join(names, "|") + ")$", "-rounds", "1", "-round", "50ms",
		"-warm=false", "-dir", t.TempDir(), "-out", out, "-large", "-retain", "2000000",
	}, &stdout)
	if err != nil {
		t.Fatalf("%v\n%s", err, stdout.String())
	}
	written, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all report.Report
	if err := json.Unmarshal(written, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Scenarios) != len(names) {
		t.Fatalf("%d scenarios in\n%s", len(all.Scenarios), stdout.String())
	}
	writes := all.Scenarios[0]
	if len(writes.Rows) != 4 || writes.Rows[0].Records == 0 || writes.Rows[0].Ratio == 0 || writes.Rows[0].P99 == 0 {
		t.Errorf("rows %+v", writes.Rows)
	}
	if group := writes.Figures[1]; group.Name != "mean commit group" || group.Value < 1 {
		t.Errorf("figures %+v", writes.Figures)
	}
	if notes := fmt.Sprint(writes.Notes); !strings.Contains(notes, "kinesalite is left out: not installed") {
		t.Errorf("notes %s", notes)
	}
	for _, s := range all.Scenarios[1:] {
		if len(s.Rows) == 0 || len(s.Figures) == 0 {
			t.Errorf("%s: rows %+v, figures %+v", s.Name, s.Rows, s.Figures)
		}
	}
}

func TestLargeScenariosAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		set  settings
		want string
	}{
		{settings{}, "-large"},
		{settings{large: true, retain: 1 << 60}, "free"},
	} {
		result, err := measureRetained(t.Context(), &bench{set: c.set, work: t.TempDir()})
		if notes := fmt.Sprint(result.Notes); err != nil || !strings.Contains(notes, c.want) {
			t.Errorf("%+v: notes %s, %v", c.set, notes, err)
		}
	}
}

// goCache returns where go keeps what it has built, which depends on the
// variable that a test sets.
func goCache(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("GOCACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Skip(err)
	}
	return filepath.Join(dir, "go-build")
}
