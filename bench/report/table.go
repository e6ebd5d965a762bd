package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const header = "" +
	"                  requests/s  records/s     MB/s   p50 ms   p99 ms  p999 ms  CPU s/GB  us/request  peak MiB  ratio\n"

// Table returns a result as text for people.
func (r Result) Table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Name, r.Title)
	if len(r.Rows) > 0 {
		b.WriteString(header)
	}
	for _, row := range r.Rows {
		ratio := "-"
		if row.Ratio > 0 {
			ratio = fmt.Sprintf("%.0f%%", 100*row.Ratio)
		}
		fmt.Fprintf(&b, "  %-15s %11.0f %10.0f %8.1f %8.2f %8.2f %8.2f %9s %11s %9s %6s\n",
			row.Server, row.Requests, row.Records, row.MB, row.P50, row.P99, row.P999,
			known(row.CPUPerGB, "%.2f"), known(row.CPURequest, "%.1f"), known(row.PeakMiB, "%.0f"), ratio)
	}
	for _, f := range r.Figures {
		fmt.Fprintf(&b, "  %s: %s %s%s\n", f.Name, Number(f.Value), f.Unit, f.verdict())
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "  %s\n", note)
	}
	if r.Goal != "" {
		fmt.Fprintf(&b, "  goal: %s\n", r.Goal)
	}
	return b.String()
}

// known formats a value, or says that it is not known.
func known(v float64, format string) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

func (f Figure) verdict() string {
	if f.Limit == 0 {
		return ""
	}
	relation, verdict := "at most", "met"
	if f.AtLeast {
		relation = "at least"
	}
	if !f.Met() {
		verdict = "missed"
	}
	return fmt.Sprintf(" (%s %s: %s)", relation, Number(f.Limit), verdict)
}

// Number formats a value with three digits that count.
func Number(v float64) string {
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
