package api

import (
	"errors"
	"slices"

	"github.com/segmentio/asm/base64"
)

// strictBase64 also refuses text whose last character has bits too many. Strict
// makes a copy of the tables, hence once.
var strictBase64 = base64.StdEncoding.Strict()

// Blob is binary data in the form the wire had it, so that it is decoded once,
// straight to where it is wanted. It refers to the memory it was made from.
type Blob struct {
	data   []byte
	base64 bool
}

// RawBlob returns the blob with these bytes.
func RawBlob(b []byte) Blob { return Blob{data: b} }

// Base64Blob returns the blob that text is the padded standard base64 of. The
// text's length must be a multiple of four. Its characters are checked by
// AppendTo, unless the wire form has refused what is wrong there, as JSON's
// does: then AppendTo cannot fail.
func Base64Blob(text []byte) Blob { return Blob{data: text, base64: true} }

// Len returns the number of bytes of the blob, decoded.
func (b Blob) Len() int {
	if !b.base64 {
		return len(b.data)
	}
	n := len(b.data) / 4 * 3
	if l := len(b.data); l >= 4 {
		if b.data[l-1] == '=' {
			n--
			if b.data[l-2] == '=' {
				n--
			}
		}
	}
	return n
}

// AppendTo appends the decoded bytes to dst. It fails, with dst as it was, when
// the text is not base64.
func (b Blob) AppendTo(dst []byte) ([]byte, error) {
	if !b.base64 {
		return append(dst, b.data...), nil
	}
	// The decoder wants room for what the padding stands for, too.
	room := len(b.data) / 4 * 3
	out := slices.Grow(dst, room)
	n, err := strictBase64.Decode(out[len(dst):len(dst)+room], b.data)
	if err != nil {
		return dst, err
	}
	if n != b.Len() { // it passes over line breaks
		return dst, errNotBase64
	}
	return out[:len(dst)+n], nil
}

var errNotBase64 = errors.New("illegal base64 data")

// Raw returns the bytes of a blob made by RawBlob, or the text of one made by
// Base64Blob and true.
func (b Blob) Raw() (data []byte, isBase64 bool) { return b.data, b.base64 }
