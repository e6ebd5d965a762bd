package awsjson

import (
	"math"
	"strings"

	"leat/internal/api"
)

func (d *decoder) stringMember(m *api.Opt[string], depth int) bool {
	if d.next() != '"' {
		return d.refuse(ofString, depth)
	}
	s, ok := d.text()
	*m = api.Some(s)
	return ok
}

// blobMember reads a blob. What is in order is found to be so while its end is
// being looked for; anything else is read as a string first.
func (d *decoder) blobMember(m *api.Opt[api.Blob], depth int) bool {
	if d.next() != '"' {
		return d.refuse(ofBlob, depth)
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
		d.note("'" + string(text) + "' can not be converted to a Blob: " + fault)
		return true
	}
	*m = api.Some(api.Base64Blob(text))
	return true
}

func (d *decoder) int32Member(m *api.Opt[int32], depth int) bool {
	if !startsNumber(d.next()) {
		return d.refuse(ofInteger, depth)
	}
	token, ok := d.number()
	if ok {
		*m = api.Some(int32(min(max(toInt64(token), math.MinInt32), math.MaxInt32)))
	}
	return ok
}

func (d *decoder) int64Member(m *api.Opt[int64], depth int) bool {
	if !startsNumber(d.next()) {
		return d.refuse(ofLong, depth)
	}
	token, ok := d.number()
	if ok {
		*m = api.Some(toInt64(token))
	}
	return ok
}

func (d *decoder) timestampMember(m *api.Opt[api.Timestamp], depth int) bool {
	if !startsNumber(d.next()) {
		return d.refuse(ofTimestamp, depth)
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
		d.convertBool(m, strings.ToUpper(s))
		return ok
	}
	return d.refuse(ofBoolean, depth)
}

// convertBool takes the strings that are booleans too.
func (d *decoder) convertBool(m *api.Opt[bool], upper string) {
	switch upper {
	case "TRUE", "1", "YES":
		*m = api.Some(true)
	case "FALSE", "0", "NO":
		*m = api.Some(false)
	default:
		d.note("'" + upper + "' can not be converted to " + ofBoolean.conversion)
	}
}

func (d *decoder) stringsMember(m *api.Opt[[]string], depth int) bool {
	if d.next() != '[' {
		return d.refuse(ofList, depth)
	}
	list := m.V[:0]
	ok := d.list(depth, func() bool {
		var s api.Opt[string]
		ok := d.member(&s, depth+1)
		list = append(list, s.V)
		return ok
	})
	*m = api.Some(list)
	return ok
}

func (d *decoder) mapMember(m *api.Opt[map[string]string], depth int) bool {
	if d.next() != '{' {
		return d.refuse(ofMap, depth)
	}
	*m = api.Some(map[string]string{})
	return d.object(depth, func(key string) bool {
		var s api.Opt[string]
		ok := d.member(&s, depth+1)
		delete(m.V, key)
		if s.Set {
			m.V[key] = s.V
		}
		return ok
	})
}

func (d *decoder) nestedMember(m api.Nested, depth int) bool {
	if d.next() != '{' {
		return d.refuse(ofStructure, depth)
	}
	return d.structure(m.Fill(), depth)
}

func (d *decoder) listMember(m api.List, depth int) bool {
	if d.next() != '[' {
		return d.refuse(ofList, depth)
	}
	m.Begin()
	return d.list(depth, func() bool {
		element := m.Grow()
		switch d.next() {
		case 'n':
			return d.word("null")
		case '{':
			return d.structure(element, depth+1)
		}
		return d.refuse(ofStructure, depth+1)
	})
}
