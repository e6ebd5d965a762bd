package item_test

import (
	"testing"

	"leat/internal/dynamo/item"
)

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "1e-5": "0.00001", "1E5": "100000", "-12.340": "-12.34", "00.10": "0.1", "+7": "7",
		".5": "0.5", "5.": "5", "1e-130": "0." + zeros(129) + "1", "9e125": "9" + zeros(125),
	} {
		n, err := item.ParseNumber(text)
		if err != nil || n.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, n, err, want)
		}
		k := item.AppendKey(nil, item.N(n))
		back, rest, kerr := item.DecodeKey(k, item.TypeN)
		if kerr != nil || len(rest) != 0 || back.Number() != n {
			t.Errorf("%q: key %x comes back as %v, %x, %v", text, k, back.Number(), rest, kerr)
		}
	}
}

func zeros(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
	}
	return string(b)
}
