package expression

import (
	"fmt"
	"testing"
	"time"

	"leat/internal/dynamo/item"
)

func compareWith(attribute, operator string, values ...item.Value) Comparison {
	return Comparison{Attribute: attribute, Operator: operator, Values: values}
}

// TestComparisonOperators has, for each operator, a comparison that holds for
// document, one that does not, and whether it holds for what is not there.
func TestComparisonOperators(t *testing.T) {
	s, b := item.S, func(text string) item.Value { return item.B([]byte(text)) }
	for _, c := range []struct {
		holds, fails []Comparison
		missing      Comparison
		holdsMissing bool
	}{
		{
			[]Comparison{compareWith("n", "EQ", num(5)), compareWith("ss", "EQ", item.SS("b", "a")), compareWith("t", "EQ", item.BOOL(true))},
			[]Comparison{compareWith("n", "EQ", num(4)), compareWith("n", "EQ", s("5"))},
			compareWith("gone", "EQ", num(5)), false,
		},
		{
			[]Comparison{compareWith("n", "NE", num(4)), compareWith("n", "NE", s("5"))},
			[]Comparison{compareWith("n", "NE", num(5))},
			compareWith("gone", "NE", num(5)), true,
		},
		{
			[]Comparison{compareWith("n", "LE", num(5)), compareWith("s", "LE", s("i"))},
			[]Comparison{compareWith("n", "LE", num(4)), compareWith("n", "LE", s("9"))},
			compareWith("gone", "LE", num(5)), false,
		},
		{[]Comparison{compareWith("n", "LT", num(6))}, []Comparison{compareWith("n", "LT", num(5))}, compareWith("gone", "LT", num(5)), false},
		{[]Comparison{compareWith("n", "GE", num(5))}, []Comparison{compareWith("n", "GE", num(6))}, compareWith("gone", "GE", num(5)), false},
		{[]Comparison{compareWith("n", "GT", num(4))}, []Comparison{compareWith("n", "GT", num(5))}, compareWith("gone", "GT", num(5)), false},
		{[]Comparison{compareWith("z", "NOT_NULL")}, nil, compareWith("gone", "NOT_NULL"), false},
		{nil, []Comparison{compareWith("z", "NULL")}, compareWith("gone", "NULL"), true},
		{
			[]Comparison{
				compareWith("s", "CONTAINS", s("ell")), compareWith("bin", "CONTAINS", b("ell")), compareWith("ns", "CONTAINS", num(2)),
				compareWith("l", "CONTAINS", s("x")),
				compareWith("ns", "NOT_CONTAINS", item.BOOL(true)),
			},
			[]Comparison{compareWith("s", "CONTAINS", s("x")), compareWith("ns", "CONTAINS", s("2")), compareWith("s", "CONTAINS", num(1))},
			compareWith("gone", "CONTAINS", num(5)), false,
		},
		{
			[]Comparison{compareWith("s", "NOT_CONTAINS", s("x")), compareWith("s", "NOT_CONTAINS", num(1)), compareWith("ns", "NOT_CONTAINS", num(9))},
			[]Comparison{compareWith("s", "NOT_CONTAINS", s("ell")), compareWith("l", "NOT_CONTAINS", num(1))},
			compareWith("gone", "NOT_CONTAINS", num(5)), false,
		},
		{
			[]Comparison{compareWith("s", "BEGINS_WITH", s("hel")), compareWith("bin", "BEGINS_WITH", b("h"))},
			[]Comparison{compareWith("s", "BEGINS_WITH", s("x")), compareWith("n", "BEGINS_WITH", s("5"))},
			compareWith("gone", "BEGINS_WITH", s("x")), false,
		},
		{
			[]Comparison{compareWith("n", "IN", num(4), num(5))},
			[]Comparison{compareWith("n", "IN", num(4)), compareWith("ns", "IN", num(1), num(2))},
			compareWith("gone", "IN", num(5)), false,
		},
		{
			[]Comparison{compareWith("n", "BETWEEN", num(5), num(6))},
			[]Comparison{compareWith("n", "BETWEEN", num(6), num(7)), compareWith("n", "BETWEEN", s("4"), s("6"))},
			compareWith("gone", "BETWEEN", num(5), num(6)), false,
		},
	} {
		for _, e := range c.holds {
			checkComparison(t, e, true)
		}
		for _, e := range c.fails {
			checkComparison(t, e, false)
		}
		checkComparison(t, c.missing, c.holdsMissing)
	}
}

// checkComparison checks a comparison as a filter and as an expectation.
func checkComparison(t *testing.T, c Comparison, want bool) {
	t.Helper()
	filter, err := Filter([]Comparison{c}, "")
	if err != nil || filter.Holds(document()) != want {
		t.Errorf("%v: as a filter %v, %v", c, filter.Holds(document()), err)
	}
	expected, err := Expected([]Expectation{{Comparison: c}}, "")
	if err != nil || expected.Holds(document()) != want {
		t.Errorf("%v: as an expectation %v, %v", c, expected.Holds(document()), err)
	}
	if len(c.Values) != 1 {
		return
	}
	single, err := Expected([]Expectation{{Comparison: Comparison{Attribute: c.Attribute, Operator: c.Operator}, Value: c.Values[0]}}, "")
	if err != nil || single.Holds(document()) != want {
		t.Errorf("%v: with a value %v, %v", c, single.Holds(document()), err)
	}
}

func TestExpectations(t *testing.T) {
	for _, c := range []struct {
		e    Expectation
		want bool
	}{
		{Expectation{Comparison: Comparison{Attribute: "n"}, Value: num(5)}, true},
		{Expectation{Comparison: Comparison{Attribute: "n"}, Value: num(6)}, false},
		{Expectation{Comparison: Comparison{Attribute: "n"}, Value: num(5), Exists: new(true)}, true},
		{Expectation{Comparison: Comparison{Attribute: "n"}, Exists: new(false)}, false},
		{Expectation{Comparison: Comparison{Attribute: "gone"}, Exists: new(false)}, true},
		{Expectation{Comparison: Comparison{Attribute: "gone"}, Value: num(5)}, false},
	} {
		got, err := Expected([]Expectation{c.e}, "")
		if err != nil || got.Holds(document()) != c.want {
			t.Errorf("%v: %v, %v", c.e, got.Holds(document()), err)
		}
	}
	none, err := Expected(nil, "")
	if err != nil || !none.Holds(nil) {
		t.Errorf("nothing expected: %v, %v", none, err)
	}
}

func TestExpectationErrors(t *testing.T) {
	in := func(attribute string) Comparison { return Comparison{Attribute: attribute} }
	list := item.List{num(1)}
	for want, e := range map[string]Expectation{
		"Value and AttributeValueList cannot be used together for Attribute: a": {
			Comparison: Comparison{Attribute: "a", Values: list}, Value: num(1),
		},
		"Exists and ComparisonOperator cannot be used together for Attribute: a": {
			Comparison: Comparison{Attribute: "a", Operator: "EQ", Values: list}, Exists: new(true),
		},
		"Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a": {Comparison: compareWith("a", "EQ")},
		"AttributeValueList can only be used with a ComparisonOperator for Attribute: a":        {Comparison: compareWith("a", "", num(1))},
		"Value must be provided when Exists is null for Attribute: a":                           {Comparison: in("a")},
		"Value must be provided when Exists is true for Attribute: a":                           {Comparison: in("a"), Exists: new(true)},
		"Value cannot be used when Exists is false for Attribute: a":                            {Comparison: in("a"), Exists: new(false), Value: num(1)},
		"Invalid number of argument(s) for the NULL ComparisonOperator":                         {Comparison: compareWith("a", "NULL"), Value: num(1)},
		"Invalid number of argument(s) for the BETWEEN ComparisonOperator":                      {Comparison: compareWith("a", "BETWEEN"), Value: num(1)},
		"Invalid number of argument(s) for the EQ ComparisonOperator":                           {Comparison: compareWith("a", "EQ", num(1), num(2))},
		"Invalid number of argument(s) for the IN ComparisonOperator": {
			Comparison: Comparison{Attribute: "a", Operator: "IN", Values: item.List{}},
		},
		"AttributeValues inside AttributeValueList must be of same type":        {Comparison: compareWith("a", "IN", num(1), item.S("x"))},
		"ComparisonOperator LT is not valid for SS AttributeValue type":         {Comparison: compareWith("a", "LT", item.SS("x"))},
		"ComparisonOperator CONTAINS is not valid for L AttributeValue type":    {Comparison: compareWith("a", "CONTAINS", item.L())},
		"ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type": {Comparison: compareWith("a", "BEGINS_WITH", num(1))},
		"ComparisonOperator IN is not valid for BOOL AttributeValue type":       {Comparison: compareWith("a", "IN", item.BOOL(true))},
		"ComparisonOperator BETWEEN is not valid for NS AttributeValue type":    {Comparison: compareWith("a", "BETWEEN", item.NS(item.Int(1)), item.NS(item.Int(2)))},
	} {
		_, err := Expected([]Expectation{e}, "")
		checkMessage(t, fmt.Sprint(e), err, "One or more parameter values were invalid: "+want)
	}
	_, err := Filter([]Comparison{compareWith("a", "BETWEEN", num(2), num(1))}, "")
	checkMessage(t, "bounds", err, "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
	_, err = Expected([]Expectation{{}}, "")
	checkMessage(t, "no name", err, "Empty attribute name")
	_, err = Filter([]Comparison{compareWith("", "NULL")}, "")
	checkMessage(t, "no name", err, "Empty attribute name")
	const number = "The parameter cannot be converted to a numeric value: x"
	var faulty item.Value
	if err := faulty.Parse([]byte(`{"N":"x"}`)); err != nil {
		t.Fatal(err)
	}
	_, err = Expected([]Expectation{{Comparison: in("a"), Value: faulty}}, "")
	checkMessage(t, "a faulty value", err, number)
	_, err = Filter([]Comparison{compareWith("a", "EQ", faulty)}, "")
	checkMessage(t, "a faulty list", err, number)
	_, err = AttributeUpdates([]AttributeUpdate{{Attribute: "a", Value: faulty}})
	checkMessage(t, "a faulty update", err, number)
}

func TestConditionalOperator(t *testing.T) {
	yes, no := compareWith("n", "EQ", num(5)), compareWith("n", "EQ", num(6))
	for _, c := range []struct {
		entries  []Comparison
		operator string
		want     bool
	}{
		{[]Comparison{yes, yes, no}, "", false},
		{[]Comparison{yes, yes, no}, "AND", false},
		{[]Comparison{no, no, yes}, "OR", true},
		{[]Comparison{no, no}, "OR", false},
		{[]Comparison{yes, yes}, "AND", true},
	} {
		got, err := Filter(c.entries, c.operator)
		if err != nil || got.Holds(document()) != c.want {
			t.Errorf("%v %s: %v, %v", c.entries, c.operator, got.Holds(document()), err)
		}
	}
	_, err := Filter(nil, "AND")
	checkMessage(t, "none", err, "ConditionalOperator cannot be used without Filter or Expected")
	_, err = Expected([]Expectation{{Comparison: yes}}, "OR")
	checkMessage(t, "one", err, "ConditionalOperator can only be used when Filter or Expected has two or more elements")
}

// TestManyEntries makes of as many entries as a request can have what can be
// used at once.
func TestManyEntries(t *testing.T) {
	const n = 100_000
	expected, updates := make([]Expectation, n), make([]AttributeUpdate, n)
	for i := range n {
		name := fmt.Sprint("a", i)
		expected[i] = Expectation{Comparison: compareWith(name, "NULL")}
		updates[i] = AttributeUpdate{name, "DELETE", item.Value{}}
	}
	start := time.Now()
	expected[n-1] = Expectation{Comparison: compareWith("n", "NULL")}
	for _, operator := range []string{"AND", "OR"} {
		c, err := Expected(expected, operator)
		if err != nil || c.Holds(document()) != (operator == "OR") || len(c.Attributes()) != n {
			t.Errorf("%s: %v", operator, err)
		}
	}
	u, err := AttributeUpdates(updates)
	if err != nil {
		t.Fatal(err)
	}
	checkMessage(t, "a key", u.CheckKey("h"), "")
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestAttributeUpdates(t *testing.T) {
	got := document()
	for _, c := range []struct {
		e    AttributeUpdate
		want item.Value
	}{
		{AttributeUpdate{"s", "PUT", num(1)}, num(1)},
		{AttributeUpdate{"new", "", item.L()}, item.L()},
		{AttributeUpdate{"status", "PUT", num(1)}, num(1)},
		{AttributeUpdate{"n", "ADD", num(2)}, num(7)},
		{AttributeUpdate{"counter", "ADD", num(1)}, num(1)},
		{AttributeUpdate{"ss", "ADD", item.SS("c", "a")}, item.SS("a", "b", "c")},
		{AttributeUpdate{"l", "ADD", item.L(num(9))}, item.L(append(got["l"].List()[:4:4], num(9))...)},
		{AttributeUpdate{"ns", "DELETE", item.NS(item.Int(1), item.Int(9))}, item.NS(item.Int(2))},
		{AttributeUpdate{"bs", "DELETE", item.Set(item.B([]byte("x")))}, item.Value{}},
		{AttributeUpdate{"gone", "DELETE", item.SS("x")}, item.Value{}},
		{AttributeUpdate{"m", "DELETE", item.Value{}}, item.Value{}},
		{AttributeUpdate{"gone", "DELETE", item.Value{}}, item.Value{}},
	} {
		u, err := AttributeUpdates([]AttributeUpdate{c.e})
		if err != nil {
			t.Errorf("%v: %v", c.e, err)
			continue
		}
		after, err := u.Apply(document())
		if v, there := after[c.e.Attribute]; err != nil || there != c.want.Present() || !v.Equal(c.want) {
			t.Errorf("%v: %v, %v", c.e, v, err)
		}
	}
	u, err := AttributeUpdates([]AttributeUpdate{{"n", "ADD", num(1)}, {"s", "DELETE", item.Value{}}})
	if err != nil || !u.Touched(document()).Equal(item.Item{"n": num(5), "s": item.S("hello")}) {
		t.Errorf("%v, %v", u.Touched(document()), err)
	}
	empty, err := AttributeUpdates(nil)
	if after, applied := empty.Apply(document()); err != nil || applied != nil || !after.Equal(document()) || !empty.Creates() {
		t.Errorf("%v, %v, %v", after, err, applied)
	}
}

func TestAttributeUpdateErrors(t *testing.T) {
	const invalid = "One or more parameter values were invalid: "
	for want, e := range map[string]AttributeUpdate{
		invalid + "Only DELETE action is allowed when no attribute value is specified": {"a", "PUT", item.Value{}},
		invalid + "DELETE action with value is not supported for the type S":           {"a", "DELETE", item.S("x")},
		invalid + "ADD action is not supported for the type BOOL":                      {"a", "ADD", item.BOOL(true)},
		"Empty attribute name": {"", "PUT", num(1)},
	} {
		_, err := AttributeUpdates([]AttributeUpdate{e})
		checkMessage(t, fmt.Sprint(e), err, want)
	}
	for _, e := range []AttributeUpdate{{"s", "ADD", num(1)}, {"ns", "ADD", item.SS("x")}, {"n", "DELETE", item.SS("x")}, {"ss", "ADD", item.L()}} {
		u, err := AttributeUpdates([]AttributeUpdate{e})
		if err != nil {
			t.Fatal(err)
		}
		_, err = u.Apply(document())
		checkMessage(t, fmt.Sprint(e), err, "Type mismatch for attribute to update")
	}
}
