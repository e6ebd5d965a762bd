package session

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"

	"leat/internal/policy"
)

const (
	// keyIDPrefix begins the ids of temporary access keys, as those of AWS:
	// clients tell them from others by it.
	keyIDPrefix = "ASIA"
	secretBytes = 30
)

// Session is what a principal has become that has assumed a role. It never
// changes.
type Session struct {
	Role Role
	Name string
	// Authorized is whether policies have let the caller assume the role.
	Authorized      bool
	Issued, Expires time.Time
	// PolicyText is the session policy in JSON, "" for none. Policy is the same.
	PolicyText string
	Policy     *policy.Policy

	secret [secretBytes]byte
}

// Principal is who the session is in the eyes of policies.
func (s *Session) Principal() policy.Principal {
	return policy.Principal{
		Account: s.Role.Account, ARN: s.Role.SessionARN(s.Name), Role: s.Role.ARN, UserID: s.Role.SessionID(s.Name),
		Issued: s.Issued,
	}
}

// Secret is the secret access key.
func (s *Session) Secret() string { return base64.StdEncoding.EncodeToString(s.secret[:]) }

// ParsePolicy reads a session policy. The error, if any, is a *policy.Error.
func ParsePolicy(text string) (*policy.Policy, error) {
	return policy.ParseJSON("the session policy", policy.Identity, []byte(text))
}

// Credentials are what a client gets.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
}

// IsKeyID reports whether an access key can be that of a session.
func IsKeyID(id string) bool { return strings.HasPrefix(id, keyIDPrefix) }

// newKeyID returns a new access key id of 20 characters.
func newKeyID() string { return keyIDPrefix + rand.Text()[:16] }
