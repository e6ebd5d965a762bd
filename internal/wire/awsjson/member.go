package awsjson

import (
	"math"
	"strconv"

	"leat/internal/api"
)

// refuse reads a value that cannot become m, and notes that.
func (d *decoder) refuse(m any, depth int) bool {
	d.note(api.Mismatch(m, kind(d.next())))
	return d.skip(depth)
}

// note keeps the first mismatch. Nil is none.
func (d *decoder) note(mismatch *api.Error) {
	if d.mismatch == nil {
		d.mismatch = mismatch
	}
}

// kind returns what a value that begins with c is.
func kind(c byte) api.Kind {
	switch c {
	case '[':
		return api.KindList
	case '{':
		return api.KindMap
	case '"':
		return api.KindString
	case 't', 'f':
		return api.KindBoolean
	}
	return api.KindNumber
}

func (d *decoder) stringMember(m *api.Opt[string], depth int) bool {
	if d.next() != '"' {
		return d.refuse(m, depth)
	}
	s, ok := d.text()
	*m = api.Some(s)
	return ok
}

// blobMember reads a blob. What is in order is found to be so while its end is
// being looked for; anything else is read as a string first.
func (d *decoder) blobMember(m *api.Opt[api.Blob], depth int) bool {
	if d.next() != '"' {
		return d.refuse(m, depth)
	}
	if text, ok := d.plainBase64(); ok {
		*m = api.Some(api.Base64Blob(text))
		return true
	}
	text, ok := d.raw()
	if !ok {
		return false
	}
	if fault := base64Fault(text); fault != "" {
		d.note(api.Errorf(api.Serialization, "'%s' can not be converted to a Blob: %s", api.Shown(api.Alias(text)), fault))
		return true
	}
	*m = api.Some(api.Base64Blob(text))
	return true
}

func (d *decoder) int32Member(m *api.Opt[int32], depth int) bool {
	if !startsNumber(d.next()) {
		return d.refuse(m, depth)
	}
	token, ok := d.number()
	if ok {
		*m = api.Some(api.ClampInt32(toInt64(token)))
	}
	return ok
}

func (d *decoder) int64Member(m *api.Opt[int64], depth int) bool {
	if !startsNumber(d.next()) {
		return d.refuse(m, depth)
	}
	token, ok := d.number()
	if ok {
		*m = api.Some(toInt64(token))
	}
	return ok
}

func (d *decoder) timestampMember(m *api.Opt[api.Timestamp], depth int) bool {
	if !startsNumber(d.next()) {
		return d.refuse(m, depth)
	}
	token, ok := d.number()
	if ok {
		*m = api.Some(toTimestamp(token))
	}
	return ok
}

func (d *decoder) boolMember(m *api.Opt[bool], depth int) bool {
	switch d.next() {
	case 't':
		*m = api.Some(true)
		return d.word("true")
	case 'f':
		*m = api.Some(false)
		return d.word("false")
	case '"':
		s, ok := d.text()
		v, mismatch := api.ParseBool(s)
		d.note(mismatch)
		*m = api.Some(v)
		return ok
	}
	return d.refuse(m, depth)
}

// valuesMember reads a list of strings or of numbers.
func valuesMember[T any](d *decoder, m *api.Opt[[]T], depth int) bool {
	if d.next() != '[' {
		return d.refuse(m, depth)
	}
	list := m.V[:0]
	ok := d.list(depth, func() bool {
		var v api.Opt[T]
		ok := d.bounds.Value(len(list)) && d.member(&v, depth+1)
		if len(list) < api.MaxEntries {
			list = append(list, v.V)
		}
		return ok
	})
	*m = api.Some(list)
	return ok
}

func (d *decoder) mapMember(m *api.Opt[map[string]string], depth int) bool {
	if d.next() != '{' {
		return d.refuse(m, depth)
	}
	*m = api.Some(map[string]string{})
	return d.object(depth, func(key string) bool {
		var s api.Opt[string]
		ok := d.bounds.Value(len(m.V)) && d.member(&s, depth+1)
		delete(m.V, key)
		if s.Set && len(m.V) < api.MaxEntries {
			m.V[key] = s.V
		}
		return ok
	})
}

func (d *decoder) floatMember(m *api.Opt[float64], depth int) bool {
	switch c := d.next(); {
	case c == '"':
		s, ok := d.text()
		f, known := specialFloats[s]
		if !known {
			d.note(api.Mismatch(m, api.KindString))
		}
		*m = api.Some(f)
		return ok
	case !startsNumber(c):
		return d.refuse(m, depth)
	}
	token, ok := d.number()
	if ok {
		// What is too large becomes infinite, which services refuse.
		f, _ := strconv.ParseFloat(api.Alias(token), 64)
		*m = api.Some(f)
	}
	return ok
}

// specialFloats are the numbers that JSON has no form for.
var specialFloats = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

func (d *decoder) entriesMember(m api.Map, depth int) bool {
	if d.next() != '{' {
		return d.refuse(m, depth)
	}
	m.Begin()
	return d.object(depth, func(key string) bool { return d.bounds.Structure(m.Len()) && d.member(m.Put(key), depth+1) })
}

func (d *decoder) inputMember(m api.Input, depth int) bool {
	if d.next() != '{' {
		return d.refuse(m, depth)
	}
	return d.structure(m, depth)
}

// rawMember finds the end of a value, which then reads itself.
func (d *decoder) rawMember(m api.Raw, depth int) bool {
	d.next()
	start := d.pos
	if !d.skip(depth) {
		return false
	}
	if err := m.Parse(d.data[start:d.pos]); err != nil {
		d.note(err)
	}
	return true
}

func (d *decoder) nestedMember(m api.Nested, depth int) bool {
	if d.next() != '{' {
		return d.refuse(m, depth)
	}
	return d.structure(m.Fill(), depth)
}

func (d *decoder) listMember(m api.List, depth int) bool {
	if d.next() != '[' {
		return d.refuse(m, depth)
	}
	m.Begin()
	return d.list(depth, func() bool {
		if !d.bounds.Structure(m.Len()) {
			return false
		}
		element := m.Grow()
		switch d.next() {
		case 'n':
			return d.word("null")
		case '{':
			return d.structure(element, depth+1)
		}
		return d.refuse(element, depth+1)
	})
}
