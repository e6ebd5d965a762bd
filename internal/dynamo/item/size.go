package item

// MaxSize is how large an item may be, in bytes as Size counts them.
const MaxSize = 400 << 10

// Size returns the size of the item as the service counts it: the UTF-8 of names,
// and the values.
func (it Item) Size() int {
	n := 0
	for name, v := range it {
		n += len(name) + v.Size()
	}
	return n
}

// Size returns the size of the value as the service counts it. Lists and maps
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

// size is a byte for each pair of significant digits, before the point and after it,
// and one more, and another one for the sign of a negative number.
func (n Number) size() int {
	whole := min(max(0, int(n.exponent)), len(n.digits))
	size := 1 + (whole+1)/2 + (len(n.digits)-whole+1)/2
	if n.negative {
		size++
	}
	return size
}
