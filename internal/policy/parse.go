package policy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ParseJSON reads a document in JSON. The error, if any, is an *Error whose line
// counts from the beginning of the text.
func ParseJSON(source string, kind Kind, text []byte) (*Policy, error) {
	n, err := readJSON(text)
	if err != nil {
		return nil, err
	}
	return parse(source, kind, n)
}

// ParseYAML reads a document that is a part of a YAML text. The error, if any,
// is an *Error whose line is that of the text.
func ParseYAML(source string, kind Kind, y *yaml.Node) (*Policy, error) {
	if y.Kind == yaml.DocumentNode && len(y.Content) == 1 {
		y = y.Content[0]
	}
	n, err := new(yamlReader).value(y, 1)
	if err != nil {
		return nil, err
	}
	return parse(source, kind, n)
}

// parser is what the statements of a document have in common.
type parser struct {
	policy    *Policy
	kind      Kind
	variables bool // whether the document's version has them
}

// parse returns an error interface so that callers' nil is one.
func parse(source string, kind Kind, n node) (*Policy, error) {
	p := parser{policy: &Policy{Source: source}, kind: kind}
	if err := p.document(n); err != nil {
		return nil, err
	}
	return p.policy, nil
}

func (p *parser) document(n node) *Error {
	if n.kind != objectNode {
		return errorf(n.line, "a policy is an object")
	}
	var statements *node
	for i, m := range n.pairs {
		var err *Error
		switch m.name {
		case "Version":
			err = p.version(m.value)
		case "Id":
			p.policy.ID, err = text(m)
		case "Statement":
			statements = &n.pairs[i].value
		default:
			err = errorf(m.line, "a policy has no %s", m.name)
		}
		if err != nil {
			return err
		}
	}
	if statements == nil {
		return errorf(n.line, "Statement is missing")
	}
	list := []node{*statements}
	if statements.kind == listNode {
		list = statements.items
	}
	if len(list) == 0 {
		return errorf(statements.line, "Statement is empty")
	}
	for _, s := range list {
		if err := p.statement(s); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) version(n node) *Error {
	if n.kind != textNode || n.text != "2012-10-17" && n.text != "2008-10-17" {
		return errorf(n.line, "Version is 2012-10-17 or 2008-10-17")
	}
	p.variables = n.text == "2012-10-17"
	return nil
}

func (p *parser) statement(n node) *Error {
	if n.kind != objectNode {
		return errorf(n.line, "a statement is an object")
	}
	s := &Statement{Source: p.policy.Source, Index: len(p.policy.Statements), Line: n.line}
	seen := make(map[string]bool, len(n.pairs))
	for _, m := range n.pairs {
		seen[m.name] = true
		if err := p.element(s, m); err != nil {
			return err
		}
	}
	if err := p.checkElements(n, seen); err != nil {
		return err
	}
	switch {
	case s.principals.not && p.kind == Trust:
		return errorf(n.line, "NotPrincipal has no place in a trust policy: ask for aws:PrincipalArn in a Condition")
	case s.principals.not && s.Effect == Allow:
		return errorf(n.line, "NotPrincipal is for Deny only: with Allow it would let everybody else in")
	}
	p.policy.Statements = append(p.policy.Statements, s)
	return nil
}

// element reads one member of a statement.
func (p *parser) element(s *Statement, m pair) (err *Error) {
	switch m.name {
	case "Sid":
		return p.sid(s, m)
	case "Effect":
		s.Effect, err = effect(m)
	case "Principal", "NotPrincipal":
		s.principals, err = parsePrincipals(m)
	case "Action", "NotAction":
		s.actions.not = m.name == "NotAction"
		s.actions.list, err = patterns(m, parseAction)
	case "Resource", "NotResource":
		s.resources.not = m.name == "NotResource"
		s.resources.list, err = patterns(m, func(text string) (arnPattern, error) {
			return parseARNPattern(text, p.variables)
		})
	case "Condition":
		s.conditions, err = p.conditions(m)
	default:
		err = errorf(m.line, "a statement has no %s", m.name)
	}
	return err
}

func (p *parser) sid(s *Statement, m pair) (err *Error) {
	if s.Sid, err = text(m); err != nil {
		return err
	}
	if s.Sid != "" && slices.ContainsFunc(p.policy.Statements, func(o *Statement) bool { return o.Sid == s.Sid }) {
		return errorf(m.line, "another statement has the Sid %s", s.Sid)
	}
	return nil
}

// checkElements refuses a statement that lacks an element, or has one that
// policies of its kind do not have.
func (p *parser) checkElements(n node, seen map[string]bool) *Error {
	if !seen["Effect"] {
		return errorf(n.line, "Effect is missing")
	}
	wants := []struct {
		name string
		want bool
	}{
		{"Principal", p.kind != Identity},
		{"Action", true},
		{"Resource", p.kind != Trust},
	}
	for _, e := range wants {
		one, other := seen[e.name], seen["Not"+e.name]
		switch {
		case one && other:
			return errorf(n.line, "%s and Not%s exclude each other", e.name, e.name)
		case e.want && !one && !other:
			return errorf(n.line, "%s is missing", e.name)
		case !e.want && (one || other):
			return errorf(n.line, "%s has no place in this kind of policy", e.name)
		}
	}
	return nil
}

func effect(m pair) (Effect, *Error) {
	switch {
	case m.value.kind == textNode && m.value.text == "Allow":
		return Allow, nil
	case m.value.kind == textNode && m.value.text == "Deny":
		return Deny, nil
	}
	return 0, errorf(m.value.line, "Effect is Allow or Deny")
}

// text returns the value of a member that is a text.
func text(m pair) (string, *Error) {
	if m.value.kind != textNode {
		return "", errorf(m.value.line, "%s is a text", m.name)
	}
	return m.value.text, nil
}

// texts returns the value of a member that is a text or a list of some.
func texts(m pair) ([]node, *Error) {
	list := []node{m.value}
	if m.value.kind == listNode {
		list = m.value.items
	}
	if len(list) == 0 {
		return nil, errorf(m.value.line, "%s is empty", m.name)
	}
	for _, n := range list {
		if n.kind != textNode {
			return nil, errorf(n.line, "%s is a text or a list of texts", m.name)
		}
	}
	return list, nil
}

// patterns reads each of a member's texts.
func patterns[P any](m pair, read func(string) (P, error)) ([]P, *Error) {
	list, err := texts(m)
	if err != nil {
		return nil, err
	}
	out := make([]P, len(list))
	for i, n := range list {
		p, err := read(n.text)
		if err != nil {
			return nil, errorf(n.line, "%s %q %v", m.name, n.text, err)
		}
		out[i] = p
	}
	return out, nil
}

// parseAction reads an action: a service's prefix, a colon and a name, or *.
func parseAction(text string) (pattern, error) {
	if text != "*" {
		service, name, ok := strings.Cut(text, ":")
		if !ok || service == "" || name == "" || strings.ContainsAny(text, " \t\r\n") || strings.Contains(name, ":") {
			return pattern{}, errAction
		}
	}
	return parsePattern(strings.ToLower(text), withWildcards)
}
