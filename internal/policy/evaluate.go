package policy

import (
	"net/netip"
	"strings"
	"time"
)

// Request is what policies are asked about: one action on one resource.
type Request struct {
	Principal Principal
	Action    string // service:Name
	// Resource is an ARN, or * for actions on no resource in particular.
	Resource string
	// ResourceAccount is whose the resource is; "" is the principal's account.
	ResourceAccount string

	Region          string
	SourceIP        netip.Addr
	SecureTransport bool
	Time            time.Time // zero if it is not known
	// RequestTags are those that the request gives to something.
	RequestTags map[string]string
	// TagKeys are those that the request names, beside those of RequestTags.
	TagKeys []string
	// ResourceTags are those that the resource has.
	ResourceTags map[string]string
	// Context has the values of the keys that only the service knows, by the
	// key in lower case.
	Context map[string][]string
}

// owner is the account that the resource belongs to.
func (r *Request) owner() string {
	if r.ResourceAccount == "" {
		return r.Principal.Account
	}
	return r.ResourceAccount
}

// Policies are those that decide about a request together.
type Policies struct {
	// Identity are those of the principal.
	Identity []*Policy
	// Session is what a role's session was limited to when the role was
	// assumed; nil for no limit.
	Session *Policy
	// Resource is the resource's own; nil for none.
	Resource *Policy
	// ResourceDecides is whether the resource's policy has to allow what is
	// asked for in the resource's own account, too, as the trust policies of
	// roles have to.
	ResourceDecides bool
}

// Evaluate decides about a request as AWS does. What a statement denies is
// denied. Else, in the account that owns the resource, one statement is enough
// that allows it: of the principal's policies, or of the resource's naming the
// principal. For another account's resource both sides have to allow it, and
// the resource's policy may name the principal's account.
//
// What a session's principal is allowed as its role, the session's policy has to
// allow, too. What a resource's policy allows the session by its own name or as
// everybody, that does not limit.
//
// Where the resource's policy decides, a statement of it has to allow what is
// asked for; if it names the account only, the principal's policies have to as
// well.
func Evaluate(r *Request, p Policies) Decision {
	q := question{r, strings.ToLower(r.Action)}
	for _, identity := range p.Identity {
		if s := identity.find(q, Deny, unnamed); s != nil {
			return Decision{Outcome: IdentityDeny, Identity: s}
		}
	}
	if s := p.Session.find(q, Deny, unnamed); s != nil {
		return Decision{Outcome: SessionDeny, Session: s}
	}
	if s := p.Resource.find(q, Deny, byAccount); s != nil {
		return Decision{Outcome: ResourceDeny, Resource: s}
	}
	own := p.allows(q)
	switch {
	case p.ResourceDecides && r.owner() == r.Principal.Account:
		return p.whereResourceDecides(q, own)
	case r.owner() == r.Principal.Account:
		return p.inAccount(q, own)
	case !own.Allowed():
		return own
	}
	grants := p.Resource.find(q, Allow, byAccount)
	if grants == nil {
		own.Outcome = NoResourceAllow
		return own
	}
	own.Resource = grants
	return own
}

// question is a request with its action in lower case.
type question struct {
	*Request
	action string
}

// allows decides by what the principal's side allows alone.
func (p *Policies) allows(q question) Decision {
	for _, identity := range p.Identity {
		if s := identity.find(q, Allow, unnamed); s != nil {
			return p.inSession(q, Decision{Outcome: Allowed, Identity: s})
		}
	}
	return Decision{Outcome: NoIdentityAllow}
}

// inSession limits what is allowed to what the session's policy allows.
func (p *Policies) inSession(q question, d Decision) Decision {
	if p.Session == nil {
		return d
	}
	if d.Session = p.Session.find(q, Allow, unnamed); d.Session == nil {
		d.Outcome = NoSessionAllow
	}
	return d
}

// inAccount decides where one side is enough and nothing denies.
func (p *Policies) inAccount(q question, own Decision) Decision {
	if own.Allowed() {
		return own
	}
	if granted, ok := p.granted(q); ok {
		return granted
	}
	return own
}

// whereResourceDecides decides where the principal's side is not enough.
func (p *Policies) whereResourceDecides(q question, own Decision) Decision {
	if granted, ok := p.granted(q); ok {
		return granted
	}
	grants := p.Resource.find(q, Allow, byAccount)
	switch {
	case grants == nil:
		return Decision{Outcome: NoResourceAllow, Identity: own.Identity}
	case own.Allowed():
		own.Resource = grants
	}
	return own
}

// granted decides by what the resource's policy allows by naming the principal;
// it is false if that names it nowhere.
func (p *Policies) granted(q question) (Decision, bool) {
	if s := p.Resource.find(q, Allow, byName); s != nil {
		return Decision{Outcome: Allowed, Resource: s}, true
	}
	if s := p.Resource.find(q, Allow, byRole); s != nil {
		return p.inSession(q, Decision{Outcome: Allowed, Resource: s}), true
	}
	return Decision{}, false
}

// find returns the policy's first statement with an effect that is about a
// request and names its principal at least as it has to, or nil. A nil policy
// has none.
func (p *Policy) find(q question, effect Effect, atLeast naming) *Statement {
	if p == nil {
		return nil
	}
	for _, s := range p.Statements {
		if s.Effect == effect && (atLeast == unnamed || s.principals.name(&q.Principal) >= atLeast) && s.isAbout(q) {
			return s
		}
	}
	return nil
}

// isAbout reports whether a statement is about a request, whoever makes it.
func (s *Statement) isAbout(q question) bool {
	r := q.Request
	if !s.actions.has(func(p pattern) bool { return p.matches(q.action, r) }) {
		return false
	}
	if len(s.resources.list) > 0 && !s.resources.has(func(p arnPattern) bool { return p.matches(r.Resource, r) }) {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].satisfied(r) {
			return false
		}
	}
	return true
}

// Trusts returns the statement of a role's trust policy that lets a principal
// take the role on, or nil: one that allows it and names the principal or its
// account, if none denies it.
func (p *Policy) Trusts(r *Request) *Statement {
	q := question{r, strings.ToLower(r.Action)}
	if p.find(q, Deny, byAccount) != nil {
		return nil
	}
	return p.find(q, Allow, byAccount)
}
