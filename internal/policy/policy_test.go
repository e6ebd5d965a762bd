package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"leat/internal/policy"
)

// mustParse reads a policy that is written in YAML, of which JSON is a part.
func mustParse(tb testing.TB, kind policy.Kind, text string) *policy.Policy {
	tb.Helper()
	p, err := parseYAML(kind, text)
	if err != nil {
		tb.Fatalf("parse: %v\n%s", err, text)
	}
	return p
}

func parseYAML(kind policy.Kind, text string) (*policy.Policy, error) {
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		return nil, err
	}
	return policy.ParseYAML("test", kind, &n)
}

// TestParse reads a document with everything in it, in both notations.
func TestParse(t *testing.T) {
	const inJSON = `{
  "Version": "2012-10-17",
  "Id": "writers",
  "Statement": [
    {"Effect": "Allow", "Action": "kinesis:Put*", "Resource": "*"},
    {
      "Sid": "NoDelete", "Effect": "Deny",
      "NotAction": ["kinesis:Describe*", "kinesis:List*"],
      "NotResource": ["arn:aws:kinesis:*:*:stream/free-*"],
      "Condition": {
        "StringNotEqualsIfExists": {"aws:username": ["admin", "${aws:PrincipalAccount}"]},
        "ForAllValues:StringLike": {"aws:TagKeys": "team-?"},
        "Bool": {"aws:SecureTransport": true},
        "NumericLessThan": {"aws:EpochTime": 1e12}
      }
    }
  ]
}`
	const inYAML = `
Version: 2012-10-17
Id: writers
Statement:
  - {Effect: Allow, Action: "kinesis:Put*", Resource: "*"}
  - Sid: NoDelete
    Effect: Deny
    NotAction: [ "kinesis:Describe*", "kinesis:List*" ]
    NotResource: arn:aws:kinesis:*:*:stream/free-*
    Condition:
      StringNotEqualsIfExists: {"aws:username": [admin, "${aws:PrincipalAccount}"]}
      ForAllValues:StringLike: {"aws:TagKeys": "team-?"}
      Bool: {"aws:SecureTransport": true}
      NumericLessThan: {"aws:EpochTime": 1e12}
`
	type statement struct {
		Sid, Effect string
		Line        int
		Name        string
	}
	view := func(p *policy.Policy) []statement {
		var all []statement
		for _, s := range p.Statements {
			all = append(all, statement{s.Sid, s.Effect.String(), s.Line, s.String()})
		}
		return all
	}
	fromJSON, err := policy.ParseJSON("test", policy.Identity, []byte(inJSON))
	if err != nil {
		t.Fatal(err)
	}
	want := []statement{
		{"", "Allow", 5, "statement 1 (line 5) of test"},
		{"NoDelete", "Deny", 6, `statement "NoDelete" (line 6) of test`},
	}
	if diff := cmp.Diff(want, view(fromJSON)); diff != "" || fromJSON.ID != "writers" {
		t.Errorf("Id %q, statements (-want +got):\n%s", fromJSON.ID, diff)
	}
	fromYAML := mustParse(t, policy.Identity, inYAML)
	if diff := cmp.Diff(want, view(fromYAML)); diff != "" || fromYAML.ID != "writers" {
		t.Errorf("from YAML: Id %q, statements (-want +got):\n%s", fromYAML.ID, diff)
	}
}

// TestParseErrors has for every rule of documents one that breaks it. The first
// line of each is line 1; statements begin on line 2.
func TestParseErrors(t *testing.T) {
	identity := func(members string) string {
		return `{"Version": "2012-10-17", "Statement":` + "\n{" + members + "}}"
	}
	allow := func(members string) string {
		return identity(`"Effect": "Allow", "Action": "kinesis:*", "Resource": "*"` + members)
	}
	condition := func(c string) string { return allow(`,` + "\n" + `"Condition": ` + c) }
	to := func(principal string) string { return allow(`,` + "\n" + principal) }
	tests := []struct {
		name, text string
		kind       policy.Kind
		line       int
		reason     string
	}{
		{"no JSON", "{\n\"Version\" 3}", policy.Identity, 2, "not JSON"},
		{"text after it", "{}\n{}", policy.Identity, 2, "not JSON"},
		{"no object", `[]`, policy.Identity, 1, "a policy is an object"},
		{"nothing in it", `{}`, policy.Identity, 1, "Statement is missing"},
		{"no statements", `{"Statement": []}`, policy.Identity, 1, "Statement is empty"},
		{"unknown version", "{\n\"Version\": \"2013-01-01\"}", policy.Identity, 2, "Version is 2012-10-17 or 2008-10-17"},
		{"unknown member", "{\n\"Statements\": []}", policy.Identity, 2, "a policy has no Statements"},
		{"member twice", "{\"Id\": \"a\",\n\"Id\": \"b\"}", policy.Identity, 2, "Id is given twice"},
		{"Id is no text", `{"Id": 5}`, policy.Identity, 1, "Id is a text"},
		{"nested", `{"Statement": [[[[[[[[[]]]]]]]]]}`, policy.Identity, 1, "nested too deep"},
		{"statement is no object", `{"Statement": ["x"]}`, policy.Identity, 1, "a statement is an object"},
		{"unknown element", identity(`"Actions": "*"`), policy.Identity, 2, "a statement has no Actions"},
		{
			"Sid twice", `{"Statement": [{"Sid": "a", "Effect": "Deny", "Action": "*", "Resource": "*"},` + "\n" + `{"Sid": "a"}]}`,
			policy.Identity, 2, "another statement has the Sid a",
		},
		{"no effect", identity(`"Action": "*", "Resource": "*"`), policy.Identity, 2, "Effect is missing"},
		{"bad effect", identity(`"Effect": "allow"`), policy.Identity, 2, "Effect is Allow or Deny"},
		{"no action", identity(`"Effect": "Allow", "Resource": "*"`), policy.Identity, 2, "Action is missing"},
		{"empty action", identity(`"Effect": "Allow", "Action": []`), policy.Identity, 2, "Action is empty"},
		{"action is no text", identity(`"Effect": "Allow", "Action": [1]`), policy.Identity, 2, "Action is a text or a list of texts"},
		{"action without service", identity(`"Effect": "Allow", "Action": "PutRecord"`), policy.Identity, 2, `Action "PutRecord" is not an action`},
		{"both actions", allow(`, "NotAction": "kinesis:*"`), policy.Identity, 2, "Action and NotAction exclude each other"},
		{"no resource", identity(`"Effect": "Allow", "Action": "*"`), policy.Identity, 2, "Resource is missing"},
		{"short ARN", identity("\"Resource\": [\n\"arn:aws:kinesis:*:stream/x\"]"), policy.Identity, 3, "is not \"*\" or an ARN of six parts"},
		{"ARN with a part missing", identity(`"Resource": "arn:aws:kinesis:*:stream/x:y"`), policy.Identity, 2, "ARN of six parts"},
		{"open variable", identity(`"Resource": "arn:aws:kinesis:::stream/${aws:username"`), policy.Identity, 2, "has a ${ that no } ends"},
		{"unknown variable", identity(`"Resource": "arn:aws:kinesis:::stream/${aws:nothing}"`), policy.Identity, 2, `unknown condition key "aws:nothing"`},
		{"variable of a list", identity(`"Resource": "arn:aws:kinesis:::stream/${aws:TagKeys}"`), policy.Identity, 2, "several values"},
		{"default without quotes", identity(`"Resource": "arn:aws:kinesis:::stream/${aws:username, x}"`), policy.Identity, 2, "single quotes"},
		{"principal of an identity", to(`"Principal": "*"`), policy.Identity, 2, "Principal has no place"},
		{"no principal", allow(``), policy.Resource, 2, "Principal is missing"},
		{"principal with a wildcard", to(`"Principal": {"AWS": "arn:aws:iam::111111111111:user/*"}`), policy.Resource, 3, "has a wildcard"},
		{"principal of no identity", to(`"Principal": {"AWS": "arn:aws:iam::111111111111:group/x"}`), policy.Resource, 3, "is not the ARN of a user"},
		{"principal is no ARN", to(`"Principal": {"AWS": "bob"}`), policy.Resource, 3, "is not *, an account or the ARN"},
		{"unknown kind of principal", to(`"Principal": {"GCP": "bob"}`), policy.Resource, 3, "Principal has no kind GCP"},
		{"principal is a name", to(`"Principal": "bob"`), policy.Resource, 3, "Principal is"},
		{
			"others trusted", `{"Statement": {"Effect": "Deny", "Action": "sts:AssumeRole",
  "NotPrincipal": {"AWS": "111111111111"}}}`, policy.Trust, 1, "NotPrincipal has no place in a trust policy",
		},
		{"others allowed", to(`"NotPrincipal": {"AWS": "111111111111"}`), policy.Resource, 2, "NotPrincipal is for Deny only"},
		{"resource of a trust policy", to(`"Principal": "*"`), policy.Trust, 2, "Resource has no place"},
		{"unknown operator", condition(`{"StringIs": {"aws:username": "x"}}`), policy.Identity, 3, "unknown condition operator StringIs"},
		{"null if exists", condition(`{"NullIfExists": {"aws:username": "true"}}`), policy.Identity, 3, "unknown condition operator NullIfExists"},
		{"unknown qualifier", condition(`{"ForSomeValues:StringLike": {"aws:username": "x"}}`), policy.Identity, 3, "unknown condition operator"},
		{"unknown key", condition("{\"Bool\": {\n\"aws:Nothing\": \"x\"}}"), policy.Identity, 4, `unknown condition key "aws:Nothing"`},
		{"tag without name", condition(`{"Bool": {"aws:RequestTag/": "x"}}`), policy.Identity, 3, "unknown condition key"},
		{"list without qualifier", condition(`{"StringLike": {"aws:TagKeys": "x"}}`), policy.Identity, 3, "needs ForAnyValue: or ForAllValues:"},
		{"no keys", condition(`{"StringLike": {}}`), policy.Identity, 3, "StringLike is an object of condition keys"},
		{"no values", condition(`{"StringLike": {"aws:username": []}}`), policy.Identity, 3, "aws:username is empty"},
		{"value is an object", condition(`{"StringLike": {"aws:username": {}}}`), policy.Identity, 3, "is a value or a list of values"},
		{"value is null", condition(`{"StringLike": {"aws:username": null}}`), policy.Identity, 3, "is a value or a list of values"},
		{"no number", condition(`{"NumericEquals": {"aws:EpochTime": "ten"}}`), policy.Identity, 3, `"ten" is not a number`},
		{"no date", condition(`{"DateEquals": {"aws:CurrentTime": "noon"}}`), policy.Identity, 3, `"noon" is not a date`},
		{"no bool", condition(`{"Bool": {"aws:SecureTransport": "yes"}}`), policy.Identity, 3, `"yes" is not true or false`},
		{"no address", condition(`{"IpAddress": {"aws:SourceIp": "10.0.0.0/99"}}`), policy.Identity, 3, "is not an address"},
		{"mapped network", condition(`{"IpAddress": {"aws:SourceIp": "::ffff:10.0.0.0/104"}}`), policy.Identity, 3, "network of IPv4 in the form of IPv6"},
		{"no ARN", condition(`{"ArnLike": {"aws:PrincipalArn": "bob"}}`), policy.Identity, 3, "ARN of six parts"},
		{"condition is a list", condition(`[]`), policy.Identity, 3, "Condition is an object"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := policy.ParseJSON("test", test.kind, []byte(test.text))
			var e *policy.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v of\n%s", err, test.text)
			}
			if e.Line != test.line || !strings.Contains(e.Reason, test.reason) {
				t.Errorf("got line %d, %s; want line %d, %s, of\n%s", e.Line, e.Reason, test.line, test.reason, test.text)
			}
		})
	}
}

// TestParseYAMLErrors has what only YAML can get wrong.
func TestParseYAMLErrors(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n" +
		"b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n" +
		"c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n" +
		"d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n" +
		"e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
	tests := []struct {
		name, text string
		line       int
		reason     string
	}{
		{"merge", "x: &x {Effect: Allow}\nStatement: {<<: *x}", 2, "not a name"},
		{"name is a list", "Statement:\n  {[a]: b}", 2, "not a name"},
		{"binary", "Id: !!binary aGVsbG8=", 1, "not a kind of value"},
		{"aliases upon aliases", bomb, 1, "values"},
		{"aliases in circles", "Statement: &s\n  - *s", 1, "nested too deep"},
		{"member twice", "Id: a\nId: b", 2, "Id is given twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseYAML(policy.Identity, test.text)
			var e *policy.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if e.Line != test.line || !strings.Contains(e.Reason, test.reason) {
				t.Errorf("got line %d, %s; want line %d, %s", e.Line, e.Reason, test.line, test.reason)
			}
		})
	}
}
