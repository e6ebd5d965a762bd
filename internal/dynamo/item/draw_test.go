package item

import (
	"strings"

	"pgregory.net/rapid"
)

// drawNumber returns any number, small ones often.
func drawNumber(t *rapid.T) Number {
	if rapid.Bool().Draw(t, "small") {
		return Int(rapid.Int64Range(-20, 20).Draw(t, "int"))
	}
	digits := rapid.StringMatching(`[1-9]([0-9]{0,36}[1-9])?`).Draw(t, "digits")
	return Number{
		negative: rapid.Bool().Draw(t, "negative"),
		exponent: int16(rapid.IntRange(minExponent, maxExponent).Draw(t, "exponent")),
		digits:   digits,
	}
}

// drawText returns a text in which a byte 0 and shared beginnings are likely.
func drawText(t *rapid.T) string {
	return rapid.OneOf(rapid.StringOfN(rapid.SampledFrom([]rune("a\x00\x01é")), 0, 4, -1), rapid.String()).Draw(t, "text")
}

// drawKey returns a value of a type that keys may have.
func drawKey(t *rapid.T, typ Type) Value {
	switch typ {
	case TypeN:
		return N(drawNumber(t))
	case TypeB:
		return B([]byte(drawText(t)))
	case TypeS, None, TypeBOOL, TypeNULL, TypeM, TypeL, TypeSS, TypeNS, TypeBS:
	}
	return S(drawText(t))
}

// drawValue returns a value in which others are nested at most depth deep.
func drawValue(t *rapid.T, depth int) Value {
	typ := Type(rapid.IntRange(int(TypeS), int(TypeBS)).Draw(t, "type"))
	if depth == 0 && (typ == TypeM || typ == TypeL) {
		typ = TypeS
	}
	switch typ {
	case TypeBOOL:
		return BOOL(rapid.Bool().Draw(t, "bool"))
	case TypeNULL:
		return NULL()
	case TypeM:
		return M(drawItem(t, depth-1))
	case TypeL:
		list := make([]Value, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawValue(t, depth-1)
		}
		return L(list...)
	case TypeSS, TypeNS, TypeBS:
		return drawSet(t, typ.Element())
	case TypeS, TypeN, TypeB, None:
	}
	return drawKey(t, typ)
}

func drawSet(t *rapid.T, element Type) Value {
	list := []Value{drawKey(t, element)}
	for range rapid.IntRange(0, 4).Draw(t, "more") {
		if v := drawKey(t, element); !Set(list...).Has(v) {
			list = append(list, v)
		}
	}
	return Set(list...)
}

func drawItem(t *rapid.T, depth int) Item {
	it := Item{}
	for range rapid.IntRange(0, 4).Draw(t, "attributes") {
		it["n"+drawText(t)] = drawValue(t, depth)
	}
	return it
}

func zeros(n int) string { return strings.Repeat("0", n) }
