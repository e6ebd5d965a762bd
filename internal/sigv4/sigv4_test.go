package sigv4_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"leat/internal/sigv4"
)

const scope = "20261120/eu-west-1/kinesis/aws4_request"

func TestParse(t *testing.T) {
	t.Parallel()
	whole := "AWS4-HMAC-SHA256 Credential=AKID/" + scope + ", SignedHeaders=host;x-amz-date, Signature=5d67"
	presigned := url.Values{
		"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Credential": {"AKID/" + scope},
		"X-Amz-Signature": {"5d67"}, "X-Amz-SignedHeaders": {"host"}, "X-Amz-Date": {"20261120T000000Z"},
	}
	akid := sigv4.Credential{AccessKeyID: "AKID", Date: "20261120", Region: "eu-west-1", Service: "kinesis", Terminator: "aws4_request"}
	tests := []struct {
		name    string
		request sigv4.Request
		want    sigv4.Credential
	}{
		{"header", sigv4.Request{Authorization: whole, HasDate: true}, akid},
		{
			"header without spaces",
			sigv4.Request{Authorization: strings.ReplaceAll(whole, ", ", ","), HasDate: true},
			akid,
		},
		{
			"header without commas",
			sigv4.Request{Authorization: strings.ReplaceAll(whole, ", ", "  "), HasDate: true},
			akid,
		},
		{
			"last of two",
			sigv4.Request{Authorization: "x Credential=B/1 Signature=s,SignedHeaders=h,Credential=A/2/r", HasDate: true},
			sigv4.Credential{AccessKeyID: "A", Date: "2", Region: "r"},
		},
		{
			"no scope",
			sigv4.Request{Authorization: "x Credential=any Signature=s SignedHeaders=h", HasDate: true},
			sigv4.Credential{AccessKeyID: "any"},
		},
		{"query", sigv4.Request{Query: presigned}, akid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := sigv4.Parse(tt.request)
			if err != nil || got.Credential != tt.want || got.Presigned != (tt.request.Query != nil) {
				t.Errorf("Parse = %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const (
		needCredential = "Authorization header requires 'Credential' parameter. "
		needSignature  = "Authorization header requires 'Signature' parameter. "
		needHeaders    = "Authorization header requires 'SignedHeaders' parameter. "
		needDate       = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
	)
	tests := []struct {
		name    string
		request sigv4.Request
		code    string
		message string
	}{
		{"nothing", sigv4.Request{}, sigv4.CodeMissing, "Missing Authentication Token"},
		{
			"query without algorithm",
			sigv4.Request{Query: url.Values{"X-Amz-Credential": {"a"}, "X-Amz-Signature": {"b"}}},
			sigv4.CodeMissing, "Missing Authentication Token",
		},
		{
			"both, the one in the query empty",
			sigv4.Request{Authorization: "x", Query: url.Values{"X-Amz-Algorithm": {""}}},
			sigv4.CodeInvalid,
			"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
		},
		{
			"header with nothing",
			sigv4.Request{Authorization: "AWS4-HMAC-SHA256"},
			sigv4.CodeIncomplete,
			needCredential + needSignature + needHeaders + needDate + "Authorization=AWS4-HMAC-SHA256",
		},
		{
			"first word is no parameter",
			sigv4.Request{Authorization: "Credential=a,Signature=b", HasDate: true},
			sigv4.CodeIncomplete,
			needCredential + needHeaders + "Authorization=Credential=a,Signature=b",
		},
		{
			"header without date",
			sigv4.Request{Authorization: "x Credential=a Signature=b SignedHeaders=c"},
			sigv4.CodeIncomplete,
			needDate + "Authorization=x Credential=a Signature=b SignedHeaders=c",
		},
		{
			"query with nothing",
			sigv4.Request{Query: url.Values{"X-Amz-Algorithm": {""}}},
			sigv4.CodeIncomplete,
			"AWS query-string parameters must include 'X-Amz-Algorithm'. " +
				"AWS query-string parameters must include 'X-Amz-Credential'. " +
				"AWS query-string parameters must include 'X-Amz-Signature'. " +
				"AWS query-string parameters must include 'X-Amz-SignedHeaders'. " +
				"AWS query-string parameters must include 'X-Amz-Date'. " +
				"Re-examine the query-string parameters.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := sigv4.Parse(tt.request)
			var e *sigv4.Error
			if !errors.As(err, &e) || e.Code != tt.code || e.Message != tt.message {
				t.Errorf("Parse failed with %v\nwant %s: %s", err, tt.code, tt.message)
			}
		})
	}
}

func TestParseDoesNotAllocate(t *testing.T) {
	r := sigv4.Request{
		Authorization: "AWS4-HMAC-SHA256 Credential=AKID/" + scope + ", SignedHeaders=host, Signature=5d67",
		HasDate:       true,
	}
	n := testing.AllocsPerRun(100, func() {
		if _, err := sigv4.Parse(r); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("Parse allocates %v times", n)
	}
}

// FuzzParse checks that a credential is found exactly where the three
// parameters are, and that what is found is part of the header.
func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=AKID/" + scope + ", SignedHeaders=host, Signature=5d67")
	f.Add("AWS4-HMAC-SHA256 Credential=,Signature==, SignedHeaders")
	f.Add(" , ,Credential=a/b/c/d/e/f")
	f.Fuzz(func(t *testing.T, authorization string) {
		c, err := sigv4.Parse(sigv4.Request{Authorization: authorization, HasDate: true})
		if err != nil {
			var e *sigv4.Error
			if !errors.As(err, &e) || e.Message == "" {
				t.Fatalf("Parse failed with %v", err)
			}
			return
		}
		for _, name := range []string{"Credential=", "Signature=", "SignedHeaders="} {
			if !strings.Contains(authorization, name) {
				t.Errorf("accepted without %q", name)
			}
		}
		if !strings.Contains(authorization, "Credential="+c.AccessKeyID) {
			t.Errorf("the key id %q is not in the header", c.AccessKeyID)
		}
	})
}
