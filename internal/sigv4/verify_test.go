package sigv4_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"leat/internal/sigv4"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	secret   = "wJalrXUtnFEMI/K7MDENG"
	body     = `{"StreamName":"orders"}`
	mismatch = "The request signature we calculated does not match the signature you provided."
)

// post is a request of an SDK, not signed yet.
func post(tb testing.TB, target, payload string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, target, strings.NewReader(payload))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.ListStreams")
	return r
}

func hash(payload string) string {
	sum := sha256.Sum256([]byte(payload))
	return hex.EncodeToString(sum[:])
}

// sign signs a request as the SDK does.
func sign(tb testing.TB, r *http.Request, payload string, key sigv4.Key, at time.Time) {
	tb.Helper()
	c := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: key.Secret, SessionToken: key.SessionToken}
	err := v4.NewSigner().SignHTTP(tb.Context(), c, r, hash(payload), "kinesis", "eu-west-1", at)
	if err != nil {
		tb.Fatal(err)
	}
}

// presign puts the signature into a request's query.
func presign(tb testing.TB, r *http.Request, payload string, key sigv4.Key, at time.Time) {
	tb.Helper()
	c := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: key.Secret, SessionToken: key.SessionToken}
	signed, _, err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableHeaderHoisting = true }).
		PresignHTTP(tb.Context(), c, r, hash(payload), "kinesis", "eu-west-1", at)
	if err != nil {
		tb.Fatal(err)
	}
	if r.URL, err = url.Parse(signed); err != nil {
		tb.Fatal(err)
	}
}

// verify verifies a request as a server gets it.
func verify(v *sigv4.Verifier, r *http.Request, payload string, key sigv4.Key, now time.Time) error {
	s, err := sigv4.Parse(sigv4.Request{
		Authorization: r.Header.Get("Authorization"),
		HasDate:       r.Header.Get("X-Amz-Date") != "" || r.Header.Get("Date") != "",
		Query:         r.URL.Query(),
	})
	if err != nil {
		return err
	}
	return v.Verify(&s, &sigv4.Message{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Body: []byte(payload),
		Header: func(name string) []string {
			switch name {
			case "host":
				return []string{r.Host}
			case "content-length":
				return []string{strconv.Itoa(len(payload))}
			}
			return r.Header.Values(name)
		},
	}, key, now)
}

// forms are the two places of a signature.
var forms = map[string]func(testing.TB, *http.Request, string, sigv4.Key, time.Time){
	"header": sign, "presigned": presign,
}

// TestVerify takes what the SDK signs.
func TestVerify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		url    string
		change func(*http.Request)
		key    sigv4.Key
	}{
		{name: "plain", url: "http://127.0.0.1:4567/", key: sigv4.Key{Secret: secret}},
		{name: "without a path", url: "http://localhost:4567", key: sigv4.Key{Secret: secret}},
		{name: "session", url: "http://[::1]:4567/", key: sigv4.Key{Secret: secret, SessionToken: "to/ken+=="}},
		{name: "expires later", url: "http://a/", key: sigv4.Key{Secret: secret, Expires: noon.Add(time.Nanosecond)}},
		{name: "path", url: "http://a/b%20c/d%2Fe//f~g", key: sigv4.Key{Secret: secret}},
		{name: "query", url: "http://a/?b=2&b=1&a=%20%2f+&c", key: sigv4.Key{Secret: secret}},
		{
			name: "repeated and padded headers", url: "http://a/", key: sigv4.Key{Secret: secret},
			change: func(r *http.Request) {
				r.Header["X-Amz-Meta"] = []string{"b   c", "a", "", " d "}
			},
		},
		{
			name: "a header that a proxy adds", url: "http://a/", key: sigv4.Key{Secret: secret},
			change: func(r *http.Request) { r.Header.Set("User-Agent", "x") },
		},
	}
	for _, tt := range tests {
		for form, sign := range forms {
			t.Run(tt.name+", "+form, func(t *testing.T) {
				t.Parallel()
				v := sigv4.NewVerifier("kinesis")
				for range 2 { // with the key derived, and from the cache
					r := post(t, tt.url, body)
					if tt.change != nil {
						tt.change(r)
					}
					sign(t, r, body, tt.key, noon)
					r.Header.Set("X-Amz-Cf-Id", "of a proxy")
					if err := verify(v, r, body, tt.key, noon); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// TestVerifyRefuses changes one thing after the SDK has signed.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	session := sigv4.Key{Secret: secret, SessionToken: "token"}
	tests := []struct {
		name    string
		change  func(*http.Request)
		body    string
		key     sigv4.Key     // of the server, if it has another one
		late    time.Duration // how late it comes
		code    string
		message string // how it begins
	}{
		{name: "body", body: body + " ", code: sigv4.CodeInvalid, message: mismatch},
		{name: "method", change: func(r *http.Request) { r.Method = "PUT" }, code: sigv4.CodeInvalid, message: mismatch},
		{name: "path", change: func(r *http.Request) { r.URL.Path = "/a" }, code: sigv4.CodeInvalid, message: mismatch},
		{name: "host", change: func(r *http.Request) { r.Host = "b" }, code: sigv4.CodeInvalid, message: mismatch},
		{name: "query", change: func(r *http.Request) { r.URL.RawQuery += "&a=1" }, code: sigv4.CodeInvalid, message: mismatch},
		{
			name: "target", code: sigv4.CodeInvalid, message: mismatch,
			change: func(r *http.Request) { r.Header.Set("X-Amz-Target", "Kinesis_20131202.DeleteStream") },
		},
		{
			name: "second target", code: sigv4.CodeInvalid, message: mismatch,
			change: func(r *http.Request) { r.Header.Add("X-Amz-Target", "Kinesis_20131202.DeleteStream") },
		},
		{
			name: "another secret", key: sigv4.Key{Secret: "x", SessionToken: "token"},
			code: sigv4.CodeInvalid, message: mismatch,
		},
		{
			name: "another token", key: sigv4.Key{Secret: secret, SessionToken: "other"},
			code: sigv4.CodeUnrecognized, message: "The security token included in the request is invalid.",
		},
		{
			name: "a token too many", key: sigv4.Key{Secret: secret},
			code: sigv4.CodeUnrecognized, message: "The security token included in the request is invalid.",
		},
		{
			name: "expired token", key: sigv4.Key{Secret: secret, SessionToken: "token", Expires: noon},
			code: sigv4.CodeExpiredToken, message: "The security token included in the request is expired",
		},
		{
			name: "late", late: 5*time.Minute + time.Second, code: sigv4.CodeInvalid,
			message: "Signature expired: 20261120T120000Z is now earlier than 20261120T120001Z (20261120T120501Z - 5 min.)",
		},
		{
			name: "early", late: -5*time.Minute - time.Second, code: sigv4.CodeInvalid,
			message: "Signature not yet current: 20261120T120000Z is still later than 20261120T115959Z (20261120T115459Z + 5 min.)",
		},
	}
	for _, tt := range tests {
		for form, sign := range forms {
			t.Run(tt.name+", "+form, func(t *testing.T) {
				t.Parallel()
				r := post(t, "http://127.0.0.1:4567/", body)
				sign(t, r, body, session, noon)
				if tt.change != nil {
					tt.change(r)
				}
				payload, key := body, session
				if tt.body != "" {
					payload = tt.body
				}
				if tt.key != (sigv4.Key{}) {
					key = tt.key
				}
				wantError(t, verify(sigv4.NewVerifier("kinesis"), r, payload, key, noon.Add(tt.late)), tt.code, tt.message)
			})
		}
	}
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[*sigv4.Error](err)
	if !ok || e.Code != code || !strings.HasPrefix(e.Message, message) {
		t.Errorf("error %v\nwant %s: %s", err, code, message)
	}
}

// names are so many different names of headers.
func names(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(";x" + strconv.Itoa(i))
	}
	return b.String()
}

// TestVerifyHeader refuses parameters that no SDK sends.
func TestVerifyHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, from, to string
		code, message  string
	}{
		{"algorithm", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", sigv4.CodeIncomplete, "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'."},
		{"service", "/kinesis/", "/dynamodb/", sigv4.CodeInvalid, "Credential should be scoped to correct service: 'kinesis'. "},
		{
			"terminator", "aws4_request", "aws3_request", sigv4.CodeInvalid,
			"Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'. ",
		},
		{
			"date", "/20261120/", "/20261119/", sigv4.CodeInvalid,
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
				"'20261119' != '20261120', from '20261120T120000Z'.",
		},
		{"region", "eu-west-1", "us-east-1", sigv4.CodeInvalid, mismatch},
		{"key id", "AKID", "DIKA", "", ""}, // the caller has looked it up
		{"host not signed", ";host", "", sigv4.CodeInvalid, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"target not signed", ";x-amz-target", "", sigv4.CodeInvalid, "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."},
		{"date not signed", ";x-amz-date", "", sigv4.CodeInvalid, "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."},
		{"a header again", ";host", ";host;host", sigv4.CodeInvalid, "The 'SignedHeaders' in the AWS Authorization must be different names"},
		{
			"too many headers", ";host", ";host" + names(99), sigv4.CodeInvalid,
			"The 'SignedHeaders' in the AWS Authorization must be different names",
		},
		{"a header less", "content-type;", "", sigv4.CodeInvalid, mismatch},
		{"a header more", ";host", ";from;host", sigv4.CodeInvalid, mismatch},
		{"half a signature", "Signature=", "Signature=0", sigv4.CodeInvalid, mismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := post(t, "http://a/", body)
			sign(t, r, body, sigv4.Key{Secret: secret}, noon)
			header := r.Header.Get("Authorization")
			r.Header.Set("Authorization", strings.Replace(header, tt.from, tt.to, 1))
			if r.Header.Get("Authorization") == header {
				t.Fatalf("%q has no %q", header, tt.from)
			}
			err := verify(sigv4.NewVerifier("kinesis"), r, body, sigv4.Key{Secret: secret}, noon)
			if tt.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, tt.code, tt.message)
		})
	}
}

// TestVerifyCostsLittle names a long header as often as fits into a request, which
// must not be read that often.
func TestVerifyCostsLittle(t *testing.T) {
	r := post(t, "http://a/", body)
	sign(t, r, body, sigv4.Key{Secret: secret}, noon)
	r.Header.Set("X", strings.Repeat("x", 32<<10))
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ";host", ";host"+strings.Repeat(";x", 16<<10), 1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := verify(sigv4.NewVerifier("kinesis"), r, body, sigv4.Key{Secret: secret}, noon)
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; err == nil || grown > 1<<20 {
		t.Errorf("%d bytes were taken (%v)", grown, err)
	}
}

func TestVerifyDates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, date, message string }{
		{"garbage", "noon", "Date must be in ISO-8601 'basic format'. Got 'noon'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"another second", "20261120T120001Z", mismatch},
	} {
		r := post(t, "http://a/", body)
		sign(t, r, body, sigv4.Key{Secret: secret}, noon)
		r.Header.Set("X-Amz-Date", tt.date)
		err := verify(sigv4.NewVerifier("kinesis"), r, body, sigv4.Key{Secret: secret}, noon)
		if err == nil || !strings.Contains(err.Error(), tt.message) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestPresignedLife lets a presigned request say how long it is good for.
func TestPresignedLife(t *testing.T) {
	t.Parallel()
	key := sigv4.Key{Secret: secret}
	for _, tt := range []struct {
		expires string
		late    time.Duration
		want    string // part of the error, empty for none
	}{
		{"60", time.Minute, ""},
		{"60", time.Minute + time.Second, "(20261120T120101Z - 1 min.)"},
		{"90", 91 * time.Second, "- 90 sec.)"},
		{"604800", 7 * 24 * time.Hour, ""},
		{"604801", 0, "X-Amz-Expires must be"},
		{"0", 0, "X-Amz-Expires must be"},
		{"x", 0, "X-Amz-Expires must be"},
		{"60", -5*time.Minute - time.Second, "Signature not yet current"},
	} {
		r := post(t, "http://a/?X-Amz-Expires="+tt.expires, body)
		presign(t, r, body, key, noon)
		err := verify(sigv4.NewVerifier("kinesis"), r, body, key, noon.Add(tt.late))
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s s, %v late: %v, want %q", tt.expires, tt.late, err, tt.want)
		}
	}
}

// TestUnsignedPayload sees that a body is covered even if its hash is said not
// to matter.
func TestUnsignedPayload(t *testing.T) {
	t.Parallel()
	const unsigned = "UNSIGNED-PAYLOAD"
	r := post(t, "http://a/", body)
	r.Header.Set("X-Amz-Content-Sha256", unsigned)
	c := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), c, r, unsigned, "kinesis", "eu-west-1", noon); err != nil {
		t.Fatal(err)
	}
	wantError(t, verify(sigv4.NewVerifier("kinesis"), r, body, sigv4.Key{Secret: secret}, noon), sigv4.CodeInvalid, mismatch)
}

// FuzzVerify signs what the SDK would, and takes it; and refuses it with a byte
// of the body changed.
func FuzzVerify(f *testing.F) {
	f.Add("/a b", "v=1", "x  y", body, false)
	f.Add("", "", "", "", true)
	f.Add("//%25", "\xff&=", "\t", "\x00", true)
	f.Fuzz(func(t *testing.T, path, value, header, payload string, presigned bool) {
		target := url.URL{
			Scheme: "http", Host: "a:1", Path: "/" + strings.TrimLeft(path, "/"),
			RawQuery: url.Values{"v": {value, "1"}}.Encode(),
		}
		r := post(t, target.String(), payload)
		r.Header["X-Amz-Meta"] = []string{strings.Map(printable, header)}
		key := sigv4.Key{Secret: secret}
		if presigned {
			presign(t, r, payload, key, noon)
		} else {
			sign(t, r, payload, key, noon)
		}
		v := sigv4.NewVerifier("kinesis")
		if err := verify(v, r, payload, key, noon); err != nil {
			t.Fatalf("%v %v: %v", r.URL, r.Header, err)
		}
		if err := verify(v, r, payload+"x", key, noon); err == nil {
			t.Fatal("another body is taken")
		}
	})
}

// printable leaves the characters that a header may have.
func printable(c rune) rune {
	if c < ' ' || c > '~' {
		return -1
	}
	return c
}

// FuzzPresigned looks for a query that panics, or is taken unsigned.
func FuzzPresigned(f *testing.F) {
	f.Add("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20261120%2Feu-west-1%2Fkinesis%2Faws4_request" +
		"&X-Amz-Date=20261120T120000Z&X-Amz-SignedHeaders=host%3Bx-amz-target&X-Amz-Signature=5d67")
	f.Fuzz(func(t *testing.T, query string) {
		r := post(t, "http://a/", body)
		r.URL.RawQuery = query
		if err := verify(sigv4.NewVerifier("kinesis"), r, body, sigv4.Key{Secret: secret}, noon); err == nil {
			t.Fatal("taken")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	payload := strings.Repeat("x", 700<<10)
	for _, size := range []int{100, len(payload)} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			key, v := sigv4.Key{Secret: secret}, sigv4.NewVerifier("kinesis")
			r := post(b, "http://a/", payload[:size])
			sign(b, r, payload[:size], key, noon)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if err := verify(v, r, payload[:size], key, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
