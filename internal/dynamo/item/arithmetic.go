package item

import (
	"math/big"
	"strings"

	"leat/internal/api"
)

// Add returns the exact sum of two numbers. The error, a ValidationException, says
// that it is out of range; so it does of a sum with too many digits, like the
// service.
func (n Number) Add(m Number) (Number, *api.Error) {
	if n.digits == "" {
		return m, nil
	}
	if m.digits == "" {
		return n, nil
	}
	// Both become integers in units of the lesser last digit. Ranges bound their
	// size to some 300 digits.
	unit := min(n.unit(), m.unit())
	sum := new(big.Int).Add(n.scaled(unit), m.scaled(unit))
	negative := sum.Sign() < 0
	digits := strings.TrimLeft(sum.Abs(sum).String(), "0")
	if len(strings.TrimRight(digits, "0")) > maxDigits {
		return Number{}, errOverflow()
	}
	return normalize(Number{negative: negative, digits: digits}, len(digits)+unit)
}

// Sub returns the exact difference of two numbers, like Add.
func (n Number) Sub(m Number) (Number, *api.Error) {
	m.negative = !m.negative && m.digits != ""
	return n.Add(m)
}

// unit is the power of ten of the last digit.
func (n Number) unit() int { return int(n.exponent) - len(n.digits) }

// scaled returns the number as an integer count of ten to the unit, which is at
// most its own.
func (n Number) scaled(unit int) *big.Int {
	text := n.digits + strings.Repeat("0", n.unit()-unit)
	if n.negative {
		text = "-" + text
	}
	i, _ := new(big.Int).SetString(text, 10) // digits only
	return i
}
