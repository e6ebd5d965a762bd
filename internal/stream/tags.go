package stream

import (
	"strings"
	"unicode"
)

// ValidTagText reports whether all characters of a tag's key or value are
// letters, digits, space or one of _ . / = + - @ %. It is the first of the two
// checks of AddTagsToStream and RemoveTagsFromStream.
func ValidTagText(s string) bool { return onlyTagRunes(s, "_./=+-@%") }

// LegalTagText reports whether a text that passed ValidTagText also passes the
// second check, which refuses percent signs.
func LegalTagText(s string) bool { return !strings.Contains(s, "%") }

// ValidResourceTagText is the check of TagResource and UntagResource: it also
// lets colons pass, and no percent signs.
func ValidResourceTagText(s string) bool { return onlyTagRunes(s, "_./=+-@:") }

// onlyTagRunes reports whether s consists of letters, digits, space separators
// and the given signs. Tabs and line breaks are control characters, not
// separators.
func onlyTagRunes(s, signs string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune(signs, r) {
			return false
		}
	}
	return true
}

// ReservedTagKey reports whether only AWS may use the key: it begins with aws:
// in any case.
func ReservedTagKey(key string) bool {
	const prefix = "aws:"
	return len(key) >= len(prefix) && strings.EqualFold(key[:len(prefix)], prefix)
}
