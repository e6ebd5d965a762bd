package keyring

import (
	"regexp"
	"strings"
)

const (
	aliasPattern = `alias/[a-zA-Z0-9/_-]+`
	idPattern    = `[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-f]{32}`
	arnPattern   = `arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:`
	aliasPrefix  = "alias/"
	// maxNameBytes is the longest alias of KMS, and more than any id has.
	maxNameBytes = 256
)

// nameForm has a group for each form of the name: an ARN's id, an id, an alias.
var nameForm = regexp.MustCompile(`^(?:` + arnPattern + `key/(` + idPattern + `)|(` + idPattern + `)|(?:` + arnPattern + `)?(` + aliasPattern + `))$`)

// Name returns the id or the alias that a KMS key id means, which may be either
// or the ARN of either. It reports false for what has none of these forms.
func Name(keyID string) (name string, ok bool) {
	m := nameForm.FindStringSubmatch(keyID)
	if m == nil {
		return "", false
	}
	name = strings.ToLower(m[1]+m[2]) + m[3]
	return name, len(name) <= maxNameBytes
}

// IsAlias reports whether a name is an alias.
func IsAlias(name string) bool { return strings.HasPrefix(name, aliasPrefix) }

// validID reports whether a name is an id, in the form that Name returns.
func validID(s string) bool {
	name, ok := Name(s)
	return ok && name == s && !IsAlias(s)
}

// validAlias reports whether a name is an alias.
func validAlias(s string) bool {
	name, ok := Name(s)
	return ok && name == s && IsAlias(s)
}
