package httpd_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"leat/internal/api"
	"leat/internal/auth"
	"leat/internal/httpd"
	"leat/internal/service"
)

// key is that of the user of a handler with authentication.
var key = aws.Credentials{AccessKeyID: "LKIAUSER", SecretAccessKey: "secret-of-a-user"}

// newAuthenticated returns a handler over operations that a user may perform to
// whom a policy allows something, at a time.
func newAuthenticated(t *testing.T, policy string, now func() time.Time, operations ...service.Operation) *httpd.Handler {
	t.Helper()
	d, err := auth.Parse([]byte(`accounts: [{id: "111122223333", users: [{name: user, policies: [` + policy + `],
  keys: [{id: ` + key.AccessKeyID + `, secret: ` + key.SecretAccessKey + `}]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	return httpd.NewHandler(httpd.Config{
		Services: asKinesis(operations...), Account: account, Region: region,
		Auth: func() *auth.Directory { return d }, Now: now,
		Ready: func() error { return nil }, Logger: slog.New(slog.DiscardHandler),
	})
}

// ask sends a signed request and returns its answer.
func ask(t *testing.T, transport http.RoundTripper, url, operation string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(name))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", json11)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	sum := sha256.Sum256([]byte(name))
	if err := v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(sum[:]), "kinesis", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// onStream returns an operation that needs to be allowed on a stream.
func onStream(op service.Operation) service.Operation {
	op.Resources = func(c service.Caller, _ api.Input) ([]service.Resource, error) {
		return []service.Resource{{Action: "kinesis:" + op.Name, ARN: "arn:aws:kinesis:" + c.Region + ":" + c.Account + ":stream/orders"}}, nil
	}
	return op
}

// TestConditionsOfTheConnection asks on every kind of connection for what is
// allowed over TLS from this machine only.
func TestConditionsOfTheConnection(t *testing.T) {
	t.Parallel()
	h := newAuthenticated(t, `{Statement: {Effect: Allow, Action: "*", Resource: "*", Condition: {
		Bool: {"aws:SecureTransport": "true"}, IpAddress: {"aws:SourceIp": "127.0.0.1"}}}}`, nil, onStream(echo()[0]))
	addr, pool := serveTLS(t, h, nil)
	secure := func(http2 bool) *http.Transport {
		var p http.Protocols
		p.SetHTTP1(!http2)
		p.SetHTTP2(http2)
		return &http.Transport{Protocols: &p, TLSClientConfig: &tls.Config{RootCAs: pool}}
	}
	const (
		allowed = `{"ShardId":"orders","SequenceNumber":"111122223333 us-east-1"}`
		denied  = `{"__type":"AccessDeniedException","message":"User: arn:aws:iam::111122223333:user/user is not authorized to perform: ` +
			`kinesis:DescribeStreamSummary on resource: arn:aws:kinesis:us-east-1:111122223333:stream/orders ` +
			`because no identity-based policy allows the kinesis:DescribeStreamSummary action"}`
	)
	for _, tt := range []struct {
		name, scheme string
		transport    *http.Transport
		want         string
	}{
		{"HTTP/1.1", "http", clearText(false, nil), denied},
		{"HTTP/2", "http", clearText(true, nil), denied},
		{"HTTP/1.1 in TLS", "https", secure(false), allowed},
		{"HTTP/2 in TLS", "https", secure(true), allowed},
	} {
		defer tt.transport.CloseIdleConnections()
		if got := ask(t, tt.transport, tt.scheme+"://"+addr, "DescribeStreamSummary"); got != tt.want {
			t.Errorf("%s: answered %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// TestUnnamedIsDenied has operations that do not say what they need, or need
// nothing: nobody may perform them.
func TestUnnamedIsDenied(t *testing.T) {
	t.Parallel()
	nothing := echo()[0]
	nothing.Resources = func(service.Caller, api.Input) ([]service.Resource, error) { return nil, nil }
	for name, op := range map[string]service.Operation{"unnamed": echo()[0], "nothing": nothing} {
		addr := serve(t, newAuthenticated(t, `{Statement: {Effect: Allow, Action: "*", Resource: "*"}}`, nil, op))
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		if got := ask(t, transport, "http://"+addr, "DescribeStreamSummary"); got != `{"__type":"AccessDeniedException"}` {
			t.Errorf("%s: answered %s", name, got)
		}
	}
}

// TestDeniedByItsName has a resource whose ARN says more than the request.
func TestDeniedByItsName(t *testing.T) {
	t.Parallel()
	op := echo()[0]
	op.Resources = func(service.Caller, api.Input) ([]service.Resource, error) {
		return []service.Resource{{Action: "kinesis:A", ARN: "arn:aws:kinesis:::secret", Name: "name"}}, nil
	}
	addr := serve(t, newAuthenticated(t, `{Statement: {Effect: Deny, Action: "*", Resource: "*"}}`, nil, op))
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	got := ask(t, transport, "http://"+addr, "DescribeStreamSummary")
	if !strings.Contains(got, "kinesis:A on resource: name with an explicit deny") || strings.Contains(got, "secret") {
		t.Errorf("answered %s", got)
	}
}

// TestSkewedClock lets the SDK meet a server whose clock differs by an hour. It
// has to find that out from the answer, and to sign again.
func TestSkewedClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{time.Hour, -time.Hour} {
		now := func() time.Time { return time.Now().Add(skew) }
		h := newAuthenticated(t, `{Statement: {Effect: Allow, Action: "*", Resource: "*"}}`, now, onStream(service.Operation{
			Name: "DescribeLimits", Schema: &api.Structure{}, Input: func() api.Input { return new(api.DescribeLimitsInput) },
			Call: func(context.Context, service.Caller, api.Input) (api.Output, error) {
				return &api.DescribeLimitsOutput{ShardLimit: 7}, nil
			},
		}))
		addr := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", now().UTC().Format(http.TimeFormat))
			h.ServeHTTP(w, r)
		}))
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := sdk.New(sdk.Options{
			BaseEndpoint: aws.String("http://" + addr), Region: region,
			Credentials: credentials.StaticCredentialsProvider{Value: key},
			HTTPClient:  &http.Client{Transport: transport},
		})
		out, err := client.DescribeLimits(t.Context(), &sdk.DescribeLimitsInput{})
		if err != nil || aws.ToInt32(out.ShardLimit) != 7 {
			t.Errorf("a clock off by %v: %v, %v", skew, out, err)
		}
	}
}
