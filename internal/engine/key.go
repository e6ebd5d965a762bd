package engine

import "strings"

// Key is the name of a KV entry: a path of parts, each any string, in a form
// whose byte order is the order of the parts compared one by one. The zero Key
// has no parts.
//
// Encoding: a zero byte within a part is written 00 FF, and each part ends
// with 00 01.
type Key string

const (
	keyEscape     = "\x00\xff"
	keyTerminator = "\x00\x01"
)

// NewKey returns the key with the given parts.
func NewKey(parts ...string) Key { return Key("").Child(parts...) }

// Child returns the key that has the given parts after k's own.
func (k Key) Child(parts ...string) Key {
	var b strings.Builder
	b.WriteString(string(k))
	for _, p := range parts {
		b.WriteString(strings.ReplaceAll(p, "\x00", keyEscape))
		b.WriteString(keyTerminator)
	}
	return Key(b.String())
}

// Parts returns what the key was made of.
func (k Key) Parts() []string {
	var parts []string
	for rest := string(k); rest != ""; {
		// Inside a part a zero byte is always followed by FF, so the first
		// terminator is the part's end.
		part, tail, _ := strings.Cut(rest, keyTerminator)
		parts = append(parts, strings.ReplaceAll(part, keyEscape, "\x00"))
		rest = tail
	}
	return parts
}

// Below reports whether k has all of prefix's parts first, and more.
func (k Key) Below(prefix Key) bool {
	return len(k) > len(prefix) && strings.HasPrefix(string(k), string(prefix))
}

// End returns a Key that is greater than all keys below k, and less than all
// greater ones that are not; the zero Key for the zero Key. It is no key of an
// entry.
func (k Key) End() Key {
	if k == "" {
		return ""
	}
	// A part ends with 00 01, and within it a zero is followed by FF.
	return k[:len(k)-1] + "\x02"
}

// String returns the parts joined by slashes, for logs.
func (k Key) String() string { return strings.Join(k.Parts(), "/") }
