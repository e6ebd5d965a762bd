package awsjson

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/segmentio/asm/base64"

	"leat/internal/api"
)

// Encode appends an output, or an error, to dst.
func Encode(dst []byte, out api.Output) []byte {
	e := NewEncoder(dst)
	out.Encode(e)
	return e.Bytes()
}

// Encoder writes an output as JSON. It is an api.Encoder.
type Encoder struct {
	buf   []byte
	start int // where the output begins
	// seconds is how the last timestamp was written: many records have the same.
	seconds     []byte
	timestamp   api.Timestamp
	secondsText [maxSecondsBytes]byte
}

var (
	_ api.Encoder       = (*Encoder)(nil)
	_ api.RecordEncoder = (*Encoder)(nil)
)

// NewEncoder returns an encoder that appends to dst.
func NewEncoder(dst []byte) *Encoder { return &Encoder{buf: dst, start: len(dst)} }

// Bytes returns dst with what has been written.
func (e *Encoder) Bytes() []byte { return e.buf }

// BeginStruct implements api.Encoder.
func (e *Encoder) BeginStruct() {
	e.separate()
	e.buf = append(e.buf, '{')
}

// EndStruct implements api.Encoder.
func (e *Encoder) EndStruct() { e.buf = append(e.buf, '}') }

// BeginList implements api.Encoder.
func (e *Encoder) BeginList(int) {
	e.separate()
	e.buf = append(e.buf, '[')
}

// EndList implements api.Encoder.
func (e *Encoder) EndList() { e.buf = append(e.buf, ']') }

// Key implements api.Encoder. Names of members need no escapes.
func (e *Encoder) Key(name string) {
	e.separate()
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, '"', ':')
}

// MapKey implements api.Encoder.
func (e *Encoder) MapKey(key string) {
	e.separate()
	e.buf = append(appendString(e.buf, key), ':')
}

// String implements api.Encoder.
func (e *Encoder) String(s string) {
	e.separate()
	e.buf = appendString(e.buf, s)
}

// Int implements api.Encoder.
func (e *Encoder) Int(n int64) {
	e.separate()
	e.buf = strconv.AppendInt(e.buf, n, 10)
}

// Float implements api.Encoder. What JSON has no form for is a string.
func (e *Encoder) Float(f float64) {
	e.separate()
	switch {
	case math.IsNaN(f):
		e.buf = append(e.buf, `"NaN"`...)
	case math.IsInf(f, 1):
		e.buf = append(e.buf, `"Infinity"`...)
	case math.IsInf(f, -1):
		e.buf = append(e.buf, `"-Infinity"`...)
	default:
		e.buf = appendFloat(e.buf, f)
	}
}

// appendFloat appends a finite number with as many digits as make it that
// number, and with an exponent only where it is very large or small.
func appendFloat(dst []byte, f float64) []byte {
	const least, most = 1e-7, 1e21
	if abs := math.Abs(f); abs != 0 && (abs < least || abs >= most) {
		return strconv.AppendFloat(dst, f, 'E', -1, 64)
	}
	if f == math.Trunc(f) {
		return strconv.AppendFloat(dst, f, 'f', 1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// Bool implements api.Encoder.
func (e *Encoder) Bool(b bool) {
	e.separate()
	e.buf = strconv.AppendBool(e.buf, b)
}

// Timestamp implements api.Encoder.
func (e *Encoder) Timestamp(t api.Timestamp) {
	e.separate()
	e.buf = append(e.buf, e.secondsOf(t)...)
}

// secondsOf returns how a timestamp is written.
func (e *Encoder) secondsOf(t api.Timestamp) []byte {
	if t != e.timestamp || e.seconds == nil {
		e.seconds, e.timestamp = appendSeconds(e.secondsText[:0], int64(t)), t
	}
	return e.seconds
}

// Blob implements api.Encoder.
func (e *Encoder) Blob(b api.Blob) {
	e.separate()
	e.buf = appendBlob(e.buf, b)
}

// appendBlob appends the base64 of a blob in quotes.
func appendBlob(dst []byte, b api.Blob) []byte {
	dst = append(dst, '"')
	if data, isBase64 := b.Raw(); isBase64 {
		dst = append(dst, data...)
	} else {
		n := base64.StdEncoding.EncodedLen(len(data))
		dst = slices.Grow(dst, n)
		base64.StdEncoding.Encode(dst[len(dst):][:n], data)
		dst = dst[:len(dst)+n]
	}
	return append(dst, '"')
}

// separate writes the comma before an entry that is not the first. What is in
// the buffer tells: an entry ends in none of the characters that go before a
// first one.
func (e *Encoder) separate() {
	if len(e.buf) == e.start {
		return
	}
	switch e.buf[len(e.buf)-1] {
	case '{', '[', ':':
	default:
		e.buf = append(e.buf, ',')
	}
}

// maxSecondsBytes is how long seconds get.
const maxSecondsBytes = 24

// appendSeconds appends milliseconds as seconds.
func appendSeconds(dst []byte, ms int64) []byte {
	seconds, fraction := ms/1000, ms%1000
	if fraction < 0 {
		fraction = -fraction
		if seconds == 0 {
			dst = append(dst, '-')
		}
	}
	dst = strconv.AppendInt(dst, seconds, 10)
	if fraction == 0 {
		return dst
	}
	digits := [4]byte{'.', byte('0' + fraction/100), byte('0' + fraction/10%10), byte('0' + fraction%10)}
	n := len(digits)
	for digits[n-1] == '0' {
		n--
	}
	return append(dst, digits[:n]...)
}

// appendString appends s in quotes, with no more escapes than JSON demands.
// Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0
	for i := plainPrefix(s); i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		if r, size := utf8.DecodeRuneInString(s[i:]); size > 1 {
			i += size
			continue
		} else if r == utf8.RuneError {
			dst = append(dst, s[done:i]...)
			dst = utf8.AppendRune(dst, utf8.RuneError)
		} else {
			dst = append(dst, s[done:i]...)
			dst = appendEscape(dst, s[i])
		}
		i++
		done = i
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

// plainPrefix returns how many of the bytes that s begins with stand for themselves:
// all of them, or some before the first that may not. It looks at eight at a time.
func plainPrefix(s string) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		b := []byte(s[i : i+8])
		v := binary.LittleEndian.Uint64(b)
		quote, slash := v^'"'*ones, v^'\\'*ones
		// Of the lowest byte that is below a number, or zero, the difference has the
		// high bit; those above it may have it by a borrow.
		special := (v - ' '*ones) | (quote - ones) | (slash - ones) | v
		if special&highs != 0 {
			return i
		}
	}
	return i
}

// appendEscape appends the escape of a quote, a backslash or a control
// character.
func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xF])
}
