package auth

import (
	"fmt"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"

	"leat/internal/policy"
	"leat/internal/session"
)

// minSecretLength is what keeps a secret from being guessed.
const minSecretLength = 16

var (
	accountID = regexp.MustCompile(`^[0-9]{12}$`).MatchString
	// iamName is the name of a user, a role or a session.
	iamName = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`).MatchString
	// keyID has no slash, which ends it in a credential.
	keyID = regexp.MustCompile(`^\w{4,128}$`).MatchString
)

func anyText(string) bool { return true }

func validSecret(s string) bool { return len(s) >= minSecretLength }

const nameRule = "1 to 64 letters, digits or characters of +=,.@_-"

// Parse returns what a file says. A mistake is an error with its line.
func Parse(text []byte) (*Directory, error) {
	root, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	p := &parser{
		Directory:  Directory{keys: make(map[string]*Key), roles: make(map[string]*Role)},
		principals: make(map[string]*Principal), taken: make(map[string]int),
	}
	var accounts *yaml.Node
	err = fields(root, "the file", map[string]reader{"accounts": later(&accounts)}, "accounts")
	if err != nil {
		return nil, err
	}
	if err := list(accounts, "accounts", p.account); err != nil {
		return nil, err
	}
	if err := p.checkSessions(); err != nil {
		return nil, err
	}
	return &p.Directory, nil
}

// parser collects what is in a file.
type parser struct {
	Directory
	principals map[string]*Principal // by ARN
	sessions   []fileSession
	taken      map[string]int // the lines of names that must be unique
}

// take reserves a name that must be unique.
func (p *parser) take(n *yaml.Node, what, name string) error {
	if line, ok := p.taken[what+" "+name]; ok {
		return errorAt(n, "%s %s is there since line %d", what, name, line)
	}
	p.taken[what+" "+name] = n.Line
	return nil
}

func (p *parser) account(n *yaml.Node) error {
	var id string
	var users, roles *yaml.Node
	err := fields(n, "an account", map[string]reader{
		"id":    text("the account's id", &id, accountID, "a number of 12 digits"),
		"users": later(&users),
		"roles": later(&roles),
	}, "id")
	if err != nil {
		return err
	}
	if err := p.take(n, "account", id); err != nil {
		return err
	}
	err = list(users, "users", func(n *yaml.Node) error { return p.user(n, id) })
	if err != nil {
		return err
	}
	return list(roles, "roles", func(n *yaml.Node) error { return p.role(n, id) })
}

func (p *parser) user(n *yaml.Node, account string) error {
	var name string
	var keys, policies *yaml.Node
	err := fields(n, "a user", map[string]reader{
		"name":     text("the user's name", &name, iamName, nameRule),
		"keys":     later(&keys),
		"policies": later(&policies),
	}, "name")
	if err != nil {
		return err
	}
	arn := "arn:aws:iam::" + account + ":user/" + name
	user := &Principal{Principal: policy.Principal{Account: account, ARN: arn, UserID: name, UserName: name}}
	if err := p.take(n, "user", arn); err != nil {
		return err
	}
	p.principals[arn] = user
	if user.policies, err = readPolicies(policies, arn); err != nil {
		return err
	}
	return list(keys, "keys", func(n *yaml.Node) error { return p.key(n, user) })
}

func (p *parser) role(n *yaml.Node, account string) error {
	var name string
	var trust, policies, sessions *yaml.Node
	err := fields(n, "a role", map[string]reader{
		"name":     text("the role's name", &name, iamName, nameRule),
		"trust":    later(&trust),
		"policies": later(&policies),
		"sessions": later(&sessions),
	}, "name", "trust")
	if err != nil {
		return err
	}
	r := &Role{Role: session.Role{
		ARN: "arn:aws:iam::" + account + ":role/" + name, Partition: "aws", Account: account, Name: name,
	}}
	if err := p.take(n, "role", r.ARN); err != nil {
		return err
	}
	p.roles[r.ARN] = r
	if r.Trust, err = policy.ParseYAML("the trust policy of "+r.ARN, policy.Trust, trust); err != nil {
		return err
	}
	if r.policies, err = readPolicies(policies, r.ARN); err != nil {
		return err
	}
	return list(sessions, "sessions", func(n *yaml.Node) error { return p.session(n, r) })
}

// fileSession is a session that the file has.
type fileSession struct {
	role      *Role
	name      string
	assumedBy string
	node      *yaml.Node // of assumedBy
}

func (p *parser) session(n *yaml.Node, r *Role) error {
	s := fileSession{role: r}
	var keys *yaml.Node
	err := fields(n, "a session", map[string]reader{
		"name":       text("the session's name", &s.name, iamName, nameRule),
		"assumed-by": later(&s.node),
		"keys":       later(&keys),
	}, "name", "assumed-by")
	if err != nil {
		return err
	}
	if err := text("who assumes the role", &s.assumedBy, anyText, "")(s.node); err != nil {
		return err
	}
	p.sessions = append(p.sessions, s)
	who := r.principal(&session.Session{Role: r.Role, Name: s.name})
	if err := p.take(n, "session", who.ARN); err != nil {
		return err
	}
	p.principals[who.ARN] = who
	return list(keys, "keys", func(n *yaml.Node) error { return p.key(n, who) })
}

// checkSessions holds the sessions to the trust policies of their roles. Who
// assumes a role may be anywhere in the file.
func (p *parser) checkSessions() error {
	for _, s := range p.sessions {
		who, ok := p.principals[s.assumedBy]
		if !ok {
			return errorAt(s.node, "%s is no user or session of the file", s.assumedBy)
		}
		if s.role.Trust.Trusts(&policy.Request{
			Principal: who.Principal, Action: "sts:AssumeRole",
			Resource: s.role.ARN, ResourceAccount: s.role.Account,
			Context: map[string][]string{"sts:rolesessionname": {s.name}},
		}) == nil {
			return errorAt(s.node, "the trust policy of %s does not let %s assume it", s.role.ARN, s.assumedBy)
		}
	}
	return nil
}

// readPolicies reads the identity policies of a principal or role.
func readPolicies(n *yaml.Node, owner string) ([]*policy.Policy, error) {
	var policies []*policy.Policy
	err := list(n, "policies", func(n *yaml.Node) error {
		source := fmt.Sprintf("policy %d of %s", len(policies)+1, owner)
		p, err := policy.ParseYAML(source, policy.Identity, n)
		policies = append(policies, p)
		return err
	})
	return policies, err
}

func (p *parser) key(n *yaml.Node, owner *Principal) error {
	k := &Key{Principal: owner}
	var expires string
	err := fields(n, "a key", map[string]reader{
		"id":            text("the key's id", &k.ID, keyID, "4 to 128 letters, digits or underscores"),
		"secret":        text("the key's secret", &k.Secret, validSecret, "at least 16 characters"),
		"session-token": text("the key's session token", &k.SessionToken, anyText, ""),
		"expires": func(n *yaml.Node) error {
			isTime := func(s string) bool {
				t, err := time.Parse(time.RFC3339, s)
				k.Expires = t
				return err == nil
			}
			return text("the key's end", &expires, isTime, "a time like 2027-01-31T00:00:00Z")(n)
		},
	}, "id", "secret")
	if err != nil {
		return err
	}
	if err := p.take(n, "key", k.ID); err != nil {
		return err
	}
	p.keys[k.ID] = k
	return nil
}
