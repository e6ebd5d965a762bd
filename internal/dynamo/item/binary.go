package item

import (
	"encoding/binary"
	"errors"
	"slices"
)

// version is the first byte of a stored item.
const version = 1

var errStored = errors.New("item: damaged")

// AppendBinary appends the stored form of an item.
func (it Item) AppendBinary(dst []byte) []byte {
	return it.appendAttributes(append(dst, version))
}

func (it Item) appendAttributes(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(it)))
	for _, name := range it.Names() {
		dst = appendText(dst, name)
		v := it[name]
		dst = v.appendContent(append(dst, byte(v.typ)))
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendContent appends what follows the type.
func (v Value) appendContent(dst []byte) []byte {
	switch v.typ {
	case TypeS, TypeB:
		return appendText(dst, v.text)
	case TypeN:
		return v.Number().appendBinary(dst)
	case TypeBOOL:
		if v.truth {
			return append(dst, 1)
		}
		return append(dst, 0)
	case TypeM:
		return v.Map().appendAttributes(dst)
	case TypeL:
		dst = binary.AppendUvarint(dst, uint64(len(v.List())))
		for _, e := range v.List() {
			dst = e.appendContent(append(dst, byte(e.typ)))
		}
	case TypeSS, TypeNS, TypeBS:
		dst = binary.AppendUvarint(dst, uint64(len(v.List())))
		for _, e := range v.List() {
			dst = e.appendContent(dst)
		}
	case None, TypeNULL:
	}
	return dst
}

func (n Number) appendBinary(dst []byte) []byte {
	if n.digits == "" {
		return append(dst, 0)
	}
	form := byte(2 * len(n.digits))
	if n.negative {
		form++
	}
	dst = append(dst, form, byte(int(n.exponent)+exponentBias))
	for i := 0; i < len(n.digits); i += 2 {
		pair := n.pair(i)
		dst = append(dst, pair/10<<4|pair%10)
	}
	return dst
}

// Decode returns the item of a stored form, which it copies. It accepts what
// AppendBinary makes and nothing else.
func Decode(b []byte) (Item, error) {
	d := decoder{rest: b}
	if d.byte() != version {
		return nil, errStored
	}
	it := d.attributes(1)
	if d.failed || len(d.rest) > 0 {
		return nil, errStored
	}
	return it, nil
}

// decoder reads a stored form. Once it has failed, what it returns means nothing.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) fail() { d.failed, d.rest = true, nil }

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// count reads a count of things that take at least size bytes each.
func (d *decoder) count(size int) int {
	n, length := binary.Uvarint(d.rest)
	if length <= 0 || length > 1 && d.rest[length-1] == 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[length:]
	if n > uint64(len(d.rest)/size) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.rest) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) text() string { return string(d.bytes(d.count(1))) }

func (d *decoder) attributes(depth int) Item {
	n := d.count(2)
	it := make(Item, n)
	last := ""
	for i := range n {
		name := d.text()
		if i > 0 && name <= last {
			d.fail()
		}
		it[name] = d.value(depth)
		if d.failed {
			return nil
		}
		last = name
	}
	return it
}

func (d *decoder) value(depth int) Value {
	if depth > maxDepth {
		d.fail()
	}
	return d.content(Type(d.byte()), depth)
}

func (d *decoder) content(t Type, depth int) Value {
	switch t {
	case TypeS, TypeB:
		return Value{typ: t, text: d.text()}
	case TypeN:
		return N(d.number())
	case TypeBOOL:
		b := d.byte()
		if b > 1 {
			d.fail()
		}
		return BOOL(b == 1)
	case TypeNULL:
		return NULL()
	case TypeM:
		return M(d.attributes(depth + 1))
	case TypeL:
		list := make([]Value, d.count(1))
		for i := 0; i < len(list) && !d.failed; i++ {
			list[i] = d.value(depth + 1)
		}
		return L(list...)
	case TypeSS, TypeNS, TypeBS:
		return d.set(t)
	case None:
	}
	d.fail()
	return Value{}
}

func (d *decoder) set(t Type) Value {
	list := make([]Value, d.count(1))
	for i := 0; i < len(list) && !d.failed; i++ {
		list[i] = d.content(t.Element(), 0)
	}
	v := Value{typ: t, elements: &elements{list: list}}
	if len(list) == 0 || len(v.index()) != len(list) {
		d.fail()
	}
	return v
}

func (d *decoder) number() Number {
	form := d.byte()
	if form == 0 {
		return Number{}
	}
	exponent := d.byte()
	count := int(form / 2)
	digits := make([]byte, 0, count+1)
	for _, pair := range d.bytes((count + 1) / 2) {
		digits = append(digits, '0'+pair>>4, '0'+pair&0xf)
	}
	if count < len(digits) {
		if digits[count] != '0' {
			d.fail()
		}
		digits = slices.Delete(digits, count, len(digits))
	}
	n, ok := makeNumber(form%2 == 1, exponent, string(digits))
	if !ok {
		d.fail()
	}
	return n
}
