package server

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"leat/internal/api"
	shapes "leat/internal/api/sts"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/session"
)

const operatorRole = "arn:aws:iam::111122223333:role/operator"

// sessionFixture is a server and a client of it.
type sessionFixture struct {
	*Server
	t         *testing.T
	transport *http.Transport
}

func newSessionFixture(t *testing.T, change func(*Config)) *sessionFixture {
	t.Helper()
	f := &sessionFixture{start(t, change), t, &http.Transport{}}
	t.Cleanup(f.transport.CloseIdleConnections)
	return f
}

// assumeRole returns credentials of a role, limited by a policy unless that is
// empty.
func (f *sessionFixture) assumeRole(role, limit string) aws.Credentials {
	f.t.Helper()
	in := &shapes.AssumeRoleRequest{RoleArn: api.Some(role), RoleSessionName: api.Some("nightly")}
	if limit != "" {
		in.Policy = api.Some(limit)
	}
	for _, svc := range f.services() {
		for _, op := range svc.Operations {
			if svc.Name != "sts" || op.Name != "AssumeRole" {
				continue
			}
			out, err := op.Call(f.t.Context(), service.Caller{Principal: policy.Principal{ARN: "arn:aws:iam::111122223333:user/admin"}}, in)
			if err != nil {
				f.t.Fatal(err)
			}
			c := out.(*shapes.AssumeRoleResponse).Credentials.V
			return aws.Credentials{AccessKeyID: c.AccessKeyId, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
		}
	}
	f.t.Fatal("there is no AssumeRole")
	return aws.Credentials{}
}

// check wants an operation to fail with a code and a message that begins so, in
// all wire forms, or not to fail.
func (f *sessionFixture) check(what string, c aws.Credentials, operation, code, message string) {
	f.t.Helper()
	for _, form := range wireForms {
		body, err := form.encode(fields{})
		if err != nil {
			f.t.Fatal(err)
		}
		o := order{form: form, operation: operation, body: body, credentials: c, service: "kinesis", at: time.Now()}
		if e, _ := send(f.t, f.transport, o.signedRequest(f.t, f.URL())); e.Type != code || !strings.HasPrefix(e.Message, message) {
			f.t.Errorf("%s, %s: %+v, want %q %s", what, form.name, e, code, message)
		}
	}
}

// TestSessions uses the credentials of a role as they should be used, and as they
// should not.
func TestSessions(t *testing.T) {
	t.Parallel()
	var log logLines
	configure := withAuth(t, authFile)
	f := newSessionFixture(t, func(c *Config) { configure(c); c.Logger = log.logger() })
	good := f.assumeRole(operatorRole, "")
	log.expect(t, "role assumed", "principal=arn:aws:iam::111122223333:user/admin",
		"session=arn:aws:sts::111122223333:assumed-role/operator/nightly", "key="+good.AccessKeyID)
	if log.has(good.SecretAccessKey) || log.has(good.SessionToken) {
		t.Error("the log has the session's secret or token")
	}
	f.check("a session", good, "ListStreams", "", "")
	limited := f.assumeRole(operatorRole, `{"Statement": {"Effect": "Allow", "Action": "kinesis:DescribeLimits", "Resource": "*"}}`)
	f.check("a limited one, within its limits", limited, "DescribeLimits", "", "")
	f.check("beyond them", limited, "ListStreams", "AccessDeniedException",
		"User: arn:aws:sts::111122223333:assumed-role/operator/nightly is not authorized to perform: kinesis:ListStreams on resource: * "+
			"because no session policy allows the kinesis:ListStreams action")
	f.check("a role that does not exist", f.assumeRole(operatorRole+"s", ""), "ListStreams", unrecognized, noToken)

	forged := map[string]aws.Credentials{"another token": good, "another key": good, "no token": good, "another secret": good}
	for what, c := range forged {
		code, message := unrecognized, noToken
		switch what {
		case "another token":
			c.SessionToken = limited.SessionToken
		case "another key":
			c.AccessKeyID = limited.AccessKeyID
		case "no token":
			c.SessionToken = ""
		case "another secret":
			c.SecretAccessKey = limited.SecretAccessKey
			code, message = invalidSignature, noMatch
		}
		f.check(what, c, "ListStreams", code, message)
	}
	f.check("an old one", f.seal(time.Now().Add(-time.Second), true), "ListStreams", "ExpiredTokenException",
		"The security token included in the request is expired")
	f.check("one that no policy has allowed", f.seal(time.Now().Add(time.Hour), false), "ListStreams", unrecognized, noToken)
}

// seal makes credentials of the operator's role.
func (f *sessionFixture) seal(ends time.Time, authorized bool) aws.Credentials {
	f.t.Helper()
	role, ok := session.ParseRole(operatorRole)
	if !ok {
		f.t.Fatal("the role's ARN is none")
	}
	c, _, err := f.sessions.Seal(session.Session{Role: role, Name: "nightly", Expires: ends, Authorized: authorized}, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// TestSessionsFollowTheFile changes what a role may do, and takes it out of the
// file, while it is in use.
func TestSessionsFollowTheFile(t *testing.T) {
	t.Parallel()
	f := newSessionFixture(t, withAuth(t, authFile))
	change := func(from, to string) {
		t.Helper()
		text := strings.Replace(authFile, from, to, 1)
		if text == authFile && from != to {
			t.Fatalf("nothing replaced by %q", to)
		}
		if err := os.WriteFile(f.cfg.AuthFile, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.auth.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c := f.assumeRole(operatorRole, "")
	f.check("before", c, "ListStreams", "", "")
	change(`"kinesis:*"`, `"kinesis:Put*"`)
	f.check("with fewer rights", c, "ListStreams", "AccessDeniedException", "User: arn:aws:sts::")
	change(`Resource: "*"}}]
        sessions`, `Resource: "*"}},
          {Statement: {Effect: Deny, Action: "*", Resource: "*", Condition: {DateLessThan: {"aws:TokenIssueTime": 2100-01-01T00:00:00Z}}}}]
        sessions`)
	f.check("when it is revoked", c, "ListStreams", "AccessDeniedException", "User: arn:aws:sts::")
	f.check("a session for good", operator, "ListStreams", "", "")
	change("name: operator", "name: renamed")
	f.check("without its role", c, "ListStreams", unrecognized, noToken)
	change("", "")
	f.check("with its role again", c, "ListStreams", "", "")
}

// TestSessionsOutliveRestarts begins sessions and ends the server.
func TestSessionsOutliveRestarts(t *testing.T) {
	t.Parallel()
	configure := withAuth(t, authFile)
	dir := t.TempDir()
	onDisk := func(c *Config) { configure(c); c.Memory, c.DataDir = false, dir }
	f := newSessionFixture(t, onDisk)
	c := f.assumeRole(operatorRole, "")
	f.check("before", c, "ListStreams", "", "")
	if err := f.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	newSessionFixture(t, onDisk).check("after a restart", c, "ListStreams", "", "")
	newSessionFixture(t, withAuth(t, authFile)).check("on another server", c, "ListStreams", unrecognized, noToken)
}

// TestSessionsOfAnybody begins them where any credentials pass: they are of the
// role's account, and end in time.
func TestSessionsOfAnybody(t *testing.T) {
	t.Parallel()
	f := newSessionFixture(t, nil)
	c := f.assumeRole("arn:aws:iam::444455556666:role/any", "")
	o := order{
		form: wireForms[0], operation: "CreateStream", body: []byte(`{"StreamName": "orders", "ShardCount": 1}`),
		credentials: c, service: "kinesis", at: time.Now(),
	}
	if e, _ := send(t, f.transport, o.signedRequest(t, f.URL())); e != (refusal{}) {
		t.Fatalf("CreateStream: %+v", e)
	}
	for account, want := range map[string]bool{"444455556666": true, "000000000000": false} {
		o.credentials = aws.Credentials{AccessKeyID: account, SecretAccessKey: "any"}
		o.operation, o.body = "ListStreams", []byte("{}")
		if _, body := send(t, f.transport, o.signedRequest(t, f.URL())); strings.Contains(string(body), `"orders"`) != want {
			t.Errorf("account %s has %s", account, body)
		}
	}
	f.check("an old one", f.seal(time.Now().Add(-time.Second), true), "ListStreams", "ExpiredTokenException",
		"The security token included in the request is expired")
	c.SessionToken = "of-another-server"
	f.check("a foreign one", c, "ListStreams", "", "")
}

// TestServices selects what is served.
func TestServices(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	for _, test := range []struct {
		services []string
		want     string // of the error, "" for none
	}{
		{Services(), ""},
		{[]string{"sts"}, ""},
		{nil, "no services: name some of kinesis, dynamodb, cloudwatch, sts"},
		{[]string{"kinesis", "s3"}, `service "s3" is not one of kinesis, dynamodb, cloudwatch, sts`},
	} {
		cfg.Services = test.services
		if err := cfg.Validate(); (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
			t.Errorf("%v: %v, want %q", test.services, err, test.want)
		}
	}
	cfg.Services, cfg.Streams = []string{"sts"}, []StreamSpec{{Name: "orders"}}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "kinesis is not among the services") {
		t.Errorf("a stream without kinesis: %v", err)
	}
	f := newSessionFixture(t, func(c *Config) { c.Services = []string{"sts"} })
	if served := f.services(); len(served) != 1 || served[0].Name != "sts" {
		t.Errorf("served are %v", served)
	}
	f.check("what is not served", operator, "ListStreams", "UnknownOperationException", "")
}
