package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// updateChecker checks updates.
type updateChecker struct{ *checker }

// parseUpdate reads and checks the actions of an update.
func parseUpdate(text string, p *Placeholders) ([]action, *api.Error) {
	c := updateChecker{&checker{parameter: "UpdateExpression", placeholders: p}}
	clauses, err := parse(c.checker, text, (*parser).update)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var actions []action
	for _, cl := range clauses {
		if seen[cl.name] {
			c.fault(repeatedClause, "The \"%s\" section can only be used once in an update expression;", cl.name)
		}
		seen[cl.name] = true
		for _, a := range cl.actions {
			c.checkAction(a)
		}
		actions = append(actions, cl.actions...)
	}
	c.checkPaths(paths(actions))
	return actions, c.err(updateFaults)
}

func paths(actions []action) []path {
	list := make([]path, len(actions))
	for i, a := range actions {
		list[i] = a.path
	}
	return list
}

func (c updateChecker) checkAction(a action) {
	c.resolvePath(a.path)
	switch a.clause {
	case set:
		c.checkParentheses(a.value)
		c.checkSum(a.value)
	case add, deleteClause:
		c.resolve(a.value)
		t := literalType(a.value)
		if t != item.None && t.Element() == item.None && (a.clause != add || t != item.TypeN) {
			c.fault(operandType, "Incorrect operand type for operator or function; "+
				"operator: %s, operand type: %s, typeSet: ALLOWED_FOR_%s_OPERAND", a.clause, typeWords[t], a.clause)
		}
	}
}

// typeWords are the types as messages about ADD and DELETE name them.
var typeWords = map[item.Type]string{
	item.TypeS: "STRING", item.TypeN: "NUMBER", item.TypeB: "BINARY", item.TypeBOOL: "BOOLEAN",
	item.TypeNULL: "NULL", item.TypeM: "MAP", item.TypeL: "LIST",
}

// checkSum checks what SET sets.
func (c updateChecker) checkSum(n *node) {
	if n.op != opAdd && n.op != opSub {
		c.checkOperand(n)
		return
	}
	c.checkOperands(n.args)
	c.checkLiterals(n.op.String(), item.TypeN, n.args)
}

// checkLiterals checks that the operands that are values are of a type.
func (c updateChecker) checkLiterals(function string, want item.Type, operands []*node) {
	for _, n := range operands {
		if t := literalType(n); t != item.None && t != want {
			c.wrongType(function, t.String())
		}
	}
}

// checkOperands checks the operands of a sum or a function, among which there is no
// list_append.
func (c updateChecker) checkOperands(operands []*node) {
	for _, n := range operands {
		c.checkOperand(n)
		if n.op == opCall && n.name == "list_append" {
			c.misused(n.name)
		}
	}
}

// checkOperand checks an operand of an update.
func (c updateChecker) checkOperand(n *node) {
	if n.op != opCall {
		c.resolve(n)
		return
	}
	c.checkOperands(n.args)
	if !c.checkFunction(n, "an update", updateFunctions, conditionFunctions) {
		return
	}
	if n.name == "if_not_exists" {
		c.checkIsPath(n)
		return
	}
	c.checkLiterals(n.name, item.TypeL, n.args)
}
