package awscbor

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"leat/internal/api"
)

// The items that answers have as they are.
const (
	beginArray = majorArray<<5 | infoOpen
	beginMap   = majorMap<<5 | infoOpen
	itemFalse  = majorSimple<<5 | infoFalse
	itemTrue   = majorSimple<<5 | infoTrue
	tagTime    = majorTag<<5 | 1

	itemFloat64 = majorSimple<<5 | infoFloat64
)

// Encode appends an output, or an error, to dst.
func Encode(dst []byte, out api.Output) []byte {
	e := NewEncoder(dst)
	out.Encode(e)
	return e.Bytes()
}

// EncodeSeconds is Encode for the form of Smithy RPC v2, whose timestamps are
// seconds.
func EncodeSeconds(dst []byte, out api.Output) []byte {
	e := &Encoder{buf: dst, seconds: true}
	out.Encode(e)
	return e.Bytes()
}

// Encoder writes an output as CBOR. It is an api.Encoder.
type Encoder struct {
	buf     []byte
	seconds bool // whether timestamps are seconds
}

var (
	_ api.Encoder       = (*Encoder)(nil)
	_ api.RecordEncoder = (*Encoder)(nil)
)

// NewEncoder returns an encoder that appends to dst.
func NewEncoder(dst []byte) *Encoder { return &Encoder{buf: dst} }

// Bytes returns dst with what has been written.
func (e *Encoder) Bytes() []byte { return e.buf }

// BeginStruct implements api.Encoder.
func (e *Encoder) BeginStruct() { e.buf = append(e.buf, beginMap) }

// EndStruct implements api.Encoder.
func (e *Encoder) EndStruct() { e.buf = append(e.buf, end) }

// BeginList implements api.Encoder.
func (e *Encoder) BeginList(int) { e.buf = append(e.buf, beginArray) }

// EndList implements api.Encoder.
func (e *Encoder) EndList() { e.buf = append(e.buf, end) }

// Key implements api.Encoder. Names of members are UTF-8.
func (e *Encoder) Key(name string) { e.buf = appendText(e.buf, name) }

// MapKey implements api.Encoder.
func (e *Encoder) MapKey(key string) { e.String(key) }

// String implements api.Encoder. Bytes that are not UTF-8 become U+FFFD.
func (e *Encoder) String(s string) {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	e.buf = appendText(e.buf, s)
}

// Int implements api.Encoder.
func (e *Encoder) Int(n int64) {
	if n < 0 {
		e.buf = appendHead(e.buf, majorNegative, uint64(-1-n))
		return
	}
	e.buf = appendHead(e.buf, majorUint, uint64(n))
}

// Float implements api.Encoder.
func (e *Encoder) Float(f float64) {
	e.buf = binary.BigEndian.AppendUint64(append(e.buf, itemFloat64), math.Float64bits(f))
}

// Bool implements api.Encoder.
func (e *Encoder) Bool(b bool) {
	if b {
		e.buf = append(e.buf, itemTrue)
		return
	}
	e.buf = append(e.buf, itemFalse)
}

// Timestamp implements api.Encoder.
func (e *Encoder) Timestamp(t api.Timestamp) {
	e.buf = append(e.buf, tagTime)
	if e.seconds {
		e.Float(float64(t) / 1000)
		return
	}
	e.Int(int64(t))
}

// Blob implements api.Encoder. The base64 of a blob must have been checked.
func (e *Encoder) Blob(b api.Blob) {
	e.buf = appendHead(e.buf, majorBytes, uint64(b.Len()))
	var err error
	if e.buf, err = b.AppendTo(e.buf); err != nil {
		panic("BUG: a blob in an answer is no base64: " + err.Error())
	}
}

func appendText(dst []byte, s string) []byte {
	return append(appendHead(dst, majorText, uint64(len(s))), s...)
}

// appendHead appends an item's head in its shortest form.
func appendHead(dst []byte, major byte, argument uint64) []byte {
	major <<= 5
	switch {
	case argument < infoUint8:
		return append(dst, major|byte(argument))
	case argument <= math.MaxUint8:
		return append(dst, major|infoUint8, byte(argument))
	case argument <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|(infoUint8+1)), uint16(argument))
	case argument <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|(infoUint8+2)), uint32(argument))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|infoUint64), argument)
}
