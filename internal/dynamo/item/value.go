package item

// Type is the type of an attribute value.
type Type uint8

// The types, by their descriptors on the wire. None is the type of the value that
// is absent. The numbers are stored: they never change.
const (
	None Type = iota
	TypeS
	TypeN
	TypeB
	TypeBOOL
	TypeNULL
	TypeM
	TypeL
	TypeSS
	TypeNS
	TypeBS
)

var descriptors = [...]string{"", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}

// String returns the descriptor, which is also what attribute_type calls the type.
func (t Type) String() string {
	if int(t) < len(descriptors) {
		return descriptors[t]
	}
	return ""
}

// TypeOf returns the type with a descriptor, or None.
func TypeOf(descriptor string) Type {
	for t, d := range descriptors {
		if d == descriptor {
			return Type(t)
		}
	}
	return None
}

// Element returns the type of a set's elements, or None for what is not a set.
func (t Type) Element() Type {
	switch t {
	case TypeSS:
		return TypeS
	case TypeNS:
		return TypeN
	case TypeBS:
		return TypeB
	case None, TypeS, TypeN, TypeB, TypeBOOL, TypeNULL, TypeM, TypeL:
	}
	return None
}

// Value is an attribute value. The zero Value is absent. Values are immutable:
// who gets a list or a map from one must not change it.
type Value struct {
	typ      Type
	faulty   bool  // has the shape of a value but no allowed content; text is the complaint
	negative bool  // N
	truth    bool  // BOOL
	exponent int16 // N
	text     string
	elements *elements
}

// elements is what the less common types are made of.
type elements struct {
	list []Value // L, and the elements of sets
	m    Item
}

// S returns a string.
func S(s string) Value { return Value{typ: TypeS, text: s} }

// B returns a binary value. It keeps no reference to b.
func B(b []byte) Value { return Value{typ: TypeB, text: string(b)} }

// N returns a number as a value.
func N(n Number) Value {
	return Value{typ: TypeN, negative: n.negative, exponent: n.exponent, text: n.digits}
}

// BOOL returns a Boolean.
func BOOL(b bool) Value { return Value{typ: TypeBOOL, truth: b} }

// NULL returns the null value.
func NULL() Value { return Value{typ: TypeNULL} }

// M returns a map, which m becomes.
func M(m Item) Value { return Value{typ: TypeM, elements: &elements{m: m}} }

// L returns a list, which list becomes.
func L(list ...Value) Value { return Value{typ: TypeL, elements: &elements{list: list}} }

// Set returns the set of the values, which must be of one type among S, N and B,
// no two equal, and at least one.
func Set(values ...Value) Value {
	return Value{typ: setOf(values[0].typ), elements: &elements{list: values}}
}

// setOf returns the type of sets with elements of type t.
func setOf(t Type) Type {
	switch t {
	case TypeS:
		return TypeSS
	case TypeN:
		return TypeNS
	case TypeB:
		return TypeBS
	case None, TypeBOOL, TypeNULL, TypeM, TypeL, TypeSS, TypeNS, TypeBS:
	}
	return None
}

// SS returns a set of strings, no two of which may be equal.
func SS(elements ...string) Value {
	values := make([]Value, len(elements))
	for i, s := range elements {
		values[i] = S(s)
	}
	return Set(values...)
}

// NS returns a set of numbers, no two of which may be equal.
func NS(elements ...Number) Value {
	values := make([]Value, len(elements))
	for i, n := range elements {
		values[i] = N(n)
	}
	return Set(values...)
}

// Type returns the value's type.
func (v Value) Type() Type { return v.typ }

// Present reports whether there is a value.
func (v Value) Present() bool { return v.typ != None || v.faulty }

// Text returns the text of an S, or the bytes of a B.
func (v Value) Text() string {
	if v.typ != TypeS && v.typ != TypeB {
		return ""
	}
	return v.text
}

// Number returns the number that an N is; else zero.
func (v Value) Number() Number {
	if v.typ != TypeN {
		return Number{}
	}
	return Number{negative: v.negative, exponent: v.exponent, digits: v.text}
}

// Bool returns what a BOOL says; else false.
func (v Value) Bool() bool { return v.truth }

// List returns the elements of an L or of a set.
func (v Value) List() []Value {
	if v.elements == nil {
		return nil
	}
	return v.elements.list
}

// Map returns what is in an M.
func (v Value) Map() Item {
	if v.elements == nil {
		return nil
	}
	return v.elements.m
}
