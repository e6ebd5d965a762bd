package item

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustParse(t *testing.T, s string) Number {
	t.Helper()
	n, err := ParseNumber(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return n
}

func TestNumberForms(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "0.000e99999": "0", "+7": "7", "1e-5": "0.00001", "1E5": "100000",
		"-12.340": "-12.34", "00.10": "0.1", ".5": "0.5", "5.": "5", "1.5E2": "150", "00042": "42",
		"0.0042e2": "0.42", "123.456e1": "1234.56", "9e125": "9" + zeros(125),
		"1e-130": "0." + zeros(129) + "1", "0." + zeros(200) + "1e201": "1",
		strings.Repeat("1", 38) + "0e-1": strings.Repeat("1", 38),
	} {
		if n := mustParse(t, text); n.String() != want {
			t.Errorf("%q is printed as %s, want %s", text, n, want)
		}
	}
}

func TestNumberErrors(t *testing.T) {
	const (
		overflow  = "Number overflow. Attempting to store a number with magnitude larger than supported range"
		underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
		digits    = "Attempting to store more than 38 significant digits in a Number"
		malformed = "The parameter cannot be converted to a numeric value"
	)
	for text, want := range map[string]string{
		"": malformed, "x": malformed + ": x", "1e": malformed + ": 1e", "--1": malformed + ": --1", ".": malformed + ": .",
		"1.2.3": malformed + ": 1.2.3", "1e5.5": malformed + ": 1e5.5", " 1": malformed + ":  1", "NaN": malformed + ": NaN",
		"-": malformed + ": -", "1_0": malformed + ": 1_0", "0x10": malformed + ": 0x10",
		"1e126": overflow, "-1e126": overflow, "1e99999999999999999999": overflow, "10e125": overflow,
		"1e-131": underflow, "-1e-131": underflow, "1e-99999999999999999999": underflow,
		strings.Repeat("1", 39): digits, "1." + zeros(37) + "1": digits,
	} {
		if _, err := ParseNumber(text); err == nil || err.Message != want || err.Code != "ValidationException" {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestNumberSizes has what numbers have been measured to take in the service.
func TestNumberSizes(t *testing.T) {
	for text, want := range map[string]int{
		"0": 1, "1": 2, "12": 2, "123": 3, "1234": 3, "12345678901234567890123456789012345678": 20, "0042": 2,
		"100": 2, "1010": 3, "0.0000001": 2, "1E125": 2, "1E-100": 2, "1.5": 3, "15": 2, "1.200": 3, "1.234": 4,
		"3.14159": 5, "123456": 4, "100.5": 4, "0.15": 2, "-42": 3, "-0": 1,
	} {
		if got := N(mustParse(t, text)).Size(); got != want {
			t.Errorf("%s takes %d bytes, want %d", text, got, want)
		}
	}
}

func TestNumberInt64(t *testing.T) {
	for _, i := range []int64{0, 1, -1, 10, -1200, math.MaxInt64, math.MinInt64} {
		n := Int(i)
		if n != mustParse(t, n.String()) {
			t.Errorf("Int(%d) is not what its text says", i)
		}
		if got, ok := n.Int64(); got != i || !ok {
			t.Errorf("Int(%d).Int64() is %d, %v", i, got, ok)
		}
	}
	if got, ok := mustParse(t, "-1.9").Int64(); got != -1 || !ok {
		t.Errorf("-1.9 is cut to %d, %v", got, ok)
	}
	for _, text := range []string{"9223372036854775808", "1e19", "1e125"} {
		if _, ok := mustParse(t, text).Int64(); ok {
			t.Errorf("%s is in range", text)
		}
	}
}

func rational(n Number) *big.Rat {
	r, _ := new(big.Rat).SetString(n.String())
	return r
}

func TestNumberPrintsWhatItParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNumber(t)
		if back, err := ParseNumber(n.String()); err != nil || back != n {
			t.Fatalf("%s is read as %v, %v", n, back, err)
		}
	})
}

func TestNumberComparesLikeRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := drawNumber(t), drawNumber(t)
		if got, want := n.Compare(m), rational(n).Cmp(rational(m)); got != want {
			t.Fatalf("%s is compared with %s as %d, want %d", n, m, got, want)
		}
	})
}

// TestNumberAddsExactly allows an error only where the exact result has none of
// the forms of a number.
func TestNumberAddsExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := drawNumber(t), drawNumber(t)
		sum, err := n.Add(m)
		checkExact(t, new(big.Rat).Add(rational(n), rational(m)), sum, err == nil)
		difference, err := n.Sub(m)
		checkExact(t, new(big.Rat).Sub(rational(n), rational(m)), difference, err == nil)
	})
}

func checkExact(t *rapid.T, want *big.Rat, got Number, ok bool) {
	t.Helper()
	exact, err := ParseNumber(want.FloatString(200))
	switch {
	case ok != (err == nil):
		t.Fatalf("%s: ok is %v, but its text gives %v", want.FloatString(200), ok, err)
	case ok && got != exact:
		t.Fatalf("got %s, want %s", got, exact)
	}
}

// TestNumberOverflows has sums that are too large, and such as need too many
// digits, of which the service says the same.
func TestNumberOverflows(t *testing.T) {
	for _, pair := range [][2]string{{"9.9e125", "9.9e125"}, {"1e50", "1"}, {"-1e50", "1e-130"}} {
		_, err := mustParse(t, pair[0]).Add(mustParse(t, pair[1]))
		if err == nil || err.Message != "Number overflow. Attempting to store a number with magnitude larger than supported range" {
			t.Errorf("%s + %s: %v", pair[0], pair[1], err)
		}
	}
}
