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
}

// owner is the account that the resource belongs to.
func (r *Request) owner() string {
	if r.ResourceAccount == "" {
		return r.Principal.Account
	}
	return r.ResourceAccount
}

// Outcome is the kind of a decision.
type Outcome uint8

// The outcomes. The zero value is a denial.
const (
	// NoIdentityAllow denies: no policy of the principal allows it.
	NoIdentityAllow Outcome = iota
	// NoResourceAllow denies: the principal's policies allow it, but the
	// resource is another account's, and its policy does not.
	NoResourceAllow
	// IdentityDeny denies by a statement of the principal's policies.
	IdentityDeny
	// ResourceDeny denies by a statement of the resource's policy.
	ResourceDeny
	// Allowed is by a statement on each side that had to allow it.
	Allowed
)

// Decision is what the policies say about a request, and why.
type Decision struct {
	Outcome
	// Identity and Resource are the statements that decided: those that allow,
	// or the one that denies. There is none where none is about the request.
	Identity, Resource *Statement
}

// Allowed reports whether the request may be performed.
func (d Decision) Allowed() bool { return d.Outcome == Allowed }

// Reason ends AWS's sentence that somebody is not authorized to perform an
// action on a resource.
func (d Decision) Reason(action string) string {
	switch d.Outcome {
	case NoIdentityAllow:
		return "because no identity-based policy allows the " + action + " action"
	case NoResourceAllow:
		return "because no resource-based policy allows the " + action + " action"
	case IdentityDeny:
		return "with an explicit deny in an identity-based policy"
	case ResourceDeny:
		return "with an explicit deny in a resource-based policy"
	case Allowed:
	}
	return ""
}

// String says what was decided and by which statements.
func (d Decision) String() string {
	var by []string
	for _, s := range []*Statement{d.Identity, d.Resource} {
		if s != nil {
			by = append(by, s.String())
		}
	}
	switch d.Outcome {
	case NoIdentityAllow:
		return "denied: no identity-based policy allows it"
	case NoResourceAllow:
		return "denied: no policy of the other account's resource allows it, " +
			"though " + strings.Join(by, " and ") + " does"
	case IdentityDeny, ResourceDeny:
		return "denied by " + strings.Join(by, " and ")
	case Allowed:
	}
	return "allowed by " + strings.Join(by, " and ")
}

// Evaluate decides about a request as AWS does. What a statement denies is
// denied. Else, in the account that owns the resource, one statement is enough
// that allows it: of the principal's policies, or of the resource's naming the
// principal. For another account's resource both sides have to allow it, and
// the resource's policy may name the principal's account. The resource's policy
// is nil if it has none.
func Evaluate(r *Request, identity []*Policy, resource *Policy) Decision {
	action := strings.ToLower(r.Action)
	for _, p := range identity {
		if s := p.find(r, action, Deny, unnamed); s != nil {
			return Decision{Outcome: IdentityDeny, Identity: s}
		}
	}
	if s := resource.find(r, action, Deny, byAccount); s != nil {
		return Decision{Outcome: ResourceDeny, Resource: s}
	}
	var allows *Statement
	for _, p := range identity {
		if allows = p.find(r, action, Allow, unnamed); allows != nil {
			break
		}
	}
	if r.owner() == r.Principal.Account {
		return inAccount(r, action, allows, resource)
	}
	grants := resource.find(r, action, Allow, byAccount)
	switch {
	case allows == nil:
		return Decision{Outcome: NoIdentityAllow}
	case grants == nil:
		return Decision{Outcome: NoResourceAllow, Identity: allows}
	}
	return Decision{Outcome: Allowed, Identity: allows, Resource: grants}
}

// inAccount decides where one side is enough and nothing denies.
func inAccount(r *Request, action string, allows *Statement, resource *Policy) Decision {
	if allows != nil {
		return Decision{Outcome: Allowed, Identity: allows}
	}
	if s := resource.find(r, action, Allow, byName); s != nil {
		return Decision{Outcome: Allowed, Resource: s}
	}
	return Decision{Outcome: NoIdentityAllow}
}

// find returns the policy's first statement with an effect that is about a
// request and names its principal at least as it has to, or nil. The action is
// in lower case.
func (p *Policy) find(r *Request, action string, effect Effect, atLeast naming) *Statement {
	if p == nil {
		return nil
	}
	for _, s := range p.Statements {
		if s.Effect == effect && (atLeast == unnamed || s.principals.name(&r.Principal) >= atLeast) && s.isAbout(r, action) {
			return s
		}
	}
	return nil
}

// isAbout reports whether a statement is about a request, whoever makes it.
func (s *Statement) isAbout(r *Request, action string) bool {
	if !s.actions.has(func(p pattern) bool { return p.matches(action, r) }) {
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
	action := strings.ToLower(r.Action)
	if p.find(r, action, Deny, byAccount) != nil {
		return nil
	}
	return p.find(r, action, Allow, byAccount)
}
