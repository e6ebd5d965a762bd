package item

import (
	"cmp"
	"strconv"
	"strings"

	"leat/internal/api"
)

// The range of numbers other than zero.
const (
	maxDigits   = 38
	maxExponent = 126  // 9.9...E+125
	minExponent = -129 // 1E-130
)

// Number is an exact decimal number of up to 38 significant digits with a magnitude
// from 1E-130 to 9.9...E+125, or zero, which is the zero Number. Equal numbers are
// the same Number.
//
// It is sign * 0.d1d2d3... * ten to the exponent, where the first digit and the
// last are not 0.
type Number struct {
	negative bool
	exponent int16
	digits   string
}

// ParseNumber reads a number as JSON and programming languages write it. The error
// is a ValidationException in the service's words.
func ParseNumber(s string) (Number, *api.Error) {
	if s == "" {
		return Number{}, api.Errorf(api.Validation, "The parameter cannot be converted to a numeric value")
	}
	n, exponent, ok := scanNumber(s)
	if !ok {
		return Number{}, api.Errorf(api.Validation, "The parameter cannot be converted to a numeric value: %s", api.Shown(s))
	}
	return normalize(n, exponent)
}

// scanNumber reads the sign, all digits without leading zeros, and the exponent
// that goes with them.
func scanNumber(s string) (n Number, exponent int, ok bool) {
	mantissa, power, hasPower := cutExponent(s)
	if hasPower {
		if exponent, ok = parseExponent(power); !ok {
			return Number{}, 0, false
		}
	}
	switch mantissa[:min(1, len(mantissa))] {
	case "-":
		n.negative = true
		mantissa = mantissa[1:]
	case "+":
		mantissa = mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" && fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return Number{}, 0, false
	}
	whole = strings.TrimLeft(whole, "0")
	exponent += len(whole)
	n.digits = whole + fraction
	if whole == "" {
		n.digits = strings.TrimLeft(fraction, "0")
		exponent -= len(fraction) - len(n.digits)
	}
	return n, exponent, true
}

func cutExponent(s string) (mantissa, power string, found bool) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// parseExponent reads a signed exponent. One of many digits is as good as one
// that is out of range.
func parseExponent(s string) (int, bool) {
	sign := 1
	switch s[:min(1, len(s))] {
	case "-":
		sign = -1
		s = s[1:]
	case "+":
		s = s[1:]
	}
	if s == "" || !isDigits(s) {
		return 0, false
	}
	s = strings.TrimLeft(s, "0")
	if len(s) > 9 {
		s = "999999999"
	}
	n, _ := strconv.Atoi("0" + s)
	return sign * n, true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// normalize makes a Number of digits without leading zeros and an exponent of any
// size, or says why there is none.
func normalize(n Number, exponent int) (Number, *api.Error) {
	n.digits = strings.TrimRight(n.digits, "0")
	switch {
	case n.digits == "":
		return Number{}, nil
	case exponent > maxExponent:
		return Number{}, errOverflow()
	case exponent < minExponent:
		return Number{}, api.Errorf(api.Validation,
			"Number underflow. Attempting to store a number with magnitude smaller than supported range")
	case len(n.digits) > maxDigits:
		return Number{}, api.Errorf(api.Validation, "Attempting to store more than 38 significant digits in a Number")
	}
	n.digits = strings.Clone(n.digits)
	n.exponent = int16(exponent)
	return n, nil
}

func errOverflow() *api.Error {
	return api.Errorf(api.Validation,
		"Number overflow. Attempting to store a number with magnitude larger than supported range")
}

// Int returns an integer as a Number.
func Int(i int64) Number {
	n, _, _ := scanNumber(strconv.FormatInt(i, 10))
	n.exponent = int16(len(n.digits))
	n.digits = strings.TrimRight(n.digits, "0")
	return n
}

// Int64 returns the number, its fraction cut off, and whether it is in range.
func (n Number) Int64() (int64, bool) {
	if n.exponent > 19 {
		return 0, false
	}
	whole, _, _ := strings.Cut(n.String(), ".")
	i, err := strconv.ParseInt(whole, 10, 64)
	return i, err == nil
}

// String prints the number as the service does: all digits, no exponent, no zeros
// that say nothing.
func (n Number) String() string {
	if n.digits == "" {
		return "0"
	}
	var b strings.Builder
	if n.negative {
		b.WriteByte('-')
	}
	point := int(n.exponent)
	switch {
	case point <= 0:
		b.WriteString("0.")
		b.WriteString(strings.Repeat("0", -point))
		b.WriteString(n.digits)
	case point >= len(n.digits):
		b.WriteString(n.digits)
		b.WriteString(strings.Repeat("0", point-len(n.digits)))
	default:
		b.WriteString(n.digits[:point])
		b.WriteByte('.')
		b.WriteString(n.digits[point:])
	}
	return b.String()
}

// Compare returns -1, 0 or 1 as n is less than, equal to or greater than m.
func (n Number) Compare(m Number) int {
	if c := cmp.Compare(n.sign(), m.sign()); c != 0 {
		return c
	}
	return n.sign() * n.compareMagnitude(m)
}

func (n Number) compareMagnitude(m Number) int {
	// Digits begin after the point, so a longer row of them is the greater number.
	return cmp.Or(cmp.Compare(n.exponent, m.exponent), strings.Compare(n.digits, m.digits))
}

func (n Number) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.negative:
		return -1
	}
	return 1
}
