package item

import (
	"bytes"
	"errors"
	"strings"
)

// Parts of the key form.
const (
	escape     = 0x00
	escapedNul = 0xff // after escape: a byte 0
	terminator = 0x01 // after escape: the end

	negativeNumber = 0x01
	zeroNumber     = 0x02
	positiveNumber = 0x03

	exponentBias = -minExponent
)

var errKey = errors.New("item: not a key form")

// AppendKey appends the key form of a value, which must be an S, N or B. The
// package comment has the form and its properties.
func AppendKey(dst []byte, v Value) []byte {
	if v.typ == TypeN {
		return v.Number().appendKey(dst)
	}
	return append(AppendKeyPrefix(dst, v.text), escape, terminator)
}

// AppendKeyPrefix appends what the key forms of all S, or all B, begin with that
// begin with a prefix.
func AppendKeyPrefix(dst []byte, prefix string) []byte {
	for {
		i := strings.IndexByte(prefix, 0)
		if i < 0 {
			return append(dst, prefix...)
		}
		dst = append(dst, prefix[:i]...)
		dst = append(dst, escape, escapedNul)
		prefix = prefix[i+1:]
	}
}

// DecodeKey returns the value of type t whose key form b begins with, and what
// follows.
func DecodeKey(b []byte, t Type) (v Value, rest []byte, err error) {
	switch t {
	case TypeN:
		n, rest, err := decodeNumberKey(b)
		return N(n), rest, err
	case TypeS, TypeB:
		s, rest, err := decodeTextKey(b)
		return Value{typ: t, text: s}, rest, err
	case None, TypeBOOL, TypeNULL, TypeM, TypeL, TypeSS, TypeNS, TypeBS:
	}
	return Value{}, nil, errKey
}

func decodeTextKey(b []byte) (text string, rest []byte, err error) {
	var s strings.Builder
	for {
		i := bytes.IndexByte(b, escape)
		if i < 0 || i+1 == len(b) {
			return "", nil, errKey
		}
		s.Write(b[:i])
		code := b[i+1]
		b = b[i+2:]
		switch code {
		case terminator:
			return s.String(), b, nil
		case escapedNul:
			s.WriteByte(0)
		default:
			return "", nil, errKey
		}
	}
}

func (n Number) appendKey(dst []byte) []byte {
	if n.digits == "" {
		return append(dst, zeroNumber)
	}
	start := len(dst) + 1
	dst = append(dst, positiveNumber, byte(int(n.exponent)+exponentBias))
	for i := 0; i < len(n.digits); i += 2 {
		dst = append(dst, n.pair(i)+1)
	}
	dst = append(dst, 0)
	if n.negative {
		dst[start-1] = negativeNumber
		invert(dst[start:])
	}
	return dst
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// pair returns the value of digits i and i+1, a missing one being 0.
func (n Number) pair(i int) byte {
	value := (n.digits[i] - '0') * 10
	if i+1 < len(n.digits) {
		value += n.digits[i+1] - '0'
	}
	return value
}

func decodeNumberKey(b []byte) (n Number, rest []byte, err error) {
	if len(b) == 0 {
		return Number{}, nil, errKey
	}
	var mask byte
	switch b[0] {
	case zeroNumber:
		return Number{}, b[1:], nil
	case negativeNumber:
		mask = 0xff
	case positiveNumber:
	default:
		return Number{}, nil, errKey
	}
	if len(b) < 2 {
		return Number{}, nil, errKey
	}
	pairs, rest, found := bytes.Cut(b[2:], []byte{mask}) // no pair is 0
	if !found {
		return Number{}, nil, errKey
	}
	digits := make([]byte, 0, 2*len(pairs))
	for _, c := range pairs {
		pair := (c ^ mask) - 1
		if pair > 99 {
			return Number{}, nil, errKey
		}
		digits = append(digits, '0'+pair/10, '0'+pair%10)
	}
	n, ok := makeNumber(mask != 0, b[1]^mask, strings.TrimSuffix(string(digits), "0"))
	if !ok {
		return Number{}, nil, errKey
	}
	return n, rest, nil
}

// makeNumber returns the number of what a stored form has, unless there is none.
func makeNumber(negative bool, biased byte, digits string) (Number, bool) {
	exponent := int(biased) - exponentBias
	ok := digits != "" && len(digits) <= maxDigits && isDigits(digits) &&
		digits[0] != '0' && digits[len(digits)-1] != '0' &&
		exponent >= minExponent && exponent <= maxExponent
	return Number{negative: negative, exponent: int16(exponent), digits: digits}, ok
}
