package awsjson

import (
	"strings"
	"testing"
)

// FuzzAlphabetPrefix compares the vectors with the loop, which it compares with the
// definition.
func FuzzAlphabetPrefix(f *testing.F) {
	for c := range 256 {
		f.Add(strings.Repeat(base64Alphabet, 2), uint8(c), uint16(c))
	}
	f.Add("", uint8(0), uint16(0))
	f.Fuzz(func(t *testing.T, text string, c uint8, at uint16) {
		b := []byte(text)
		if int(at) < len(b) {
			b[at] = c
		}
		want := 0
		for want < len(b) && strings.IndexByte(base64Alphabet, b[want]) >= 0 {
			want++
		}
		if got := alphabetPrefix(b); got != want {
			t.Errorf("%d of %q, want %d", got, b, want)
		}
		if got := alphabetPrefixByBytes(b); got != want {
			t.Errorf("in Go: %d of %q, want %d", got, b, want)
		}
	})
}

func BenchmarkAlphabetPrefix(b *testing.B) {
	data := []byte(strings.Repeat(base64Alphabet, 16))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if alphabetPrefix(data) != len(data) {
			b.Fatal("not in the alphabet")
		}
	}
}
