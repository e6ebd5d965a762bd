package item

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"leat/internal/api"
)

// parser reads JSON that its caller has found to be valid. It does not rely on
// that: text that is not JSON is a SerializationException without a message.
type parser struct {
	text []byte
	pos  int
}

func notJSON() *api.Error { return api.Errorf(api.Serialization, "") }

// next skips white space and returns the byte at pos, or 0 at the end.
func (p *parser) next() byte {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

// done fails unless everything has been read.
func (p *parser) done() *api.Error {
	if p.next(); p.pos < len(p.text) {
		return notJSON()
	}
	return nil
}

// object reads an object, at its brace; member reads the value of each member.
func (p *parser) object(member func(name string) *api.Error) *api.Error {
	return p.entries('}', func() *api.Error {
		name, err := p.string()
		if err != nil {
			return err
		}
		if p.next() != ':' {
			return notJSON()
		}
		p.pos++
		return member(name)
	})
}

// list reads a list of a class, which only messages use; element reads each
// element.
func (p *parser) list(class string, element func() *api.Error) *api.Error {
	if p.next() != '[' {
		return p.unexpected("Unexpected field type", class)
	}
	return p.entries(']', element)
}

// entries reads what is between a bracket, at pos, and its end.
func (p *parser) entries(end byte, entry func() *api.Error) *api.Error {
	p.pos++
	if p.next() == end {
		p.pos++
		return nil
	}
	for {
		if err := entry(); err != nil {
			return err
		}
		c := p.next()
		p.pos++
		switch c {
		case ',':
		case end:
			return nil
		default:
			return notJSON()
		}
	}
}

// string reads a string. What it returns is a copy. Bytes that are not UTF-8
// become U+FFFD.
func (p *parser) string() (string, *api.Error) {
	if p.next() != '"' {
		return "", notJSON()
	}
	start := p.pos
	escaped := false
	for i := start + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			p.pos = i + 1
			if b := p.text[start+1 : i]; !escaped && utf8.Valid(b) {
				return string(b), nil
			}
			return unquote(p.text[start:p.pos])
		}
	}
	return "", notJSON()
}

func unquote(literal []byte) (string, *api.Error) {
	var s string
	if json.Unmarshal(literal, &s) != nil {
		return "", notJSON()
	}
	return strings.ToValidUTF8(s, "\ufffd"), nil
}

// skip passes over a value of any kind and depth.
func (p *parser) skip() *api.Error {
	depth := 0
	for {
		switch c := p.next(); c {
		case '{', '[':
			depth++
			p.pos++
		case '}', ']':
			depth--
			p.pos++
		case '"':
			if _, err := p.string(); err != nil {
				return err
			}
		case ',', ':':
			p.pos++
		case 0:
			return notJSON()
		default:
			p.word()
		}
		if depth < 0 {
			return notJSON()
		}
		if depth == 0 {
			return nil
		}
	}
}

// word passes over a number or a literal, or over one byte that is neither.
func (p *parser) word() {
	p.pos++
	for p.pos < len(p.text) && strings.IndexByte(",:]}[{\" \t\r\n", p.text[p.pos]) < 0 {
		p.pos++
	}
}

// unexpected returns the error about the value at pos, which is of a kind that
// cannot be read here: scalar if it is one, or with the class that was expected
// if it is a list.
func (p *parser) unexpected(scalar, class string) *api.Error {
	switch p.next() {
	case '{':
		return api.Errorf(api.Serialization, "Start of structure or map found where not expected")
	case '[':
		return api.Errorf(api.Serialization, "Unrecognized collection type %s", class)
	case 0:
		return notJSON()
	}
	return api.Errorf(api.Serialization, "%s", scalar)
}

// literal returns what the service's parser calls the scalar at pos.
func (p *parser) literal() string {
	switch p.next() {
	case 't':
		return "TRUE_VALUE"
	case 'f':
		return "FALSE_VALUE"
	case 'n':
		return "NULL_VALUE"
	}
	rest := p.text[p.pos:]
	word := parser{text: rest}
	word.word()
	if strings.ContainsAny(string(rest[:word.pos]), ".eE") {
		return "DECIMAL_VALUE"
	}
	return "NUMBER_VALUE"
}
