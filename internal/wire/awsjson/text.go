package awsjson

import (
	"unicode/utf16"
	"unicode/utf8"

	"leat/internal/api"
)

// plain has the bytes that stand for themselves in a string and need no look
// at UTF-8.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// raw reads a string, at its quote. What it returns is part of the body, or
// fresh memory where escapes or invalid UTF-8 stand in the way.
func (d *decoder) raw() ([]byte, bool) {
	start := d.pos + 1
	i, ascii, escapes := start, true, false
	for {
		for i < len(d.data) && plain[d.data[i]] {
			i++
		}
		if i == len(d.data) {
			return nil, false
		}
		switch c := d.data[i]; {
		case c == '"':
			d.pos = i + 1
			b := d.data[start:i:i]
			if !escapes && (ascii || utf8.Valid(b)) {
				return b, true
			}
			return unescape(b)
		case c == '\\':
			escapes = true
			i += 2 // also over a quote; unescape looks at what it is
			if i > len(d.data) {
				return nil, false
			}
		case c < ' ':
			return nil, false
		default:
			ascii = false
			i++
		}
	}
}

// unescape returns the text of a string with escapes. Bytes that are not UTF-8
// and halves of surrogate pairs become U+FFFD, since nothing else could be
// stored as text.
func unescape(b []byte) ([]byte, bool) {
	out := make([]byte, 0, api.UTF8Len(b)) // escapes only make it shorter
	for len(b) > 0 {
		if b[0] == '\\' {
			var ok bool
			if out, b, ok = appendEscaped(out, b); !ok {
				return nil, false
			}
			continue
		}
		r, size := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		b = b[size:]
	}
	return out, true
}

// appendEscaped appends what the escape that b begins with stands for, and
// returns what follows the escape.
func appendEscaped(out, b []byte) (appended, rest []byte, ok bool) {
	switch b[1] {
	case '"', '\\', '/':
		return append(out, b[1]), b[2:], true
	case 'b':
		return append(out, '\b'), b[2:], true
	case 'f':
		return append(out, '\f'), b[2:], true
	case 'n':
		return append(out, '\n'), b[2:], true
	case 'r':
		return append(out, '\r'), b[2:], true
	case 't':
		return append(out, '\t'), b[2:], true
	}
	r, ok := codeUnit(b)
	if !ok {
		return nil, nil, false
	}
	b = b[6:]
	if utf16.IsSurrogate(r) {
		low, _ := codeUnit(b)
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			b = b[6:]
		}
	}
	return utf8.AppendRune(out, r), b, true
}

// codeUnit returns the value of the \uXXXX that b begins with.
func codeUnit(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
