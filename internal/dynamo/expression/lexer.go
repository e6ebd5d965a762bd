package expression

import "strings"

// kind is what a token is.
type kind uint8

const (
	end     kind = iota
	word         // an identifier or a keyword
	hash         // #name
	colon        // :value
	digits       // an index
	symbol       // punctuation
	unknown      // a character that the language does not have
)

// token is a piece of an expression: text[start:end].
type token struct {
	kind       kind
	text       string
	start, end int
}

// is reports whether the token is a symbol.
func (t token) is(s string) bool { return t.kind == symbol && t.text == s }

// keyword reports whether the token is a word, in any case.
func (t token) keyword(w string) bool { return t.kind == word && strings.EqualFold(t.text, w) }

// keywords are words that are no names, in any expression.
var keywords = []string{"AND", "OR", "NOT", "BETWEEN", "IN", set, remove, add, deleteClause}

// lex returns the tokens of an expression. The last one is the end.
func lex(text string) []token {
	var tokens []token
	for pos := 0; pos < len(text); {
		if strings.IndexByte(" \t\r\n", text[pos]) >= 0 {
			pos++
			continue
		}
		k, length := next(text[pos:])
		tokens = append(tokens, token{kind: k, text: text[pos : pos+length], start: pos, end: pos + length})
		pos += length
	}
	return append(tokens, token{kind: end, text: "<EOF>", start: len(text), end: len(text)})
}

// next returns the kind and the length of the token that a text begins with.
func next(text string) (kind, int) {
	switch c := text[0]; {
	case isLetter(c):
		return word, span(text, isWordByte)
	case c == '#' || c == ':':
		if length := 1 + span(text[1:], isWordByte); length > 1 {
			if c == '#' {
				return hash, length
			}
			return colon, length
		}
		return unknown, 1
	case c == '0':
		return digits, 1
	case isDigit(c):
		return digits, span(text, isDigit)
	case strings.HasPrefix(text, "<="), strings.HasPrefix(text, ">="), strings.HasPrefix(text, "<>"):
		return symbol, 2
	case strings.IndexByte("=<>+-,.()[]", c) >= 0:
		return symbol, 1
	case c < 0x80:
		return unknown, 1
	}
	return unknown, span(text, func(c byte) bool { return c >= 0x80 })
}

// span returns the number of bytes at the beginning of a text that belong to it.
func span(text string, belongs func(byte) bool) int {
	for i := range len(text) {
		if !belongs(text[i]) {
			return i
		}
	}
	return len(text)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }
