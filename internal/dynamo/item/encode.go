package item

import "leat/internal/api"

// Encode writes the value as a structure with the one member that its type is.
func (v Value) Encode(e api.Encoder) {
	e.BeginStruct()
	e.Key(v.typ.String())
	switch v.typ {
	case TypeM:
		v.Map().Encode(e)
	case TypeL:
		List(v.List()).Encode(e)
	case TypeSS, TypeNS, TypeBS:
		e.BeginList(len(v.List()))
		for _, element := range v.List() {
			element.encodeScalar(e)
		}
		e.EndList()
	case TypeS, TypeN, TypeB, TypeBOOL, TypeNULL, None:
		v.encodeScalar(e)
	}
	e.EndStruct()
}

// encodeScalar writes the value as it is within its structure or its set.
func (v Value) encodeScalar(e api.Encoder) {
	switch v.typ {
	case TypeS:
		e.String(v.text)
	case TypeN:
		e.String(v.Number().String())
	case TypeB:
		e.Blob(api.RawBlob([]byte(v.text)))
	case TypeBOOL:
		e.Bool(v.truth)
	case TypeNULL:
		e.Bool(true)
	case None, TypeM, TypeL, TypeSS, TypeNS, TypeBS:
	}
}

// Encode writes the item as a map, names in ascending order.
func (it Item) Encode(e api.Encoder) {
	e.BeginStruct()
	for _, name := range it.Names() {
		e.MapKey(name)
		it[name].Encode(e)
	}
	e.EndStruct()
}

// Encode writes the list.
func (l List) Encode(e api.Encoder) {
	e.BeginList(len(l))
	for _, v := range l {
		v.Encode(e)
	}
	e.EndList()
}

// Encode writes the items as a list.
func (l Items) Encode(e api.Encoder) {
	e.BeginList(len(l))
	for _, it := range l {
		it.Encode(e)
	}
	e.EndList()
}
