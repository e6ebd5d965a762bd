package expression

import (
	"encoding/base64"
	"fmt"
	"strings"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// The functions, and how many operands each has.
var (
	conditionFunctions = map[string]int{
		"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2, "size": 1,
	}
	updateFunctions = map[string]int{"if_not_exists": 2, "list_append": 2}
)

// conditionChecker checks conditions.
type conditionChecker struct{ *checker }

// parseCondition reads and checks a condition.
func parseCondition(parameter, text string, p *Placeholders) (*node, *api.Error) {
	c := conditionChecker{&checker{parameter: parameter, placeholders: p}}
	root, err := parse(c.checker, text, (*parser).condition)
	if err != nil {
		return nil, err
	}
	c.checkParentheses(root)
	c.checkCondition(root)
	return root, c.err(conditionFaults)
}

func (c conditionChecker) checkCondition(n *node) {
	switch n.op {
	case opAnd, opOr, opNot:
		for _, a := range n.args {
			c.checkCondition(a)
		}
		return
	case opCall:
		if n.name == "size" {
			c.misused(n.name)
		}
		c.checkCall(n)
	case opPath, opValue, opAdd, opSub, opEQ, opNE, opLT, opLE, opGT, opGE, opBetween, opIn:
		c.checkComparison(n)
	}
	if c.faults[firstCondition] == "" {
		c.faults[firstCondition] = c.first(operandFaults)
	}
}

// checkComparison checks a condition of operands.
func (c conditionChecker) checkComparison(n *node) {
	c.checkOperands(n.args)
	c.checkDistinct(n.op.String(), n.args)
	switch n.op {
	case opLT, opLE, opGT, opGE, opBetween:
		for _, a := range n.args {
			if t := c.typeOf(a); t != item.None && !isOrdered(t) {
				c.wrongType(n.op.String(), t.String())
			}
		}
		if n.op == opBetween {
			c.checkBounds(n.args[1], n.args[2])
		}
	case opIn:
		if count := len(n.args) - 1; count > maxInOperands {
			c.fault(operandCount, "The IN operator is provided with too many operands; number of operands: %d", count)
		}
	case opPath, opValue, opCall, opAdd, opSub, opEQ, opNE, opAnd, opOr, opNot:
	}
}

// isOrdered reports whether values of a type are less or greater than others.
func isOrdered(t item.Type) bool { return t == item.TypeS || t == item.TypeN || t == item.TypeB }

// checkOperands checks the operands of a comparison or a function, among which
// size is the only function.
func (c conditionChecker) checkOperands(operands []*node) {
	for _, n := range operands {
		if n.op != opCall {
			c.resolve(n)
			continue
		}
		c.checkCall(n)
		if n.name != "size" {
			c.misused(n.name)
		}
	}
}

// typeOf returns the type that an operand is known to have, or None.
func (c conditionChecker) typeOf(n *node) item.Type {
	if n.op != opCall {
		return literalType(n)
	}
	if n.name == "size" {
		return item.TypeN
	}
	return item.TypeBOOL
}

// checkDistinct refuses operands that repeat the path that the first one is.
func (c conditionChecker) checkDistinct(operator string, operands []*node) {
	for _, n := range operands[1:] {
		if operands[0].op == opPath && n.op == opPath && operands[0].path.equal(n.path) {
			c.fault(operandsAlike, "The first operand must be distinct from the remaining operands for this operator or function; "+
				"operator: %s, first operand: %s", operator, n.path)
		}
	}
}

// checkBounds checks bounds of which both are values.
func (c conditionChecker) checkBounds(low, high *node) {
	l, h := literalType(low), literalType(high)
	if l == item.None || h == item.None {
		return
	}
	complaint := ""
	if l != h {
		complaint = "The BETWEEN operator requires same data type for lower and upper bounds"
	} else if order, ok := low.value.Compare(high.value); ok && order > 0 {
		complaint = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
	}
	if complaint != "" {
		c.fault(operandType, "%s; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s",
			complaint, shown(low.value), shown(high.value))
	}
}

// shown returns a value as messages have it.
func shown(v item.Value) string {
	text := v.Text()
	switch v.Type() {
	case item.TypeN:
		text = v.Number().String()
	case item.TypeB:
		text = base64.StdEncoding.EncodeToString([]byte(text))
	case item.None, item.TypeS, item.TypeBOOL, item.TypeNULL, item.TypeM, item.TypeL,
		item.TypeSS, item.TypeNS, item.TypeBS:
	}
	return fmt.Sprintf("{%s:%s}", v.Type(), api.Shown(text))
}

// checkCall checks a function of conditions and its operands.
func (c conditionChecker) checkCall(n *node) {
	c.checkOperands(n.args)
	if !c.checkFunction(n, "a condition", conditionFunctions, updateFunctions) {
		return
	}
	c.checkDistinct(n.name, n.args)
	switch n.name {
	case "attribute_exists", "attribute_not_exists":
		c.checkIsPath(n)
	case "begins_with":
		for _, a := range n.args {
			if t := c.typeOf(a); t != item.None && t != item.TypeS && t != item.TypeB {
				c.wrongType(n.name, t.String())
			}
		}
	case "attribute_type":
		c.checkTypeName(n)
	case "size":
		switch t := c.typeOf(n.args[0]); t {
		case item.TypeN, item.TypeBOOL, item.TypeNULL:
			c.wrongType(n.name, t.String())
		case item.None, item.TypeS, item.TypeB, item.TypeM, item.TypeL, item.TypeSS, item.TypeNS, item.TypeBS:
		}
	}
}

// checkTypeName checks the second operand of attribute_type.
func (c conditionChecker) checkTypeName(n *node) {
	operand := n.args[1]
	switch t := literalType(operand); {
	case t == item.None:
		c.wrongType(n.name, "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
	case t != item.TypeS:
		c.wrongType(n.name, t.String())
	case item.TypeOf(operand.value.Text()) == item.None:
		c.fault(operandType, "Invalid attribute type name found; type: %s, valid types: {%s}",
			api.Shown(operand.value.Text()), strings.Join(typeNames, ","))
	}
}

// typeNames are the types in the order of messages.
var typeNames = []string{"B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"}
