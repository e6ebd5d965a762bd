package auth

import (
	"leat/internal/policy"
	"leat/internal/sigv4"
)

// Directory is what a file says. It never changes.
type Directory struct {
	keys map[string]*Key
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
}

// Key returns the access key with an id.
func (d *Directory) Key(id string) (*Key, bool) {
	k, ok := d.keys[id]
	return k, ok
}

// Decide decides about a request of the principal's. The resource's policy is
// nil if it has none.
func (p *Principal) Decide(r policy.Request, resource *policy.Policy) policy.Decision {
	r.Principal = p.Principal
	return policy.Evaluate(&r, p.policies, resource)
}
