// Package report says what was measured: a table for people, JSON for programs,
// and a plot of each scenario as SVG.
package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"leat/bench/stats"
)

// Report is what a run of the benchmark found.
type Report struct {
	Began      time.Time `json:"began"`
	Processors int       `json:"processors"`
	Round      string    `json:"round"`
	Rounds     int       `json:"rounds"`
	Scenarios  []Result  `json:"scenarios"`
}

// Result is what a scenario found.
type Result struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Goal    string   `json:"goal,omitempty"`
	Rows    []Row    `json:"rows,omitempty"`
	Figures []Figure `json:"figures,omitempty"`
	Notes   []string `json:"notes,omitempty"` // of what was left out, and why
}

// Row is what a server did in its rounds: of each value the median, of
// latencies the quantiles of all rounds together. MB and GB are 10^6 and 10^9
// bytes of records' data.
type Row struct {
	Server     string  `json:"server"`
	Requests   float64 `json:"requests_per_second"`
	Records    float64 `json:"records_per_second"`
	MB         float64 `json:"mb_per_second"`
	P50        float64 `json:"p50_ms"`
	P99        float64 `json:"p99_ms"`
	P999       float64 `json:"p999_ms"`
	CPUPerGB   float64 `json:"cpu_seconds_per_gb"`
	CPURequest float64 `json:"cpu_us_per_request"`
	PeakMiB    float64 `json:"peak_rss_mib"`
	// Ratio is of this server's data to the baseline's, 0 if there is none. It
	// is the median of the ratios of rounds that took turns.
	Ratio float64 `json:"ratio,omitempty"`
	// Curve is the latencies' distribution, for the plot.
	Curve []Point `json:"latency_curve,omitempty"`
}

// Point says how long at most a share of the requests took.
type Point struct {
	Quantile float64 `json:"quantile"`
	MS       float64 `json:"ms"`
}

// Figure is a number that is no server's rate. It may have a limit, which it is
// not to exceed, or, with AtLeast, to reach.
type Figure struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Limit   float64 `json:"limit,omitempty"`
	AtLeast bool    `json:"at_least,omitempty"`
}

// Met reports whether a figure keeps its limit.
func (f Figure) Met() bool {
	if f.Limit == 0 {
		return true
	}
	if f.AtLeast {
		return f.Value >= f.Limit
	}
	return f.Value <= f.Limit
}

// curveQuantiles are those of a plot: equal steps of its axis, of which each
// nine is one unit.
var curveQuantiles = []float64{
	0, 0.25, 0.5, 0.684, 0.8, 0.9, 0.937, 0.968, 0.98, 0.99, 0.9937, 0.9968, 0.998, 0.999, 0.9997, 0.9999,
}

// Latencies fills in what a row says of latencies.
func (r *Row) Latencies(h *stats.Histogram) {
	if h.Count() == 0 {
		return
	}
	r.P50, r.P99, r.P999 = MS(h.Quantile(0.5)), MS(h.Quantile(0.99)), MS(h.Quantile(0.999))
	r.Curve = nil
	for _, q := range curveQuantiles {
		if (1-q)*float64(h.Count()) < 1 && q > 0 {
			break // fewer requests than the share stands for
		}
		r.Curve = append(r.Curve, Point{Quantile: q, MS: MS(h.Quantile(q))})
	}
}

// MS returns a duration in milliseconds.
func MS(d time.Duration) float64 { return d.Seconds() * 1e3 }

// Write puts report.json and a plot of each scenario into a directory, which
// it makes.
func (r Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "report.json"), append(encoded, '\n'), 0o644); err != nil {
		return err
	}
	for _, s := range r.Scenarios {
		plot := s.Plot()
		if plot == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, s.Name+".svg"), []byte(plot), 0o644); err != nil {
			return err
		}
	}
	return nil
}
