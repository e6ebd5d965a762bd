// Package policy reads IAM policy documents and answers whether they allow a
// request. It does no input or output, and knows no service: what actions and
// resources there are, services say.
//
//	policy.go     documents and what they are made of
//	node.go       the tree of a document, from JSON or YAML
//	parse.go      from the tree to a Policy
//	principal.go  who asks, and whom a resource's policy names
//	pattern.go    texts with wildcards and variables, ARNs
//	keys.go       what conditions may look at
//	condition.go  what conditions ask of it
//	evaluate.go   all policies of a request together
//	decision.go   what they decide, in words
//
// # Documents
//
// A document is a JSON object, or the same in YAML:
//
//	Version: 2012-10-17            or 2008-10-17, which has no variables and is the default
//	Id: text                       optional
//	Statement:                     one or a list
//	  - Sid: text                  optional, once in the document
//	    Effect: Allow              or Deny
//	    Principal: {AWS: ...}      or NotPrincipal, not in a Trust policy; none in an Identity's, required elsewhere
//	    Action: kinesis:Put*       or NotAction; one or a list
//	    Resource: arn:aws:...      or NotResource; one or a list; not in a Trust policy
//	    Condition:                 optional; all of it has to hold
//	      StringEquals:
//	        aws:PrincipalAccount: [...]
//
// Whatever else a document says is an error, with its line: a policy that is
// understood in part would allow or deny other things than it says.
//
// # Patterns
//
// In actions and resources, and where an operator ends in Like, * is any number
// of characters and ? is one. Letter case matters except in actions. An ARN is
// compared part by part: a wildcard stays inside its part, but the sixth part
// has all the rest, and a * that ends a shorter pattern covers all parts that
// follow. ${key} stands for the value of a single-valued condition key,
// ${key, 'text'} for text where it has none; ${*}, ${?} and ${$} are these
// characters.
package policy

import (
	"fmt"
	"slices"
	"strconv"
)

// Kind says what a policy is attached to.
type Kind uint8

// The kinds of policies.
const (
	// Identity policies belong to users and roles: they say what these may do.
	Identity Kind = iota
	// Resource policies belong to resources: they say who may do what to them.
	Resource
	// Trust policies belong to roles: they say who may take the role on.
	Trust
)

// Policy is a document. It never changes.
type Policy struct {
	// Source is what the policy is called where decisions are explained.
	Source string
	// ID is the document's Id.
	ID         string
	Statements []*Statement
}

// Effect is what a statement does to the requests that it is about.
type Effect uint8

// The effects.
const (
	Allow Effect = iota
	Deny
)

func (e Effect) String() string {
	if e == Deny {
		return "Deny"
	}
	return "Allow"
}

// Statement is one statement of a policy.
type Statement struct {
	// Source is that of the policy.
	Source string
	Sid    string // "" for none
	// Index is the statement's place in the policy, from 0.
	Index int
	// Line is where the statement begins in the text that it was read from.
	Line   int
	Effect Effect

	principals principals
	actions    set[pattern]
	resources  set[arnPattern]
	conditions []condition
}

// String names the statement for those who look for it.
func (s *Statement) String() string {
	name := "statement " + strconv.Itoa(s.Index+1)
	if s.Sid != "" {
		name = "statement " + strconv.Quote(s.Sid)
	}
	return fmt.Sprintf("%s (line %d) of %s", name, s.Line, s.Source)
}

// Error says what is wrong with a document, and on which of its lines.
type Error struct {
	Line   int
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

func errorf(line int, format string, args ...any) *Error {
	return &Error{Line: line, Reason: fmt.Sprintf(format, args...)}
}

// set is a list of patterns, or all that is not in it.
type set[P any] struct {
	not  bool
	list []P
}

// has reports whether what match looks for is in the set.
func (s *set[P]) has(match func(P) bool) bool {
	return slices.ContainsFunc(s.list, match) != s.not
}
