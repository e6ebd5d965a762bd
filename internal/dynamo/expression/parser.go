package expression

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"leat/internal/api"
)

// Limits of the service.
const (
	maxExpressionBytes = 4 << 10
	maxOperators       = 300
	maxPathSteps       = 32
	maxInOperands      = 100
)

// parser turns the text of an expression into a tree. It looks at the syntax
// only: names and values are found, and their use is checked, by the checker that
// walks the tree. To that one it leaves the faults that come after those of the
// syntax.
//
// A parse ends with a panic of type *api.Error where the text is not of the
// language; parse recovers it.
type parser struct {
	*checker

	text      string
	tokens    []token
	pos       int
	operators int
}

// parse runs a production over the whole text of the parameter that c checks. The
// size of expressions bounds how deep a production can go.
func parse[T any](c *checker, text string, production func(*parser) T) (tree T, err *api.Error) {
	p := &parser{checker: c, text: text}
	if len(text) > maxExpressionBytes {
		return tree, p.tooLong()
	}
	if text == "" {
		return tree, p.invalid("The expression can not be empty;")
	}
	p.tokens = lex(text)
	defer func() {
		if failure := recover(); failure != nil {
			var ok bool
			if err, ok = failure.(*api.Error); !ok {
				panic(failure)
			}
		}
	}()
	tree = production(p)
	if p.peek().kind != end {
		p.unexpected()
	}
	return tree, nil
}

// invalid returns the error about the parameter.
func (p *parser) invalid(format string, args ...any) *api.Error {
	return invalid(p.parameter, fmt.Sprintf(format, args...))
}

// invalid returns the error about a parameter that is an expression.
func invalid(parameter, complaint string) *api.Error {
	return api.Errorf(api.Validation, "Invalid %s: %s", parameter, complaint)
}

// tooLong returns the error about the size of the expression. Messages about
// conditions have the size.
func (p *parser) tooLong() *api.Error {
	complaint := "Expression size has exceeded the maximum allowed size;"
	switch p.parameter {
	case ConditionExpression, FilterExpression, keyConditionExpression:
		complaint += fmt.Sprintf(" expression size: %d", len(p.text))
	}
	return invalid(p.parameter, complaint)
}

// unexpected ends the parse with the error about the current token. It shows the
// text from the token before to the token after.
func (p *parser) unexpected() {
	t := p.peek()
	from, to := t.start, t.end
	switch {
	case p.pos > 0:
		from = p.tokens[p.pos-1].start
	case t.kind == end:
		from = 0
	}
	if t.kind != end && p.tokens[p.pos+1].kind != end {
		to = p.tokens[p.pos+1].end
	}
	panic(p.invalid("Syntax error; token: \"%s\", near: \"%s\"", t.text, p.text[from:to]))
}

func (p *parser) peek() token { return p.tokens[p.pos] }

// accept passes over a symbol if it is there.
func (p *parser) accept(s string) bool {
	if !p.peek().is(s) {
		return false
	}
	p.pos++
	return true
}

// acceptKeyword passes over a keyword if it is there.
func (p *parser) acceptKeyword(w string) bool {
	if !p.peek().keyword(w) {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(s string) {
	if !p.accept(s) {
		p.unexpected()
	}
}

func (p *parser) expectKeyword(w string) {
	if !p.acceptKeyword(w) {
		p.unexpected()
	}
}

// operator counts an operator or a function.
func (p *parser) operator() {
	if p.operators++; p.operators > maxOperators {
		p.fault(tooManyOperators, "The expression contains too many operators; operator count: %d", p.operators)
	}
}

// join returns a node with operands, which is one more operator.
func (p *parser) join(o op, args ...*node) *node {
	p.operator()
	return &node{op: o, args: args}
}

// atName reports whether the current token is the beginning of a path.
func (p *parser) atName() bool {
	t := p.peek()
	return t.kind == hash || t.kind == word && !slices.ContainsFunc(keywords, t.keyword)
}

// operand reads a path, a value or a function of operands, with or without
// parentheses.
func (p *parser) operand() *node {
	if p.accept("(") {
		n := p.operand()
		p.expect(")")
		return group(n)
	}
	if t := p.peek(); t.kind == colon {
		p.pos++
		return &node{op: opValue, name: t.text}
	}
	if !p.atName() {
		p.unexpected()
	}
	if p.peek().kind == word && p.tokens[p.pos+1].is("(") {
		return p.call()
	}
	return &node{op: opPath, path: p.path()}
}

// group notes that a node has been found in parentheses.
func group(n *node) *node {
	n.redundant = n.redundant || n.grouped
	n.grouped = true
	return n
}

// call reads a function and its operands.
func (p *parser) call() *node {
	name := p.peek().text
	p.pos++
	p.expect("(")
	n := p.join(opCall, p.operands()...)
	n.name = name
	p.expect(")")
	return n
}

// operands reads one operand or more.
func (p *parser) operands() []*node {
	list := []*node{p.operand()}
	for p.accept(",") {
		list = append(list, p.operand())
	}
	return list
}

// path reads a document path.
func (p *parser) path() path {
	result := path{p.name()}
	for {
		switch {
		case p.accept("."):
			result = append(result, p.name())
		case p.accept("["):
			result = append(result, p.index())
			p.expect("]")
		default:
			return result
		}
	}
}

func (p *parser) name() step {
	if !p.atName() {
		p.unexpected()
	}
	p.pos++
	return step{name: p.tokens[p.pos-1].text, index: noIndex}
}

func (p *parser) index() step {
	t := p.peek()
	if t.kind != digits {
		p.unexpected()
	}
	p.pos++
	i, err := strconv.Atoi(t.text)
	if err != nil || i > math.MaxInt32 {
		p.fault(indexRange, "List index is not within the allowable range; index: [%s]", t.text)
	}
	return step{index: i}
}

// projection reads paths.
func (p *parser) projection() []path {
	list := []path{p.path()}
	for p.accept(",") {
		list = append(list, p.path())
	}
	return list
}
