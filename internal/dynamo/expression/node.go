package expression

import (
	"slices"
	"strconv"
	"strings"

	"leat/internal/dynamo/item"
)

// op is what a node is.
type op uint8

const (
	opPath  op = iota // an operand: a document path
	opValue           // an operand: a value
	opCall            // an operand or a condition: a function of operands
	opAdd             // a sum of two operands
	opSub             // a difference of two operands
	opEQ              // comparisons of two operands, from here
	opNE
	opLT
	opLE
	opGT
	opGE
	opBetween // the first operand, the lower bound, the upper bound
	opIn      // the first operand, then the list
	opAnd     // of two conditions or more
	opOr
	opNot // of one
)

// opTexts are the operators as messages and the language have them.
var opTexts = map[op]string{
	opAdd: "+", opSub: "-", opEQ: "=", opNE: "<>", opLT: "<", opLE: "<=", opGT: ">", opGE: ">=",
	opBetween: "BETWEEN", opIn: "IN", opAnd: "AND", opOr: "OR", opNot: "NOT",
}

func (o op) String() string { return opTexts[o] }

// comparators are the operators between two operands.
var comparators = map[string]op{"=": opEQ, "<>": opNE, "<": opLT, "<=": opLE, ">": opGT, ">=": opGE}

// node is a node of the tree that every expression and every older parameter
// becomes.
type node struct {
	op    op
	name  string     // of the function, or of the value's placeholder
	path  path       // opPath
	value item.Value // opValue, once it has been found
	args  []*node
	// grouped marks a node that has parentheses of its own, redundant one that has
	// more than it needs.
	grouped, redundant bool
}

// isOperand reports whether the node can be nothing but an operand.
func (n *node) isOperand() bool { return n.op == opPath || n.op == opValue }

// step is one step of a document path: the name of an attribute or of an entry of
// a map, or the index of an element of a list.
type step struct {
	name  string
	index int // noIndex in a step with a name
}

// noIndex is the index of a step that has a name.
const noIndex = -1

func (s step) isIndex() bool { return s.index != noIndex }

// path is a document path. Its first step has a name.
type path []step

// String returns the path as messages have it: [a, b, [0]].
func (p path) String() string {
	steps := make([]string, len(p))
	for i, s := range p {
		steps[i] = s.name
		if s.isIndex() {
			steps[i] = "[" + strconv.Itoa(s.index) + "]"
		}
	}
	return "[" + strings.Join(steps, ", ") + "]"
}

func (p path) equal(q path) bool { return slices.Equal(p, q) }

// in returns what the path leads to in an item: the absent value if to nothing.
func (p path) in(it item.Item) item.Value {
	v := it[p[0].name]
	for _, s := range p[1:] {
		v = s.in(v)
	}
	return v
}

func (s step) in(v item.Value) item.Value {
	if !s.isIndex() {
		return v.Map()[s.name]
	}
	if list := v.List(); v.Type() == item.TypeL && s.index < len(list) {
		return list[s.index]
	}
	return item.Value{}
}

// topLevel is the path of an attribute.
func topLevel(name string) path { return path{{name: name, index: noIndex}} }

// names returns the first steps of paths, without repetition.
func names(paths []path) []string {
	var list []string
	seen := map[string]bool{}
	for _, p := range paths {
		if name := p[0].name; !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
	}
	return list
}

// walk calls visit for a node and all below it, in the order of the text.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, a := range n.args {
		a.walk(visit)
	}
}
