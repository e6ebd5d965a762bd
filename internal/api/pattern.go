package api

import (
	"regexp"
	"strings"
	"sync"
)

// Pattern is a regular expression that a whole value must match.
type Pattern struct {
	text string
	// quick is true for nothing that the expression would not match, and for
	// what clients usually send; nil for patterns that are rarely looked at.
	quick  func(string) bool
	regexp func() *regexp.Regexp
}

// quickChecks holds the checks that keep the data plane from running regular
// expressions, by the text of the pattern.
var quickChecks = map[string]func(string) bool{
	`[a-zA-Z0-9_.-]+`:                        isName,
	`0|([1-9]\d{0,38})`:                      func(s string) bool { return isDecimal(s, 39) },
	`0|([1-9]\d{0,128})`:                     func(s string) bool { return isDecimal(s, 129) },
	`arn:aws.*:kinesis:.*:\d{12}:stream/\S+`: isStreamARN,
}

// NewPattern returns the pattern that a text is. Whether it is one is found out when it
// is first needed.
func NewPattern(text string) *Pattern {
	return &Pattern{
		text:   text,
		quick:  quickChecks[text],
		regexp: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A(?:` + inGo(text) + `)\z`) }),
	}
}

// javaEscape is a character by its number, as models write it. What is beyond
// 16 bits they write with more digits, which Java would not read so.
var javaEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4,6})`)

// inGo returns a pattern of Java's as Go writes it.
func inGo(text string) string { return javaEscape.ReplaceAllString(text, `\x{$1}`) }

// Match says whether the whole of s matches.
func (p *Pattern) Match(s string) bool {
	return p.quick != nil && p.quick(s) || p.regexp().MatchString(s)
}

// String returns the pattern as messages print it.
func (p *Pattern) String() string { return p.text }

// isName says whether s is made of the characters of names, at least one.
func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetterOrDigit(c) && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return s != ""
}

func isLetterOrDigit(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }

// isDecimal says whether s is a natural number of at most digits digits without
// leading zeros.
func isDecimal(s string, digits int) bool {
	return len(s) > 0 && len(s) <= digits && isDigits(s) && (s[0] != '0' || len(s) == 1)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// isStreamARN says whether s is a stream's ARN whose parts are all names.
func isStreamARN(s string) bool {
	s, ok := strings.CutPrefix(s, "arn:aws")
	if !ok {
		return false
	}
	partition, s, _ := strings.Cut(s, ":kinesis:")
	region, s, _ := strings.Cut(s, ":")
	account, s, _ := strings.Cut(s, ":")
	stream, ok := strings.CutPrefix(s, "stream/")
	return ok && (partition == "" || isName(partition)) && isName(region) &&
		len(account) == 12 && isDigits(account) && isName(stream)
}
