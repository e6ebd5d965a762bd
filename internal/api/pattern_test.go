package api

import "testing"

// TestPatternsWithNumbers has characters by their numbers, as the models of STS
// have them.
func TestPatternsWithNumbers(t *testing.T) {
	t.Parallel()
	arn := NewPattern(`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`)
	latin := NewPattern(`[\u0009\u000A\u000D\u0020-\u00FF]+`)
	for _, test := range []struct {
		text         string
		arn, inLatin bool
	}{
		{"arn:aws:iam::111122223333:role/r\t\r\n", true, true},
		{"\u0085\u00a0é", true, true},
		{"\u0080", false, true},
		{"漢\U0001f600\U0010ffff", true, false},
		{"\x00", false, false},
		{"\ufffe", false, false},
		{"", false, false},
	} {
		if got := arn.Match(test.text); got != test.arn {
			t.Errorf("%q is text of an ARN: %t", test.text, got)
		}
		if got := latin.Match(test.text); got != test.inLatin {
			t.Errorf("%q is Latin: %t", test.text, got)
		}
	}
}
