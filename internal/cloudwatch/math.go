package cloudwatch

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	shapes "leat/internal/api/cloudwatch"
)

// The expressions of GetMetricData are a part of AWS's:
//
//	sum     = product { ("+" | "-") product }
//	product = sign { ("*" | "/") sign }
//	sign    = [ "-" | "+" ] power
//	power   = primary [ "^" sign ]
//	primary = number | id | "(" sum ")" | "[" sum { "," sum } "]"
//	        | ("SUM" | "AVG" | "MIN" | "MAX") "(" sum ")" | "METRICS" "(" ")"
//
// A value is a number, a time series, or an array of time series. Of two time
// series operators see the times that both have. SUM and its like make a time
// series of an array, and a number of a time series. METRICS is the array of all
// that the request asks for with MetricStat. What comes out must be a time series;
// where it would not be a finite number it has no datapoint.

const (
	// maxDepth is how deep an expression may be nested.
	maxDepth = 64
	// maxWork is how many datapoints the expressions of a request may look at.
	maxWork = 20_000_000
)

// operand is a value of an expression.
type operand struct {
	kind   kind
	number float64
	series timeSeries
	array  []timeSeries
}

type kind uint8

const (
	isNumber kind = iota
	isSeries
	isArray
)

// queryResult is a query that the answer has.
type queryResult struct {
	id, label string
	series    timeSeries
}

// evaluation is the queries of one request while they are answered.
type evaluation struct {
	queries []shapes.MetricDataQuery
	byID    map[string]int
	fetch   func(*shapes.MetricDataQuery) timeSeries // of a query with MetricStat
	done    map[int]timeSeries
	begun   map[int]bool // to find circles
	work    int
}

func newEvaluation(queries []shapes.MetricDataQuery, fetch func(*shapes.MetricDataQuery) timeSeries) *evaluation {
	e := &evaluation{
		queries: queries, fetch: fetch,
		byID: make(map[string]int, len(queries)), done: make(map[int]timeSeries), begun: make(map[int]bool),
	}
	for i := range queries {
		e.byID[queries[i].Id.V] = i
	}
	return e
}

// results returns the results that the answer has, in the order of the queries.
func (e *evaluation) results() ([]queryResult, error) {
	var all []queryResult
	for i := range e.queries {
		q := &e.queries[i]
		series, err := e.query(i)
		if err != nil {
			return nil, err
		}
		if !q.ReturnData.Or(true) {
			continue
		}
		label := q.Id.V
		if q.MetricStat.Set {
			label = q.MetricStat.V.Metric.V.MetricName.V
		}
		all = append(all, queryResult{q.Id.V, q.Label.Or(label), series})
	}
	return all, nil
}

// query returns the time series of a query.
func (e *evaluation) query(i int) (timeSeries, error) {
	q := &e.queries[i]
	if ts, ok := e.done[i]; ok {
		return ts, nil
	}
	if q.MetricStat.Set {
		e.done[i] = e.fetch(q)
		return e.done[i], nil
	}
	p := &expression{evaluation: e, id: q.Id.V, rest: q.Expression.V}
	if e.begun[i] {
		return nil, p.fail("it depends on itself")
	}
	e.begun[i] = true
	ts, err := p.evaluate()
	if err != nil {
		return nil, err
	}
	e.done[i] = ts
	return ts, nil
}

// expression is what is left of an expression while it is evaluated.
type expression struct {
	*evaluation
	id    string
	rest  string
	depth int
}

func (p *expression) fail(format string, args ...any) error {
	return invalidData("Error in expression '%s': %s", p.id, fmt.Sprintf(format, args...))
}

func (p *expression) evaluate() (timeSeries, error) {
	v, err := p.sum()
	switch {
	case err != nil:
		return nil, err
	case p.peek() != 0:
		return nil, p.fail("%q is not supported here", p.rest[:1])
	case v.kind != isSeries:
		return nil, p.fail("it must result in one time series")
	}
	return v.series, nil
}

// peek returns the next byte that is no space, 0 at the end.
func (p *expression) peek() byte {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

// accept passes over the next byte if it is one of some, and returns it.
func (p *expression) accept(some string) byte {
	c := p.peek()
	if c == 0 || strings.IndexByte(some, c) < 0 {
		return 0
	}
	p.rest = p.rest[1:]
	return c
}

// expect passes over a byte that has to be there.
func (p *expression) expect(c byte) error {
	if p.accept(string(c)) == 0 {
		return p.fail("a %q is missing", string(c))
	}
	return nil
}

func (p *expression) sum() (operand, error) { return p.chain("+-", p.product) }

func (p *expression) product() (operand, error) { return p.chain("*/", p.sign) }

// chain evaluates operands with operators between them, from left to right.
func (p *expression) chain(operators string, next func() (operand, error)) (operand, error) {
	left, err := next()
	for err == nil {
		op := p.accept(operators)
		if op == 0 {
			return left, nil
		}
		var right operand
		if right, err = next(); err == nil {
			left, err = p.combine(op, left, right)
		}
	}
	return operand{}, err
}

func (p *expression) sign() (operand, error) {
	minus := false
	for {
		switch p.accept("+-") {
		case '-':
			minus = !minus
			continue
		case '+':
			continue
		}
		break
	}
	v, err := p.power()
	if err != nil || !minus {
		return v, err
	}
	return p.combine('*', operand{number: -1}, v)
}

func (p *expression) power() (operand, error) {
	if p.depth++; p.depth > maxDepth {
		return operand{}, p.fail("it is nested too deep")
	}
	defer func() { p.depth-- }()
	base, err := p.primary()
	if err != nil || p.accept("^") == 0 {
		return base, err
	}
	exponent, err := p.sign()
	if err != nil {
		return operand{}, err
	}
	return p.combine('^', base, exponent)
}

func (p *expression) primary() (operand, error) {
	switch c := p.peek(); {
	case p.accept("(") != 0:
		v, err := p.sum()
		if err != nil {
			return operand{}, err
		}
		return v, p.expect(')')
	case p.accept("[") != 0:
		return p.array()
	case c >= '0' && c <= '9' || c == '.':
		return p.literal()
	case isLetter(c):
		return p.name()
	case c == 0:
		return operand{}, p.fail("it ends too early")
	}
	return operand{}, p.fail("%q is not supported here", p.rest[:1])
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isWord(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '_' }

// word takes the bytes off the front that a predicate holds for.
func (p *expression) word(of func(byte) bool) string {
	n := 0
	for n < len(p.rest) && of(p.rest[n]) {
		n++
	}
	word := p.rest[:n]
	p.rest = p.rest[n:]
	return word
}

func (p *expression) literal() (operand, error) {
	text := p.word(func(c byte) bool { return c >= '0' && c <= '9' || c == '.' })
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return operand{}, p.fail("%q is no number", text)
	}
	return operand{number: v}, nil
}

// array evaluates the elements of an array, which are time series.
func (p *expression) array() (operand, error) {
	out := operand{kind: isArray}
	for {
		v, err := p.sum()
		switch {
		case err != nil:
			return operand{}, err
		case v.kind == isNumber:
			return operand{}, p.fail("an array has time series, not numbers")
		case v.kind == isSeries:
			v.array = []timeSeries{v.series}
		}
		out.array = append(out.array, v.array...)
		if p.accept(",") == 0 {
			return out, p.expect(']')
		}
	}
}

// name evaluates what begins with a name: another query or a function.
func (p *expression) name() (operand, error) {
	name := p.word(isWord)
	if i, ok := p.byID[name]; ok {
		ts, err := p.query(i)
		return operand{kind: isSeries, series: ts}, err
	}
	fold, ok := folds[name]
	if !ok && name != "METRICS" {
		return operand{}, p.fail("%q is no id of a query, and no function that is supported (SUM, AVG, MIN, MAX, METRICS)", name)
	}
	if err := p.expect('('); err != nil {
		return operand{}, err
	}
	if !ok {
		return p.metrics()
	}
	v, err := p.sum()
	if err == nil {
		err = p.expect(')')
	}
	if err != nil {
		return operand{}, err
	}
	return p.fold(fold, v)
}

// metrics returns all that the request asks for with MetricStat.
func (p *expression) metrics() (operand, error) {
	out := operand{kind: isArray}
	for i := range p.queries {
		if !p.queries[i].MetricStat.Set {
			continue
		}
		ts, err := p.query(i)
		if err != nil {
			return operand{}, err
		}
		out.array = append(out.array, ts)
	}
	return out, p.expect(')')
}

// spend counts datapoints that are looked at.
func (p *expression) spend(points int) error {
	if p.work += points; p.work > maxWork {
		return p.fail("the request is too expensive; ask for fewer datapoints")
	}
	return nil
}

// combine applies an operator.
func (p *expression) combine(op byte, a, b operand) (operand, error) {
	if a.kind == isArray || b.kind == isArray {
		return operand{}, p.fail("operators on arrays are not supported, only SUM, AVG, MIN and MAX")
	}
	if err := p.spend(len(a.series) + len(b.series)); err != nil {
		return operand{}, err
	}
	switch {
	case a.kind == isNumber && b.kind == isNumber:
		return operand{number: apply(op, a.number, b.number)}, nil
	case a.kind == isNumber:
		return each(b.series, func(v float64) float64 { return apply(op, a.number, v) }), nil
	case b.kind == isNumber:
		return each(a.series, func(v float64) float64 { return apply(op, v, b.number) }), nil
	}
	out := operand{kind: isSeries, series: make(timeSeries, 0, min(len(a.series), len(b.series)))}
	for x, y := a.series, b.series; len(x) > 0 && len(y) > 0; {
		switch {
		case x[0].at < y[0].at:
			x = x[1:]
		case x[0].at > y[0].at:
			y = y[1:]
		default:
			out.series = out.series.with(value{x[0].at, apply(op, x[0].v, y[0].v)})
			x, y = x[1:], y[1:]
		}
	}
	return out, nil
}

func each(ts timeSeries, fn func(float64) float64) operand {
	out := operand{kind: isSeries, series: make(timeSeries, 0, len(ts))}
	for _, p := range ts {
		out.series = out.series.with(value{p.at, fn(p.v)})
	}
	return out
}

// with appends a datapoint, if it is a number.
func (ts timeSeries) with(p value) timeSeries {
	if math.IsNaN(p.v) || math.IsInf(p.v, 0) {
		return ts
	}
	return append(ts, p)
}

func apply(op byte, a, b float64) float64 {
	switch op {
	case '+':
		return a + b
	case '-':
		return a - b
	case '*':
		return a * b
	case '/':
		return a / b
	}
	return math.Pow(a, b)
}
