package expression

// condition reads a whole condition. Where a condition may begin, so may an
// operand in parentheses: productions return either, and whoever needs a
// condition says so with proper.
func (p *parser) condition() *node { return p.proper(p.or()) }

// proper makes sure that what has been read is a condition: the token after an
// operand should have been a comparator.
func (p *parser) proper(n *node) *node {
	if n.isOperand() {
		p.unexpected()
	}
	return n
}

func (p *parser) or() *node {
	n := p.and()
	if !p.peek().keyword("OR") {
		return n
	}
	p.proper(n)
	p.pos++
	return p.join(opOr, n, p.proper(p.or()))
}

func (p *parser) and() *node {
	n := p.not()
	if !p.peek().keyword("AND") {
		return n
	}
	p.proper(n)
	p.pos++
	return p.join(opAnd, n, p.proper(p.and()))
}

func (p *parser) not() *node {
	if !p.acceptKeyword("NOT") {
		return p.comparison()
	}
	return p.join(opNot, p.proper(p.not()))
}

// comparison reads a condition without logical operators, or an operand.
func (p *parser) comparison() *node {
	left := p.term()
	if !left.isOperand() && left.op != opCall {
		return left
	}
	if o, ok := comparators[p.peek().text]; ok {
		p.pos++
		return p.join(o, left, p.operand())
	}
	switch {
	case p.acceptKeyword("BETWEEN"):
		low := p.operand()
		p.expectKeyword("AND")
		return p.join(opBetween, left, low, p.operand())
	case p.acceptKeyword("IN"):
		p.expect("(")
		n := p.join(opIn, append([]*node{left}, p.operands()...)...)
		p.expect(")")
		return n
	}
	return left
}

// term reads an operand, or a condition or an operand in parentheses.
func (p *parser) term() *node {
	if !p.accept("(") {
		return p.operand()
	}
	n := p.or()
	p.expect(")")
	return group(n)
}
