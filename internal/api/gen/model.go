package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// inputName is the file that everything is generated from.
const inputName = "operations.json"

// model is the content of operations.json.
type model struct {
	// Package is the name of the package, and Imports are those of raw shapes.
	Package string   `json:"package"`
	Imports []string `json:"imports"`

	Operations map[string]operation `json:"operations"`
	Shapes     map[string]*shape    `json:"shapes"`
}

// operation is what an operation takes and gives.
type operation struct {
	Input  string   `json:"input"`
	Output string   `json:"output"` // empty: the answer has no body
	Errors []string `json:"errors"`
}

// shape is a type of the model with its constraints.
type shape struct {
	Type      string   `json:"type"`
	Members   []member `json:"members"`
	Required  []string `json:"required"`
	Element   string   `json:"element"`
	Key       string   `json:"key"`
	Value     string   `json:"value"`
	Min       *int64   `json:"min"`
	Max       *int64   `json:"max"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	Sensitive bool     `json:"sensitive"`
	Go        string   `json:"go"` // the type of a raw shape

	// What parse finds out about structures.
	inInput, inOutput bool
	requestOf         string   // the operation whose request it is
	answerOf          []string // the operations whose answer it is
}

// member is a named member of a structure.
type member struct {
	Name  string `json:"name"`
	Shape string `json:"shape"`
}

// requires says whether a structure requires a member.
func (s *shape) requires(name string) bool { return slices.Contains(s.Required, name) }

// parse reads and checks the model, and marks where its structures are used.
func parse(data []byte) (*model, error) {
	m := new(model)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, err
	}
	for name, s := range m.Shapes {
		if err := m.check(s); err != nil {
			return nil, fmt.Errorf("shape %s: %w", name, err)
		}
	}
	for _, name := range m.operationNames() {
		op := m.Operations[name]
		for _, s := range []string{op.Input, op.Output} {
			if s != "" && m.kind(s) != "structure" {
				return nil, fmt.Errorf("operation %s: %s is not a structure", name, s)
			}
		}
		m.mark(name, op)
	}
	return m, m.checkInputs()
}

// checkInputs verifies that requests have no member that wire forms cannot fill.
func (m *model) checkInputs() error {
	for _, name := range m.structures(func(s *shape) bool { return s.inInput }) {
		for _, mem := range m.Shapes[name].Members {
			s := m.Shapes[mem.Shape]
			value := m.kind(s.Value)
			if s.Type == "map" && (value == "double" || value == "raw") || s.Type == "list" && m.kind(s.Element) == "timestamp" {
				return fmt.Errorf("shape %s: %s cannot be within requests", name, mem.Shape)
			}
		}
	}
	return nil
}

// check verifies that a shape refers to shapes that exist, and has nothing that
// the generator would not heed.
func (m *model) check(s *shape) error {
	var refs []string
	for _, mem := range s.Members {
		refs = append(refs, mem.Shape)
	}
	for _, r := range []string{s.Element, s.Key, s.Value} {
		if r != "" {
			refs = append(refs, r)
		}
	}
	for _, r := range refs {
		if m.Shapes[r] == nil {
			return fmt.Errorf("unknown shape %q", r)
		}
	}
	for _, r := range s.Required {
		if !slices.ContainsFunc(s.Members, func(mem member) bool { return mem.Name == r }) {
			return fmt.Errorf("unknown required member %q", r)
		}
	}
	switch s.Type {
	case "map":
		v := m.Shapes[s.Value]
		simple := []string{"string", "double", "structure", "raw"}
		if m.kind(s.Key) != "string" || !slices.Contains(simple, v.Type) && !m.isStructureList(v) {
			return errors.New("a map has string keys, and values that are strings, doubles, structures, lists of structures or raw")
		}
	case "list":
		if k := m.kind(s.Element); k != "string" && k != "structure" && k != "double" && k != "timestamp" {
			return errors.New("a list has strings, doubles, timestamps or structures")
		}
	case "raw":
		if s.Go == "" {
			return errors.New("a raw shape has a Go type")
		}
	case "structure", "string", "blob", "integer", "long", "double", "boolean", "timestamp":
	default:
		return fmt.Errorf("unknown type %q", s.Type)
	}
	return nil
}

// kind returns the type of a shape, or nothing when it does not exist.
func (m *model) kind(name string) string {
	if s := m.Shapes[name]; s != nil {
		return s.Type
	}
	return ""
}

// mark notes which structures the operation uses, and how.
func (m *model) mark(name string, op operation) {
	if op.Input != "" {
		m.Shapes[op.Input].requestOf = name
		m.walk(op.Input, func(s *shape) *bool { return &s.inInput })
	}
	if op.Output != "" {
		s := m.Shapes[op.Output]
		s.answerOf = append(s.answerOf, name)
		m.walk(op.Output, func(s *shape) *bool { return &s.inOutput })
	}
}

// walk sets a flag of all structures that a shape reaches.
func (m *model) walk(name string, flag func(*shape) *bool) {
	s := m.Shapes[name]
	if s == nil || *flag(s) {
		return
	}
	*flag(s) = true
	m.walk(s.Element, flag)
	m.walk(s.Value, flag)
	for _, mem := range s.Members {
		m.walk(mem.Shape, flag)
	}
}

// operationNames returns the names of the operations in order.
func (m *model) operationNames() []string {
	return slices.Sorted(maps.Keys(m.Operations))
}

// structures returns the names of the structures that pass keep, in order.
func (m *model) structures(keep func(*shape) bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(m.Shapes)) {
		if s := m.Shapes[name]; s.Type == "structure" && keep(s) {
			names = append(names, name)
		}
	}
	return names
}
