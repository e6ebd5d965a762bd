package awscbor

import (
	"unicode/utf8"

	"leat/internal/api"
)

// maxDepth is how deep maps and arrays may be nested, so that no request can use
// up the stack. Requests of the service go down to 3.
const maxDepth = 1000

// Decode fills in, which must be empty, from a request's body. The input's
// strings and blobs refer to the body where that has them in one piece, so the
// body must stay as it is for as long as the input is used.
//
// The error is a SerializationException: without a message for a body that is
// not a CBOR map, or has more than api.MaxStructures or api.MaxValues, and else
// with what is wrong with the first member that has a value of the wrong type.
func Decode(body []byte, in api.Input) *api.Error {
	d := decoder{data: body}
	return d.decode(in)
}

// DecodeSeconds is Decode for the form of Smithy RPC v2, whose timestamps are
// seconds.
func DecodeSeconds(body []byte, in api.Input) *api.Error {
	d := decoder{data: body, seconds: true}
	return d.decode(in)
}

func (d *decoder) decode(in api.Input) *api.Error {
	parsed := false
	switch h, _ := d.head(); h.major {
	case majorMap:
		parsed = d.structure(in, h, 1)
	case majorArray:
		parsed = d.refuse(in, h, 1)
	}
	if !parsed || d.pos < len(d.data) {
		return api.Errorf(api.Serialization, "")
	}
	return d.mismatch
}

// Valid says whether a body is a CBOR map or array. Decode finds out itself.
func Valid(body []byte) bool {
	d := decoder{data: body}
	h, _ := d.head()
	return (h.major == majorMap || h.major == majorArray) && d.skip(h, 1) && d.pos == len(d.data)
}

// decoder reads a body. Its methods return false where the body is not CBOR.
// After a mismatch they go on, because a body that is not CBOR at all is the
// graver error.
//
// Nothing is sized by a length that the body claims: entries are counted as they
// are read, and strings are parts of the body.
type decoder struct {
	data     []byte
	pos      int
	mismatch *api.Error // the first
	seconds  bool       // whether timestamps are seconds
	bounds   api.Bounds
}

// head reads the head of the next item, after its tags.
func (d *decoder) head() (head, bool) {
	for {
		h, ok := d.untagged()
		if !ok || h.major != majorTag {
			return h, ok
		}
	}
}

// untagged reads a head. On failure it returns that of no item.
func (d *decoder) untagged() (head, bool) {
	if d.pos == len(d.data) {
		return head{}, false
	}
	first := d.data[d.pos]
	d.pos++
	h := head{major: first >> 5, info: first & 0x1f}
	switch {
	case h.info < infoUint8:
		h.argument = uint64(h.info)
	case h.info <= infoUint64:
		size := 1 << (h.info - infoUint8)
		if len(d.data)-d.pos < size {
			return head{}, false
		}
		for _, c := range d.data[d.pos : d.pos+size] {
			h.argument = h.argument<<8 | uint64(c)
		}
		d.pos += size
		if h.major == majorSimple && h.info == infoUint8 && h.argument < 32 {
			return head{}, false // has a form of one byte, if any
		}
	case h.info != infoOpen || h.major < majorBytes || h.major > majorMap:
		return head{}, false
	}
	return h, true
}

// ended reads the end of what is open, if it is there.
func (d *decoder) ended() bool {
	if d.pos == len(d.data) || d.data[d.pos] != end {
		return false
	}
	d.pos++
	return true
}

// bytes reads a string, of bytes or of text. What it returns is part of the body,
// or fresh memory if the string comes in chunks.
func (d *decoder) bytes(h head) ([]byte, bool) {
	if !h.open() {
		return d.take(h.argument)
	}
	var all []byte
	for !d.ended() {
		chunk, ok := d.untagged()
		if !ok || chunk.major != h.major || chunk.open() {
			return nil, false
		}
		b, ok := d.take(chunk.argument)
		if !ok {
			return nil, false
		}
		all = append(all, b...)
	}
	return all, true
}

// take reads n bytes.
func (d *decoder) take(n uint64) ([]byte, bool) {
	if n > uint64(len(d.data)-d.pos) {
		return nil, false
	}
	start := d.pos
	d.pos += int(n)
	return d.data[start:d.pos:d.pos], true
}

// text reads a string of text. Bytes that are not UTF-8 become U+FFFD, since
// nothing else could be stored as text.
func (d *decoder) text(h head) (string, bool) {
	b, ok := d.bytes(h)
	if !utf8.Valid(b) {
		b = repaired(b)
	}
	return api.Alias(b), ok
}

// repaired returns text with U+FFFD for each byte that is not UTF-8.
func repaired(b []byte) []byte {
	out := make([]byte, 0, api.UTF8Len(b))
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		b = b[size:]
	}
	return out
}

// entries reads the entries of an array or a map, each with entry.
func (d *decoder) entries(h head, depth int, entry func() bool) bool {
	if depth > maxDepth {
		return false
	}
	for n := uint64(0); h.open() || n < h.argument; n++ {
		if h.open() && d.ended() {
			return true
		}
		if !entry() {
			return false
		}
	}
	return true
}

// object reads a map; member reads the value of each key.
func (d *decoder) object(h head, depth int, member func(name string) bool) bool {
	return d.entries(h, depth, func() bool {
		key, ok := d.head()
		if !ok || key.major != majorText {
			return false
		}
		name, ok := d.text(key)
		return ok && member(name)
	})
}

// skip reads the rest of any item.
func (d *decoder) skip(h head, depth int) bool {
	switch h.major {
	case majorBytes, majorText:
		_, ok := d.bytes(h)
		return ok
	case majorArray:
		return d.entries(h, depth, func() bool { return d.skipNext(depth + 1) })
	case majorMap:
		return d.object(h, depth, func(string) bool { return d.skipNext(depth + 1) })
	}
	return true
}

func (d *decoder) skipNext(depth int) bool {
	h, ok := d.head()
	return ok && d.skip(h, depth)
}

// refuse reads the rest of an item that cannot become m, and notes that.
func (d *decoder) refuse(m any, h head, depth int) bool {
	d.note(api.Mismatch(m, h.kind()))
	return d.skip(h, depth)
}

// note keeps the first mismatch. Nil is none.
func (d *decoder) note(mismatch *api.Error) {
	if d.mismatch == nil {
		d.mismatch = mismatch
	}
}
