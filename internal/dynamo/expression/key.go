package expression

import (
	"slices"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// KeyCondition says which items a query is about, before it is known what the key
// is.
type KeyCondition struct {
	conditions []keyTest
	complaint  string // about a condition that is not of a key
}

// keyTest is a condition on one attribute.
type keyTest struct {
	attribute string
	test      Range
}

// ParseKeyCondition reads a KeyConditionExpression. Whether it is about a key is
// for Check to say.
func ParseKeyCondition(text string, p *Placeholders) (*KeyCondition, *api.Error) {
	root, err := parseCondition(keyConditionExpression, text, p)
	if err != nil {
		return nil, err
	}
	k := &KeyCondition{}
	k.complaint = k.collect(root)
	return k, nil
}

// Check returns the error about what no key can have as a condition. In the
// service it comes after all expressions have been parsed and their placeholders
// have been used, and before the table is looked up.
func (k *KeyCondition) Check() *api.Error {
	if k.complaint != "" {
		return api.Errorf(api.Validation, "%s", k.complaint)
	}
	return k.checkLength()
}

// collect adds the conditions that a tree consists of. It returns what is wrong
// with the tree.
func (k *KeyCondition) collect(n *node) string {
	switch n.op {
	case opAnd:
		if complaint := k.collect(n.args[0]); complaint != "" {
			return complaint
		}
		return k.collect(n.args[1])
	case opOr, opNot, opIn, opNE:
		return "Invalid operator used in KeyConditionExpression: " + n.op.String()
	case opCall:
		if n.name != "begins_with" {
			return "Invalid operator used in KeyConditionExpression: " + n.name
		}
		if n.args[0].op == opValue {
			return "Invalid condition in KeyConditionExpression: " +
				"begins_with operator must have the key attribute as its first operand"
		}
	case opBetween:
		if n.args[0].op == opValue {
			return "Invalid condition in KeyConditionExpression: " +
				"BETWEEN operator must have the key attribute as its first operand"
		}
	case opPath, opValue, opAdd, opSub, opEQ, opLT, opLE, opGT, opGE:
	}
	return k.add(n)
}

// mirrored are the comparators with their operands exchanged.
var mirrored = map[op]op{opEQ: opEQ, opLT: opGT, opLE: opGE, opGT: opLT, opGE: opLE}

// add adds the condition of a path and of values that a node is.
func (k *KeyCondition) add(n *node) string {
	name := ""
	var values []item.Value
	test := Range{op: n.op}
	for i, a := range n.args {
		switch {
		case a.op == opCall:
			return "KeyConditionExpressions cannot contain nested operations"
		case a.op == opValue:
			values = append(values, a.value)
			continue
		case name != "":
			return "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
		case len(a.path) > 1:
			return "KeyConditionExpressions cannot have conditions on nested attributes"
		case i == 1:
			test.op = mirrored[n.op]
		}
		name = a.path[0].name
	}
	if name == "" {
		return "Invalid condition in KeyConditionExpression: No key attribute specified"
	}
	if k.find(name) != nil {
		return "KeyConditionExpressions must only contain one condition per key"
	}
	test.values = values
	k.conditions = append(k.conditions, keyTest{attribute: name, test: test})
	return ""
}

// find returns the condition on an attribute, or nil.
func (k *KeyCondition) find(attribute string) *Range {
	i := slices.IndexFunc(k.conditions, func(c keyTest) bool { return c.attribute == attribute })
	if i < 0 {
		return nil
	}
	return &k.conditions[i].test
}

func (k *KeyCondition) checkLength() *api.Error {
	if n := len(k.conditions); n != 1 && n != 2 {
		return api.Errorf(api.Validation, "Conditions can be of length 1 or 2 only")
	}
	return nil
}

// KeyAttribute is an attribute of a key.
type KeyAttribute struct {
	Name string
	Type item.Type
}

// Bind finds the value of the partition key and the condition on the sort key, for
// a table or index with these key attributes. A key without a sort key has the
// empty name and the type None there.
//
// It includes Check.
func (k *KeyCondition) Bind(partition, sort KeyAttribute) (item.Value, Range, *api.Error) {
	if err := k.Check(); err != nil {
		return item.Value{}, Range{}, err
	}
	if sort.Name == "" && len(k.conditions) > 1 {
		return item.Value{}, Range{}, errKeyCondition()
	}
	hash, err := k.bound(partition)
	if err != nil {
		return item.Value{}, Range{}, err
	}
	if hash.op != opEQ {
		return item.Value{}, Range{}, errKeyCondition()
	}
	if err := hash.checkContent(partition); err != nil {
		return item.Value{}, Range{}, err
	}
	if sort.Name == "" || len(k.conditions) == 1 {
		return hash.values[0], Range{}, nil
	}
	test, err := k.bound(sort)
	if err == nil {
		err = test.checkContent(sort)
	}
	return hash.values[0], test, err
}

func errKeyCondition() *api.Error {
	return api.Errorf(api.Validation, "Query key condition not supported")
}

// bound returns the condition on an attribute of the key.
func (k *KeyCondition) bound(a KeyAttribute) (Range, *api.Error) {
	test := k.find(a.Name)
	if test == nil {
		return Range{}, api.Errorf(api.Validation, "Query condition missed key schema element: %s", a.Name)
	}
	if !test.indexable() {
		return Range{}, api.Errorf(api.Validation, "Attempted conditional constraint is not an indexable operation")
	}
	for _, v := range test.values {
		if v.Type() != a.Type {
			return Range{}, api.Errorf(api.Validation, "One or more parameter values were invalid: "+
				"Condition parameter type does not match schema type")
		}
	}
	return *test, nil
}

// checkContent returns the error about values that the attribute of a key cannot
// have: empty ones.
func (r Range) checkContent(a KeyAttribute) *api.Error {
	for _, v := range r.values {
		if err := a.CheckNotEmpty(v); err != nil {
			return err
		}
	}
	return nil
}

// CheckNotEmpty returns the error about the value of a key attribute, which has the
// attribute's type, if it is empty.
func (a KeyAttribute) CheckNotEmpty(v item.Value) *api.Error {
	words := map[item.Type]string{item.TypeS: "string", item.TypeB: "binary"}
	if word, ok := words[a.Type]; ok && v.Text() == "" {
		return api.Errorf(api.Validation, "One or more parameter values are not valid. The AttributeValue for a key attribute "+
			"cannot contain an empty %s value. Key: %s", word, a.Name)
	}
	return nil
}

// Range is a condition on the sort key. The zero Range holds for all.
type Range struct {
	op     op // a comparison, opBetween, or opCall for begins_with
	values []item.Value
}

// indexable reports whether the order of keys helps to find what the range holds
// for.
func (r Range) indexable() bool {
	switch r.op {
	case opEQ, opLT, opLE, opGT, opGE, opBetween, opCall:
		return true
	case opPath, opValue, opAdd, opSub, opNE, opIn, opAnd, opOr, opNot:
	}
	return false
}

// Holds says whether a sort key is in the range.
func (r Range) Holds(v item.Value) bool {
	switch {
	case r.values == nil:
		return true
	case r.op == opCall:
		return beginsWith(v, r.values[0])
	case r.op == opBetween:
		return compare(opGE, v, r.values[0]) && compare(opLE, v, r.values[1])
	}
	return compare(r.op, v, r.values[0])
}

// Bounds returns the key forms (item.AppendKey) that the range is from, inclusive,
// and to, exclusive, whatever may follow the sort key in an index. A nil to has no
// end.
func (r Range) Bounds() (from, to []byte) {
	if r.values == nil {
		return nil, nil
	}
	if r.op == opCall {
		from = item.AppendKeyPrefix(nil, r.values[0].Text())
		return from, after(from)
	}
	first := item.AppendKey(nil, r.values[0])
	switch r.op {
	case opEQ:
		return first, after(first)
	case opLT:
		return nil, first
	case opLE:
		return nil, after(first)
	case opGT:
		return after(first), nil
	case opGE:
		return first, nil
	case opBetween:
		return first, after(item.AppendKey(nil, r.values[1]))
	case opPath, opValue, opCall, opAdd, opSub, opNE, opIn, opAnd, opOr, opNot:
	}
	return nil, nil
}

// after returns the least bytes that are greater than all that begin with a
// prefix: nil if there are none.
func after(prefix []byte) []byte {
	n := len(prefix)
	for n > 0 && prefix[n-1] == 0xff {
		n--
	}
	if n == 0 {
		return nil
	}
	next := slices.Clone(prefix[:n])
	next[n-1]++
	return next
}
