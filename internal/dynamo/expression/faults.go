package expression

import (
	"fmt"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// faultKind is what may be wrong with an expression whose syntax is right.
type faultKind int

const (
	redundantParentheses faultKind = iota
	indexRange
	unknownFunction
	misusedFunction
	reservedName
	repeatedClause
	pathDepth
	undefinedName
	undefinedValue
	pathOverlap
	pathConflict
	operandCount
	operandsAlike
	operandType
	firstCondition // the first complaint about operands of one condition
	tooManyOperators
	faultKinds
)

// The order in which the service complains.
var (
	conditionFaults = []faultKind{
		redundantParentheses, indexRange, unknownFunction, misusedFunction, reservedName, firstCondition, tooManyOperators,
	}
	operandFaults = []faultKind{pathDepth, undefinedName, undefinedValue, operandCount, operandsAlike, operandType}
	updateFaults  = []faultKind{
		redundantParentheses, indexRange, reservedName, unknownFunction, misusedFunction, repeatedClause,
		undefinedName, undefinedValue, pathOverlap, pathConflict, pathDepth, operandCount, operandType, tooManyOperators,
	}
	projectionFaults = []faultKind{indexRange, reservedName, undefinedName, pathOverlap, pathConflict, pathDepth}
)

// checker walks the tree of a parameter: it puts names and values where
// placeholders are, and collects the first fault of each kind.
type checker struct {
	parameter    string // for messages
	placeholders *Placeholders
	faults       [faultKinds]string
}

func (c *checker) fault(k faultKind, format string, args ...any) {
	if c.faults[k] == "" {
		c.faults[k] = fmt.Sprintf(format, args...)
	}
}

// first returns the fault that comes first in an order.
func (c *checker) first(order []faultKind) string {
	for _, k := range order {
		if c.faults[k] != "" {
			return c.faults[k]
		}
	}
	return ""
}

// err returns the error about the fault that comes first in an order.
func (c *checker) err(order []faultKind) *api.Error {
	if complaint := c.first(order); complaint != "" {
		return invalid(c.parameter, complaint)
	}
	return nil
}

// resolve finds the names or the value of an operand that is no function.
func (c *checker) resolve(n *node) {
	if n.op == opPath {
		c.resolvePath(n.path)
		return
	}
	v, ok := c.placeholders.value(n.name)
	if !ok {
		c.fault(undefinedValue,
			"An expression attribute value used in expression is not defined; attribute value: %s", n.name)
	}
	n.value = v
}

func (c *checker) resolvePath(p path) {
	if len(p) > maxPathSteps {
		c.fault(pathDepth, "The document path has too many nesting levels; nesting levels: %d", len(p))
	}
	for i, s := range p {
		switch {
		case s.isIndex():
		case s.name[0] != '#':
			if isReserved(s.name) {
				c.fault(reservedName, "Attribute name is a reserved keyword; reserved keyword: %s", s.name)
			}
		default:
			name, ok := c.placeholders.name(s.name)
			if !ok {
				c.fault(undefinedName,
					"An expression attribute name used in the document path is not defined; attribute name: %s", s.name)
			}
			p[i].name = name
		}
	}
}

// checkParentheses looks for redundant ones in a tree.
func (c *checker) checkParentheses(root *node) {
	root.walk(func(n *node) {
		if n.redundant {
			c.fault(redundantParentheses, "The expression has redundant parentheses;")
		}
	})
}

// checkPaths looks for paths that are about the same part of an item, or take it
// for a list and for a map.
func (c *checker) checkPaths(paths []path) {
	for i, later := range paths {
		for _, earlier := range paths[:i] {
			if c.checkPair(earlier, later); c.faults[pathOverlap] != "" {
				return
			}
		}
	}
}

func (c *checker) checkPair(one, two path) {
	const advice = "must remove or rewrite one of these paths; path one: %s, path two: %s"
	for i := range min(len(one), len(two)) {
		if one[i].isIndex() != two[i].isIndex() {
			c.fault(pathConflict, "Two document paths conflict with each other; "+advice, one, two)
			return
		}
		if one[i] != two[i] {
			return
		}
	}
	c.fault(pathOverlap, "Two document paths overlap with each other; "+advice, one, two)
}

// wrongType complains about an operand of a type.
func (c *checker) wrongType(function, typ string) {
	c.fault(operandType, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s",
		function, typ)
}

// misused complains about a function that is where it may not be.
func (c *checker) misused(function string) {
	c.fault(misusedFunction, "The function is not allowed to be used this way in an expression; function: %s", function)
}

// checkFunction checks the name of a function and the number of its operands: it
// should be one of those that this kind of expression has, and not of the others.
func (c *checker) checkFunction(n *node, kind string, own, others map[string]int) bool {
	count, known := own[n.name]
	_, other := others[n.name]
	switch {
	case known && len(n.args) == count:
		return true
	case known:
		c.fault(operandCount, "Incorrect number of operands for operator or function; "+
			"operator or function: %s, number of operands: %d", n.name, len(n.args))
	case other:
		c.fault(unknownFunction, "The function is not allowed in %s expression; function: %s", kind, n.name)
	default:
		c.fault(unknownFunction, "Invalid function name; function: %s", n.name)
	}
	return false
}

// checkIsPath checks that the first operand of a function is a path.
func (c *checker) checkIsPath(n *node) {
	if n.args[0].op != opPath {
		c.fault(operandType, "Operator or function requires a document path; operator or function: %s", n.name)
	}
}

// literalType returns the type of an operand that is a value; else None.
func literalType(n *node) item.Type {
	if n.op == opValue {
		return n.value.Type()
	}
	return item.None
}
