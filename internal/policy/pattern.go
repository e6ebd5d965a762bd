package policy

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	errAction   = errors.New(`is not an action like service:Name, or "*"`)
	errVariable = errors.New("has a ${ that no } ends")
	errARN      = errors.New(`is not "*" or an ARN of six parts`)
)

// pattern is a text with wildcards and variables.
type pattern struct {
	pieces []piece
	// variables is whether a piece is one.
	variables bool
}

// piece is a part of a pattern.
type piece struct {
	kind pieceKind
	text string // of a literal, and what stands for a variable without value
	key  key    // of a variable
	// fallback is whether text stands for it.
	fallback bool
}

type pieceKind uint8

const (
	literalPiece pieceKind = iota
	anyPiece               // *
	onePiece               // ?
	variablePiece
)

// features are what a pattern can have beside plain text.
type features uint8

const (
	withWildcards features = 1 << iota
	withVariables
)

// parsePattern reads a pattern.
func parsePattern(text string, f features) (pattern, error) {
	var p pattern
	for text != "" {
		special := "*?"
		if f&withWildcards == 0 {
			special = ""
		}
		if f&withVariables != 0 {
			special += "$"
		}
		i := strings.IndexAny(text, special)
		if i < 0 {
			i = len(text)
		}
		p.literal(text[:i])
		if text = text[i:]; text == "" {
			break
		}
		n, err := p.special(text)
		if err != nil {
			return p, err
		}
		text = text[n:]
	}
	return p, nil
}

// special adds the piece that a wildcard or a dollar sign begins, and returns
// its length.
func (p *pattern) special(text string) (int, error) {
	switch {
	case text[0] == '*':
		p.pieces = append(p.pieces, piece{kind: anyPiece})
		return 1, nil
	case text[0] == '?':
		p.pieces = append(p.pieces, piece{kind: onePiece})
		return 1, nil
	case !strings.HasPrefix(text, "${"):
		p.literal(text[:1])
		return 1, nil
	}
	inside, _, ok := strings.Cut(text[2:], "}")
	if !ok {
		return 0, errVariable
	}
	return len(inside) + 3, p.variable(inside)
}

// variable adds what is between the braces.
func (p *pattern) variable(inside string) error {
	if inside == "*" || inside == "?" || inside == "$" {
		p.literal(inside)
		return nil
	}
	v := piece{kind: variablePiece}
	name, rest, ok := strings.Cut(inside, ",")
	if ok {
		quoted := strings.TrimSpace(rest)
		if len(quoted) < 2 || quoted[0] != '\'' || quoted[len(quoted)-1] != '\'' {
			return errors.New("has a variable whose default is not in single quotes")
		}
		v.text, v.fallback = quoted[1:len(quoted)-1], true
	}
	var err error
	if v.key, err = parseKey(strings.TrimSpace(name)); err != nil {
		return err
	}
	if v.key.multiple() {
		return errors.New("has a variable of a key with several values")
	}
	p.pieces = append(p.pieces, v)
	p.variables = true
	return nil
}

// literal adds plain text, joined with that before it.
func (p *pattern) literal(text string) {
	if text == "" {
		return
	}
	if last := len(p.pieces) - 1; last >= 0 && p.pieces[last].kind == literalPiece {
		p.pieces[last].text += text
		return
	}
	p.pieces = append(p.pieces, piece{text: text})
}

// expand returns the pieces with the request's values for variables. What stands
// for a variable is plain text. It is false if one has no value: then the
// pattern matches nothing.
func (p *pattern) expand(r *Request) ([]piece, bool) {
	if !p.variables {
		return p.pieces, true
	}
	pieces := slices.Clone(p.pieces)
	for i, v := range pieces {
		if v.kind != variablePiece {
			continue
		}
		var buf [1]string
		text := v.text
		if values := v.key.values(r, buf[:0]); len(values) > 0 {
			text = values[0]
		} else if !v.fallback {
			return nil, false
		}
		pieces[i] = piece{text: text}
	}
	return pieces, true
}

// plain returns the text of a pattern without wildcards.
func (p *pattern) plain(r *Request) (string, bool) {
	pieces, ok := p.expand(r)
	if !ok {
		return "", false
	}
	if len(pieces) == 1 {
		return pieces[0].text, true
	}
	var b strings.Builder
	for _, piece := range pieces {
		b.WriteString(piece.text)
	}
	return b.String(), true
}

// matches reports whether all of s is what the pattern describes.
func (p *pattern) matches(s string, r *Request) bool {
	pieces, ok := p.expand(r)
	return ok && glob(pieces, s)
}

// glob matches s with pieces that have no variables. It goes back to the last *
// only: whatever an earlier one could match in addition, the last can as well.
func glob(pieces []piece, s string) bool {
	i, at := 0, 0
	star, from := -1, 0 // the last * and where what follows it was tried
	for {
		n := -1
		switch {
		case i == len(pieces):
			if at == len(s) {
				return true
			}
		case pieces[i].kind == anyPiece:
			star, from = i, at
			n = 0
		default:
			n = pieces[i].lengthIn(s[at:])
		}
		if n >= 0 {
			i, at = i+1, at+n
			continue
		}
		if star < 0 || from == len(s) {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[from:])
		from += size
		i, at = star+1, from
	}
}

// lengthIn returns how much of the beginning of s the piece matches, or -1.
func (p *piece) lengthIn(s string) int {
	if p.kind == onePiece {
		if s == "" {
			return -1
		}
		_, size := utf8.DecodeRuneInString(s)
		return size
	}
	if !strings.HasPrefix(s, p.text) {
		return -1
	}
	return len(p.text)
}

// arnParts is how many parts an ARN has: arn, the partition, the service, the
// region, the account, and the resource with all colons that follow.
const arnParts = 6

// arnPattern is a pattern of ARNs, by parts: none, which matches everything, all
// six, or fewer of which the last ends in a * that covers the others.
type arnPattern struct{ parts []pattern }

// parseARNPattern reads * or the pattern of an ARN.
func parseARNPattern(text string, variables bool) (arnPattern, error) {
	f := withWildcards
	if variables {
		f |= withVariables
	}
	var p arnPattern
	if text != "*" {
		parts := splitARN(text)
		switch {
		case parts[0] != "arn", len(parts) < arnParts && !strings.HasSuffix(text, "*"):
			return p, errARN
		case len(parts) == arnParts && strings.Contains(parts[4], "/"):
			// Parts are missing, and a wildcard cannot stand for them.
			return p, errARN
		}
		for _, part := range parts {
			pattern, err := parsePattern(part, f)
			if err != nil {
				return p, err
			}
			p.parts = append(p.parts, pattern)
		}
	}
	return p, nil
}

// splitARN returns the parts of an ARN or of a pattern of some. Colons inside
// ${} are no separators.
func splitARN(text string) []string {
	var parts []string
	from, braces := 0, false
	for i := 0; i < len(text) && len(parts) < arnParts-1; i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			braces = true
		case text[i] == '}':
			braces = false
		case text[i] == ':' && !braces:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// matches reports whether the pattern describes an ARN, or the resource * of
// requests that are about no resource in particular.
func (p *arnPattern) matches(arn string, r *Request) bool {
	if len(p.parts) == 0 {
		return true
	}
	last := len(p.parts) - 1
	for i := range last {
		part, rest, ok := strings.Cut(arn, ":")
		if !ok || !p.parts[i].matches(part, r) {
			return false
		}
		arn = rest
	}
	return p.parts[last].matches(arn, r)
}
