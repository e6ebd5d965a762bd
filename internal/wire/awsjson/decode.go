package awsjson

import (
	"leat/internal/api"
)

// maxDepth is how deep objects and lists may be nested, so that no request can
// use up the stack. Requests of the service go down to 3.
const maxDepth = 1000

// Decode fills in, which must be empty, from a request's body. The input's
// strings and blobs refer to the body where that has them as they are, so the
// body must stay as it is for as long as the input is used. Blobs have been
// checked: their AppendTo cannot fail.
//
// The error is a SerializationException: without a message for a body that is
// not a JSON object, or has more than api.MaxStructures or api.MaxValues, and else
// with what is wrong with the first member that has a value of the wrong type.
func Decode(body []byte, in api.Input) *api.Error {
	d := decoder{data: body}
	parsed := false
	switch d.next() {
	case '{':
		parsed = d.structure(in, 1)
	case '[':
		parsed = d.refuse(in, 1)
	}
	if !parsed || !d.done() {
		return api.Errorf(api.Serialization, "")
	}
	return d.mismatch
}

// Valid says whether a body is a JSON object or list. Decode finds out itself.
func Valid(body []byte) bool {
	d := decoder{data: body}
	c := d.next()
	return (c == '{' || c == '[') && d.skip(1) && d.done()
}

// decoder reads a body. Its methods return false where the body is not JSON.
// After a mismatch they go on, because a body that is not JSON at all is the
// graver error.
type decoder struct {
	data     []byte
	pos      int
	mismatch *api.Error // the first
	bounds   api.Bounds
}

// next skips white space and returns the byte at pos, or 0 at the end.
func (d *decoder) next() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			return c
		}
	}
	return 0
}

// done says whether there is nothing but white space left.
func (d *decoder) done() bool {
	d.next()
	return d.pos == len(d.data)
}

// structure reads an object, at its brace, into in.
func (d *decoder) structure(in api.Input, depth int) bool {
	return d.object(depth, func(name string) bool { return d.member(in.Member(name), depth+1) })
}

// object reads an object, at its brace; member reads the value of each member.
func (d *decoder) object(depth int, member func(name string) bool) bool {
	if depth > maxDepth {
		return false
	}
	d.pos++
	if d.next() == '}' {
		d.pos++
		return true
	}
	for {
		if d.next() != '"' {
			return false
		}
		name, ok := d.text()
		if !ok || d.next() != ':' {
			return false
		}
		d.pos++
		if !member(name) {
			return false
		}
		if more, ok := d.more('}'); !more {
			return ok
		}
	}
}

// list reads a list, at its bracket; element reads each element.
func (d *decoder) list(depth int, element func() bool) bool {
	if depth > maxDepth {
		return false
	}
	d.pos++
	if d.next() == ']' {
		d.pos++
		return true
	}
	for {
		if !element() {
			return false
		}
		if more, ok := d.more(']'); !more {
			return ok
		}
	}
}

// more reads what follows an entry: a comma, or the end.
func (d *decoder) more(end byte) (more, ok bool) {
	switch d.next() {
	case ',':
		d.pos++
		return true, true
	case end:
		d.pos++
		return false, true
	}
	return false, false
}

// member reads a value, depth deep, to where Input.Member says it goes.
func (d *decoder) member(m any, depth int) bool {
	if d.next() == 'n' {
		api.Clear(m)
		return d.word("null")
	}
	switch m := m.(type) {
	case *api.Opt[string]:
		return d.stringMember(m, depth)
	case *api.Opt[api.Blob]:
		return d.blobMember(m, depth)
	case *api.Opt[int32]:
		return d.int32Member(m, depth)
	case *api.Opt[int64]:
		return d.int64Member(m, depth)
	case *api.Opt[float64]:
		return d.floatMember(m, depth)
	case *api.Opt[bool]:
		return d.boolMember(m, depth)
	case *api.Opt[api.Timestamp]:
		return d.timestampMember(m, depth)
	case *api.Opt[[]string]:
		return valuesMember(d, m, depth)
	case *api.Opt[[]float64]:
		return valuesMember(d, m, depth)
	case *api.Opt[map[string]string]:
		return d.mapMember(m, depth)
	case api.Nested:
		return d.nestedMember(m, depth)
	case api.List:
		return d.listMember(m, depth)
	case api.Input:
		return d.inputMember(m, depth)
	case api.Map:
		return d.entriesMember(m, depth)
	case api.Raw:
		return d.rawMember(m, depth)
	}
	return d.skip(depth)
}

// skip reads any value.
func (d *decoder) skip(depth int) bool {
	switch d.next() {
	case '{':
		return d.object(depth, func(string) bool { return d.skip(depth + 1) })
	case '[':
		return d.list(depth, func() bool { return d.skip(depth + 1) })
	case '"':
		_, ok := d.raw()
		return ok
	case 't':
		return d.word("true")
	case 'f':
		return d.word("false")
	case 'n':
		return d.word("null")
	}
	_, ok := d.number()
	return ok
}

// word reads a literal.
func (d *decoder) word(w string) bool {
	if rest := d.data[d.pos:]; len(rest) < len(w) || string(rest[:len(w)]) != w {
		return false
	}
	d.pos += len(w)
	return true
}

// text reads a string, at its quote.
func (d *decoder) text() (string, bool) {
	b, ok := d.raw()
	return api.Alias(b), ok
}
