package item

import (
	"encoding/base64"
	"strings"

	"leat/internal/api"
)

// maxDepth is how deep values may be nested, the attribute itself being the first
// level.
const maxDepth = 32

// Parse implements api.Raw for a value that is a member of a structure. The error
// is about the shape, and leaves the value as it was; Validate tells about the
// content.
func (v *Value) Parse(text []byte) *api.Error {
	return whole(v, text, func(p *parser) (Value, *api.Error) {
		if p.next() != '{' {
			return Value{}, p.unexpected("Unexpected field type", valueClass)
		}
		return p.value(1)
	})
}

// Clear makes the value absent.
func (v *Value) Clear() { *v = Value{} }

// Parse implements api.Raw, like Value.Parse.
func (it *Item) Parse(text []byte) *api.Error {
	return whole(it, text, func(p *parser) (Item, *api.Error) { return p.item(1) })
}

// Clear makes the item absent.
func (it *Item) Clear() { *it = nil }

// Present reports whether there is an item, which may have no attributes.
func (it Item) Present() bool { return it != nil }

// Parse implements api.Raw, like Value.Parse.
func (l *List) Parse(text []byte) *api.Error {
	return whole(l, text, func(p *parser) (List, *api.Error) { return p.values(1) })
}

// Clear makes the list absent.
func (l *List) Clear() { *l = nil }

// Present reports whether there is a list, which may be empty.
func (l List) Present() bool { return l != nil }

// Parse implements api.Raw, like Value.Parse.
func (l *Items) Parse(text []byte) *api.Error {
	return whole(l, text, func(p *parser) (Items, *api.Error) {
		items := Items{}
		err := p.list("", func() *api.Error {
			it, err := p.item(1)
			items = append(items, it)
			return err
		})
		return items, err
	})
}

// Clear makes the list absent.
func (l *Items) Clear() { *l = nil }

// Present reports whether there is a list, which may be empty.
func (l Items) Present() bool { return l != nil }

// whole sets a member to what read makes of a whole text.
func whole[T any](member *T, text []byte, read func(*parser) (T, *api.Error)) *api.Error {
	p := &parser{text: text}
	v, err := read(p)
	if err == nil {
		err = p.done()
	}
	if err != nil {
		return err
	}
	*member = v
	return nil
}

// The service's names of its classes, which its messages have.
const (
	valueClass   = "class com.amazonaws.dynamodb.v20120810.AttributeValue"
	mapClass     = "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
	stringClass  = "class java.lang.String"
	booleanClass = "class java.lang.Boolean"
	bytesClass   = "class java.nio.ByteBuffer"
)

// item reads a map of attribute values.
func (p *parser) item(depth int) (Item, *api.Error) {
	if p.next() != '{' {
		return nil, p.unexpected("Unexpected field type", mapClass)
	}
	it := Item{}
	err := p.object(func(name string) *api.Error {
		v, err := p.entry(depth)
		it[name] = v
		return err
	})
	return it, err
}

// values reads a list of attribute values.
func (p *parser) values(depth int) ([]Value, *api.Error) {
	list := []Value{}
	err := p.list("", func() *api.Error {
		v, err := p.entry(depth)
		list = append(list, v)
		return err
	})
	return list, err
}

// entry reads a value that is in a map or a list.
func (p *parser) entry(depth int) (Value, *api.Error) {
	switch p.next() {
	case '{':
		return p.value(depth)
	case 'n':
		return fault(emptyValue), p.skip()
	}
	return Value{}, p.unexpected("Unexpected value type in payload", valueClass)
}

// value reads an attribute value, at its brace.
func (p *parser) value(depth int) (Value, *api.Error) {
	if depth > maxDepth {
		return fault("Nesting Levels have exceeded supported limits: " +
			"Attributes in the item have nested levels beyond supported limit"), p.skip()
	}
	var found choice
	err := p.object(func(name string) *api.Error {
		t := TypeOf(name)
		if t == None || p.next() == 'n' {
			return p.skip()
		}
		v, err := p.content(t, depth)
		found.add(v)
		return err
	})
	if err != nil {
		return Value{}, err
	}
	return found.value(), nil
}

// choice is what the members of an attribute value amount to. There should be
// one; of several, the first that is at fault is told of, and only then that they
// are several. Each is validated once at most.
type choice struct {
	first   Value
	several bool
	faulty  bool // first is at fault; it is known of several only
}

func (c *choice) add(v Value) {
	switch {
	case !c.first.Present():
		c.first = v
		return
	case !c.several:
		c.several = true
		c.faulty = c.first.Validate() != nil
	}
	if !c.faulty && v.Validate() != nil {
		c.first, c.faulty = v, true
	}
}

func (c *choice) value() Value {
	switch {
	case !c.first.Present():
		return fault(emptyValue)
	case c.several && !c.faulty:
		return fault("Supplied AttributeValue has more than one datatypes set, " +
			"must contain exactly one of the supported datatypes")
	}
	return c.first
}

// content reads what a value of a type holds.
func (p *parser) content(t Type, depth int) (Value, *api.Error) {
	switch t {
	case TypeS, TypeN, TypeB:
		return p.scalar(t)
	case TypeBOOL, TypeNULL:
		return p.boolean(t)
	case TypeM:
		m, err := p.item(depth + 1)
		return M(m), err
	case TypeL:
		list, err := p.values(depth + 1)
		return L(list...), err
	case TypeSS, TypeNS, TypeBS:
		return p.set(t.Element())
	case None:
	}
	return Value{}, p.skip()
}

// scalar reads the text of an S, N or B.
func (p *parser) scalar(t Type) (Value, *api.Error) {
	if p.next() != '"' {
		if t == TypeB {
			return Value{}, p.unexpected("only base-64-encoded strings are convertible to bytes", bytesClass)
		}
		return Value{}, p.unexpected(p.literal()+" cannot be converted to String", stringClass)
	}
	s, err := p.string()
	if err != nil {
		return Value{}, err
	}
	if t == TypeB {
		return decodeBinary(s)
	}
	if t == TypeN {
		return numberValue(s), nil
	}
	return S(s), nil
}

// numberValue returns the number that a text is, or the fault with it.
func numberValue(s string) Value {
	n, err := ParseNumber(s)
	if err != nil {
		return fault(err.Message)
	}
	return N(n)
}

// decodeBinary returns the value of a text in base64.
func decodeBinary(s string) (Value, *api.Error) {
	if len(s)%4 != 0 {
		return Value{}, api.Errorf(api.Serialization,
			"Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(s))
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return Value{}, api.Errorf(api.Serialization, "Invalid last non-pad Base64 character dectected")
	}
	return Value{typ: TypeB, text: string(b)}, nil
}

// boolean reads the content of a BOOL or NULL.
func (p *parser) boolean(t Type) (Value, *api.Error) {
	var truth bool
	switch p.next() {
	case 't', 'f':
		truth = p.next() == 't'
		if err := p.skip(); err != nil {
			return Value{}, err
		}
	case '"':
		s, err := p.string()
		if err != nil {
			return Value{}, err
		}
		if truth, err = api.ParseBool(s); err != nil {
			return Value{}, api.Errorf(api.Serialization, "Unexpected token received from parser")
		}
	default:
		return Value{}, p.unexpected(p.literal()+" cannot be converted to Boolean", booleanClass)
	}
	switch {
	case t == TypeBOOL:
		return BOOL(truth), nil
	case !truth:
		return fault(invalidValue + "Null attribute value types must have the value of true"), nil
	}
	return NULL(), nil
}

// setWords are the types of elements as messages name them.
var setWords = map[Type]string{TypeS: "string", TypeN: "number", TypeB: "binary"}

// set reads a set of elements of type t.
func (p *parser) set(t Type) (Value, *api.Error) {
	var list []Value
	class := stringClass
	if t == TypeB {
		class = bytesClass
	}
	err := p.list(class, func() *api.Error {
		if p.next() == 'n' {
			list = append(list, fault(invalidValue+"An "+setWords[t]+" set may not have a null "+setWords[t]+" as a member"))
			return p.skip()
		}
		v, err := p.scalar(t)
		list = append(list, v)
		return err
	})
	if err != nil {
		return Value{}, err
	}
	return checkedSet(t, list), nil
}
