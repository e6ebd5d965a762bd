package auth_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"leat/internal/auth"
	"leat/internal/policy"
	"leat/internal/session"
)

const page = "../../docs/auth.md"

// examples returns what the documentation shows: a file of everything, the policy
// that ends the sessions of a role, and the file of a KCL.
func examples(tb testing.TB) (everything, revocation, kcl []byte) {
	tb.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		tb.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(b, -1)
	if len(m) != 3 {
		tb.Fatalf("%s has %d examples", page, len(m))
	}
	return m[0][1], m[1][1], m[2][1]
}

func example(tb testing.TB) []byte {
	tb.Helper()
	everything, _, _ := examples(tb)
	return everything
}

func TestExample(t *testing.T) {
	t.Parallel()
	d, err := auth.Parse(example(t))
	if err != nil {
		t.Fatal(err)
	}
	const orders = "arn:aws:kinesis:us-east-1:111122223333:stream/orders"
	tests := []struct {
		key, action, resource string
		want                  string // what decides
	}{
		{"LKIAADMINEXAMPLE0001", "kinesis:DeleteStream", orders, `allowed by statement "Everything"`},
		{"LKIASHOPEXAMPLE00001", "kinesis:PutRecord", orders, `allowed by statement "WriteOrders"`},
		{"LKIASHOPEXAMPLE00001", "kinesis:PutRecord", orders + "2", "denied: no identity-based policy"},
		{"LKIASHOPEXAMPLE00001", "kinesis:DeleteStream", orders, "denied: no identity-based policy"},
		{"LKIANIGHTLYEXAMPLE01", "kinesis:GetRecords", orders, "allowed by statement 1"},
		{"LKIANIGHTLYEXAMPLE01", "kinesis:PutRecord", orders, "denied: no identity-based policy"},
	}
	for _, tt := range tests {
		k, ok := d.Key(tt.key)
		if !ok {
			t.Fatalf("no key %s", tt.key)
		}
		r := policy.Request{Action: tt.action, Resource: tt.resource, SourceIP: netip.MustParseAddr("127.0.0.1")}
		if got := k.Principal.Decide(r, policy.Policies{}).String(); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s, %s, %s: %s, want %s", tt.key, tt.action, tt.resource, got, tt.want)
		}
	}
	k, _ := d.Key("LKIANIGHTLYEXAMPLE01")
	want := policy.Principal{
		Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/reader/nightly",
		Role: "arn:aws:iam::111122223333:role/reader", UserID: "AROA5I26U3NTNX33A2MLK:nightly",
	}
	if k.Principal.Principal != want || k.SessionToken == "" || k.Expires != time.Date(2036, 1, 31, 0, 0, 0, 0, time.UTC) {
		t.Errorf("the session's key is %+v of %+v", k, k.Principal.Principal)
	}
	if k, ok := d.Key("LKIANOBODY"); ok {
		t.Errorf("there is a key %v", k)
	}
}

// TestRevocationExample adds the policy to those of a role, whose sessions that
// began before may do nothing from then on.
func TestRevocationExample(t *testing.T) {
	t.Parallel()
	file, revocation, _ := examples(t)
	const indent = "          "
	of, policies, ok := strings.Cut(string(file), "      - name: reader\n")
	before, after, ok2 := strings.Cut(policies, "        policies:\n")
	if !ok || !ok2 {
		t.Fatal("the example has no role reader with policies")
	}
	added := indent + strings.ReplaceAll(strings.TrimSpace(string(revocation)), "\n", "\n"+indent) + "\n"
	d, err := auth.Parse([]byte(of + "      - name: reader\n" + before + "        policies:\n" + added + after))
	if err != nil {
		t.Fatal(err)
	}
	role, ok := session.ParseRole("arn:aws:iam::111122223333:role/reader")
	if !ok {
		t.Fatal("the role's ARN is none")
	}
	at := time.Date(2026, 11, 20, 18, 30, 0, 0, time.UTC)
	for issued, want := range map[time.Time]policy.Outcome{
		at.Add(-time.Second): policy.IdentityDeny, at: policy.Allowed, at.Add(time.Hour): policy.Allowed,
	} {
		who, ok := d.SessionPrincipal(&session.Session{Role: role, Name: "s", Authorized: true, Issued: issued})
		if !ok {
			t.Fatal("the session is nobody's")
		}
		if d := who.Decide(policy.Request{Action: "kinesis:ListStreams", Resource: "*"}, policy.Policies{}); d.Outcome != want {
			t.Errorf("issued at %s: %s", issued, d)
		}
	}
}

// TestKCLExample asks for all that a KCL does, and for what is none of its
// business.
func TestKCLExample(t *testing.T) {
	t.Parallel()
	_, _, kcl := examples(t)
	d, err := auth.Parse(kcl)
	if err != nil {
		t.Fatal(err)
	}
	k, ok := d.Key("LKIABILLINGEXAMPLE01")
	if !ok {
		t.Fatal("it has no key")
	}
	const (
		stream = "arn:aws:kinesis:us-east-1:111122223333:stream/orders"
		table  = "arn:aws:dynamodb:us-east-1:111122223333:table/"
		tables = "CreateTable DescribeTable Scan GetItem PutItem UpdateItem DeleteItem UpdateContinuousBackups TagResource"
	)
	ask := func(prefix, operations, resource string, want bool) {
		t.Helper()
		for operation := range strings.FieldsSeq(operations) {
			r := policy.Request{
				Action: prefix + operation, Resource: resource, Context: map[string][]string{"cloudwatch:namespace": {"billing"}},
			}
			if d := k.Principal.Decide(r, policy.Policies{}); d.Allowed() != want {
				t.Errorf("%s on %s is %s", r.Action, resource, d)
			}
		}
	}
	ask("kinesis:", "DescribeStream DescribeStreamSummary ListShards GetShardIterator GetRecords RegisterStreamConsumer", stream, true)
	ask("kinesis:", "DescribeStreamConsumer SubscribeToShard", stream+"/consumer/billing:1700000000", true)
	ask("kinesis:", "PutRecord DeleteStream", stream, false)
	ask("kinesis:", "GetRecords", stream+"2", false)
	for _, name := range []string{"billing", "billing-CoordinatorState", "billing-WorkerMetricStats"} {
		ask("dynamodb:", tables, table+name, true)
		ask("dynamodb:", "DeleteTable", table+name, false)
	}
	ask("dynamodb:", "UpdateTable ConditionCheckItem", table+"billing", true)
	ask("dynamodb:", "Query", table+"billing/index/LeaseOwnerToLeaseKeyIndex", true)
	ask("dynamodb:", "GetItem", table+"billing2", false)
	ask("cloudwatch:", "PutMetricData", "*", true)
	ask("cloudwatch:", "GetMetricData", "*", false)
	ask("sts:", "AssumeRole", "arn:aws:iam::111122223333:role/reader", false)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	d, err := auth.Parse([]byte(`{"accounts": [{"id": "000000000001", "users": [
		{"name": "a", "keys": [{"id": "AKIA1", "secret": "0123456789abcdef"}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := d.Key("AKIA1"); !ok || k.Principal.ARN != "arn:aws:iam::000000000001:user/a" || k.Principal.UserID != "a" {
		t.Errorf("the key is %+v", k)
	}
}

// TestMistakes changes one place of a good file.
func TestMistakes(t *testing.T) {
	t.Parallel()
	const good = `accounts:
  - id: 000000000001
    users:
      - name: a
        keys:
          - id: AKIA1
            secret: 0123456789abcdef
            expires: 2027-01-31T00:00:00Z
        policies:
          - Statement: {Effect: Allow, Action: "*", Resource: "*"}
    roles:
      - name: r
        trust:
          Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::000000000001:user/a"}, Action: "sts:AssumeRole"}
        sessions:
          - name: s
            assumed-by: arn:aws:iam::000000000001:user/a
            keys: [{id: AKIA2, secret: 0123456789abcdef}]
`
	if _, err := auth.Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ from, to, want string }{
		{good, "", "line 1: the file is empty"},
		{good, "- a", "line 1: the file is not a mapping"},
		{good, good + "---\na: b\n", "second document"},
		{"accounts:", "account:", `line 1: the file has an unknown field "account"`},
		{"accounts:", "{", "line 1: did not find"},
		{"000000000001\n    users", "00000000001\n    users", "line 2: the account's id is not a number of 12 digits"},
		{"id: 000000000001\n", "users: []\n", `line 3: an account has the field "users" twice`},
		{"name: a\n", "nam: a\n", `line 4: a user has an unknown field "nam"`},
		{"name: a\n", "name: a b\n", "line 4: the user's name is not 1 to 64"},
		{"name: a\n", "name: [a]\n", "line 4: the user's name is not a text"},
		{"name: a\n", "name:\n", "line 4: the user's name is not a text"},
		{"      - name: a\n        keys", "      - keys", `line 4: a user has no field "name"`},
		{"secret: 0123456789abcdef\n", "secret: short\n", "line 7: the key's secret is not at least 16 characters"},
		{"id: AKIA1", "id: a/b/c", "line 6: the key's id is not"},
		{"id: AKIA2", "id: AKIA1", "line 18: key AKIA1 is there since line 6"},
		{"2027-01-31T00:00:00Z", "2027-01-31", "line 8: the key's end is not a time"},
		{"Effect: Allow, Action", "Effect: Perhaps, Action", "line 10: "},
		{`Action: "*", Res`, `Action: "*", Condition: {Sometimes: {"aws:SourceIp": "*"}}, Res`, "line 10: "},
		{`"sts:AssumeRole"`, `"sts:Nothing"`, "line 17: the trust policy of arn:aws:iam::000000000001:role/r does not let"},
		{
			`Action: "sts:AssumeRole"`, `Action: "sts:AssumeRole", Condition: {DateLessThan: {"aws:CurrentTime": "2020-01-01"}}`,
			"line 17: the trust policy of arn:aws:iam::000000000001:role/r does not let",
		},
		{"1:user/a\n            keys", "1:user/b\n            keys", "line 17: arn:aws:iam::000000000001:user/b is no user"},
		{"    roles:", "    users: []\n    roles:", `line 11: an account has the field "users" twice`},
		{"  - id: 000000000001\n", "  - id: 000000000001\n  - id: 000000000001\n", "line 3: account 000000000001 is there since line 2"},
		{"      - name: a\n", "      - name: a\n      - name: a\n", "line 5: user arn:aws:iam::000000000001:user/a is there since line 4"},
		{"keys:\n", "keys: none\n        keys:\n", `line 6: a user has the field "keys" twice`},
		{"keys: [{id: AKIA2, secret: 0123456789abcdef}]", "keys: many", "line 18: keys is not a list"},
	}
	for _, tt := range tests {
		text := strings.Replace(good, tt.from, tt.to, 1)
		if text == good {
			t.Fatalf("nothing replaced by %q", tt.to)
		}
		_, err := auth.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q in place of %q: %v\nwant %s", tt.to, tt.from, err, tt.want)
		}
	}
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

// TestStore changes a file that is in use, to the better and to the worse.
func TestStore(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var log bytes.Buffer
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if _, err := auth.Open(ctx, file, slog.New(slog.NewTextHandler(&log, nil))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	write(t, file, string(example(t)), 0o600)
	s, err := auth.Open(ctx, file, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	before := s.Directory()
	if err := s.Refresh(ctx); err != nil || s.Directory() != before {
		t.Errorf("the same file makes another directory (%v)", err)
	}
	write(t, file, "accounts: none", 0o600)
	if err := s.Refresh(ctx); err == nil || !strings.Contains(err.Error(), file+": line 1: accounts is not a list") {
		t.Errorf("a broken file: %v", err)
	}
	if s.Directory() != before {
		t.Error("a broken file is in force")
	}
	write(t, file, "accounts: []", 0o600)
	if err := s.Refresh(ctx); err != nil {
		t.Error(err)
	}
	if _, ok := s.Directory().Key("LKIAADMINEXAMPLE0001"); ok {
		t.Error("a key that is gone from the file is in force")
	}
	if n := strings.Count(log.String(), "auth file loaded"); n != 2 {
		t.Errorf("told %d times of a new file, want twice:\n%s", n, &log)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601, 0o700} {
		write(t, file, "accounts: []", mode)
		if _, err := auth.Load(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	write(t, file, "accounts: []", 0o400)
	if _, err := auth.Load(file); err != nil {
		t.Error(err)
	}
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	id, secret := auth.NewKey()
	if !regexp.MustCompile(`^LKIA[A-Z2-7]{16}$`).MatchString(id) || len(secret) != 40 {
		t.Errorf("the pair is %s %s", id, secret)
	}
	if other, another := auth.NewKey(); other == id || another == secret {
		t.Error("two pairs are alike")
	}
	file := "accounts: [{id: 000000000001, users: [{name: a, keys: [{id: " + id + ", secret: " + secret + "}]}]}]"
	if _, err := auth.Parse([]byte(file)); err != nil {
		t.Error(err)
	}
}

// FuzzParse wants an error with a reason, or keys that have all they need.
func FuzzParse(f *testing.F) {
	f.Add(example(f))
	f.Add([]byte("accounts: [{id: 000000000001, users: &u [{name: a, keys: *u}]}]"))
	f.Add([]byte("a: &a [*a]\n---\n!!binary x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := auth.Parse(text)
		if err == nil && d == nil || err != nil && err.Error() == "" {
			t.Errorf("Parse = %v, %v", d, err)
		}
	})
}
