package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// authFile has an administrator, his session, one that has ended, and a user who
// may do nothing.
const authFile = `accounts:
  - id: "111122223333"
    users:
      - name: admin
        keys: [{id: LKIAADMIN, secret: secret-of-the-admin}]
        policies: [{Statement: {Effect: Allow, Action: "*", Resource: "*"}}]
      - name: nobody
        keys: [{id: LKIANOBODY, secret: secret-of-nobody-}]
    roles:
      - name: operator
        trust: {Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/admin"}, Action: "sts:AssumeRole"}}
        policies: [{Statement: {Effect: Allow, Action: "kinesis:*", Resource: "*"}}]
        sessions:
          - name: s
            assumed-by: arn:aws:iam::111122223333:user/admin
            keys:
              - {id: LKIASESSION, secret: secret-of-session, session-token: token}
              - {id: LKIAEXPIRED, secret: secret-of-expired, session-token: token, expires: 2020-01-01T00:00:00Z}
`

var (
	admin    = aws.Credentials{AccessKeyID: "LKIAADMIN", SecretAccessKey: "secret-of-the-admin"}
	nobody   = aws.Credentials{AccessKeyID: "LKIANOBODY", SecretAccessKey: "secret-of-nobody-"}
	operator = aws.Credentials{AccessKeyID: "LKIASESSION", SecretAccessKey: "secret-of-session", SessionToken: "token"}
	expired  = aws.Credentials{AccessKeyID: "LKIAEXPIRED", SecretAccessKey: "secret-of-expired", SessionToken: "token"}
)

func withAuth(t *testing.T, text string) func(*Config) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.AuthFile, c.EnforceRates = file, false }
}

// TestAuthOpensTheDoor sees what is served without a signature, and that names
// and origins do not matter where signatures do.
func TestAuthOpensTheDoor(t *testing.T) {
	t.Parallel()
	s := start(t, withAuth(t, authFile))
	for _, page := range []string{"/healthz", "/readyz"} {
		if status, _, err := get(t, s.URL()+page); status != http.StatusOK {
			t.Errorf("%s: %d, %v", page, status, err)
		}
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	o := order{form: wireForms[0], operation: "ListStreams", body: []byte("{}"), credentials: operator, service: "kinesis", at: time.Now()}
	signed := o.signedRequest(t, s.URL())
	signed.Header.Set("Origin", "https://elsewhere.example.org")
	if e, _ := send(t, transport, signed); e != (refusal{}) {
		t.Errorf("from a foreign origin: %+v", e)
	}
}

// TestAuthFileChanges takes a key out of the file, and then breaks the file.
func TestAuthFileChanges(t *testing.T) {
	t.Parallel()
	var file string
	configure := withAuth(t, authFile)
	s := start(t, func(c *Config) { configure(c); file = c.AuthFile })
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	check := func(what, want string) {
		t.Helper()
		o := order{form: wireForms[0], operation: "ListStreams", body: []byte("{}"), credentials: operator, service: "kinesis", at: time.Now()}
		if e, _ := send(t, transport, o.signedRequest(t, s.URL())); e.Type != want {
			t.Errorf("%s: %+v, want %q", what, e, want)
		}
	}
	change := func(text string) error {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return s.auth.Refresh(t.Context())
	}
	check("before", "")
	if err := change(strings.Replace(authFile, "LKIASESSION", "LKIARENAMED", 1)); err != nil {
		t.Fatal(err)
	}
	check("without the key", unrecognized)
	if err := change(authFile); err != nil {
		t.Fatal(err)
	}
	check("with the key again", "")
	// The signing key of the old secret has been used, and must be forgotten.
	if err := change(strings.Replace(authFile, "secret-of-session", "another-one-of-it", 1)); err != nil {
		t.Fatal(err)
	}
	check("with another secret", invalidSignature)
	if err := change("accounts: ["); err == nil {
		t.Error("a broken file is taken")
	}
	check("with a broken file", invalidSignature)
}

// TestAuthFileRefused starts with a file that is not there, and one with a
// mistake.
func TestAuthFileRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "line 1: the file is empty", "accounts: 5": "line 1: accounts is not a list"} {
		cfg := DefaultConfig()
		cfg.Listen, cfg.Memory = "127.0.0.1:0", true
		withAuth(t, text)(&cfg)
		if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
