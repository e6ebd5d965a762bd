package api

import (
	"slices"
	"strconv"
	"strings"
)

// maxViolations is the number of violations that AWS reports at most.
const maxViolations = 10

// maxNesting is the number of steps from a request to the deepest value that is
// constrained: metricDataQueries, 1.member, metricStat, metric, dimensions,
// 1.member, name.
const maxNesting = 7

// Structure is the constraints on the members of a shape, in the model's order.
type Structure []Rule

// Rule is the constraints on a member.
type Rule struct {
	Name      string
	Required  bool
	Sensitive bool       // messages leave the value out
	Value     Constraint // on the value, or on the number of a list's or a map's entries
	Key       Constraint // on each key of a map
	Element   Constraint // on each string of a list, and on each value of a map
	Of        *Structure // of a structure, and of each element of a list of structures
}

// Validate checks a request against the constraints of its shape and returns the
// ValidationException that lists what is violated, or nil. Whatever of the
// request is in order costs no memory.
func Validate(in Input, s *Structure) *Error {
	var v validator
	v.structure(in, s)
	if len(v.violations) == 0 {
		return nil
	}
	plural := "s"
	if len(v.violations) == 1 {
		plural = ""
	}
	return Errorf(Validation, "%d validation error%s detected: %s",
		len(v.violations), plural, strings.Join(v.violations, "; "))
}

// validator collects violations and knows where in the request it is.
type validator struct {
	path       [maxNesting]step
	depth      int
	violations []string
}

// step is a member, an element of a list (from 1), or an entry of a map.
type step struct {
	name  string
	index int
	key   string
}

func (s step) String() string {
	switch {
	case s.name != "":
		return strings.ToLower(s.name[:1]) + s.name[1:]
	case s.index > 0:
		return strconv.Itoa(s.index) + ".member"
	}
	return Shown(s.key) + ".member"
}

func (v *validator) enter(s step) {
	v.path[v.depth] = s
	v.depth++
}

func (v *validator) leave() { v.depth-- }

// structure checks the members of in.
func (v *validator) structure(in Input, s *Structure) {
	rules := *s
	for i := range rules {
		r := &rules[i]
		v.enter(step{name: r.Name})
		v.member(in.Member(r.Name), r)
		v.leave()
	}
}

// member checks a member, which is what Input.Member returns.
func (v *validator) member(m any, r *Rule) {
	switch m := m.(type) {
	case *Opt[string]:
		if v.present(m.Set, r) {
			v.text(m.V, r)
		}
	case *Opt[Blob]:
		if n := int64(m.V.Len()); v.present(m.Set, r) && !r.Value.bounds(n) {
			v.report(r, blobText(n), r.Value.bound("length", n))
		}
	case *Opt[int32]:
		if v.present(m.Set, r) {
			v.number(int64(m.V), r)
		}
	case *Opt[int64]:
		if v.present(m.Set, r) {
			v.number(m.V, r)
		}
	case *Opt[float64]:
		v.present(m.Set, r)
	case *Opt[bool]:
		v.present(m.Set, r)
	case *Opt[Timestamp]:
		v.present(m.Set, r)
	case *Opt[[]string]:
		if v.present(m.Set, r) {
			v.strings(m.V, r)
		}
	case *Opt[[]float64]:
		v.present(m.Set, r)
	case *Opt[map[string]string]:
		if v.present(m.Set, r) {
			v.mapping(m.V, r)
		}
	case Raw:
		v.present(m.Present(), r)
	case Map:
		if v.present(m.Len() >= 0, r) {
			v.entries(m, r)
		}
	case Nested:
		if in := m.Filled(); v.present(in != nil, r) {
			v.structure(in, r.Of)
		}
	case List:
		if v.present(m.Len() >= 0, r) {
			v.list(m, r)
		}
	}
}

// present returns set, and reports a required member that is absent.
func (v *validator) present(set bool, r *Rule) bool {
	if !set && r.Required {
		v.add("Value null at ", "Member must not be null")
	}
	return set
}

func (v *validator) text(s string, r *Rule) {
	c := &r.Value
	n := utf16Len(s)
	fits := c.bounds(n)
	// To match what is too long by far would cost more than all else of a request.
	if c.Pattern != nil && (fits || len(s) <= maxShownBytes) && !c.Pattern.Match(s) {
		v.report(r, s, c.pattern())
	}
	if !fits {
		v.report(r, s, c.bound("length", n))
	}
	if len(c.Enum) > 0 && !slices.Contains(c.Enum, s) {
		v.report(r, s, c.enum())
	}
}

func (v *validator) number(n int64, r *Rule) {
	if !r.Value.bounds(n) {
		v.report(r, strconv.FormatInt(n, 10), r.Value.bound("value", n))
	}
}

func (v *validator) strings(list []string, r *Rule) {
	if n := int64(len(list)); !r.Value.bounds(n) {
		v.report(r, listText(list), r.Value.bound("length", n))
	}
	if slices.ContainsFunc(list, r.Element.refuses) {
		v.report(r, listText(list), "Member must satisfy constraint: "+r.Element.String())
	}
}

func (v *validator) mapping(m map[string]string, r *Rule) {
	if n := int64(len(m)); !r.Value.bounds(n) {
		v.report(r, mapText(m), r.Value.bound("length", n))
	}
	badKey, badValue := false, false
	for key, value := range m {
		badKey = badKey || r.Key.refuses(key)
		badValue = badValue || r.Element.refuses(value)
	}
	if badKey {
		v.report(r, mapText(m), "Map keys must satisfy constraint: "+r.Key.String())
	}
	if badValue {
		v.report(r, mapText(m), "Map value must satisfy constraint: "+r.Element.String())
	}
}

// list checks a list of structures. Only sensitive ones have constraints of their
// own, so there is no text for the value.
func (v *validator) list(l List, r *Rule) {
	if n := int64(l.Len()); !r.Value.bounds(n) {
		v.report(r, "", r.Value.bound("length", n))
	}
	for i := range l.Len() {
		if len(v.violations) == maxViolations {
			return
		}
		v.enter(step{index: i + 1})
		v.structure(l.At(i), r.Of)
		v.leave()
	}
}

// entries checks a map to structures or to lists of them.
func (v *validator) entries(m Map, r *Rule) {
	if n := int64(m.Len()); !r.Value.bounds(n) {
		v.report(r, "", r.Value.bound("length", n))
	}
	for _, key := range m.Keys() {
		if len(v.violations) == maxViolations {
			return
		}
		v.enter(step{key: key})
		switch value := m.At(key).(type) {
		case Input:
			v.structure(value, r.Of)
		case List:
			v.list(value, &Rule{Value: r.Element, Of: r.Of})
		}
		v.leave()
	}
}

// report adds the violation of a constraint by a value.
func (v *validator) report(r *Rule, value, constraint string) {
	if r.Sensitive {
		v.add("Value at ", constraint)
		return
	}
	v.add("Value '"+Shown(value)+"' at ", constraint)
}

// add adds a violation at the place where the validator is.
func (v *validator) add(value, constraint string) {
	if len(v.violations) == maxViolations {
		return
	}
	var b strings.Builder
	b.WriteString(value)
	b.WriteByte('\'')
	for i, s := range v.path[:v.depth] {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.String())
	}
	b.WriteString("' failed to satisfy constraint: ")
	b.WriteString(constraint)
	v.violations = append(v.violations, b.String())
}
