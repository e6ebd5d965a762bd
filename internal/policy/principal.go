package policy

import (
	"slices"
	"strings"
	"time"
)

// Principal is who makes a request.
type Principal struct {
	Account string // 12 digits
	// ARN is that of the user, the account's root, or the session of a role.
	ARN string
	// Role is the ARN of the role that a session is of, else "".
	Role string
	// UserID is the unique id that aws:userid is, if there is one.
	UserID string
	// UserName is the name of a user, "" for all others.
	UserName string
	// Issued is when the temporary credentials were issued that the principal
	// uses; zero for others.
	Issued time.Time
}

// isRoot reports whether the principal is the account itself.
func (p *Principal) isRoot() bool { return strings.HasSuffix(p.ARN, ":root") }

// kind is what aws:PrincipalType is.
func (p *Principal) kind() string {
	switch {
	case p.Role != "":
		return "AssumedRole"
	case p.isRoot():
		return "Account"
	}
	return "User"
}

// identity is what aws:PrincipalArn is: the role, for its sessions.
func (p *Principal) identity() string {
	if p.Role != "" {
		return p.Role
	}
	return p.ARN
}

// principals are those that a statement names, or all others.
type principals struct {
	not  bool
	all  bool
	arns []string
	// accounts are named as a whole.
	accounts []string
}

// naming is how a statement names a principal.
type naming uint8

const (
	unnamed naming = iota
	// byAccount names the account that the principal is of: it lets the account
	// decide, and so allows nothing to the account's own users.
	byAccount
	// byRole names the role of the principal, which is a session.
	byRole
	// byName names the principal itself, or everybody.
	byName
)

// name returns how the statement names a principal. An account that is excepted
// excepts its root only; users and roles have to be excepted by name.
func (ps *principals) name(p *Principal) naming {
	direct := ps.all || slices.Contains(ps.arns, p.ARN)
	role := p.Role != "" && slices.Contains(ps.arns, p.Role)
	account := slices.Contains(ps.accounts, p.Account)
	direct = direct || account && p.isRoot()
	switch {
	case ps.not && (direct || role):
		return unnamed
	case ps.not, direct:
		return byName
	case role:
		return byRole
	case account:
		return byAccount
	}
	return unnamed
}

// parsePrincipals reads a Principal or a NotPrincipal: * or an object of kinds.
// Services, web identities and canonical users are kinds that no request here
// is made by.
func parsePrincipals(m pair) (principals, *Error) {
	ps := principals{not: m.name == "NotPrincipal"}
	if m.value.kind == textNode && m.value.text == "*" {
		ps.all = true
		return ps, nil
	}
	if m.value.kind != objectNode || len(m.value.pairs) == 0 {
		return ps, errorf(m.value.line, `%s is "*" or an object like {"AWS": ...}`, m.name)
	}
	for _, kind := range m.value.pairs {
		list, err := texts(kind)
		if err != nil {
			return ps, err
		}
		switch kind.name {
		case "AWS":
			for _, n := range list {
				if err := ps.add(n); err != nil {
					return ps, err
				}
			}
		case "Service", "Federated", "CanonicalUser":
		default:
			return ps, errorf(kind.line, "%s has no kind %s", m.name, kind.name)
		}
	}
	return ps, nil
}

// add adds who is named as an account, an ARN, or *.
func (ps *principals) add(n node) *Error {
	if n.text == "*" {
		ps.all = true
		return nil
	}
	if validAccount(n.text) {
		ps.accounts = append(ps.accounts, n.text)
		return nil
	}
	parts := strings.SplitN(n.text, ":", 6)
	switch {
	case len(parts) != 6, parts[0] != "arn", !strings.HasPrefix(parts[1], "aws"), parts[3] != "", !validAccount(parts[4]):
		return errorf(n.line, "principal %q is not *, an account or the ARN of a user or role", n.text)
	case strings.ContainsAny(n.text, "*?"):
		return errorf(n.line, "principal %q has a wildcard: principals are named in full", n.text)
	case parts[2] == "iam" && parts[5] == "root":
		ps.accounts = append(ps.accounts, parts[4])
		return nil
	case !namesIdentity(parts[2], parts[5]):
		return errorf(n.line, "principal %q is not the ARN of a user, a role or a role's session", n.text)
	}
	ps.arns = append(ps.arns, n.text)
	return nil
}

// namesIdentity reports whether the ARN of a service's resource can be that of a
// principal.
func namesIdentity(service, resource string) bool {
	kind, name, _ := strings.Cut(resource, "/")
	switch service + ":" + kind {
	case "iam:user", "iam:role", "sts:federated-user":
		return name != ""
	case "sts:assumed-role":
		role, session, _ := strings.Cut(name, "/")
		return role != "" && session != ""
	}
	return false
}

func validAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}
