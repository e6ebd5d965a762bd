package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leat/bench/stats"
)

func example() Result {
	var h stats.Histogram
	for i := range 1000 {
		h.Record(time.Duration(i+1) * time.Millisecond)
	}
	fast, slow := Row{Server: "leat", Requests: 10, Records: 5000, MB: 5, Ratio: 0.5}, Row{Server: "ceiling <&>", Records: 10000}
	fast.Latencies(&h)
	slow.Latencies(&h)
	return Result{
		Name: "writes", Title: "Writes & more", Goal: "half", Rows: []Row{fast, slow},
		Figures: []Figure{
			{Name: "start", Value: 12, Unit: "ms", Limit: 30},
			{Name: "group", Value: 4, Unit: "batches", Limit: 8, AtLeast: true},
			{Name: "memory", Value: 123456, Unit: "MiB"},
		},
		Notes: []string{"kinesalite: not installed"},
	}
}

func TestLatencies(t *testing.T) {
	row := example().Rows[0]
	for _, c := range []struct{ got, want float64 }{{row.P50, 500}, {row.P99, 990}, {row.P999, 999}} {
		if c.got < c.want || c.got > c.want*1.01 {
			t.Errorf("got %v ms, want %v", c.got, c.want)
		}
	}
	last := row.Curve[len(row.Curve)-1]
	if last.Quantile != 0.999 {
		t.Errorf("of 1000 requests the curve ends at %v", last.Quantile)
	}
}

func TestTable(t *testing.T) {
	table := example().Table()
	for _, want := range []string{
		"writes: Writes & more\n", "requests/s", "  50%\n", "      -\n",
		"  start: 12 ms (at most 30: met)\n", "  group: 4 batches (at least 8: missed)\n",
		"  memory: 123456 MiB\n", "  kinesalite: not installed\n", "  goal: half\n",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}

func TestPlotIsWellFormed(t *testing.T) {
	plot := example().Plot()
	elements := make(map[string]int)
	d := xml.NewDecoder(strings.NewReader(plot))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, plot)
		}
		if start, ok := token.(xml.StartElement); ok {
			elements[start.Name.Local]++
		}
	}
	// The background, two rows and two figures with limits; a line of each row.
	if elements["rect"] != 5 || elements["polyline"] != 2 {
		t.Errorf("elements %v in\n%s", elements, plot)
	}
	if strings.Contains(plot, "NaN") || strings.Contains(plot, "Inf") {
		t.Errorf("numbers in\n%s", plot)
	}
}

func TestPlotOfNothing(t *testing.T) {
	if plot := (Result{Title: "none", Notes: []string{"left out"}}).Plot(); plot != "" {
		t.Errorf("got %s", plot)
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	report := Report{Rounds: 3, Scenarios: []Result{example(), {Name: "skipped"}}}
	if err := report.Write(dir); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(written, &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Scenarios) != 2 || back.Scenarios[0].Rows[0].Ratio != 0.5 {
		t.Errorf("got %s", written)
	}
	plots, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil || len(plots) != 1 || filepath.Base(plots[0]) != "writes.svg" {
		t.Errorf("plots %v, %v", plots, err)
	}
}
