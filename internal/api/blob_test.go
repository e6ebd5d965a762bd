package api

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// TestLongBlobs compares texts of every length, right and wrong at every place,
// with the standard library: the decoder takes many characters at a time.
func TestLongBlobs(t *testing.T) {
	strict := base64.StdEncoding.Strict()
	for size := range 200 {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(i*7 + size)
		}
		text := []byte(strict.EncodeToString(data))
		checkDecodes(t, text, data)
		for at := range text {
			for _, wrong := range []byte{0, '\n', '\r', '-', '=', 0x80, 0xff} {
				bad := bytes.Clone(text)
				bad[at] = wrong
				if _, err := strict.Decode(make([]byte, size+3), bad); err == nil && wrong != '\n' && wrong != '\r' {
					continue // padding of another length
				}
				if got, err := Base64Blob(bad).AppendTo(nil); err == nil {
					t.Fatalf("%q is decoded as %q", bad, got)
				}
			}
		}
	}
}

// checkDecodes decodes a text into memory that goes on behind it, which must
// stay as it is.
func checkDecodes(t *testing.T, text, want []byte) {
	t.Helper()
	room := len(text) / 4 * 3
	memory := bytes.Repeat([]byte{0xaa}, 1+room+64)
	got, err := Base64Blob(text).AppendTo(memory[: 1 : 1+room])
	if err != nil || !bytes.Equal(got[1:], want) {
		t.Fatalf("%q is decoded as %q (%v)", text, got, err)
	}
	if &got[0] != &memory[0] {
		t.Fatalf("%q is decoded elsewhere", text)
	}
	if rest := memory[1+room:]; !bytes.Equal(rest, bytes.Repeat([]byte{0xaa}, len(rest))) {
		t.Fatalf("decoding %q writes behind its room: %x", text, rest)
	}
}
