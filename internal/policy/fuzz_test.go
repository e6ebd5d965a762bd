package policy_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"leat/internal/policy"
)

// FuzzParse reads any text as each kind of policy. What is no policy says why and
// where; what is one decides, and the same when it is read as YAML.
func FuzzParse(f *testing.F) {
	for _, e := range examples {
		f.Add(e.identity)
		f.Add(e.resource)
	}
	f.Add(`{"Statement": [{"Effect": "Deny", "NotPrincipal": {"AWS": "111111111111"}, "NotAction": "a:b", "NotResource": "arn:*"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []policy.Kind{policy.Identity, policy.Resource, policy.Trust} {
			p, err := policy.ParseJSON("fuzz", kind, []byte(text))
			if err != nil {
				var e *policy.Error
				if !errors.As(err, &e) || e.Line < 1 || e.Line > 1+strings.Count(text, "\n") || e.Reason == "" {
					t.Fatalf("error %#v of %q", err, text)
				}
				continue
			}
			r := question()
			d := policy.Evaluate(&r, policy.Policies{Identity: []*policy.Policy{p}, Resource: p})
			if !plainJSON(text) {
				continue
			}
			y, err := parseYAML(kind, text)
			if err != nil {
				t.Fatalf("JSON, but not YAML: %v of %q", err, text)
			}
			if again := policy.Evaluate(&r, policy.Policies{Identity: []*policy.Policy{y}, Resource: y}); again.Outcome != d.Outcome {
				t.Errorf("as JSON %s, as YAML %s, by %q", d, again, text)
			}
		}
	})
}

// plainJSON reports whether a JSON text is one that YAML reads in the same way:
// it has no escapes and nothing but printable characters, and no name is longer
// than YAML allows.
func plainJSON(text string) bool {
	return len(text) < 1000 && !strings.ContainsFunc(text, func(r rune) bool {
		return r == '\\' || r > '~' || r < ' ' && r != '\n'
	})
}

// FuzzLike compares StringLike with regular expressions.
func FuzzLike(f *testing.F) {
	for _, s := range [][2]string{
		{"a*b?c", "axxbyc"}, {"*", "x"}, {"", "x"}, {"**a", "aaa"}, {"?", "ü"}, {"a*a*a", "aaaa"}, {"*ab*ab", "abxab"}, {"$*{", "$a{"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if value == "" || !utf8.ValidString(pattern) || !utf8.ValidString(value) || len(pattern) > 100 || len(value) > 1000 {
			return
		}
		p, err := policy.ParseJSON("fuzz", policy.Identity, []byte(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
			"Condition": {"StringLike": {"aws:username": `+quoteJSON(pattern)+`}}}}`))
		if err != nil {
			t.Fatalf("pattern %q: %v", pattern, err)
		}
		var expr strings.Builder
		expr.WriteString("(?s)^")
		for _, c := range pattern {
			switch c {
			case '*':
				expr.WriteString(".*")
			case '?':
				expr.WriteString(".")
			default:
				expr.WriteString(regexp.QuoteMeta(string(c)))
			}
		}
		want := regexp.MustCompile(expr.String() + "$").MatchString(value)
		r := question()
		r.Principal.UserName = value
		if got := policy.Evaluate(&r, policy.Policies{Identity: []*policy.Policy{p}}).Allowed(); got != want {
			t.Errorf("%q matches %q: %t", pattern, value, got)
		}
	})
}

// FuzzResource asks of an ARN whether patterns made from it match it: itself, and
// with one part replaced by a star.
func FuzzResource(f *testing.F) {
	f.Add("aws", "kinesis", "us-east-1", "111111111111", "stream/orders/consumer/app:1")
	f.Add("aws-cn", "s3", "", "", "bucket/a:b:c")
	f.Fuzz(func(t *testing.T, partition, service, region, account, name string) {
		parts := []string{"arn", partition, service, region, account, name}
		for i, p := range parts {
			if !utf8.ValidString(p) || strings.ContainsAny(p, "*?$") || i < 5 && strings.ContainsAny(p, ":/}") {
				return
			}
		}
		arn := strings.Join(parts, ":")
		for i := 1; i <= len(parts); i++ {
			star := append([]string(nil), parts...)
			if i < len(parts) {
				star[i] = "*"
			}
			for _, pattern := range []string{strings.Join(star, ":"), strings.Join(star[:i], ":") + ":*"} {
				if i == len(parts) {
					pattern = arn
				}
				if !allowsResource(t, pattern, arn) {
					t.Errorf("%q does not match %q", pattern, arn)
				}
			}
			other := append([]string(nil), parts...)
			if i < len(parts) {
				other[i] += "x"
				if allowsResource(t, arn, strings.Join(other, ":")) {
					t.Errorf("%q matches %q", arn, strings.Join(other, ":"))
				}
			}
		}
	})
}

func allowsResource(t *testing.T, pattern, arn string) bool {
	t.Helper()
	p, err := policy.ParseJSON("fuzz", policy.Identity, []byte(
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": `+quoteJSON(pattern)+`}}`))
	if err != nil {
		t.Fatalf("pattern %q: %v", pattern, err)
	}
	r := question()
	r.Resource = arn
	return policy.Evaluate(&r, policy.Policies{Identity: []*policy.Policy{p}}).Allowed()
}

// quoteJSON returns a text as JSON.
func quoteJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}
