package expression

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/dynamo/item"
)

var (
	hash1 = KeyAttribute{Name: "h", Type: item.TypeS}
	sortN = KeyAttribute{Name: "r", Type: item.TypeN}
	sortS = KeyAttribute{Name: "r", Type: item.TypeS}
)

// keyValues are what these tests have for placeholders.
var keyValues = item.Item{
	":h": item.S("p"), ":1": num(1), ":5": num(5), ":s": item.S("s"), ":t": item.S("t"), ":list": item.L(),
	":none": item.S(""), ":nothing": item.B(nil),
}

func parseKey(t *testing.T, text string) (*KeyCondition, string) {
	t.Helper()
	p, err := NewPlaceholders(map[string]string{"#h": "h"}, keyValues)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKeyCondition(text, p)
	return k, message(err)
}

func TestKeyConditions(t *testing.T) {
	n := func(list ...int64) []item.Value { return numbers(list...).List() }
	for _, c := range []struct {
		text    string
		sort    KeyAttribute
		in, out []item.Value
	}{
		{"h = :h", sortN, n(-1, 0, 9), nil},
		{":h = #h", sortN, n(-1, 0, 9), nil},
		{"h = :h AND r = :5", sortN, n(5), n(4, 6)},
		{"(r = :5) AND (h = :h)", sortN, n(5), n(4, 6)},
		{"((r = :5) AND (h = :h))", sortN, n(5), n(4, 6)},
		{"h = :h and r < :5", sortN, n(-3, 4), n(5, 6)},
		{"h = :h AND r <= :5", sortN, n(4, 5), n(6)},
		{"h = :h AND r > :5", sortN, n(6, 60), n(4, 5)},
		{"h = :h AND :5 <= r", sortN, n(5, 6), n(4)},
		{"h = :h AND :5 > r", sortN, n(4), n(5, 6)},
		{"h = :h AND r BETWEEN :1 AND :5", sortN, n(1, 3, 5), n(0, 6)},
		{"h = :h AND begins_with(r, :s)", sortS, []item.Value{item.S("s"), item.S("st")}, []item.Value{item.S("r"), item.S("t")}},
	} {
		k, failure := parseKey(t, c.text)
		if failure != "" {
			t.Errorf("%s: %s", c.text, failure)
			continue
		}
		h, r, err := k.Bind(hash1, c.sort)
		if err != nil || !h.Equal(item.S("p")) {
			t.Errorf("%s: %v, %v", c.text, h, err)
		}
		for _, v := range c.in {
			checkRange(t, r, v, true)
		}
		for _, v := range c.out {
			checkRange(t, r, v, false)
		}
	}
}

// checkRange holds a range to its bounds: both say the same about a sort key,
// whatever follows it.
func checkRange(t interface{ Errorf(string, ...any) }, r Range, v item.Value, want bool) {
	from, to := r.Bounds()
	for _, more := range []string{"", "\x00", "\xff\xff"} {
		key := append(item.AppendKey(nil, v), more...)
		within := bytes.Compare(key, from) >= 0 && (to == nil || bytes.Compare(key, to) < 0)
		if r.Holds(v) != want || within != want {
			t.Errorf("%v: %v holds is %v, and it is within the bounds %x to %x is %v; want %v", r, v, r.Holds(v), from, to, within, want)
		}
	}
}

func TestRangesAndTheirBounds(t *testing.T) {
	texts := rapid.StringOfN(rapid.SampledFrom([]rune("a\x00\x01\u00ff")), 0, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		draw := func() item.Value { return item.S(texts.Draw(t, "text")) }
		if rapid.Bool().Draw(t, "binary") {
			bytes := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xfe, 0xff}), 0, 3)
			draw = func() item.Value { return item.B(bytes.Draw(t, "bytes")) }
		}
		o := rapid.SampledFrom([]op{opEQ, opLT, opLE, opGT, opGE, opBetween, opCall}).Draw(t, "op")
		r := Range{op: o, values: []item.Value{draw()}}
		if o == opBetween {
			r.values = append(r.values, draw())
			if compare(opGT, r.values[0], r.values[1]) {
				t.Skip("no range")
			}
		}
		v := draw()
		checkRange(t, r, v, r.Holds(v))
	})
}

func TestRangesOfNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() item.Value { return num(rapid.Int64Range(-12, 12).Draw(t, "number")) }
		o := rapid.SampledFrom([]op{opEQ, opLT, opLE, opGT, opGE}).Draw(t, "op")
		r, v := Range{op: o, values: []item.Value{draw()}}, draw()
		checkRange(t, r, v, r.Holds(v))
	})
}

func TestKeyConditionErrors(t *testing.T) {
	const condition = "Invalid condition in KeyConditionExpression: "
	for text, want := range map[string]string{
		"":                               "Invalid KeyConditionExpression: The expression can not be empty;",
		"h":                              `Invalid KeyConditionExpression: Syntax error; token: "<EOF>", near: "h"`,
		"((h = :h)) AND r = :5":          "Invalid KeyConditionExpression: The expression has redundant parentheses;",
		"status = :h":                    "Invalid KeyConditionExpression: Attribute name is a reserved keyword; reserved keyword: status",
		"h = :undefined":                 "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; attribute value: :undefined",
		"h = :h AND begins_with(r, :5)":  "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N",
		"h = :h OR r = :5":               "Invalid operator used in KeyConditionExpression: OR",
		"NOT h = :h":                     "Invalid operator used in KeyConditionExpression: NOT",
		"h = :h AND r <> :5":             "Invalid operator used in KeyConditionExpression: <>",
		"h = :h AND r IN (:5)":           "Invalid operator used in KeyConditionExpression: IN",
		"h = :h AND attribute_exists(r)": "Invalid operator used in KeyConditionExpression: attribute_exists",
		"h = :h AND size(r) = :5":        "KeyConditionExpressions cannot contain nested operations",
		"h = :h AND :1 BETWEEN r AND :5": condition + "BETWEEN operator must have the key attribute as its first operand",
		"h = :h AND begins_with(:s, r)":  condition + "begins_with operator must have the key attribute as its first operand",
		"h = r":                          condition + "Multiple attribute names used in one condition",
		"h = :h AND :1 = :5":             condition + "No key attribute specified",
		"h = :h AND r.k = :5":            "KeyConditionExpressions cannot have conditions on nested attributes",
		"h = :h AND h = :s":              "KeyConditionExpressions must only contain one condition per key",
		"h = :h AND r > :1 AND r < :5":   "KeyConditionExpressions must only contain one condition per key",
		"h = :h AND r = :5 AND x = :5":   "Conditions can be of length 1 or 2 only",
	} {
		k, got := parseKey(t, text)
		if parsed := !strings.HasPrefix(want, "Invalid KeyConditionExpression: "); parsed {
			// This is for later: after the other expressions, and before the key.
			if got != "" {
				t.Errorf("%s is refused too early: %s", text, got)
				continue
			}
			_, _, err := k.Bind(hash1, sortN)
			checkMessage(t, text, err, want)
			got = message(k.Check())
		}
		if got != "ValidationException: "+want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestBindErrors(t *testing.T) {
	const (
		missed    = "Query condition missed key schema element: "
		supported = "Query key condition not supported"
		empty     = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
		mismatch  = "One or more parameter values were invalid: Condition parameter type does not match schema type"
	)
	for _, c := range []struct {
		text string
		sort KeyAttribute
		want string
	}{
		{"r = :5", sortN, missed + "h"},
		{"x = :5", sortN, missed + "h"},
		{"h = :h AND x = :5", sortN, missed + "r"},
		{"h = :h AND r = :5", KeyAttribute{}, supported},
		{"h > :h", sortN, supported},
		{"begins_with(h, :h)", sortN, supported},
		{"h = :5", sortN, mismatch},
		{"h = :h AND r = :s", sortN, mismatch},
		{"h = :h AND r BETWEEN :s AND :t", sortN, mismatch},
		{"h = :h AND r = :list", sortN, mismatch},
		{"h = :none AND x = :5", sortN, empty + "string value. Key: h"},
		{"h = :h AND begins_with(r, :none)", sortS, empty + "string value. Key: r"},
		{"h = :h AND r BETWEEN :none AND :s", sortS, empty + "string value. Key: r"},
		{"h = :h AND r >= :nothing", KeyAttribute{Name: "r", Type: item.TypeB}, empty + "binary value. Key: r"},
		{"h > :none", sortN, supported},
	} {
		k, failure := parseKey(t, c.text)
		if failure != "" {
			t.Errorf("%s: %s", c.text, failure)
			continue
		}
		checkMessage(t, c.text, k.Check(), "")
		_, _, err := k.Bind(hash1, c.sort)
		checkMessage(t, c.text, err, c.want)
	}
}

func TestOlderKeyConditions(t *testing.T) {
	eq := Comparison{Attribute: "h", Operator: "EQ", Values: item.List{item.S("p")}}
	one := func(operator string, values ...item.Value) []Comparison {
		return []Comparison{eq, {Attribute: "r", Operator: operator, Values: values}}
	}
	for _, c := range []struct {
		entries     []Comparison
		parse, bind string
		in, out     int64
	}{
		{entries: []Comparison{eq}, in: 5},
		{entries: one("LT", num(5)), in: 4, out: 5},
		{entries: one("BETWEEN", num(1), num(5)), in: 5, out: 6},
		{entries: nil, parse: "Conditions can be of length 1 or 2 only"},
		{entries: append(one("LT", num(5)), eq), parse: "Conditions can be of length 1 or 2 only"},
		{
			entries: one("BEGINS_WITH", num(5)),
			parse:   "One or more parameter values were invalid: ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type",
		},
		{entries: one("NE", num(5)), bind: "Attempted conditional constraint is not an indexable operation"},
		{entries: one("CONTAINS", num(5)), bind: "Attempted conditional constraint is not an indexable operation"},
		{entries: one("NULL"), bind: "Attempted conditional constraint is not an indexable operation"},
		{entries: one("IN", num(5)), bind: "Attempted conditional constraint is not an indexable operation"},
	} {
		k, err := KeyConditions(c.entries)
		checkMessage(t, "parse", err, c.parse)
		if err != nil {
			continue
		}
		_, r, err := k.Bind(hash1, sortN)
		checkMessage(t, "bind", err, c.bind)
		if err != nil {
			continue
		}
		checkRange(t, r, num(c.in), true)
		if c.out != 0 {
			checkRange(t, r, num(c.out), false)
		}
	}
}
