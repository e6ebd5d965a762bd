package sts_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
	shapes "leat/internal/api/sts"
	"leat/internal/auth"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/session"
	"leat/internal/sts"
)

// people are two users of one account and one of another, and roles that trust
// them in all the ways there are.
const people = `
accounts:
  - id: "111122223333"
    users:
      - name: ann
        keys: [{id: LKIAANN, secret: 0123456789abcdef}]
        policies: [{Statement: {Effect: Allow, Action: "sts:AssumeRole", Resource: "*"}}]
      - name: ben
        keys: [{id: LKIABEN, secret: 0123456789abcdef}]
    roles:
      - name: of-ben
        trust: {Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/ben"}, Action: "sts:AssumeRole"}}
      - name: of-us
        trust: {Statement: {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "sts:AssumeRole"}}
        policies: [{Statement: {Effect: Allow, Action: "kinesis:*", Resource: "*"}}]
      - name: of-them
        trust:
          Statement:
            Effect: Allow
            Principal: {AWS: "444455556666"}
            Action: "sts:AssumeRole"
            Condition: {StringEquals: {"sts:ExternalId": secret-word}}
      - name: of-named
        trust:
          Statement:
            Effect: Allow
            Principal: {AWS: "111122223333"}
            Action: "sts:AssumeRole"
            Condition: {StringEquals: {"sts:RoleSessionName": "${aws:username}"}}
          Version: "2012-10-17"
  - id: "444455556666"
    users:
      - name: cat
        keys: [{id: LKIACAT, secret: 0123456789abcdef}]
        policies: [{Statement: {Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/of-*"}}]
      - name: dan
        keys: [{id: LKIADAN, secret: 0123456789abcdef}]
`

const roles = "arn:aws:iam::111122223333:role/"

var now = time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC)

// fixture is a service, with a directory or without.
type fixture struct {
	t        *testing.T
	sessions *session.Sealer
	auth     *auth.Directory
	ops      map[string]service.Operation
}

func newFixture(t *testing.T, file string) *fixture {
	t.Helper()
	sessions, err := session.NewSealer([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, sessions: sessions, ops: make(map[string]service.Operation)}
	cfg := sts.Config{Sessions: sessions, Now: func() time.Time { return now }}
	if file != "" {
		if f.auth, err = auth.Parse([]byte(file)); err != nil {
			t.Fatal(err)
		}
		cfg.Auth = func() *auth.Directory { return f.auth }
	}
	for _, op := range sts.New(cfg).API().Operations {
		f.ops[op.Name] = op
	}
	return f
}

// caller is the user with a key.
func (f *fixture) caller(key string) (*auth.Principal, service.Caller) {
	f.t.Helper()
	k, ok := f.auth.Key(key)
	if !ok {
		f.t.Fatalf("no key %s", key)
	}
	return k.Principal, callerOf(k.Principal.Principal)
}

func callerOf(p policy.Principal) service.Caller {
	return service.Caller{Account: p.Account, Region: "us-east-1", Principal: p}
}

func (f *fixture) assumeRole(c service.Caller, in *shapes.AssumeRoleRequest) (*shapes.AssumeRoleResponse, error) {
	f.t.Helper()
	out, err := f.ops["AssumeRole"].Call(context.Background(), c, in)
	if err != nil {
		return nil, err
	}
	return out.(*shapes.AssumeRoleResponse), nil
}

func assume(role, name string) *shapes.AssumeRoleRequest {
	return &shapes.AssumeRoleRequest{RoleArn: api.Some(role), RoleSessionName: api.Some(name)}
}

// TestWhoMayAssume asks the policies as the front door does.
func TestWhoMayAssume(t *testing.T) {
	t.Parallel()
	f := newFixture(t, people)
	withID := func(in *shapes.AssumeRoleRequest, id string) *shapes.AssumeRoleRequest {
		in.ExternalId = api.Some(id)
		return in
	}
	for _, test := range []struct {
		key  string
		in   *shapes.AssumeRoleRequest
		want policy.Outcome
	}{
		{"LKIAANN", assume(roles+"of-us", "s1"), policy.Allowed},
		{"LKIABEN", assume(roles+"of-us", "s1"), policy.NoIdentityAllow},
		{"LKIABEN", assume(roles+"of-ben", "s1"), policy.Allowed},
		{"LKIAANN", assume(roles+"of-ben", "s1"), policy.NoResourceAllow},
		{"LKIAANN", assume(roles+"of-nobody", "s1"), policy.NoResourceAllow},
		{"LKIAANN", assume(roles+"of-named", "ann"), policy.Allowed},
		{"LKIAANN", assume(roles+"of-named", "ben"), policy.NoResourceAllow},
		{"LKIACAT", withID(assume(roles+"of-them", "s1"), "secret-word"), policy.Allowed},
		{"LKIACAT", withID(assume(roles+"of-them", "s1"), "another"), policy.NoResourceAllow},
		{"LKIACAT", assume(roles+"of-them", "s1"), policy.NoResourceAllow},
		{"LKIADAN", withID(assume(roles+"of-them", "s1"), "secret-word"), policy.NoIdentityAllow},
		{"LKIACAT", assume(roles+"of-us", "s1"), policy.NoResourceAllow},
	} {
		who, c := f.caller(test.key)
		resources, err := f.ops["AssumeRole"].Resources(c, test.in)
		if err != nil || len(resources) != 1 {
			t.Fatalf("%v, %v", resources, err)
		}
		r := resources[0]
		d := who.Decide(policy.Request{
			Action: r.Action, Resource: r.ARN, ResourceAccount: r.Account, Context: r.Context,
		}, policy.Policies{Resource: r.Policy, ResourceDecides: r.PolicyDecides})
		if d.Outcome != test.want {
			t.Errorf("%s assumes %s as %s: %s", who.ARN, test.in.RoleArn.V, test.in.RoleSessionName.V, d)
		}
	}
}

// TestAssumeRole begins a session and looks at what it is.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	f := newFixture(t, people)
	_, ann := f.caller("LKIAANN")
	in := assume(roles+"of-us", "nightly")
	in.DurationSeconds = api.Some[int32](900)
	in.Policy = api.Some(`{"Statement": {"Effect": "Allow", "Action": "kinesis:Get*", "Resource": "*"}}`)
	in.MinimumSessionTokenSize = api.Some[int32](1000)
	out, err := f.assumeRole(ann, in)
	if err != nil {
		t.Fatal(err)
	}
	id := session.Role{ARN: roles + "of-us"}.ID() + ":nightly"
	const arn = "arn:aws:sts::111122223333:assumed-role/of-us/nightly"
	if want := (shapes.AssumedRoleUser{AssumedRoleId: id, Arn: arn}); out.AssumedRoleUser.V != want {
		t.Errorf("the session is %+v, want %+v", out.AssumedRoleUser.V, want)
	}
	c := out.Credentials.V
	ends := now.Add(15 * time.Minute).Truncate(time.Second)
	if c.Expiration != api.Timestamp(ends.UnixMilli()) {
		t.Errorf("it ends at %d, want %s", c.Expiration, ends)
	}
	if n := int32(len(c.SessionToken)); n < 1000 || n != out.SessionTokenSize.V ||
		out.PackedPolicySize.V != (100*n+4095)/4096 || out.SessionTokenUtilization != out.PackedPolicySize {
		t.Errorf("a token of %d bytes: %+v", n, out)
	}
	opened, ok := f.sessions.Open(c.AccessKeyId, c.SessionToken)
	if !ok || opened.Secret() != c.SecretAccessKey || !opened.Expires.Equal(ends) {
		t.Fatalf("it opens as %+v, %t", opened, ok)
	}
	who, ok := f.auth.SessionPrincipal(opened)
	if !ok || who.ARN != arn || who.UserID != id || !who.Issued.Equal(now.Truncate(time.Second)) {
		t.Fatalf("it is %+v, %t", who, ok)
	}
	for action, want := range map[string]policy.Outcome{
		"kinesis:GetRecords": policy.Allowed, "kinesis:PutRecord": policy.NoSessionAllow, "sts:AssumeRole": policy.NoIdentityAllow,
	} {
		if d := who.Decide(policy.Request{Action: action, Resource: "*"}, policy.Policies{}); d.Outcome != want {
			t.Errorf("%s: %s", action, d)
		}
	}
	identity, err := f.ops["GetCallerIdentity"].Call(t.Context(), callerOf(who.Principal), new(shapes.GetCallerIdentityRequest))
	want := &shapes.GetCallerIdentityResponse{UserId: api.Some(id), Account: api.Some("111122223333"), Arn: api.Some(arn)}
	if diff := cmp.Diff(want, identity); diff != "" || err != nil {
		t.Error(diff, err)
	}

	// Without its role it is nobody.
	f.auth, err = auth.Parse([]byte(strings.Replace(people, "name: of-us", "name: renamed", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if who, ok := f.auth.SessionPrincipal(opened); ok {
		t.Errorf("without its role it is %+v", who)
	}
}

// TestWithoutDirectory lets everybody assume everything, and trusts none of that
// once there is a directory.
func TestWithoutDirectory(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	root := callerOf(policy.Principal{Account: "000000000000", ARN: "arn:aws:iam::000000000000:root", UserID: "000000000000"})
	out, err := f.assumeRole(root, assume(roles+"of-us", "nightly"))
	if err != nil {
		t.Fatal(err)
	}
	if ends := now.Add(time.Hour).Truncate(time.Second); out.Credentials.V.Expiration != api.Timestamp(ends.UnixMilli()) {
		t.Errorf("it ends at %d, want %s", out.Credentials.V.Expiration, ends)
	}
	opened, ok := f.sessions.Open(out.Credentials.V.AccessKeyId, out.Credentials.V.SessionToken)
	if !ok {
		t.Fatal("its token does not open")
	}
	if who, ok := newFixture(t, people).auth.SessionPrincipal(opened); ok {
		t.Errorf("where policies decide it is %+v", who)
	}
	identity, err := f.ops["GetCallerIdentity"].Call(t.Context(), root, new(shapes.GetCallerIdentityRequest))
	if err != nil || identity.(*shapes.GetCallerIdentityResponse).Arn.V != "arn:aws:iam::000000000000:root" {
		t.Errorf("the root is %+v, %v", identity, err)
	}
}

// TestRefusals asks for what cannot be had.
func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t, people)
	_, ann := f.caller("LKIAANN")
	chained := ann
	chained.Principal.Role = roles + "of-ben"
	noise := make([]byte, 1900) // in characters that deflate hardly makes smaller
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = "#$%&()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~"[random.IntN(90)]
	}
	policyOf := func(sid string) string {
		return `{"Id": "` + sid + `", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	}
	type request = shapes.AssumeRoleRequest
	for _, test := range []struct {
		name          string
		as            service.Caller
		change        func(*request)
		code, message string
	}{
		{"no role", ann, func(in *request) { in.RoleArn.V = "arn:aws:iam::111122223333:user/ann" }, "ValidationException", "arn:aws:iam::111122223333:user/ann is invalid"},
		{"managed policies", ann, func(in *request) { in.PolicyArns = api.Some(make([]shapes.PolicyDescriptorType, 1)) }, "ValidationException", "PolicyArns is not supported"},
		{"tags", ann, func(in *request) { in.Tags = api.Some(make([]shapes.Tag, 1)) }, "ValidationException", "Tags is not supported"},
		{"transitive tags", ann, func(in *request) { in.TransitiveTagKeys = api.Some([]string{"a"}) }, "ValidationException", "TransitiveTagKeys is not supported"},
		{"a device", ann, func(in *request) { in.SerialNumber = api.Some("arn:aws:iam::111122223333:mfa/ann") }, "ValidationException", "SerialNumber is not supported"},
		{"a code", ann, func(in *request) { in.TokenCode = api.Some("123456") }, "ValidationException", "TokenCode is not supported"},
		{"a source", ann, func(in *request) { in.SourceIdentity = api.Some("ann") }, "ValidationException", "SourceIdentity is not supported"},
		{"contexts", ann, func(in *request) { in.ProvidedContexts = api.Some(make([]shapes.ProvidedContext, 1)) }, "ValidationException", "ProvidedContexts is not supported"},
		{
			"a long chain", chained, func(in *request) { in.DurationSeconds = api.Some[int32](3601) },
			"ValidationException", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
		},
		{"a chain", chained, func(in *request) { in.DurationSeconds = api.Some[int32](3600) }, "", ""},
		{"twelve hours", ann, func(in *request) { in.DurationSeconds = api.Some[int32](43200) }, "", ""},
		{"no policy", ann, func(in *request) { in.Policy = api.Some("{") }, "MalformedPolicyDocument", "The session policy is not valid: line 1: "},
		{
			"an unknown condition", ann, func(in *request) {
				in.Policy = api.Some(strings.Replace(policyOf("a"), `"Action"`, "\n"+`"Condition": {"Bool": {"aws:Nothing": true}}, "Action"`, 1))
			},
			"MalformedPolicyDocument", `The session policy is not valid: line 2: Condition has the unknown condition key "aws:Nothing"`,
		},
		{
			"a long policy", ann, func(in *request) { in.Policy = api.Some(policyOf(strings.Repeat("a", 2048))) },
			"ValidationException", "1 validation error detected: Value '{",
		},
		{"a policy that is just long", ann, func(in *request) { in.Policy = api.Some(policyOf(strings.Repeat("a", 1900))) }, "", ""},
		{"one that is hard to deflate", ann, func(in *request) { in.Policy = api.Some(policyOf(string(noise))) }, "", ""},
	} {
		in := assume(roles+"of-us", "nightly")
		test.change(in)
		_, err := f.assumeRole(test.as, in)
		var e *api.Error
		if test.code == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if !errors.As(err, &e) || e.Code != test.code || e.Status != 400 || !strings.HasPrefix(e.Message, test.message) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// TestPackedPolicyTooLarge has characters that take three bytes each, as only
// they make a policy of allowed length too large for a token.
func TestPackedPolicyTooLarge(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	random := rand.New(rand.NewPCG(1, 2))
	var noise strings.Builder
	for range 1900 {
		noise.WriteRune(rune(0x4e00 + random.IntN(0x5000)))
	}
	in := assume(roles+"x", "nightly")
	in.Policy = api.Some(`{"Id": "` + noise.String() + `", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	_, err := f.assumeRole(callerOf(policy.Principal{}), in)
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "PackedPolicyTooLarge" || !strings.Contains(e.Message, "% of allotted space, please use smaller policy.") {
		t.Errorf("error %v", err)
	}
}
