package expression

import (
	"slices"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Comparison is an entry of KeyConditions, QueryFilter or ScanFilter: an attribute,
// one of the comparison operators, and the AttributeValueList.
type Comparison struct {
	Attribute string
	Operator  string
	Values    item.List // nil when the request has none
}

// Expectation is an entry of Expected. What the request does not have is nil, empty
// or absent.
type Expectation struct {
	Comparison

	Value  item.Value
	Exists *bool
}

// comparison is what the service says about a comparison operator.
type comparison struct {
	op        op
	function  string // the name of an opCall
	negated   bool   // NOT_CONTAINS
	minValues int
	maxValues int
	types     []item.Type // of the values; nil is any type
}

var (
	ordered = []item.Type{item.TypeS, item.TypeN, item.TypeB}
	texts   = []item.Type{item.TypeS, item.TypeB}
	members = []item.Type{item.TypeS, item.TypeN, item.TypeB, item.TypeBOOL}

	comparisons = map[string]comparison{
		"EQ":           {op: opEQ, minValues: 1, maxValues: 1},
		"NE":           {op: opNE, minValues: 1, maxValues: 1},
		"LE":           {op: opLE, minValues: 1, maxValues: 1, types: ordered},
		"LT":           {op: opLT, minValues: 1, maxValues: 1, types: ordered},
		"GE":           {op: opGE, minValues: 1, maxValues: 1, types: ordered},
		"GT":           {op: opGT, minValues: 1, maxValues: 1, types: ordered},
		"NOT_NULL":     {op: opCall, function: "attribute_exists"},
		"NULL":         {op: opCall, function: "attribute_not_exists"},
		"CONTAINS":     {op: opCall, function: "contains", minValues: 1, maxValues: 1, types: members},
		"NOT_CONTAINS": {op: opCall, function: "contains", negated: true, minValues: 1, maxValues: 1, types: members},
		"BEGINS_WITH":  {op: opCall, function: "begins_with", minValues: 1, maxValues: 1, types: texts},
		"IN":           {op: opIn, minValues: 1, maxValues: maxInOperands, types: ordered},
		"BETWEEN":      {op: opBetween, minValues: 2, maxValues: 2, types: ordered},
	}
)

// Expected returns the condition of Expected, whose entries are combined with the
// ConditionalOperator, AND when empty. Errors are those of the first entry that has
// any, and, with a ConditionalOperator, that of too few entries.
func Expected(entries []Expectation, operator string) (*Condition, *api.Error) {
	var nodes []*node
	for _, e := range entries {
		c, err := e.comparison()
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, c.node())
	}
	return combine(nodes, operator)
}

// Filter returns the condition of a QueryFilter or ScanFilter, like Expected.
func Filter(entries []Comparison, operator string) (*Condition, *api.Error) {
	var nodes []*node
	for _, c := range entries {
		if err := c.check(); err != nil {
			return nil, err
		}
		nodes = append(nodes, c.node())
	}
	return combine(nodes, operator)
}

// combine makes one condition of several: nil of none.
func combine(nodes []*node, operator string) (*Condition, *api.Error) {
	switch {
	case operator == "" || len(nodes) > 1:
	case len(nodes) == 0:
		return nil, api.Errorf(api.Validation, "ConditionalOperator cannot be used without Filter or Expected")
	default:
		return nil, api.Errorf(api.Validation,
			"ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	if len(nodes) == 0 {
		return nil, nil
	}
	join := opAnd
	if operator == "OR" {
		join = opOr
	}
	return &Condition{root: &node{op: join, args: nodes}}, nil
}

// parameterError returns the error that the service puts in these words.
func parameterError(format string, args ...any) *api.Error {
	return api.Errorf(api.Validation, "One or more parameter values were invalid: "+format, args...)
}

// comparison returns the comparison that an expectation amounts to.
func (e Expectation) comparison() (Comparison, *api.Error) {
	if err := item.CheckName(e.Attribute); err != nil {
		return Comparison{}, err
	}
	switch {
	case e.Values != nil && e.Value.Present():
		return Comparison{}, parameterError("Value and AttributeValueList cannot be used together for Attribute: %s", e.Attribute)
	case e.Operator == "":
		return e.plain()
	case e.Exists != nil:
		return Comparison{}, parameterError("Exists and ComparisonOperator cannot be used together for Attribute: %s", e.Attribute)
	case e.Value.Present():
		e.Values = item.List{e.Value}
	case e.Values == nil && comparisons[e.Operator].minValues > 0:
		return Comparison{}, parameterError(
			"Value or AttributeValueList must be used with ComparisonOperator: %s for Attribute: %s", e.Operator, e.Attribute)
	}
	return e.Comparison, e.check()
}

// plain returns the comparison of an expectation without an operator: the value is
// equal, or the attribute does not exist.
func (e Expectation) plain() (Comparison, *api.Error) {
	exists := e.Exists == nil || *e.Exists
	switch {
	case e.Values != nil:
		return Comparison{}, parameterError(
			"AttributeValueList can only be used with a ComparisonOperator for Attribute: %s", e.Attribute)
	case exists && !e.Value.Present():
		given := "null"
		if e.Exists != nil {
			given = "true"
		}
		return Comparison{}, parameterError("Value must be provided when Exists is %s for Attribute: %s", given, e.Attribute)
	case exists:
		return Comparison{Attribute: e.Attribute, Operator: "EQ", Values: item.List{e.Value}}, e.Value.Validate()
	case e.Value.Present():
		return Comparison{}, parameterError("Value cannot be used when Exists is false for Attribute: %s", e.Attribute)
	}
	return Comparison{Attribute: e.Attribute, Operator: "NULL"}, nil
}

// check checks the values of a comparison.
func (c Comparison) check() *api.Error {
	if err := item.CheckName(c.Attribute); err != nil {
		return err
	}
	if err := c.Values.Validate(); err != nil {
		return err
	}
	rule, known := comparisons[c.Operator]
	if n := len(c.Values); !known || n < rule.minValues || n > rule.maxValues {
		return parameterError("Invalid number of argument(s) for the %s ComparisonOperator", c.Operator)
	}
	for _, v := range c.Values {
		if v.Type() != c.Values[0].Type() {
			return parameterError("AttributeValues inside AttributeValueList must be of same type")
		}
		if !rule.allows(v.Type()) {
			return parameterError("ComparisonOperator %s is not valid for %s AttributeValue type", c.Operator, v.Type())
		}
	}
	if rule.op == opBetween && compare(opGT, c.Values[0], c.Values[1]) {
		return api.Errorf(api.Validation,
			"The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
	}
	return nil
}

func (r comparison) allows(t item.Type) bool {
	return r.types == nil || slices.Contains(r.types, t)
}

// node returns the tree of a comparison that has been checked.
func (c Comparison) node() *node {
	rule := comparisons[c.Operator]
	attribute := &node{op: opPath, path: topLevel(c.Attribute)}
	n := &node{op: rule.op, name: rule.function, args: []*node{attribute}}
	for _, v := range c.Values {
		n.args = append(n.args, &node{op: opValue, value: v})
	}
	if !rule.negated {
		return n
	}
	// An attribute that is not there neither contains a value nor does not.
	exists := &node{op: opCall, name: "attribute_exists", args: []*node{attribute}}
	return &node{op: opAnd, args: []*node{exists, {op: opNot, args: []*node{n}}}}
}

// KeyConditions returns the condition of KeyConditions.
func KeyConditions(entries []Comparison) (*KeyCondition, *api.Error) {
	k := &KeyCondition{}
	for _, c := range entries {
		if err := c.check(); err != nil {
			return nil, err
		}
		rule := comparisons[c.Operator]
		test := Range{op: rule.op, values: c.Values}
		if rule.op == opCall && rule.function != "begins_with" {
			test.op = opNot // not an operation of an index, whatever it is
		}
		k.conditions = append(k.conditions, keyTest{attribute: c.Attribute, test: test})
	}
	return k, k.checkLength()
}

// AttributeUpdate is an entry of AttributeUpdates. The absent Action is PUT.
type AttributeUpdate struct {
	Attribute string
	Action    string
	Value     item.Value
}

// AttributeUpdates returns the update of AttributeUpdates.
func AttributeUpdates(entries []AttributeUpdate) (*Update, *api.Error) {
	u := &Update{mismatch: "Type mismatch for attribute to update"}
	for _, e := range entries {
		if err := e.check(); err != nil {
			return nil, err
		}
		a := action{clause: set, path: topLevel(e.Attribute), value: &node{op: opValue, value: e.Value}}
		switch {
		case e.Action == add:
			a.clause = add
		case e.Action == deleteClause && e.Value.Present():
			a.clause = deleteClause
		case e.Action == deleteClause:
			a.clause = remove
		}
		u.actions = append(u.actions, a)
	}
	return u, nil
}

func (e AttributeUpdate) check() *api.Error {
	if err := item.CheckName(e.Attribute); err != nil {
		return err
	}
	if err := e.Value.Validate(); err != nil {
		return err
	}
	t := e.Value.Type()
	switch {
	case t == item.None && e.Action != deleteClause:
		return parameterError("Only DELETE action is allowed when no attribute value is specified")
	case e.Action == deleteClause && t != item.None && t.Element() == item.None:
		return parameterError("DELETE action with value is not supported for the type %s", t)
	case e.Action == add && t != item.TypeN && t != item.TypeL && t.Element() == item.None:
		return parameterError("ADD action is not supported for the type %s", t)
	}
	return nil
}
