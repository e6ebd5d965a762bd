package policy_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"leat/internal/policy"
)

const (
	ours   = "111111111111"
	theirs = "222222222222"
)

var people = map[string]policy.Principal{
	"ann":  {Account: ours, ARN: "arn:aws:iam::111111111111:user/ann", UserID: "AIDAANN", UserName: "ann"},
	"root": {Account: ours, ARN: "arn:aws:iam::111111111111:root", UserID: ours},
	"job": {
		Account: ours, ARN: "arn:aws:sts::111111111111:assumed-role/reader/job", UserID: "AROA1:job",
		Role: "arn:aws:iam::111111111111:role/team/reader",
	},
	"bob": {Account: theirs, ARN: "arn:aws:iam::222222222222:user/bob", UserID: "AIDABOB", UserName: "bob"},
}

var resources = map[string]string{
	"orders": "arn:aws:kinesis:us-east-1:111111111111:stream/orders",
	"logs":   "arn:aws:kinesis:us-east-1:111111111111:stream/logs",
	"app":    "arn:aws:kinesis:us-east-1:111111111111:stream/orders/consumer/app:17",
	"*":      "*",
}

// identityPolicies are those that people in the matrix have.
var identityPolicies = map[string]string{
	"all":      `{Effect: Allow, Action: "*", Resource: "*"}`,
	"puts":     `{Effect: Allow, Action: "kinesis:Put*", Resource: "arn:aws:kinesis:*:111111111111:stream/orders"}`,
	"PUTS":     `{Effect: Allow, Action: "KINESIS:pUT?ECORD", Resource: "arn:aws:kinesis:*:*:stream/*"}`,
	"lists":    `{Effect: Allow, Action: "kinesis:List*", Resource: "*"}`,
	"changes":  `{Effect: Allow, NotAction: ["kinesis:Get*", "kinesis:List*"], Resource: "*"}`,
	"others":   `{Effect: Allow, Action: "kinesis:*", NotResource: "arn:aws:kinesis:*:*:stream/orders*"}`,
	"noputs":   `{Effect: Deny, Action: "kinesis:Put*", Resource: "*"}`,
	"onlyputs": `{Effect: Deny, NotAction: "kinesis:Put*", Resource: "*"}`,
	"nologs":   `{Effect: Deny, Action: "*", NotResource: "arn:aws:kinesis:*:*:stream/orders*"}`,
	"kinesis":  `{Effect: Allow, Action: "kinesis:*", Resource: "arn:aws:kinesis:*"}`,
	"mine":     `{Effect: Allow, Action: "kinesis:*", Resource: "arn:aws:kinesis:*:*:stream/${aws:username, 'orders'}"}`,
}

// resourcePolicies are those that resources in the matrix have.
var resourcePolicies = map[string]string{
	"ann":       `{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:user/ann"}, Action: "kinesis:*", Resource: "*"}`,
	"bob":       `{Effect: Allow, Principal: {AWS: "arn:aws:iam::222222222222:user/bob"}, Action: "kinesis:*", Resource: "*"}`,
	"bobputs":   `{Effect: Allow, Principal: {AWS: "arn:aws:iam::222222222222:user/bob"}, Action: "kinesis:PutRecord", Resource: "*"}`,
	"ours":      `{Effect: Allow, Principal: {AWS: "111111111111"}, Action: "kinesis:*", Resource: "*"}`,
	"theirs":    `{Effect: Allow, Principal: {AWS: "arn:aws:iam::222222222222:root"}, Action: "kinesis:*", Resource: "*"}`,
	"role":      `{Effect: Allow, Principal: {AWS: "arn:aws:iam::111111111111:role/team/reader"}, Action: "kinesis:*", Resource: "*"}`,
	"session":   `{Effect: Allow, Principal: {AWS: "arn:aws:sts::111111111111:assumed-role/reader/job"}, Action: "kinesis:*", Resource: "*"}`,
	"everybody": `{Effect: Allow, Principal: "*", Action: "kinesis:*", Resource: "*"}`,
	"lambda":    `{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "kinesis:*", Resource: "*"}`,
	"notbob":    `{Effect: Deny, Principal: {AWS: ["arn:aws:iam::222222222222:user/bob"]}, Action: "kinesis:*", Resource: "*"}`,
	"nottheirs": `{Effect: Deny, Principal: {AWS: "222222222222"}, Action: "kinesis:*", Resource: "*"}`,
	"notours":   `{Effect: Deny, Principal: {AWS: "111111111111"}, Action: "kinesis:*", Resource: "*"}`,
	"onlyann":   `{Effect: Deny, NotPrincipal: {AWS: "arn:aws:iam::111111111111:user/ann"}, Action: "kinesis:*", Resource: "*"}`,
	"onlyours":  `{Effect: Deny, NotPrincipal: {AWS: "111111111111"}, Action: "kinesis:*", Resource: "*"}`,
	"notlogs":   `{Effect: Allow, Principal: "*", Action: "kinesis:*", Resource: "arn:aws:kinesis:*:*:stream/orders"}`,
}

// matrix has one question in each line: who asks, the policies they have, those
// of the resource, what they want to do to what, and the answer with the
// policies that decided.
const matrix = `
who   has            resource has     action      to      answer

# Nothing is allowed that no policy allows.
ann   -              -                PutRecord   orders  NoIdentityAllow
root  -              -                PutRecord   orders  NoIdentityAllow
ann   lists          -                PutRecord   orders  NoIdentityAllow
ann   puts           -                PutRecord   orders  Allowed puts
ann   puts           -                PutRecord   logs    NoIdentityAllow
ann   puts           -                GetRecords  orders  NoIdentityAllow
ann   all            -                GetRecords  logs    Allowed all
ann   lists,puts     -                PutRecord   orders  Allowed puts
ann   lists          -                ListStreams *       Allowed lists
ann   puts           -                PutRecord   *       NoIdentityAllow

# Letter case means nothing in actions, and ? is one letter.
ann   PUTS           -                PutRecord   logs    Allowed PUTS
ann   PUTS           -                PutRecords  logs    NoIdentityAllow

# NotAction and NotResource are everything else.
ann   changes        -                PutRecord   orders  Allowed changes
ann   changes        -                GetRecords  orders  NoIdentityAllow
ann   others         -                PutRecord   logs    Allowed others
ann   others         -                PutRecord   orders  NoIdentityAllow
ann   others         -                PutRecord   app     NoIdentityAllow

# What is denied once is denied, whatever allows it.
ann   all,noputs     -                PutRecord   orders  IdentityDeny noputs
ann   noputs,all     -                PutRecord   orders  IdentityDeny noputs
ann   all,noputs     -                GetRecords  orders  Allowed all
ann   all,noputs     ann              PutRecord   orders  IdentityDeny noputs
ann   all,onlyputs   -                GetRecords  orders  IdentityDeny onlyputs
ann   all,onlyputs   -                PutRecord   orders  Allowed all
ann   all,nologs     -                PutRecord   logs    IdentityDeny nologs
ann   all,nologs     -                PutRecord   app     Allowed all
root  all,noputs     -                PutRecord   orders  IdentityDeny noputs

# An ARN may end early with a star; a variable is the caller's own.
ann   kinesis        -                PutRecord   app     Allowed kinesis
ann   mine           -                PutRecord   orders  NoIdentityAllow
job   mine           -                PutRecord   orders  Allowed mine

# In the resource's account one side is enough.
ann   -              ann              PutRecord   orders  Allowed ann
ann   puts           ann              PutRecord   orders  Allowed puts
ann   -              everybody        PutRecord   orders  Allowed everybody
ann   -              bob              PutRecord   orders  NoIdentityAllow
ann   -              lambda           PutRecord   orders  NoIdentityAllow
ann   -              notlogs          PutRecord   orders  Allowed notlogs
ann   -              notlogs          PutRecord   logs    NoIdentityAllow
job   -              role             GetRecords  orders  Allowed role
job   -              session          GetRecords  orders  Allowed session
ann   -              role             GetRecords  orders  NoIdentityAllow

# Who names the account leaves it to the account's own policies.
ann   -              ours             PutRecord   orders  NoIdentityAllow
ann   puts           ours             PutRecord   orders  Allowed puts
root  -              ours             PutRecord   orders  Allowed ours

# Across accounts both sides are needed, and the account may be named.
bob   all            -                PutRecord   orders  NoResourceAllow all
bob   -              bob              PutRecord   orders  NoIdentityAllow
bob   -              everybody        PutRecord   orders  NoIdentityAllow
bob   all            bob              PutRecord   orders  Allowed all bob
bob   all            bobputs          PutRecord   orders  Allowed all bobputs
bob   all            bobputs          PutRecords  orders  NoResourceAllow all
bob   lists          bob              PutRecord   orders  NoIdentityAllow
bob   puts           theirs           PutRecord   orders  Allowed puts theirs
bob   all            everybody        PutRecord   orders  Allowed all everybody
bob   all            ann              PutRecord   orders  NoResourceAllow all
bob   all            ours             PutRecord   orders  NoResourceAllow all
bob   all,noputs     bob              PutRecord   orders  IdentityDeny noputs

# A resource's denial is for whom it names, or for all it does not name.
bob   all            everybody,notbob PutRecord   orders  ResourceDeny notbob
bob   all            notbob,everybody PutRecord   orders  ResourceDeny notbob
bob   all            bob,nottheirs    PutRecord   orders  ResourceDeny nottheirs
ann   all            notbob           PutRecord   orders  Allowed all
ann   all            notours          PutRecord   orders  ResourceDeny notours
job   all            notours          PutRecord   orders  ResourceDeny notours
ann   all            onlyann          PutRecord   orders  Allowed all
job   all            onlyann          PutRecord   orders  ResourceDeny onlyann
bob   all            bob,onlyann      PutRecord   orders  ResourceDeny onlyann
root  all            onlyours         PutRecord   orders  Allowed all
ann   all            onlyours         PutRecord   orders  ResourceDeny onlyours
ann   all,noputs     notours          PutRecord   orders  IdentityDeny noputs
`

// statement reads one statement of the matrix, as a policy named for it.
func statement(t *testing.T, kind policy.Kind, of map[string]string, name string) string {
	t.Helper()
	text, ok := of[name]
	if !ok {
		t.Fatalf("the matrix has no policy %s of kind %d", name, kind)
	}
	return "  - {Sid: " + name + ", " + strings.TrimPrefix(text, "{") + "\n"
}

// document makes one policy of named statements, nil of none.
func document(t *testing.T, kind policy.Kind, of map[string]string, names string) *policy.Policy {
	t.Helper()
	if names == "-" {
		return nil
	}
	var b strings.Builder
	b.WriteString("Version: 2012-10-17\nStatement:\n")
	for name := range strings.SplitSeq(names, ",") {
		b.WriteString(statement(t, kind, of, name))
	}
	return mustParse(t, kind, b.String())
}

func TestEvaluate(t *testing.T) {
	rows := 0
	for line := range strings.Lines(matrix) {
		f := strings.Fields(line)
		if len(f) < 6 || f[0] == "#" || f[0] == "who" {
			continue
		}
		rows++
		var identity []*policy.Policy
		if f[1] != "-" {
			for name := range strings.SplitSeq(f[1], ",") {
				identity = append(identity, document(t, policy.Identity, identityPolicies, name))
			}
		}
		d := policy.Evaluate(&policy.Request{
			Principal: people[f[0]], Action: "kinesis:" + f[3], Resource: resources[f[4]], ResourceAccount: ours,
		}, policy.Policies{Identity: identity, Resource: document(t, policy.Resource, resourcePolicies, f[2])})
		if got, want := summary(d), strings.Join(f[5:], " "); got != want {
			t.Errorf("%s\n got %s", strings.TrimSpace(line), got)
		}
		if d.Allowed() != (d.Outcome == policy.Allowed) {
			t.Errorf("%s: allowed is %t", line, d.Allowed())
		}
	}
	if rows < 60 {
		t.Errorf("the matrix has %d rows only", rows)
	}
}

var outcomes = map[policy.Outcome]string{
	policy.NoIdentityAllow: "NoIdentityAllow", policy.NoSessionAllow: "NoSessionAllow", policy.NoResourceAllow: "NoResourceAllow",
	policy.IdentityDeny: "IdentityDeny", policy.SessionDeny: "SessionDeny", policy.ResourceDeny: "ResourceDeny",
	policy.Allowed: "Allowed",
}

// summary is a decision as the matrix has it.
func summary(d policy.Decision) string {
	text := outcomes[d.Outcome]
	for _, s := range []*policy.Statement{d.Identity, d.Session, d.Resource} {
		if s != nil {
			text += " " + s.Sid
		}
	}
	return text
}

// TestDecisionTexts has what people and clients are told.
func TestDecisionTexts(t *testing.T) {
	s := func(sid string, line int) *policy.Statement {
		return &policy.Statement{Source: "policy of ann", Sid: sid, Line: line}
	}
	for _, test := range []struct {
		d            policy.Decision
		text, reason string
	}{
		{
			policy.Decision{},
			"denied: no identity-based policy allows it",
			"because no identity-based policy allows the kinesis:PutRecord action",
		},
		{
			policy.Decision{Outcome: policy.NoResourceAllow, Identity: s("a", 3)},
			`denied: the resource's policy does not allow it, though statement "a" (line 3) of policy of ann does`,
			"because no resource-based policy allows the kinesis:PutRecord action",
		},
		{
			policy.Decision{Outcome: policy.IdentityDeny, Identity: s("", 4)},
			"denied by statement 1 (line 4) of policy of ann", "with an explicit deny in an identity-based policy",
		},
		{
			policy.Decision{Outcome: policy.ResourceDeny, Resource: s("r", 5)},
			`denied by statement "r" (line 5) of policy of ann`, "with an explicit deny in a resource-based policy",
		},
		{
			policy.Decision{Outcome: policy.NoResourceAllow},
			"denied: the resource's policy does not allow it",
			"because no resource-based policy allows the kinesis:PutRecord action",
		},
		{
			policy.Decision{Outcome: policy.NoSessionAllow, Identity: s("a", 3)},
			`denied: the session's policy does not allow it, though statement "a" (line 3) of policy of ann does`,
			"because no session policy allows the kinesis:PutRecord action",
		},
		{
			policy.Decision{Outcome: policy.SessionDeny, Session: s("s", 6)},
			`denied by statement "s" (line 6) of policy of ann`, "with an explicit deny in a session policy",
		},
		{
			policy.Decision{Outcome: policy.Allowed, Identity: s("a", 3), Resource: s("r", 5)},
			`allowed by statement "a" (line 3) of policy of ann and statement "r" (line 5) of policy of ann`, "",
		},
	} {
		if got := test.d.String(); got != test.text {
			t.Errorf("got %s\nwant %s", got, test.text)
		}
		if got := test.d.Reason("kinesis:PutRecord"); got != test.reason {
			t.Errorf("got %s\nwant %s", got, test.reason)
		}
	}
}

// question is a request with all facts that conditions can look at.
func question() policy.Request {
	return policy.Request{
		Principal: people["ann"], Action: "kinesis:PutRecord", Resource: resources["orders"],
		Region: "us-east-1", SourceIP: netip.MustParseAddr("203.0.113.7"), SecureTransport: true,
		Time:         time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		RequestTags:  map[string]string{"Team": "Blue", "cost": "12.5"},
		ResourceTags: map[string]string{"stage": "prod", "owner": "ann", "due": "2026-04-01"},
	}
}

// conditions says of conditions whether the question above meets them.
var conditions = []struct {
	condition string
	met       bool
}{
	{`StringEquals: {"aws:username": ann}`, true},
	{`StringEquals: {"AWS:UserName": ann}`, true},
	{`StringEquals: {"aws:username": Ann}`, false},
	{`StringEquals: {"aws:username": [bob, ann]}`, true},
	{`StringEquals: {"aws:username": "a*"}`, false},
	{`StringNotEquals: {"aws:username": [bob, ann]}`, false},
	{`StringNotEquals: {"aws:username": [bob, eve]}`, true},
	{`StringEqualsIgnoreCase: {"aws:username": ANN}`, true},
	{`StringEqualsIgnoreCase: {"aws:username": ANNA}`, false},
	{`StringNotEqualsIgnoreCase: {"aws:username": ANN}`, false},
	{`StringLike: {"aws:username": "a*"}`, true},
	{`StringLike: {"aws:username": "a?"}`, false},
	{`StringNotLike: {"aws:username": "a*"}`, false},
	{`StringEquals: {"aws:userid": AIDAANN}`, true},
	{`StringEquals: {"aws:PrincipalAccount": "111111111111", "aws:PrincipalType": User}`, true},
	{`StringEquals: {"aws:PrincipalAccount": "111111111111", "aws:PrincipalType": Account}`, false},
	{`StringEquals: {"aws:ResourceAccount": "${aws:PrincipalAccount}"}`, true},
	{`StringEquals: {"aws:RequestedRegion": [eu-west-1, us-east-1]}`, true},

	// Tags: the case of letters means nothing in their keys, and all in values.
	{`StringEquals: {"aws:RequestTag/Team": Blue}`, true},
	{`StringEquals: {"aws:requesttag/team": Blue}`, true},
	{`StringEquals: {"aws:RequestTag/Team": blue}`, false},
	{`StringEquals: {"aws:ResourceTag/owner": "${aws:username}"}`, true},
	{`StringEquals: {"aws:ResourceTag/stage": "${aws:username}"}`, false},
	{`StringEquals: {"aws:ResourceTag/Team": Blue}`, false},
	{`NumericLessThan: {"aws:RequestTag/cost": 12.6}`, true},
	{`DateGreaterThan: {"aws:ResourceTag/due": "2026-03-31T23:59:59Z"}`, true},

	// What is absent: positive comparisons fail, negated ones succeed.
	{`StringEquals: {"aws:ResourceTag/no": x}`, false},
	{`StringLike: {"aws:ResourceTag/no": "*"}`, false},
	{`StringNotEquals: {"aws:ResourceTag/no": x}`, true},
	{`StringEqualsIfExists: {"aws:ResourceTag/no": x}`, true},
	{`StringEqualsIfExists: {"aws:ResourceTag/stage": x}`, false},
	{`Null: {"aws:ResourceTag/no": true}`, true},
	{`Null: {"aws:ResourceTag/no": "false"}`, false},
	{`Null: {"aws:ResourceTag/stage": "false"}`, true},
	{`Null: {"aws:TagKeys": "false"}`, true},
	{`StringEquals: {"aws:username": "${aws:ResourceTag/no}"}`, false},
	{`StringNotEquals: {"aws:username": "${aws:ResourceTag/no}"}`, true},
	{`StringEquals: {"aws:username": "${aws:ResourceTag/no, 'ann'}"}`, true},

	// Variables are plain text once they are replaced; ${*} is a star.
	{`StringLike: {"aws:username": "${aws:ResourceTag/owner}*"}`, true},
	{`StringLike: {"aws:username": "a${*}"}`, false},
	{`StringEquals: {"aws:username": "$ann"}`, false},

	{`NumericEquals: {"aws:EpochTime": 1772366400}`, true},
	{`NumericEquals: {"aws:EpochTime": "1772366400.0"}`, true},
	{`NumericNotEquals: {"aws:EpochTime": 1772366400}`, false},
	{`NumericLessThan: {"aws:EpochTime": 1772366400}`, false},
	{`NumericLessThanEquals: {"aws:EpochTime": 1772366400}`, true},
	{`NumericGreaterThan: {"aws:EpochTime": 1772366399}`, true},
	{`NumericGreaterThanEquals: {"aws:EpochTime": 1772366401}`, false},
	{`NumericEquals: {"aws:username": 1}`, false},
	{`NumericNotEquals: {"aws:username": 1}`, true},

	{`DateEquals: {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, true},
	{`DateEquals: {"aws:CurrentTime": "2026-03-01T13:00:00+01:00"}`, true},
	{`DateEquals: {"aws:CurrentTime": 1772366400}`, true},
	{`DateNotEquals: {"aws:CurrentTime": "2026-03-01T12:00Z"}`, false},
	{`DateLessThan: {"aws:CurrentTime": "2026-03-02"}`, true},
	{`DateLessThan: {"aws:CurrentTime": "2026-03-01"}`, false},
	{`DateLessThanEquals: {"aws:EpochTime": "2026-03-01T12:00:00Z"}`, true},
	{`DateGreaterThan: {"aws:CurrentTime": "2026-03-01T12:00:00"}`, false},
	{`DateGreaterThanEquals: {"aws:CurrentTime": "2026-03-01T12:00:00Z"}`, true},

	{`Bool: {"aws:SecureTransport": true}`, true},
	{`Bool: {"aws:SecureTransport": "False"}`, false},
	{`Bool: {"aws:username": true}`, false},

	{`IpAddress: {"aws:SourceIp": "203.0.113.0/24"}`, true},
	{`IpAddress: {"aws:SourceIp": [10.0.0.0/8, 203.0.113.7]}`, true},
	{`IpAddress: {"aws:SourceIp": "203.0.113.8"}`, false},
	{`IpAddress: {"aws:SourceIp": "::ffff:203.0.113.7"}`, true},
	{`IpAddress: {"aws:SourceIp": "2001:db8::/32"}`, false},
	{`NotIpAddress: {"aws:SourceIp": "203.0.113.0/24"}`, false},
	{`NotIpAddress: {"aws:SourceIp": "10.0.0.0/8"}`, true},

	{`ArnEquals: {"aws:PrincipalArn": "arn:aws:iam::111111111111:user/ann"}`, true},
	{`ArnEquals: {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}`, true},
	{`ArnLike: {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}`, false},
	{`ArnLike: {"aws:PrincipalArn": "arn:aws:*:user/ann:*"}`, false},
	{`ArnNotLike: {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}`, true},
	{`ArnNotEquals: {"aws:PrincipalArn": "arn:aws:iam::111111111111:user/ann"}`, false},
	{`ArnLike: {"aws:username": "arn:aws:iam::*:role/*"}`, false},

	// Keys of several values: Team and cost.
	{`ForAnyValue:StringEquals: {"aws:TagKeys": [cost, x]}`, true},
	{`ForAnyValue:StringEquals: {"aws:TagKeys": [x, y]}`, false},
	{`ForAllValues:StringEquals: {"aws:TagKeys": [Team, cost, x]}`, true},
	{`ForAllValues:StringEquals: {"aws:TagKeys": [Team]}`, false},
	{`ForAnyValue:StringNotEquals: {"aws:TagKeys": [Team]}`, true},
	{`ForAnyValue:StringNotEquals: {"aws:TagKeys": [Team, cost]}`, false},
	{`ForAllValues:StringNotEquals: {"aws:TagKeys": [x]}`, true},
	{`ForAllValues:StringNotEquals: {"aws:TagKeys": [Team]}`, false},
	{`ForAllValues:StringLike: {"aws:ResourceTag/no": x}`, true},
	{`ForAnyValue:StringLike: {"aws:ResourceTag/no": "*"}`, false},
	{`ForAnyValue:StringNotLike: {"aws:ResourceTag/no": "*"}`, false},
	{`ForAnyValue:StringLikeIfExists: {"aws:ResourceTag/no": x}`, true},

	// All operators and all keys have to hold.
	{`StringEquals: {"aws:username": ann}, Bool: {"aws:SecureTransport": true}`, true},
	{`StringEquals: {"aws:username": ann}, Bool: {"aws:SecureTransport": false}`, false},
	{`StringEquals: {"aws:username": ann, "aws:userid": x}`, false},
}

// asks returns the decision about a request by one statement that allows what
// meets a condition.
func asks(t *testing.T, version, condition string, r policy.Request) bool {
	t.Helper()
	text := "Version: " + version + "\nStatement: {Effect: Allow, Action: '*', Resource: '*', Condition: {" + condition + "}}"
	return policy.Evaluate(&r, policy.Policies{Identity: []*policy.Policy{mustParse(t, policy.Identity, text)}}).Allowed()
}

func TestConditions(t *testing.T) {
	for _, test := range conditions {
		if got := asks(t, "2012-10-17", test.condition, question()); got != test.met {
			t.Errorf("%s is met: %t", test.condition, got)
		}
	}
}

// Facts that a request does not have are absent, and some look different than
// they arrive.
func TestFacts(t *testing.T) {
	with := func(change func(*policy.Request)) policy.Request {
		r := question()
		change(&r)
		return r
	}
	session := with(func(r *policy.Request) { r.Principal = people["job"] })
	issued := with(func(r *policy.Request) {
		r.Principal = people["job"]
		r.Principal.Issued = time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)
	})
	root := with(func(r *policy.Request) { r.Principal = people["root"] })
	for _, test := range []struct {
		name, condition string
		r               policy.Request
		met             bool
	}{
		{"a session is its role", `ArnEquals: {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/team/reader"}`, session, true},
		{"a session's type", `StringEquals: {"aws:PrincipalType": AssumedRole}`, session, true},
		{"a session has no user name", `Null: {"aws:username": true}`, session, true},
		{"an old session", `DateLessThan: {"aws:TokenIssueTime": "2026-03-01T11:00:01.000Z"}`, issued, true},
		{"a new session", `DateLessThan: {"aws:TokenIssueTime": "2026-03-01T11:00:00.000Z"}`, issued, false},
		{"a session for good", `DateLessThan: {"aws:TokenIssueTime": "2026-03-01T11:00:01.000Z"}`, session, false},
		{"the root's type", `StringEquals: {"aws:PrincipalType": Account}`, root, true},
		{
			"an IPv4 address inside IPv6", `IpAddress: {"aws:SourceIp": 203.0.113.7}`,
			with(func(r *policy.Request) { r.SourceIP = netip.MustParseAddr("::ffff:203.0.113.7") }), true,
		},
		{
			"an address with a zone", `IpAddress: {"aws:SourceIp": "fe80::/10"}`,
			with(func(r *policy.Request) { r.SourceIP = netip.MustParseAddr("fe80::1%eth0") }), true,
		},
		{
			"no address", `IpAddress: {"aws:SourceIp": 0.0.0.0/0}`,
			with(func(r *policy.Request) { r.SourceIP = netip.Addr{} }), false,
		},
		{
			"tags that are named only", `ForAllValues:StringEquals: {"aws:TagKeys": [Team, cost, gone]}`,
			with(func(r *policy.Request) { r.TagKeys = []string{"gone"} }), true,
		},
		{
			"a tag that is named only", `ForAnyValue:StringEquals: {"aws:TagKeys": gone}`,
			with(func(r *policy.Request) { r.TagKeys = []string{"gone"} }), true,
		},
		{
			"tags that differ in case only", `StringEquals: {"aws:RequestTag/team": "1"}`,
			with(func(r *policy.Request) { r.RequestTags = map[string]string{"Team": "2", "TEAM": "1"} }), true,
		},
		{
			"the tag of the same spelling", `StringEquals: {"aws:RequestTag/Team": "2"}`,
			with(func(r *policy.Request) { r.RequestTags = map[string]string{"Team": "2", "TEAM": "1"} }), true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := asks(t, "2012-10-17", test.condition, test.r); got != test.met {
				t.Errorf("%s is met: %t", test.condition, got)
			}
		})
	}
}

// Documents of the older version have no variables.
func TestOldVersion(t *testing.T) {
	r := question()
	r.Principal.UserName = "${aws:userid}"
	const condition = `StringEquals: {"aws:username": "${aws:userid}"}`
	if !asks(t, "2008-10-17", condition, r) || asks(t, "2012-10-17", condition, r) {
		t.Error("the version does not decide about variables")
	}
}
