package stream

import (
	"encoding/binary"
	"errors"
)

// errMalformed says that bytes are not what an encoder of this package wrote.
var errMalformed = errors.New("malformed encoding")

// appendText appends a text and before it its length.
func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// decoder takes values off the front of a slice. After the first error it
// returns zeros and has nothing left.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail() {
	d.rest = nil
	if d.err == nil {
		d.err = errMalformed
	}
}

// take returns the next n bytes, or nil.
func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// byte returns the next byte.
func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

// count returns a number of things that take at least size bytes each and are
// still to come: a bound for what is allocated for them.
func (d *decoder) count(size int) int {
	n, width := uvarint(d.rest)
	if width == 0 || n > (len(d.rest)-width)/size {
		d.fail()
		return 0
	}
	d.rest = d.rest[width:]
	return n
}

// uvarint returns an unsigned number.
func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// varint returns a signed number.
func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// all returns a text that takes all that is left.
func (d *decoder) all() string { return string(d.take(len(d.rest))) }

// text returns a text with its length before it.
func (d *decoder) text() string { return string(d.take(d.count(1))) }
