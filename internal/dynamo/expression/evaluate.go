package expression

import (
	"slices"
	"strings"
	"unicode/utf16"

	"leat/internal/dynamo/item"
)

// holds evaluates a condition. What an item does not have is not equal to
// anything, and neither less nor greater.
func (n *node) holds(it item.Item) bool {
	switch n.op {
	case opAnd:
		return !slices.ContainsFunc(n.args, func(a *node) bool { return !a.holds(it) })
	case opOr:
		return slices.ContainsFunc(n.args, func(a *node) bool { return a.holds(it) })
	case opNot:
		return !n.args[0].holds(it)
	case opCall:
		return n.callHolds(it)
	case opIn:
		return n.isIn(it)
	case opBetween:
		v := n.args[0].operand(it)
		return compare(opGE, v, n.args[1].operand(it)) && compare(opLE, v, n.args[2].operand(it))
	case opEQ, opNE, opLT, opLE, opGT, opGE:
		return compare(n.op, n.args[0].operand(it), n.args[1].operand(it))
	case opPath, opValue, opAdd, opSub:
	}
	return false
}

// operand evaluates an operand of a condition: the absent value where there is
// nothing.
func (n *node) operand(it item.Item) item.Value {
	switch n.op {
	case opPath:
		return n.path.in(it)
	case opValue:
		return n.value
	case opCall:
		return size(n.args[0].operand(it))
	case opAdd, opSub, opEQ, opNE, opLT, opLE, opGT, opGE, opBetween, opIn, opAnd, opOr, opNot:
	}
	return item.Value{}
}

// compare says whether a comparator holds for two values.
func compare(o op, a, b item.Value) bool {
	if !a.Present() || !b.Present() {
		return o == opNE
	}
	switch o {
	case opEQ:
		return a.Equal(b)
	case opNE:
		return !a.Equal(b)
	case opPath, opValue, opCall, opAdd, opSub, opLT, opLE, opGT, opGE, opBetween, opIn, opAnd, opOr, opNot:
	}
	order, ok := a.Compare(b)
	switch {
	case !ok:
		return false
	case o == opLT:
		return order < 0
	case o == opLE:
		return order <= 0
	case o == opGT:
		return order > 0
	}
	return order >= 0
}

func (n *node) isIn(it item.Item) bool {
	v := n.args[0].operand(it)
	for _, a := range n.args[1:] {
		if compare(opEQ, v, a.operand(it)) {
			return true
		}
	}
	return false
}

// callHolds evaluates a function that is a condition.
func (n *node) callHolds(it item.Item) bool {
	v := n.args[0].operand(it)
	switch n.name {
	case "attribute_exists":
		return v.Present()
	case "attribute_not_exists":
		return !v.Present()
	case "attribute_type":
		return v.Present() && v.Type().String() == n.args[1].operand(it).Text()
	case "begins_with":
		return beginsWith(v, n.args[1].operand(it))
	case "contains":
		return contains(v, n.args[1].operand(it))
	}
	return false
}

func beginsWith(v, prefix item.Value) bool {
	return isText(v) && v.Type() == prefix.Type() && strings.HasPrefix(v.Text(), prefix.Text())
}

// contains says whether a text has a part, or a list or a set an element.
func contains(v, part item.Value) bool {
	if isText(v) {
		return v.Type() == part.Type() && strings.Contains(v.Text(), part.Text())
	}
	return v.Has(part)
}

func isText(v item.Value) bool { return v.Type() == item.TypeS || v.Type() == item.TypeB }

// size returns the number that the function of this name makes of a value. Strings
// are as long as their UTF-16, as in the service.
func size(v item.Value) item.Value {
	length := 0
	switch v.Type() {
	case item.TypeS:
		length = utf16Len(v.Text())
	case item.TypeB:
		length = len(v.Text())
	case item.TypeM:
		length = len(v.Map())
	case item.TypeL, item.TypeSS, item.TypeNS, item.TypeBS:
		length = len(v.List())
	case item.None, item.TypeN, item.TypeBOOL, item.TypeNULL:
		return item.Value{}
	}
	return item.N(item.Int(int64(length)))
}

// utf16Len returns the number of code units of a text.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
