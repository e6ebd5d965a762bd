package sigv4

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Message is a request as a signature covers it.
type Message struct {
	Method string
	Path   string // as it was sent, with its escapes
	Query  url.Values
	// Header returns the values of a header by its name in lower case, host and
	// content-length among them.
	Header func(name string) []string
	Body   []byte
}

// appendCanonical appends the text whose hash is signed.
func appendCanonical(dst []byte, m *Message, signedHeaders string) []byte {
	dst = append(dst, m.Method...)
	dst = append(dst, '\n')
	// Escaped once more than it was sent: all services but S3 want that.
	path := cmp.Or(m.Path, "/")
	dst = appendEscaped(dst, path, '/')
	dst = append(dst, '\n')
	dst = appendQuery(dst, m.Query)
	dst = append(dst, '\n')
	for name := range strings.SplitSeq(signedHeaders, ";") {
		dst = append(dst, name...)
		dst = append(dst, ':')
		for i, v := range m.Header(name) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendTrimmed(dst, v)
		}
		dst = append(dst, '\n')
	}
	dst = append(dst, '\n')
	dst = append(dst, signedHeaders...)
	dst = append(dst, '\n')
	sum := sha256.Sum256(m.Body)
	return hex.AppendEncode(dst, sum[:])
}

// appendQuery appends the parameters in the order of their escaped names, and
// for each name of its escaped values.
func appendQuery(dst []byte, q url.Values) []byte {
	if len(q) == 0 {
		return dst
	}
	type param struct{ name, value string }
	var params []param
	for name, values := range q {
		if name == querySignature {
			continue
		}
		escaped := string(appendEscaped(nil, name, 0))
		for _, v := range values {
			params = append(params, param{escaped, string(appendEscaped(nil, v, 0))})
		}
	}
	slices.SortFunc(params, func(a, b param) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.value, b.value))
	})
	for i, p := range params {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(dst, p.name...)
		dst = append(dst, '=')
		dst = append(dst, p.value...)
	}
	return dst
}

// appendEscaped appends s with an escape for all bytes but the unreserved ones
// of RFC 3986 and one more.
func appendEscaped(dst []byte, s string, also byte) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if isUnreserved(c) || (also != 0 && c == also) {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', digits[c>>4], digits[c&15])
	}
	return dst
}

func isUnreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~'
}

// appendTrimmed appends a header's value without the spaces around it and with
// one for each run of them inside.
func appendTrimmed(dst []byte, v string) []byte {
	v = strings.TrimSpace(v)
	for i := range len(v) {
		if v[i] == ' ' && v[i-1] == ' ' {
			continue
		}
		dst = append(dst, v[i])
	}
	return dst
}
