package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schemas prints the names of the operations and the constraints on requests.
func (m *model) schemas(p *printer) {
	p.ln("")
	p.ln("// Operations lists the names of all operations of the service, in order, also")
	p.ln("// those that have no shapes here.")
	p.ln("var Operations = []string{")
	for _, name := range m.operationNames() {
		p.ln("%q,", name)
	}
	p.ln("}")
	m.patterns(p)
	for _, name := range m.structures(func(s *shape) bool { return s.inInput }) {
		s := m.Shapes[name]
		p.ln("")
		if s.requestOf != "" {
			p.ln("// %s constrains %s.", m.schemaName(name), name)
		}
		p.ln("var %s = &api.Structure{", m.schemaName(name))
		for _, mem := range s.Members {
			p.ln("{Name: %q%s},", mem.Name, m.constraints(s, mem))
		}
		p.ln("}")
	}
}

// schemaName returns the name of a structure's table.
func (m *model) schemaName(name string) string {
	if op := m.Shapes[name].requestOf; op != "" {
		return op + "Schema"
	}
	return unexported(name) + "Schema"
}

// unexported returns a name that begins with a capital letter without it.
func unexported(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// patterns prints the patterns of the shapes that requests use.
func (m *model) patterns(p *printer) {
	used := map[string]bool{}
	for _, name := range m.structures(func(s *shape) bool { return s.inInput }) {
		for _, mem := range m.Shapes[name].Members {
			s := m.Shapes[mem.Shape]
			for _, n := range []string{mem.Shape, s.Element, s.Key, s.Value} {
				if n != "" && m.Shapes[n].Pattern != "" {
					used[n] = true
				}
			}
		}
	}
	p.ln("")
	p.ln("var (")
	for _, name := range slices.Sorted(maps.Keys(used)) {
		p.ln("pattern%s = api.NewPattern(%#q)", name, m.Shapes[name].Pattern)
	}
	p.ln(")")
}

// constraints returns the fields of a member's row.
func (m *model) constraints(owner *shape, mem member) string {
	s := m.Shapes[mem.Shape]
	var b strings.Builder
	if owner.requires(mem.Name) {
		b.WriteString(", Required: true")
	}
	if s.Sensitive {
		b.WriteString(", Sensitive: true")
	}
	if c := m.value(mem.Shape); c != "" {
		b.WriteString(", Value: api.Constraint{" + c + "}")
	}
	for _, part := range []struct{ field, shape string }{
		{"Key", s.Key}, {"Element", s.Value}, {"Element", s.Element},
	} {
		if part.shape == "" || m.kind(part.shape) == "structure" || m.kind(part.shape) == "raw" {
			continue
		}
		if c := m.value(part.shape); c != "" {
			fmt.Fprintf(&b, ", %s: api.Constraint{%s}", part.field, c)
		}
	}
	switch {
	case s.Type == "structure":
		b.WriteString(", Of: " + m.schemaName(mem.Shape))
	case m.isStructureList(s):
		b.WriteString(", Of: " + m.schemaName(s.Element))
	case s.Type == "map" && m.kind(s.Value) == "structure":
		b.WriteString(", Of: " + m.schemaName(s.Value))
	case s.Type == "map" && m.kind(s.Value) == "list":
		b.WriteString(", Of: " + m.schemaName(m.Shapes[s.Value].Element))
	}
	return b.String()
}

// value returns the fields of what a shape itself demands of a value.
func (m *model) value(name string) string {
	s := m.Shapes[name]
	var fields []string
	if s.Min != nil {
		fields = append(fields, fmt.Sprintf("Min: api.Some[int64](%d)", *s.Min))
	}
	if s.Max != nil {
		fields = append(fields, fmt.Sprintf("Max: api.Some[int64](%d)", *s.Max))
	}
	if s.Pattern != "" {
		fields = append(fields, "Pattern: pattern"+name)
	}
	if len(s.Enum) > 0 {
		fields = append(fields, fmt.Sprintf("Enum: %#v", s.Enum))
	}
	return strings.Join(fields, ", ")
}
