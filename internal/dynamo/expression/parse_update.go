package expression

// The clauses of an update.
const (
	set          = "SET"
	remove       = "REMOVE"
	add          = "ADD"
	deleteClause = "DELETE"
)

var clauses = []string{set, remove, add, deleteClause}

// action is one change that an update makes.
type action struct {
	clause string
	path   path
	value  *node // of SET, ADD and DELETE
}

// clause is one clause of an update.
type clause struct {
	name    string
	actions []action
}

// update reads all clauses.
func (p *parser) update() []clause {
	var list []clause
	for {
		list = append(list, p.clause())
		if p.peek().kind == end {
			return list
		}
	}
}

func (p *parser) clause() clause {
	for _, name := range clauses {
		if !p.acceptKeyword(name) {
			continue
		}
		c := clause{name: name, actions: []action{p.action(name)}}
		for p.accept(",") {
			c.actions = append(c.actions, p.action(name))
		}
		return c
	}
	p.unexpected()
	return clause{}
}

func (p *parser) action(name string) action {
	a := action{clause: name, path: p.path()}
	switch name {
	case set:
		p.expect("=")
		a.value = p.sum()
	case add, deleteClause:
		if p.peek().kind != colon {
			p.unexpected()
		}
		a.value = p.operand()
	}
	return a
}

// sum reads what SET sets: an operand, or the sum or the difference of two.
func (p *parser) sum() *node {
	var left *node
	if p.accept("(") {
		left = group(p.sum())
		p.expect(")")
	} else {
		left = p.operand()
	}
	if left.op == opAdd || left.op == opSub {
		return left
	}
	switch {
	case p.accept("+"):
		return p.join(opAdd, left, p.operand())
	case p.accept("-"):
		return p.join(opSub, left, p.operand())
	}
	return left
}
