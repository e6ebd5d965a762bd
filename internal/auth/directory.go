package auth

import (
	"leat/internal/policy"
	"leat/internal/session"
	"leat/internal/sigv4"
)

// Directory is what a file says. It never changes.
type Directory struct {
	keys  map[string]*Key
	roles map[string]*Role // by ARN
}

// Key is an access key.
type Key struct {
	ID string
	sigv4.Key

	Principal *Principal
}

// Principal is a user or a role's session.
type Principal struct {
	policy.Principal

	policies []*policy.Policy
	// session limits a session; nil for no limit.
	session *policy.Policy
}

// Role is a role of the file.
type Role struct {
	session.Role

	// Trust says who may assume the role.
	Trust *policy.Policy

	policies []*policy.Policy
}

// Key returns the access key with an id.
func (d *Directory) Key(id string) (*Key, bool) {
	k, ok := d.keys[id]
	return k, ok
}

// Role returns the role with an ARN.
func (d *Directory) Role(arn string) (*Role, bool) {
	r, ok := d.roles[arn]
	return r, ok
}

// SessionPrincipal returns who a session is, with the policies that its role has
// now. It is false if the role is gone, or the session was begun without
// policies having been asked.
func (d *Directory) SessionPrincipal(s *session.Session) (*Principal, bool) {
	r, ok := d.roles[s.Role.ARN]
	if !ok || !s.Authorized {
		return nil, false
	}
	return r.principal(s), true
}

func (r *Role) principal(s *session.Session) *Principal {
	return &Principal{s.Principal(), r.policies, s.Policy}
}

// Decide decides about a request of the principal's. Of the policies those of
// the resource are given.
func (p *Principal) Decide(r policy.Request, policies policy.Policies) policy.Decision {
	r.Principal = p.Principal
	policies.Identity, policies.Session = p.policies, p.session
	return policy.Evaluate(&r, policies)
}
