package awsjson

import (
	"strconv"
	"unicode/utf8"
)

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// notBase64 marks, with a 1, the bytes outside the alphabet.
var notBase64 = func() (t [256]byte) {
	for i := range t {
		t[i] = 1
	}
	for _, c := range []byte(base64Alphabet) {
		t[c] = 0
	}
	return t
}()

// base64Bits has the six bits that each character of the alphabet stands for.
var base64Bits = func() (t [256]byte) {
	for i, c := range []byte(base64Alphabet) {
		t[c] = byte(i)
	}
	return t
}()

// plainBase64 reads a string, at its quote, that is base64 as it should be: one
// pass finds its end and checks it. Otherwise it returns false and reads nothing.
func (d *decoder) plainBase64() ([]byte, bool) {
	b := d.data[d.pos+1:]
	n := alphabetPrefix(b)
	end := n
	for end < len(b) && end < n+2 && b[end] == '=' {
		end++
	}
	if end == len(b) || b[end] != '"' || end%4 != 0 || !cleanEnd(b[:n], end-n) {
		return nil, false
	}
	d.pos += 1 + end + 1
	return b[:end:end], true
}

// alphabetPrefixByBytes is alphabetPrefix in Go, eight bytes at a time.
func alphabetPrefixByBytes(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		p := b[i : i+8 : i+8]
		if notBase64[p[0]]|notBase64[p[1]]|notBase64[p[2]]|notBase64[p[3]]|
			notBase64[p[4]]|notBase64[p[5]]|notBase64[p[6]]|notBase64[p[7]] != 0 {
			break
		}
	}
	for i < len(b) && notBase64[b[i]] == 0 {
		i++
	}
	return i
}

// cleanEnd says whether the last of the characters before pads pads has no bits
// that would not be used.
func cleanEnd(characters []byte, pads int) bool {
	if pads == 0 {
		return true
	}
	if len(characters) == 0 {
		return false
	}
	unused := byte(1)<<(2*pads) - 1
	return base64Bits[characters[len(characters)-1]]&unused == 0
}

// base64Fault returns what the service finds wrong with text as base64, or
// nothing. At most two pads are taken for pads.
func base64Fault(text []byte) string {
	if len(text)%4 != 0 {
		return "Base64 encoded length is expected a multiple of 4 bytes but found: " + strconv.Itoa(len(text))
	}
	pads := 0
	for pads < 2 && pads < len(text) && text[len(text)-1-pads] == '=' {
		pads++
	}
	characters := text[:len(text)-pads]
	if n := alphabetPrefix(characters); n < len(characters) {
		r, _ := utf8.DecodeRune(characters[n:])
		return "Invalid Base64 character: '" + string(r) + "'"
	}
	if !cleanEnd(characters, pads) {
		// The misspelling is the service's.
		return "Invalid last non-pad Base64 character dectected"
	}
	return ""
}
