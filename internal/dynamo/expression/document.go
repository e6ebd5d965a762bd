package expression

import (
	"maps"
	"slices"

	"leat/internal/dynamo/item"
)

// branch is a place in a document, and the places below it that paths lead to: all
// paths of an expression together are a tree. Paths that do not overlap end at its
// leaves, and those that do not conflict use each place as a map or as a list.
type branch struct {
	leaf    bool
	value   item.Value // at a leaf of an update: what comes to be there, if anything
	names   map[string]*branch
	indexes map[int]*branch
}

// plant adds a path and returns its leaf.
func (b *branch) plant(p path) *branch {
	for _, s := range p {
		b = b.child(s)
	}
	b.leaf = true
	return b
}

// child returns the place one step below, which it adds if need be.
func (b *branch) child(s step) *branch {
	if s.isIndex() {
		if b.indexes == nil {
			b.indexes = map[int]*branch{}
		}
		if b.indexes[s.index] == nil {
			b.indexes[s.index] = &branch{}
		}
		return b.indexes[s.index]
	}
	if b.names == nil {
		b.names = map[string]*branch{}
	}
	if b.names[s.name] == nil {
		b.names[s.name] = &branch{}
	}
	return b.names[s.name]
}

// pick returns the part of a map that paths lead to: nil if there is none.
func (b *branch) pick(from item.Item) item.Item {
	var picked item.Item
	for name, below := range b.names {
		v, ok := from[name]
		if !ok {
			continue
		}
		if v = below.pickValue(v); v.Present() {
			if picked == nil {
				picked = item.Item{}
			}
			picked[name] = v
		}
	}
	return picked
}

// pickValue returns the part of a value that paths lead to. Elements of a list
// close up.
func (b *branch) pickValue(v item.Value) item.Value {
	if b.leaf {
		return v
	}
	if b.names != nil {
		if picked := b.pick(v.Map()); picked != nil {
			return item.M(picked)
		}
		return item.Value{}
	}
	if v.Type() != item.TypeL {
		return item.Value{}
	}
	var list []item.Value
	for _, i := range slices.Sorted(maps.Keys(b.indexes)) {
		if i >= len(v.List()) {
			break
		}
		if e := b.indexes[i].pickValue(v.List()[i]); e.Present() {
			list = append(list, e)
		}
	}
	if list == nil {
		return item.Value{}
	}
	return item.L(list...)
}

// alter makes the changes below a map, in a copy of it. It fails where a path goes
// through what is not there, or is no map or list.
func (b *branch) alter(m item.Item) (item.Item, bool) {
	altered := m.Clone()
	if altered == nil {
		altered = item.Item{}
	}
	for name, below := range b.names {
		v, ok := below.alterValue(m[name])
		if !ok {
			return nil, false
		}
		if v.Present() {
			altered[name] = v
		} else {
			delete(altered, name)
		}
	}
	return altered, true
}

func (b *branch) alterValue(v item.Value) (item.Value, bool) {
	if b.leaf {
		return b.value, true
	}
	switch v.Type() {
	case item.TypeM:
		if b.names == nil {
			return v, false
		}
		m, ok := b.alter(v.Map())
		return item.M(m), ok
	case item.TypeL:
		if b.indexes == nil {
			return v, false
		}
		return b.alterList(v.List())
	case item.None, item.TypeS, item.TypeN, item.TypeB, item.TypeBOOL, item.TypeNULL,
		item.TypeSS, item.TypeNS, item.TypeBS:
	}
	return v, false
}

// alterList makes the changes below a list. Indexes are those of the list as it
// was: values beyond its end are appended, in order, and what goes away goes
// last.
func (b *branch) alterList(list []item.Value) (item.Value, bool) {
	altered := slices.Clone(list)
	for _, i := range slices.Sorted(maps.Keys(b.indexes)) {
		var old item.Value
		if i < len(list) {
			old = list[i]
		}
		v, ok := b.indexes[i].alterValue(old)
		switch {
		case !ok:
			return item.Value{}, false
		case i < len(list):
			altered[i] = v
		case v.Present():
			altered = append(altered, v)
		}
	}
	absent := func(v item.Value) bool { return !v.Present() }
	return item.L(slices.DeleteFunc(altered, absent)...), true
}
