package policy

import "strings"

// Outcome is the kind of a decision.
type Outcome uint8

// The outcomes. The zero value is a denial.
const (
	// NoIdentityAllow denies: no policy of the principal allows it.
	NoIdentityAllow Outcome = iota
	// NoSessionAllow denies: the policy of the principal's session does not
	// allow it, though the role may do it.
	NoSessionAllow
	// NoResourceAllow denies: the resource's policy has to allow it, as the
	// resource is another account's or its policy decides, and does not.
	NoResourceAllow
	// IdentityDeny denies by a statement of the principal's policies.
	IdentityDeny
	// SessionDeny denies by a statement of the session's policy.
	SessionDeny
	// ResourceDeny denies by a statement of the resource's policy.
	ResourceDeny
	// Allowed is by a statement on each side that had to allow it.
	Allowed
)

// Decision is what the policies say about a request, and why.
type Decision struct {
	Outcome
	// Identity, Session and Resource are the statements that decided: those
	// that allow, or the one that denies. There is none where none is about the
	// request.
	Identity, Session, Resource *Statement
}

// Allowed reports whether the request may be performed.
func (d Decision) Allowed() bool { return d.Outcome == Allowed }

// Reason ends AWS's sentence that somebody is not authorized to perform an
// action on a resource.
func (d Decision) Reason(action string) string {
	switch d.Outcome {
	case NoIdentityAllow:
		return "because no identity-based policy allows the " + action + " action"
	case NoSessionAllow:
		return "because no session policy allows the " + action + " action"
	case NoResourceAllow:
		return "because no resource-based policy allows the " + action + " action"
	case IdentityDeny:
		return "with an explicit deny in an identity-based policy"
	case SessionDeny:
		return "with an explicit deny in a session policy"
	case ResourceDeny:
		return "with an explicit deny in a resource-based policy"
	case Allowed:
	}
	return ""
}

// String says what was decided and by which statements.
func (d Decision) String() string {
	var by []string
	for _, s := range []*Statement{d.Identity, d.Session, d.Resource} {
		if s != nil {
			by = append(by, s.String())
		}
	}
	decided := strings.Join(by, " and ")
	switch d.Outcome {
	case NoIdentityAllow:
		return "denied: no identity-based policy allows it"
	case NoSessionAllow:
		return "denied: the session's policy does not allow it, though " + decided + " does"
	case NoResourceAllow:
		if decided == "" {
			return "denied: the resource's policy does not allow it"
		}
		return "denied: the resource's policy does not allow it, though " + decided + " does"
	case IdentityDeny, SessionDeny, ResourceDeny:
		return "denied by " + decided
	case Allowed:
	}
	return "allowed by " + decided
}
