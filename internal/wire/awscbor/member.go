package awscbor

import "leat/internal/api"

// structure reads the rest of a map into in.
func (d *decoder) structure(in api.Input, h head, depth int) bool {
	return d.object(h, depth, func(name string) bool { return d.member(in.Member(name), depth+1) })
}

// member reads a value, depth deep, to where Input.Member says it goes.
func (d *decoder) member(m any, depth int) bool {
	h, ok := d.head()
	switch {
	case !ok:
		return false
	case h.isNull():
		api.Clear(m)
		return true
	}
	switch m := m.(type) {
	case nil:
		return d.skip(h, depth)
	case *api.Opt[string]:
		return d.stringMember(m, h, depth)
	case *api.Opt[api.Blob]:
		return d.blobMember(m, h, depth)
	case *api.Opt[int32]:
		return d.int32Member(m, h, depth)
	case *api.Opt[int64]:
		return d.int64Member(m, h, depth)
	case *api.Opt[float64]:
		return d.floatMember(m, h, depth)
	case *api.Opt[bool]:
		return d.boolMember(m, h, depth)
	case *api.Opt[api.Timestamp]:
		return d.timestampMember(m, h, depth)
	case *api.Opt[[]string]:
		return valuesMember(d, m, h, depth)
	case *api.Opt[[]float64]:
		return valuesMember(d, m, h, depth)
	case *api.Opt[map[string]string]:
		return d.mapMember(m, h, depth)
	case api.Nested:
		return d.nestedMember(m, h, depth)
	case api.List:
		return d.listMember(m, h, depth)
	}
	return d.skip(h, depth)
}

func (d *decoder) stringMember(m *api.Opt[string], h head, depth int) bool {
	if h.major != majorText {
		return d.refuse(m, h, depth)
	}
	s, ok := d.text(h)
	*m = api.Some(s)
	return ok
}

func (d *decoder) blobMember(m *api.Opt[api.Blob], h head, depth int) bool {
	if h.major != majorBytes {
		return d.refuse(m, h, depth)
	}
	b, ok := d.bytes(h)
	*m = api.Some(api.RawBlob(b))
	return ok
}

func (d *decoder) int32Member(m *api.Opt[int32], h head, depth int) bool {
	n, ok := h.integer()
	if !ok {
		return d.refuse(m, h, depth)
	}
	*m = api.Some(api.ClampInt32(n))
	return true
}

func (d *decoder) int64Member(m *api.Opt[int64], h head, depth int) bool {
	n, ok := h.integer()
	if !ok {
		return d.refuse(m, h, depth)
	}
	*m = api.Some(n)
	return true
}

func (d *decoder) floatMember(m *api.Opt[float64], h head, depth int) bool {
	f, ok := h.float()
	if !ok {
		n, isInteger := h.integer()
		if !isInteger {
			return d.refuse(m, h, depth)
		}
		f = float64(n)
	}
	*m = api.Some(f)
	return true
}

func (d *decoder) timestampMember(m *api.Opt[api.Timestamp], h head, depth int) bool {
	t, ok := h.timestamp(d.seconds)
	if !ok {
		return d.refuse(m, h, depth)
	}
	*m = api.Some(t)
	return true
}

func (d *decoder) boolMember(m *api.Opt[bool], h head, depth int) bool {
	switch {
	case h.isBool():
		*m = api.Some(h.info == infoTrue)
		return true
	case h.major == majorText:
		s, ok := d.text(h)
		v, mismatch := api.ParseBool(s)
		d.note(mismatch)
		*m = api.Some(v)
		return ok
	}
	return d.refuse(m, h, depth)
}

// valuesMember reads a list of strings or of numbers.
func valuesMember[T any](d *decoder, m *api.Opt[[]T], h head, depth int) bool {
	if h.major != majorArray {
		return d.refuse(m, h, depth)
	}
	list := m.V[:0]
	ok := d.entries(h, depth, func() bool {
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

func (d *decoder) mapMember(m *api.Opt[map[string]string], h head, depth int) bool {
	if h.major != majorMap {
		return d.refuse(m, h, depth)
	}
	*m = api.Some(map[string]string{})
	return d.object(h, depth, func(key string) bool {
		var s api.Opt[string]
		ok := d.bounds.Value(len(m.V)) && d.member(&s, depth+1)
		delete(m.V, key)
		if s.Set && len(m.V) < api.MaxEntries {
			m.V[key] = s.V
		}
		return ok
	})
}

func (d *decoder) nestedMember(m api.Nested, h head, depth int) bool {
	if h.major != majorMap {
		return d.refuse(m, h, depth)
	}
	return d.structure(m.Fill(), h, depth)
}

func (d *decoder) listMember(m api.List, h head, depth int) bool {
	if h.major != majorArray {
		return d.refuse(m, h, depth)
	}
	m.Begin()
	return d.entries(h, depth, func() bool {
		if !d.bounds.Structure(m.Len()) {
			return false
		}
		element := m.Grow()
		h, ok := d.head()
		switch {
		case !ok:
			return false
		case h.isNull():
			return true
		case h.major == majorMap:
			return d.structure(element, h, depth+1)
		}
		return d.refuse(element, h, depth+1)
	})
}
