package item

// MaxSize is how large an item may be, in bytes as Size counts them.
const MaxSize = 400 << 10

// Size returns the size of the item as the service documents it: the UTF-8 of
// names, and its values.
func (it Item) Size() int {
	n := 0
	for name, v := range it {
		n += len(name) + v.Size()
	}
	return n
}

// Size returns the size of the value as the service documents it. Lists and maps
// take 3 bytes, and 1 more for each element.
func (v Value) Size() int {
	switch v.typ {
	case TypeS, TypeB:
		return len(v.text)
	case TypeN:
		return v.Number().size()
	case TypeBOOL, TypeNULL:
		return 1
	case TypeM:
		return 3 + len(v.Map()) + v.Map().Size()
	case TypeL:
		return 3 + len(v.List()) + sizes(v.List())
	case TypeSS, TypeNS, TypeBS:
		return sizes(v.List())
	case None:
	}
	return 0
}

func sizes(list []Value) int {
	n := 0
	for i := range list {
		n += list[i].Size()
	}
	return n
}

// size is a byte for each pair of digits, pairs being aligned with the point, and
// one more, and another one for the sign of a negative number.
func (n Number) size() int {
	if n.digits == "" {
		return 1
	}
	size := (len(n.digits)+1)/2 + 1
	if len(n.digits)%2 == 0 && n.exponent%2 != 0 {
		size++
	}
	if n.negative {
		size++
	}
	return size
}
