package api

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Constraint is what the model demands of a value. Min and Max bound numbers,
// the length of strings in UTF-16 code units, the bytes of blobs, and the entries
// of lists and maps.
//
// UTF-16 because the service counts as Java does: a partition key of 256
// characters outside the basic plane is too long there.
type Constraint struct {
	Min, Max Opt[int64]
	Pattern  *Pattern
	Enum     []string
}

// bounds says whether n is within Min and Max.
func (c *Constraint) bounds(n int64) bool {
	return (!c.Min.Set || n >= c.Min.V) && (!c.Max.Set || n <= c.Max.V)
}

// refuses says whether a string violates the constraint.
func (c *Constraint) refuses(s string) bool {
	return !c.bounds(utf16Len(s)) ||
		c.Pattern != nil && !c.Pattern.Match(s) ||
		len(c.Enum) > 0 && !slices.Contains(c.Enum, s)
}

// bound returns the text of the bound that n is beyond; what is "length" or
// "value".
func (c *Constraint) bound(what string, n int64) string {
	if c.Min.Set && n < c.Min.V {
		return c.min(what)
	}
	return c.max(what)
}

func (c *Constraint) min(what string) string {
	return "Member must have " + what + " greater than or equal to " + strconv.FormatInt(c.Min.V, 10)
}

func (c *Constraint) max(what string) string {
	return "Member must have " + what + " less than or equal to " + strconv.FormatInt(c.Max.V, 10)
}

func (c *Constraint) pattern() string {
	return "Member must satisfy regular expression pattern: " + c.Pattern.String()
}

func (c *Constraint) enum() string {
	return "Member must satisfy enum value set: " + listText(c.Enum)
}

// String lists all that the constraint demands of a string.
func (c *Constraint) String() string {
	var all []string
	if c.Max.Set {
		all = append(all, c.max("length"))
	}
	if c.Min.Set {
		all = append(all, c.min("length"))
	}
	if c.Pattern != nil {
		all = append(all, c.pattern())
	}
	if len(c.Enum) > 0 {
		all = append(all, c.enum())
	}
	return listText(all)
}

// utf16Len returns the number of UTF-16 code units of s.
func utf16Len(s string) int64 {
	n := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
		case c < 0xC0: // continues a character
			n--
		case c >= 0xF0: // four bytes make two units, three of the bytes continue
			n++
		}
	}
	return int64(n)
}

// listText prints a list as Java does.
func listText(list []string) string { return "[" + strings.Join(list, ", ") + "]" }

// mapText prints a map as Java does, in the order of the keys.
func mapText(m map[string]string) string {
	entries := make([]string, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		entries = append(entries, key+"="+m[key])
	}
	return "{" + strings.Join(entries, ", ") + "}"
}

// blobText prints a blob of n bytes as Java does.
func blobText(n int64) string {
	size := strconv.FormatInt(n, 10)
	return "java.nio.HeapByteBuffer[pos=0 lim=" + size + " cap=" + size + "]"
}
