package awsquery

import (
	"encoding/base64"
	"encoding/xml"
	"math"
	"strconv"
	"time"

	"leat/internal/api"
)

// Envelope is what an answer says beside its content.
type Envelope struct{ Namespace, Operation, RequestID string }

// Encode appends the answer with an output to dst. No output is nil.
func Encode(dst []byte, out api.Output, env Envelope) []byte {
	e := NewEncoder(dst)
	e.begin(env.Operation+"Response", env.Namespace)
	if out != nil {
		e.Key(env.Operation + "Result")
		out.Encode(e)
	}
	e.Key("ResponseMetadata")
	e.BeginStruct()
	e.Key("RequestId")
	e.String(env.RequestID)
	e.EndStruct()
	e.EndStruct()
	return e.Bytes()
}

// Encoder writes an output as XML. It is an api.Encoder.
type Encoder struct {
	buf  []byte
	key  string  // names the next value of a structure
	open []frame // the elements that have not ended
}

// frame is an element that has not ended.
type frame struct {
	name    string
	list    bool // its values are elements of a list
	inEntry bool // an entry of a map waits for its value
}

var _ api.Encoder = (*Encoder)(nil)

// NewEncoder returns an encoder that appends to dst.
func NewEncoder(dst []byte) *Encoder { return &Encoder{buf: dst} }

// Bytes returns dst with what has been written.
func (e *Encoder) Bytes() []byte { return e.buf }

// Write implements io.Writer.
func (e *Encoder) Write(p []byte) (int, error) {
	e.buf = append(e.buf, p...)
	return len(p), nil
}

// begin begins the outermost element.
func (e *Encoder) begin(name, namespace string) {
	e.buf = append(append(e.buf, '<'), name...)
	if namespace != "" {
		e.buf = append(e.buf, ` xmlns="`...)
		e.escape(namespace)
		e.buf = append(e.buf, '"')
	}
	e.buf = append(e.buf, '>')
	e.open = append(e.open, frame{name: name})
}

// name returns the name of the next element.
func (e *Encoder) name() string {
	if n := len(e.open); n > 0 && e.open[n-1].list {
		return "member"
	}
	return e.key
}

func (e *Encoder) startTag(name string) {
	e.buf = append(append(append(e.buf, '<'), name...), '>')
}

// endTag ends an element, and the entry of a map whose value that was.
func (e *Encoder) endTag(name string) {
	e.buf = append(append(append(e.buf, "</"...), name...), '>')
	if n := len(e.open); n > 0 && e.open[n-1].inEntry {
		e.open[n-1].inEntry = false
		e.buf = append(e.buf, "</entry>"...)
	}
}

func (e *Encoder) beginElement(list bool) {
	name := e.name()
	e.startTag(name)
	e.open = append(e.open, frame{name: name, list: list})
}

func (e *Encoder) endElement() {
	last := len(e.open) - 1
	name := e.open[last].name
	e.open = e.open[:last]
	e.endTag(name)
}

// escape appends text. Characters that XML cannot have become U+FFFD.
func (e *Encoder) escape(s string) {
	_ = xml.EscapeText(e, []byte(s)) // Write takes everything
}

// BeginStruct implements api.Encoder.
func (e *Encoder) BeginStruct() { e.beginElement(false) }

// EndStruct implements api.Encoder.
func (e *Encoder) EndStruct() { e.endElement() }

// BeginList implements api.Encoder.
func (e *Encoder) BeginList(int) { e.beginElement(true) }

// EndList implements api.Encoder.
func (e *Encoder) EndList() { e.endElement() }

// Key implements api.Encoder. Names of members need no escapes.
func (e *Encoder) Key(name string) { e.key = name }

// MapKey implements api.Encoder.
func (e *Encoder) MapKey(key string) {
	e.startTag("entry")
	e.startTag("key")
	e.escape(key)
	e.endTag("key")
	e.open[len(e.open)-1].inEntry = true
	e.key = "value"
}

// String implements api.Encoder.
func (e *Encoder) String(s string) {
	name := e.name()
	e.startTag(name)
	e.escape(s)
	e.endTag(name)
}

// plain writes a value that needs no escapes.
func (e *Encoder) plain(write func(dst []byte) []byte) {
	name := e.name()
	e.startTag(name)
	e.buf = write(e.buf)
	e.endTag(name)
}

// Int implements api.Encoder.
func (e *Encoder) Int(n int64) {
	e.plain(func(dst []byte) []byte { return strconv.AppendInt(dst, n, 10) })
}

// Float implements api.Encoder.
func (e *Encoder) Float(f float64) {
	e.plain(func(dst []byte) []byte {
		switch {
		case math.IsInf(f, 1):
			return append(dst, "Infinity"...)
		case math.IsInf(f, -1):
			return append(dst, "-Infinity"...)
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64)
	})
}

// Bool implements api.Encoder.
func (e *Encoder) Bool(b bool) {
	e.plain(func(dst []byte) []byte { return strconv.AppendBool(dst, b) })
}

// Timestamp implements api.Encoder.
func (e *Encoder) Timestamp(t api.Timestamp) {
	e.plain(func(dst []byte) []byte {
		return time.UnixMilli(int64(t)).UTC().AppendFormat(dst, "2006-01-02T15:04:05.999Z")
	})
}

// Blob implements api.Encoder. The base64 of a blob must have been checked.
func (e *Encoder) Blob(b api.Blob) {
	e.plain(func(dst []byte) []byte {
		data, isBase64 := b.Raw()
		if isBase64 {
			return append(dst, data...)
		}
		return base64.StdEncoding.AppendEncode(dst, data)
	})
}
