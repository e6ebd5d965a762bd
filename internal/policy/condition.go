package policy

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// condition asks one thing of one key.
type condition struct {
	operator
	key  key
	each qualifier
	// ifExists is whether an absent key satisfies the condition.
	ifExists bool
	operands []operand
}

// qualifier says which values of a key have to satisfy a condition.
type qualifier uint8

const (
	theValue qualifier = iota // the only one
	allValues
	anyValue
)

// operator is a way to compare a key's value with a policy's.
type operator struct {
	// negated is whether no operand may hold, instead of one.
	negated bool
	// operand reads a policy's value; nil for Null, which compares none.
	operand func(text string, variables bool) (operand, error)
}

// operand is a value that a policy compares with.
type operand interface {
	// holds reports whether a value of the request compares as the operator
	// asks. A value of another type does not.
	holds(value string, r *Request) bool
}

// operators are those that there are, without qualifiers and IfExists.
var operators = map[string]operator{
	"StringEquals":              {operand: equalText},
	"StringNotEquals":           {operand: equalText, negated: true},
	"StringEqualsIgnoreCase":    {operand: foldedText},
	"StringNotEqualsIgnoreCase": {operand: foldedText, negated: true},
	"StringLike":                {operand: likeText},
	"StringNotLike":             {operand: likeText, negated: true},

	"NumericEquals":            {operand: number(equal)},
	"NumericNotEquals":         {operand: number(equal), negated: true},
	"NumericLessThan":          {operand: number(less)},
	"NumericLessThanEquals":    {operand: number(lessOrEqual)},
	"NumericGreaterThan":       {operand: number(greater)},
	"NumericGreaterThanEquals": {operand: number(greaterOrEqual)},

	"DateEquals":            {operand: date(equal)},
	"DateNotEquals":         {operand: date(equal), negated: true},
	"DateLessThan":          {operand: date(less)},
	"DateLessThanEquals":    {operand: date(lessOrEqual)},
	"DateGreaterThan":       {operand: date(greater)},
	"DateGreaterThanEquals": {operand: date(greaterOrEqual)},

	"Bool": {operand: boolean},
	"Null": {},

	"IpAddress":    {operand: network},
	"NotIpAddress": {operand: network, negated: true},

	"ArnEquals":    {operand: likeARN},
	"ArnLike":      {operand: likeARN},
	"ArnNotEquals": {operand: likeARN, negated: true},
	"ArnNotLike":   {operand: likeARN, negated: true},
}

// conditions reads a Condition: an object of operators, each an object of keys.
func (p *parser) conditions(m pair) ([]condition, *Error) {
	if m.value.kind != objectNode {
		return nil, errorf(m.value.line, "Condition is an object")
	}
	var list []condition
	for _, op := range m.value.pairs {
		c, err := parseOperator(op)
		if err != nil {
			return nil, err
		}
		if op.value.kind != objectNode || len(op.value.pairs) == 0 {
			return nil, errorf(op.value.line, "%s is an object of condition keys", op.name)
		}
		for _, k := range op.value.pairs {
			one := c
			if err := p.condition(&one, op.name, k); err != nil {
				return nil, err
			}
			list = append(list, one)
		}
	}
	return list, nil
}

// parseOperator returns a condition without key and operands.
func parseOperator(op pair) (condition, *Error) {
	var c condition
	name := op.name
	if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		c.each, name = allValues, rest
	} else if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		c.each, name = anyValue, rest
	}
	if rest, ok := strings.CutSuffix(name, "IfExists"); ok {
		c.ifExists, name = true, rest
	}
	var known bool
	c.operator, known = operators[name]
	if !known || c.operand == nil && op.name != name {
		return c, errorf(op.line, "unknown condition operator %s", op.name)
	}
	return c, nil
}

// condition gives a condition its key and operands.
func (p *parser) condition(c *condition, operator string, m pair) *Error {
	var err error
	if c.key, err = parseKey(m.name); err != nil {
		return errorf(m.line, "Condition %v", err)
	}
	if c.key.multiple() && c.each == theValue && c.operand != nil {
		return errorf(m.line, "%s has several values: %s needs ForAnyValue: or ForAllValues: before it", m.name, operator)
	}
	list := []node{m.value}
	if m.value.kind == listNode {
		list = m.value.items
	}
	if len(list) == 0 {
		return errorf(m.value.line, "%s is empty", m.name)
	}
	read := c.operand
	if read == nil {
		read = boolean
	}
	for _, n := range list {
		if n.kind != textNode && n.kind != numberNode && n.kind != boolNode {
			return errorf(n.line, "%s is a value or a list of values", m.name)
		}
		o, err := read(n.text, p.variables)
		if err != nil {
			return errorf(n.line, "%s: %q %v", operator, n.text, err)
		}
		c.operands = append(c.operands, o)
	}
	return nil
}

// satisfied reports whether a request meets the condition.
func (c *condition) satisfied(r *Request) bool {
	var buf [1]string
	values := c.key.values(r, buf[:0])
	if c.operand == nil {
		return c.compares(boolText(len(values) == 0), r)
	}
	satisfies := func(v string) bool { return c.compares(v, r) }
	switch {
	case c.each == allValues:
		return !slices.ContainsFunc(values, func(v string) bool { return !satisfies(v) })
	case len(values) == 0:
		return c.ifExists || c.negated && c.each == theValue
	}
	return slices.ContainsFunc(values, satisfies)
}

// compares compares one value with all operands.
func (c *condition) compares(value string, r *Request) bool {
	for _, o := range c.operands {
		if o.holds(value, r) {
			return !c.negated
		}
	}
	return c.negated
}

// textOperand compares texts.
type textOperand struct {
	pattern
	mode textMode
}

type textMode uint8

const (
	exactly textMode = iota
	inAnyCase
	withPattern
)

func equalText(text string, variables bool) (operand, error) {
	return newText(text, variables, exactly)
}

func foldedText(text string, variables bool) (operand, error) {
	return newText(text, variables, inAnyCase)
}

func likeText(text string, variables bool) (operand, error) {
	return newText(text, variables, withPattern)
}

func newText(text string, variables bool, mode textMode) (operand, error) {
	var f features
	if variables {
		f |= withVariables
	}
	if mode == withPattern {
		f |= withWildcards
	}
	p, err := parsePattern(text, f)
	return &textOperand{p, mode}, err
}

func (o *textOperand) holds(value string, r *Request) bool {
	if o.mode == withPattern {
		return o.matches(value, r)
	}
	text, ok := o.plain(r)
	if o.mode == inAnyCase {
		return ok && strings.EqualFold(text, value)
	}
	return ok && text == value
}

// arnOperand compares ARNs.
type arnOperand struct{ arnPattern }

func likeARN(text string, variables bool) (operand, error) {
	p, err := parseARNPattern(text, variables)
	return &arnOperand{p}, err
}

func (o *arnOperand) holds(value string, r *Request) bool { return o.matches(value, r) }

// order says which outcomes of cmp.Compare an operator takes.
type order [3]bool

var (
	equal          = order{false, true, false}
	less           = order{true, false, false}
	lessOrEqual    = order{true, true, false}
	greater        = order{false, false, true}
	greaterOrEqual = order{false, true, true}
)

func (o order) takes(compared int) bool { return o[compared+1] }

// numberOperand compares numbers.
type numberOperand struct {
	order
	n float64
}

func number(o order) func(string, bool) (operand, error) {
	return func(text string, _ bool) (operand, error) {
		n, ok := parseNumber(text)
		if !ok {
			return nil, errors.New("is not a number")
		}
		return &numberOperand{o, n}, nil
	}
}

func (o *numberOperand) holds(value string, _ *Request) bool {
	n, ok := parseNumber(value)
	return ok && o.takes(cmp.Compare(n, o.n))
}

// parseNumber reads a decimal number.
func parseNumber(s string) (float64, bool) {
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// dateOperand compares points in time.
type dateOperand struct {
	order
	t time.Time
}

func date(o order) func(string, bool) (operand, error) {
	return func(text string, _ bool) (operand, error) {
		t, ok := parseDate(text)
		if !ok {
			return nil, errors.New("is not a date like 2026-01-31T12:00:00Z")
		}
		return &dateOperand{o, t}, nil
	}
}

func (o *dateOperand) holds(value string, _ *Request) bool {
	t, ok := parseDate(value)
	return ok && o.takes(t.Compare(o.t))
}

// dateLayouts are the forms of ISO 8601 that dates may have.
var dateLayouts = [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02"}

// parseDate reads a date, or seconds since 1970.
func parseDate(s string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// boolOperand compares with true or false.
type boolOperand bool

func boolean(text string, _ bool) (operand, error) {
	switch {
	case strings.EqualFold(text, "true"):
		return boolOperand(true), nil
	case strings.EqualFold(text, "false"):
		return boolOperand(false), nil
	}
	return nil, errors.New("is not true or false")
}

func (o boolOperand) holds(value string, _ *Request) bool {
	return strings.EqualFold(value, boolText(bool(o)))
}

// netOperand is a network, or one address.
type netOperand struct{ netip.Prefix }

func network(text string, _ bool) (operand, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return &netOperand{netip.PrefixFrom(addr, addr.BitLen())}, nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, errors.New("is not an address or a network like 192.0.2.0/24")
	}
	if prefix.Addr().Is4In6() {
		// Addresses of requests are compared as those of IPv4, which such a
		// network would never have.
		return nil, errors.New("is a network of IPv4 in the form of IPv6: write it like 192.0.2.0/24")
	}
	return &netOperand{prefix}, nil
}

func (o *netOperand) holds(value string, _ *Request) bool {
	addr, err := netip.ParseAddr(value)
	return err == nil && o.Contains(addr)
}
