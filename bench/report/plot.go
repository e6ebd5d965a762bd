package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The measures of a plot, in pixels.
const (
	plotWidth   = 760
	panelTop    = 40
	barHeight   = 22
	barsLeft    = 200
	barsRight   = 600
	curveHeight = 220
	curveLeft   = 60
	curveRight  = 620
)

// colours are those of servers, in the order of rows; they can be told apart by
// people who do not see all colours.
var colours = []string{"#0072b2", "#999999", "#e69f00", "#009e73", "#cc79a7", "#56b4e9"}

// Plot returns a drawing of the result as SVG: a bar for each row's rate and
// for each figure that has a limit, below them the latencies. It is empty if
// there is nothing to draw.
func (r Result) Plot() string {
	var panels strings.Builder
	bottom := panelTop
	for _, panel := range []func(top int) (string, int){r.rates, r.limits, r.curves} {
		drawn, height := panel(bottom)
		panels.WriteString(drawn)
		bottom += height
	}
	if panels.Len() == 0 {
		return ""
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="white"/>
%s%s</svg>
`, plotWidth, bottom+20, text(20, 24, "bold", r.Title), panels.String())
}

// text returns an element; style is a font weight, or "end" for text that ends
// at x.
func text(x, y int, style, content string) string {
	attribute := ""
	switch style {
	case "bold":
		attribute = ` font-weight="bold"`
	case "end":
		attribute = ` text-anchor="end"`
	}
	return fmt.Sprintf("<text x=\"%d\" y=\"%d\"%s>%s</text>\n", x, y, attribute, html.EscapeString(content))
}

// bar returns a bar with its name on the left and its value on the right;
// share is of the full width.
func bar(top int, name, value, colour string, share float64) string {
	width := int(math.Round(math.Min(share, 1) * (barsRight - barsLeft)))
	return text(barsLeft-8, top+15, "end", name) +
		fmt.Sprintf("<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n", barsLeft, top+2, width, barHeight-6, colour) +
		text(barsLeft+width+6, top+15, "", value)
}

// rates draws what each server wrote or read a second.
func (r Result) rates(top int) (string, int) {
	most := 0.0
	for _, row := range r.Rows {
		most = max(most, row.Records)
	}
	if most == 0 {
		return "", 0
	}
	var b strings.Builder
	for i, row := range r.Rows {
		b.WriteString(bar(top+i*barHeight, row.Server, Number(row.Records)+" records/s", colour(i), row.Records/most))
	}
	return b.String(), len(r.Rows)*barHeight + 20
}

func colour(row int) string { return colours[row%len(colours)] }

// limits draws figures in parts of their limits, which are a line.
func (r Result) limits(top int) (string, int) {
	const limitAt = 0.5 // of the width
	var b strings.Builder
	y := top
	for _, f := range r.Figures {
		if f.Limit == 0 {
			continue
		}
		colour := "#009e73"
		if !f.Met() {
			colour = "#d55e00"
		}
		b.WriteString(bar(y, f.Name, Number(f.Value)+" "+f.Unit, colour, limitAt*f.Value/f.Limit))
		y += barHeight
	}
	if y == top {
		return "", 0
	}
	x := barsLeft + int(limitAt*(barsRight-barsLeft))
	fmt.Fprintf(&b, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"black\" stroke-dasharray=\"4\"/>\n", x, top, x, y)
	return b.String(), y - top + 20
}

// scale maps a range of logarithms to pixels.
type scale struct{ low, high, from, to float64 }

func (s scale) at(log float64) float64 {
	return s.from + (log-s.low)/(s.high-s.low)*(s.to-s.from)
}

// curves draws the distribution of each row's latencies, both axes logarithmic.
func (r Result) curves(top int) (string, int) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range r.Rows {
		for _, p := range row.Curve {
			low, high = min(low, logMS(p.MS)), max(high, logMS(p.MS))
		}
	}
	if low > high {
		return "", 0
	}
	low, high = math.Floor(low), math.Max(math.Ceil(high), math.Floor(low)+1)
	x := scale{low: 0, high: 4, from: curveLeft, to: curveRight}
	y := scale{low: low, high: high, from: float64(top + curveHeight), to: float64(top + 10)}
	var b strings.Builder
	for nines, name := range []string{"0", "90%", "99%", "99.9%", "99.99%"} {
		at := x.at(float64(nines))
		b.WriteString(gridLine(at, y.from, at, y.to) + text(int(at)-12, top+curveHeight+16, "", name))
	}
	for decade := low; decade <= high; decade++ {
		at := y.at(decade)
		b.WriteString(gridLine(x.from, at, x.to, at) + text(curveLeft-6, int(at)+4, "end", Number(math.Pow(10, decade))+" ms"))
	}
	for i, row := range r.Rows {
		b.WriteString(curve(row, i, x, y))
	}
	return b.String(), curveHeight + 24
}

func gridLine(x1, y1, x2, y2 float64) string {
	return fmt.Sprintf("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n", x1, y1, x2, y2)
}

// curve draws a row's line, with its name at the end.
func curve(row Row, i int, x, y scale) string {
	if len(row.Curve) == 0 {
		return ""
	}
	var points []string
	var endX, endY float64
	for _, p := range row.Curve {
		endX, endY = x.at(-math.Log10(1-p.Quantile)), y.at(logMS(p.MS))
		points = append(points, fmt.Sprintf("%.1f,%.1f", endX, endY))
	}
	return fmt.Sprintf("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", strings.Join(points, " "), colour(i)) +
		text(int(endX)+6, int(endY)+4, "", row.Server)
}

// logMS returns the logarithm of a latency; below a microsecond all are the
// same.
func logMS(ms float64) float64 { return math.Log10(max(ms, 1e-3)) }
