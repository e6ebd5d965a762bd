package policy_test

import (
	"maps"
	"strings"
	"testing"

	"leat/internal/policy"
)

// sessionMatrix has one question in each line: the policies that a role has, the
// one that its session is limited to, those of the resource, what the session
// wants to do to what, and the answer with the policies that decided.
const sessionMatrix = `
# What a session may do, its role and its own policy have to allow.
all         -        -          PutRecord   orders  Allowed all
all         puts     -          PutRecord   orders  Allowed all puts
all         puts     -          GetRecords  orders  NoSessionAllow all
all         puts     -          PutRecord   logs    NoSessionAllow all
puts        all      -          PutRecord   orders  Allowed puts all
puts        all      -          GetRecords  orders  NoIdentityAllow
-           all      -          PutRecord   orders  NoIdentityAllow
all         all,noputs -        PutRecord   orders  SessionDeny noputs
all,noputs  all      -          PutRecord   orders  IdentityDeny noputs
all         all      notours    PutRecord   orders  ResourceDeny notours

# What a resource allows the role, is limited; what it allows the session is not.
-           -        role       PutRecord   orders  Allowed role
-           puts     role       PutRecord   orders  Allowed puts role
-           puts     role       GetRecords  orders  NoSessionAllow role
-           puts     session    GetRecords  orders  Allowed session
-           puts     everybody  GetRecords  orders  Allowed everybody
all         puts     session    GetRecords  orders  Allowed session
-           noputs   session    PutRecord   orders  SessionDeny noputs
all         puts     ours       GetRecords  orders  NoSessionAllow all
`

func TestSessionPolicies(t *testing.T) {
	rows := 0
	for line := range strings.Lines(sessionMatrix) {
		f := strings.Fields(line)
		if len(f) < 6 || f[0] == "#" {
			continue
		}
		rows++
		p := policy.Policies{
			Session:  document(t, policy.Identity, identityPolicies, f[1]),
			Resource: document(t, policy.Resource, resourcePolicies, f[2]),
		}
		if f[0] != "-" {
			p.Identity = []*policy.Policy{document(t, policy.Identity, identityPolicies, f[0])}
		}
		d := policy.Evaluate(&policy.Request{
			Principal: people["job"], Action: "kinesis:" + f[3], Resource: resources[f[4]],
		}, p)
		if got, want := summary(d), strings.Join(f[5:], " "); got != want {
			t.Errorf("%s\n got %s", strings.TrimSpace(line), got)
		}
	}
	if rows != 18 {
		t.Errorf("the matrix has %d rows", rows)
	}
}

// TestSessionAcrossAccounts limits a session that another account lets in.
func TestSessionAcrossAccounts(t *testing.T) {
	p := policy.Policies{
		Identity: []*policy.Policy{document(t, policy.Identity, identityPolicies, "all")},
		Session:  document(t, policy.Identity, identityPolicies, "lists"),
		Resource: document(t, policy.Resource, resourcePolicies, "everybody"),
	}
	r := policy.Request{
		Principal: people["job"], Action: "kinesis:PutRecord", Resource: resources["orders"], ResourceAccount: theirs,
	}
	if d := policy.Evaluate(&r, p); summary(d) != "NoSessionAllow all" {
		t.Errorf("decided %s", summary(d))
	}
	p.Session = document(t, policy.Identity, identityPolicies, "puts")
	if d := policy.Evaluate(&r, p); summary(d) != "Allowed all puts everybody" {
		t.Errorf("decided %s", summary(d))
	}
}

// trustMatrix has who wants to assume a role of ours, the policies they have,
// the role's trust policy, and the answer.
const trustMatrix = `
# In the role's account it suffices that the trust policy names somebody, and
# without it nothing does.
ann   -       ann             Allowed ann
ann   all     -               NoResourceAllow all
ann   -       -               NoResourceAllow
ann   all     bob             NoResourceAllow all
ann   -       everybody       Allowed everybody
root  -       ours            Allowed ours
job   -       role            Allowed role
job   -       session         Allowed session

# If it names the account, the account's own policies decide.
ann   -       ours            NoIdentityAllow
ann   all     ours            Allowed all ours
ann   lists   ours            NoIdentityAllow
ann   all,never ours          IdentityDeny never
ann   all,never ann           IdentityDeny never
ann   all     ours,notann     ResourceDeny notann

# Across accounts both have to allow it.
bob   all     theirs          Allowed all theirs
bob   -       bob             NoIdentityAllow
bob   all     -               NoResourceAllow all
bob   all     ours            NoResourceAllow all
`

var trustPolicies = map[string]string{
	"ann":       `{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:user/ann"}, Action: "sts:AssumeRole"}`,
	"notann":    `{Effect: Deny, Principal: {AWS: "arn:aws:iam::111111111111:user/ann"}, Action: "sts:*"}`,
	"bob":       `{Effect: Allow, Principal: {AWS: "arn:aws:iam::222222222222:user/bob"}, Action: "sts:AssumeRole"}`,
	"ours":      `{Effect: Allow, Principal: {AWS: "111111111111"}, Action: "sts:AssumeRole"}`,
	"theirs":    `{Effect: Allow, Principal: {AWS: "222222222222"}, Action: "sts:AssumeRole"}`,
	"role":      `{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:role/team/reader"}, Action: "sts:AssumeRole"}`,
	"session":   `{Effect: Allow, Principal: {AWS: "arn:aws:sts::111111111111:assumed-role/reader/job"}, Action: "sts:AssumeRole"}`,
	"everybody": `{Effect: Allow, Principal: "*", Action: "sts:AssumeRole"}`,
}

func TestWhereTheResourceDecides(t *testing.T) {
	rows := 0
	own := map[string]string{"never": `{Effect: Deny, Action: "sts:*", Resource: "*"}`}
	maps.Copy(own, identityPolicies)
	for line := range strings.Lines(trustMatrix) {
		f := strings.Fields(line)
		if len(f) < 4 || f[0] == "#" {
			continue
		}
		rows++
		p := policy.Policies{Resource: document(t, policy.Trust, trustPolicies, f[2]), ResourceDecides: true}
		if f[1] != "-" {
			p.Identity = []*policy.Policy{document(t, policy.Identity, own, f[1])}
		}
		d := policy.Evaluate(&policy.Request{
			Principal: people[f[0]], Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/x", ResourceAccount: ours,
		}, p)
		if got, want := summary(d), strings.Join(f[3:], " "); got != want {
			t.Errorf("%s\n got %s", strings.TrimSpace(line), got)
		}
	}
	if rows != 18 {
		t.Errorf("the matrix has %d rows", rows)
	}
}

// A session that is limited may not begin another unless its policy says so.
func TestLimitedSessionChains(t *testing.T) {
	r := policy.Request{Principal: people["job"], Action: "sts:AssumeRole", Resource: "arn:aws:iam::111111111111:role/x"}
	for trust, want := range map[string]string{"role": "NoSessionAllow role", "session": "Allowed session"} {
		d := policy.Evaluate(&r, policy.Policies{
			Session:  document(t, policy.Identity, identityPolicies, "puts"),
			Resource: document(t, policy.Trust, trustPolicies, trust), ResourceDecides: true,
		})
		if summary(d) != want {
			t.Errorf("trusted as %s: %s, want %s", trust, summary(d), want)
		}
	}
}

// TestKeysOfServices looks at what only services know.
func TestKeysOfServices(t *testing.T) {
	r := question()
	r.Context = map[string][]string{
		"sts:externalid": {"x-1"}, "sts:rolesessionname": {"nightly"},
		"cloudwatch:namespace": {"App"}, "dynamodb:leadingkeys": {"ann", "ann-2"},
	}
	for _, test := range []struct {
		condition    string
		met, without bool // with the context and without it
	}{
		{`StringEquals: {"sts:ExternalId": x-1}`, true, false},
		{`StringEquals: {"STS:externalid": x-2}`, false, false},
		{`StringNotEquals: {"sts:ExternalId": x-1}`, false, true},
		{`StringEquals: {"sts:RoleSessionName": nightly}`, true, false},
		{`StringLike: {"cloudwatch:namespace": "A*"}`, true, false},
		{`StringEqualsIfExists: {"cloudwatch:namespace": Other}`, false, true},
		{`"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "${aws:username}*"}`, true, true},
		{`"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:username}"}`, false, true},
		{`"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "${aws:username}"}`, true, false},
		{`Null: {"dynamodb:LeadingKeys": true}`, false, true},
	} {
		if got := asks(t, "2012-10-17", test.condition, r); got != test.met {
			t.Errorf("%s is met: %t", test.condition, got)
		}
		if got := asks(t, "2012-10-17", test.condition, question()); got != test.without {
			t.Errorf("%s is met without context: %t", test.condition, got)
		}
	}
	for name, want := range map[string]string{"sts:ExternalId": "sts:externalid", "aws:SourceIp": "", "sts:Nothing": ""} {
		if got, ok := policy.ContextKey(name); ok != (want != "") || ok && got != want {
			t.Errorf("the key %s is %q, %t", name, got, ok)
		}
	}
}
