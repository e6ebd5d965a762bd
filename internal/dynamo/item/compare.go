package item

import (
	"strings"
)

// Equal reports whether two values are of one type and the same. Sets have no
// order.
func (v Value) Equal(w Value) bool {
	if v.typ != w.typ {
		return false
	}
	switch v.typ {
	case TypeS, TypeB:
		return v.text == w.text
	case TypeN:
		return v.Number() == w.Number()
	case TypeBOOL:
		return v.truth == w.truth
	case TypeM:
		return v.Map().Equal(w.Map())
	case TypeL:
		return equalLists(v.List(), w.List())
	case TypeSS, TypeNS, TypeBS:
		return len(v.List()) == len(w.List()) && v.HasAll(w.List())
	case None, TypeNULL:
	}
	return true
}

// Equal reports whether two items have the same attributes.
func (it Item) Equal(other Item) bool {
	if len(it) != len(other) {
		return false
	}
	for name, v := range it {
		if w, ok := other[name]; !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}

func equalLists(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

// scalar is a value of type S, N or B as a key of a map: equal ones are equal.
type scalar struct {
	typ Type
	n   Number
	s   string
}

func (v Value) scalar() scalar {
	if v.typ == TypeN {
		return scalar{typ: v.typ, n: v.Number()}
	}
	return scalar{typ: v.typ, s: v.text}
}

// index returns the elements of a set, to look them up in.
func (v Value) index() map[scalar]struct{} {
	in := make(map[scalar]struct{}, len(v.List()))
	for _, e := range v.List() {
		in[e.scalar()] = struct{}{}
	}
	return in
}

// HasAll reports whether a set has all of some elements.
func (v Value) HasAll(elements []Value) bool {
	in := v.index()
	for _, e := range elements {
		if _, ok := in[e.scalar()]; !ok {
			return false
		}
	}
	return true
}

// Has reports whether an L or a set has an element.
func (v Value) Has(e Value) bool {
	for _, own := range v.List() {
		if own.Equal(e) {
			return true
		}
	}
	return false
}

// Union returns the set of the elements of two sets of one type, those of v first.
func (v Value) Union(w Value) Value {
	in := v.index()
	list := append([]Value(nil), v.List()...)
	for _, e := range w.List() {
		if _, ok := in[e.scalar()]; !ok {
			list = append(list, e)
		}
	}
	return Set(list...)
}

// Without returns the set of those elements that another set does not have, or
// the absent value when there are none.
func (v Value) Without(w Value) Value {
	in := w.index()
	var list []Value
	for _, e := range v.List() {
		if _, ok := in[e.scalar()]; !ok {
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		return Value{}
	}
	return Set(list...)
}

// Compare returns the order of two values of one type among S, N and B: -1, 0 or
// 1. Others have none, and ok is false. Strings are in the order of their UTF-8.
func (v Value) Compare(w Value) (order int, ok bool) {
	if v.typ != w.typ {
		return 0, false
	}
	switch v.typ {
	case TypeS, TypeB:
		return strings.Compare(v.text, w.text), true
	case TypeN:
		return v.Number().Compare(w.Number()), true
	case None, TypeBOOL, TypeNULL, TypeM, TypeL, TypeSS, TypeNS, TypeBS:
	}
	return 0, false
}
