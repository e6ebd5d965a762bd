package httpd_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"leat/internal/api"
	"leat/internal/auth"
	"leat/internal/httpd"
	"leat/internal/metrics"
	"leat/internal/service"
)

const metricsPage = "GET /metrics"

// wantLines checks that a page has lines.
func wantLines(t *testing.T, page string, lines ...string) {
	t.Helper()
	have := strings.Split(page, "\n")
	for _, line := range lines {
		if slices.Contains(have, line) {
			continue
		}
		name, _, _ := strings.Cut(line, "{")
		others := slices.DeleteFunc(slices.Clone(have), func(l string) bool { return !strings.HasPrefix(l, name) })
		t.Errorf("no line %s in\n%s", line, strings.Join(others, "\n"))
	}
}

// TestMetricsPage is open as far as Host and Origin are admitted, and read only.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	addr := serve(t, newHandler(&log, echo()...))
	for _, tt := range []struct {
		name, line string
		headers    []string
		status     int
	}{
		{"open", metricsPage, nil, 200},
		{"of a page of this machine", metricsPage, []string{"Origin: http://localhost:3000"}, 200},
		{"with a query", metricsPage + "?name[]=leat_requests_in_flight", nil, 200},
		{"head", "HEAD /metrics", nil, 200},
		{"of a foreign page", metricsPage, []string{"Origin: https://evil.example"}, 403},
		{"below it", metricsPage + "/x", nil, 403},
		{"written", "PUT /metrics", nil, 403},
	} {
		r := exchange(t, addr, request(tt.line, tt.headers, ""))
		if r.StatusCode != tt.status || tt.status == 403 && r.body != denied {
			t.Errorf("%s: answered %d %s", tt.name, r.StatusCode, r.body)
		}
	}
	r := exchange(t, addr, bytes.Replace(request(metricsPage, nil, ""), []byte("Host: 127.0.0.1"), []byte("Host: evil.example"), 1))
	if r.StatusCode != http.StatusForbidden || r.body != denied {
		t.Errorf("for a foreign host: answered %d %s", r.StatusCode, r.body)
	}
}

// TestRequestsAreCounted sends what succeeds, fails and names no operation.
func TestRequestsAreCounted(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	h := httpd.NewHandler(httpd.Config{
		Services: asKinesis(echo()...), Account: account, Region: region, Metrics: m,
		Ready: func() error { return nil }, Logger: slog.New(slog.DiscardHandler),
	})
	answered := 0
	ask := func(operation, body string, headers ...string) {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader(body))
		for _, header := range append(signed(operation), headers...) {
			k, v, _ := strings.Cut(header, ": ")
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		answered = w.Body.Len()
	}
	ask("DescribeStreamSummary", name)
	ask("CreateStream", name)
	ask("CreateStream", "{")
	for range 2 {
		ask("DeleteStream", name)
	}
	ask("ListStreams", name) // panics
	ask("MadeUp", name)
	ask("MadeUpToo", name)
	ask("CreateStream", name, "Origin: https://evil.example")
	ask("DescribeStreamSummary", name)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil))
	page := w.Body.String()
	wantLines(t, page,
		`leat_requests_total{code="OK",operation="DescribeStreamSummary",service="kinesis"} 2`,
		`leat_request_bytes_total{operation="DescribeStreamSummary",service="kinesis"} `+itoa(2*len(name)),
		`leat_answer_bytes_total{operation="DescribeStreamSummary",service="kinesis"} `+itoa(2*answered),
		`leat_request_duration_seconds_count{operation="DescribeStreamSummary",service="kinesis"} 2`,
		`leat_requests_total{code="OK",operation="CreateStream",service="kinesis"} 1`,
		`leat_requests_total{code="OK",operation="DescribeLimits",service="kinesis"} 0`,
		`leat_requests_total{code="SerializationException",operation="CreateStream",service="kinesis"} 1`,
		`leat_requests_total{code="ResourceNotFoundException",operation="DeleteStream",service="kinesis"} 2`,
		`leat_requests_total{code="InternalFailure",operation="ListStreams",service="kinesis"} 1`,
		`leat_requests_total{code="UnknownOperationException",operation="other",service="other"} 2`,
		`leat_requests_total{code="AccessDeniedException",operation="other",service="other"} 1`,
		`leat_requests_in_flight 1`,
		`leat_subscriptions 0`,
	)
	if strings.Contains(page, "MadeUp") {
		t.Errorf("clients make labels:\n%s", page)
	}
	if n := m.InFlight.Load(); n != 0 {
		t.Errorf("%d requests in flight", n)
	}
}

// TestSubscriptionsAreCounted looks at the metrics while a stream of events runs.
func TestSubscriptionsAreCounted(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	running := make(chan int64, 1)
	h := httpd.NewHandler(httpd.Config{
		Services: asKinesis(service.Operation{
			Name: "SubscribeToShard", Schema: &api.Structure{},
			Input: func() api.Input { return new(api.DescribeStreamSummaryInput) },
			Stream: func(context.Context, service.Caller, api.Input) (service.Events, error) {
				return func(func(api.Output, error) bool) { running <- m.Subscriptions.Load() }, nil
			},
		}),
		Account: account, Region: region, Metrics: m,
		Ready: func() error { return nil }, Logger: slog.New(slog.DiscardHandler),
	})
	r := exchange(t, serve(t, h), request(post, signed("SubscribeToShard"), name))
	if n := <-running; n != 1 || m.Subscriptions.Load() != 0 {
		t.Errorf("%d subscriptions run, then %d", n, m.Subscriptions.Load())
	}
	w := httptest.NewRecorder()
	httpd.NewMetricsHandler(m).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	wantLines(t, w.Body.String(), `leat_answer_bytes_total{operation="SubscribeToShard",service="kinesis"} `+itoa(len(r.body)))
}

// TestMetricsElsewhere hides the page, and shows it on a handler of its own.
func TestMetricsElsewhere(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	hidden := serve(t, httpd.NewHandler(httpd.Config{
		Services: asKinesis(echo()...), Account: account, Region: region, Metrics: m, HideMetrics: true,
		Ready: func() error { return nil }, Logger: slog.New(slog.DiscardHandler),
	}))
	if r := exchange(t, hidden, request(metricsPage, nil, "")); r.StatusCode != http.StatusForbidden || r.body != denied {
		t.Errorf("answered %d %s", r.StatusCode, r.body)
	}
	addr := serve(t, httpd.NewMetricsHandler(m))
	for line, status := range map[string]int{metricsPage: 200, "HEAD /metrics": 200, "POST /metrics": 404, "GET /": 404, "GET /healthz": 404} {
		r := exchange(t, addr, request(line, []string{"Origin: https://evil.example"}, ""))
		if r.StatusCode != status || r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: answered %d, %v", line, r.StatusCode, r.Header)
		}
	}
	wantLines(t, exchange(t, addr, request(metricsPage, nil, "")).body,
		`leat_requests_total{code="AccessDeniedException",operation="other",service="other"} 1`)
}

// TestMetricsNeedPermission asks with authentication: unsigned, wrongly signed,
// and signed by a user whom policies let see the metrics or not.
func TestMetricsNeedPermission(t *testing.T) {
	t.Parallel()
	const (
		allow = `{Statement: {Effect: Allow, Action: "leat:Metrics", Resource: "*"}}`
		other = `{Statement: {Effect: Allow, Action: "kinesis:*", Resource: "*"}}`
		no    = `User: arn:aws:iam::111122223333:user/user is not authorized to perform: leat:Metrics on resource: * because`
	)
	wrong := key
	wrong.SecretAccessKey = "another-secret"
	for _, tt := range []struct {
		name, policy string
		sign         func(*testing.T, *http.Request)
		reason       string // "" if it is allowed
	}{
		{"signed", allow, inHeader(key), ""},
		{"presigned", allow, inQuery(key), ""},
		{"unsigned", allow, func(*testing.T, *http.Request) {}, "Missing Authentication Token"},
		{"wrongly signed", allow, inHeader(wrong), "The request signature we calculated does not match"},
		{"wrongly presigned", allow, inQuery(wrong), "The request signature we calculated does not match"},
		{"for another page", allow, func(t *testing.T, r *http.Request) {
			t.Helper()
			r.URL.Path = "/"
			inHeader(key)(t, r)
			r.URL.Path = "/metrics"
		}, "The request signature we calculated does not match"},
		{"not allowed", other, inHeader(key), no},
		{"not allowed, presigned", other, inQuery(key), no},
	} {
		var log bytes.Buffer
		h := newAudited(t, &log, tt.policy)
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/metrics", nil)
		r.Header.Set("Origin", "https://elsewhere.example")
		tt.sign(t, r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		page, lines := w.Body.String(), strings.Count(log.String(), "request denied")
		if tt.reason == "" {
			if w.Code != 200 || lines != 0 || !strings.Contains(page, "\nleat_requests_in_flight 1\n") {
				t.Errorf("%s: answered %d %s\n%s", tt.name, w.Code, page, &log)
			}
			continue
		}
		if w.Code != 403 || lines != 1 || !strings.HasPrefix(page, "<AccessDeniedException>\n  <Message>"+tt.reason) {
			t.Errorf("%s: answered %d %s\n%s", tt.name, w.Code, page, &log)
		}
	}
}

// newAudited is newAuthenticated with a log.
func newAudited(t *testing.T, log io.Writer, policy string) *httpd.Handler {
	t.Helper()
	d, err := auth.Parse([]byte(`accounts: [{id: "111122223333", users: [{name: user, policies: [` + policy + `],
  keys: [{id: ` + key.AccessKeyID + `, secret: ` + key.SecretAccessKey + `}]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	return httpd.NewHandler(httpd.Config{
		Services: asKinesis(echo()...), Account: account, Region: region, Auth: func() *auth.Directory { return d },
		Ready: func() error { return nil }, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func inHeader(c aws.Credentials) func(*testing.T, *http.Request) {
	return func(t *testing.T, r *http.Request) {
		t.Helper()
		if err := v4.NewSigner().SignHTTP(r.Context(), c, r, emptyHash, "kinesis", region, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func inQuery(c aws.Credentials) func(*testing.T, *http.Request) {
	return func(t *testing.T, r *http.Request) {
		t.Helper()
		signed, _, err := v4.NewSigner().PresignHTTP(r.Context(), c, r, emptyHash, "kinesis", region, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if r.URL, err = url.Parse(signed); err != nil {
			t.Fatal(err)
		}
	}
}
