package awscbor

import (
	"math"

	"leat/internal/api"
)

// The major types: the three high bits of an item's first byte.
const (
	majorUint = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

// The five low bits of an item's first byte, where they are not its argument.
const (
	infoUint8  = 24 // the argument follows in one byte
	infoUint64 = 27 // in eight
	infoOpen   = 31 // there is none: what follows has an end of its own

	infoFalse     = 20
	infoTrue      = 21
	infoNull      = 22
	infoUndefined = 23
	infoFloat16   = 25
	infoFloat32   = 26
	infoFloat64   = 27

	// end is what ends a string, an array or a map without a length.
	end = majorSimple<<5 | infoOpen
)

// head is what an item begins with. That is all of a number, and of what is
// simple.
type head struct {
	major    byte
	info     byte
	argument uint64
}

// open says whether the item's length is not known before its end.
func (h head) open() bool { return h.info == infoOpen }

func (h head) isNull() bool {
	return h.major == majorSimple && (h.info == infoNull || h.info == infoUndefined)
}

func (h head) isBool() bool {
	return h.major == majorSimple && (h.info == infoFalse || h.info == infoTrue)
}

// kind returns what an item is, unless it is null.
func (h head) kind() api.Kind {
	switch {
	case h.major == majorBytes:
		return api.KindBytes
	case h.major == majorText:
		return api.KindString
	case h.major == majorArray:
		return api.KindList
	case h.major == majorMap:
		return api.KindMap
	case h.isBool():
		return api.KindBoolean
	}
	return api.KindNumber
}

// integer returns the largest integer that is not above a number, or the nearest
// that there is; false for what is no number.
func (h head) integer() (int64, bool) {
	switch h.major {
	case majorUint:
		return int64(min(h.argument, math.MaxInt64)), true
	case majorNegative:
		return -1 - int64(min(h.argument, math.MaxInt64)), true
	}
	f, ok := h.float()
	return api.FloorInt64(f), ok
}

// timestamp returns a number of seconds or milliseconds; false for what is no
// number.
func (h head) timestamp(seconds bool) (api.Timestamp, bool) {
	f, ok := h.float()
	if !ok {
		var n int64
		n, ok = h.integer()
		f = float64(n)
	}
	if seconds {
		f *= 1000
	}
	return api.RoundTimestamp(f), ok
}

// float returns a float; false for what is none.
func (h head) float() (float64, bool) {
	if h.major != majorSimple {
		return 0, false
	}
	switch h.info {
	case infoFloat16:
		return halfFloat(uint16(h.argument)), true
	case infoFloat32:
		return float64(math.Float32frombits(uint32(h.argument))), true
	case infoFloat64:
		return math.Float64frombits(h.argument), true
	}
	return 0, false
}

// halfFloat returns the value of a float of 16 bits: a sign, five bits of
// exponent and ten of fraction.
func halfFloat(bits uint16) float64 {
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(fraction, -24)
	case 0x1f:
		f = math.Inf(1)
		if fraction != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(fraction+0x400, exponent-25)
	}
	if bits>>15 != 0 {
		return -f
	}
	return f
}
