package httpd_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"leat/internal/httpd"
)

// newGuarded returns a handler that other names and pages may use, too.
func newGuarded(log *bytes.Buffer, hosts, origins []string) *httpd.Handler {
	return httpd.NewHandler(httpd.Config{
		Services: asKinesis(echo()...), Account: account, Region: region, Hosts: hosts, Origins: origins,
		Ready:  func() error { return nil },
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
}

// from returns a good request for a host from pages of these origins.
func from(host string, origins ...string) []byte {
	headers := signed("DescribeStreamSummary")
	for _, o := range origins {
		headers = append(headers, "Origin: "+o)
	}
	return bytes.Replace(request(post, headers, name), []byte("Host: 127.0.0.1"), []byte("Host: "+host), 1)
}

func TestHosts(t *testing.T) {
	t.Parallel()
	addr := serve(t, newGuarded(new(bytes.Buffer), []string{"leat.example.org", "Streams"}, nil))
	for host, admitted := range map[string]bool{
		"127.0.0.1":             true,
		"127.0.0.1:4567":        true,
		"10.20.30.40":           true,
		"[::1]:4567":            true,
		"[::1]":                 true,
		"[fe80::1%25eth0]:4567": true,
		"localhost":             true,
		"localhost:4567":        true,
		"LOCALHOST.:4567":       true,
		"orders.localhost":      true,
		"leat.example.org":      true,
		"LEAT.example.org.:80":  true,
		"streams:4567":          true,

		"example.org":               false,
		"x.leat.example.org":        false,
		"leat.example.org.evil":     false,
		"localhost.evil":            false,
		"evillocalhost":             false,
		"127.0.0.1.evil":            false,
		"127.0.0.1.nip.io:4567":     false,
		"kinesis.us-east-1.aws:443": false,
		"":                          false,
	} {
		r := exchange(t, addr, from(host))
		switch {
		case admitted && r.StatusCode != http.StatusOK:
			t.Errorf("Host %q: answered %d %s", host, r.StatusCode, r.body)
		case !admitted && (r.StatusCode != http.StatusForbidden || r.body != denied || r.Header.Get("Content-Type") != ""):
			t.Errorf("Host %q: answered %d %s", host, r.StatusCode, r.body)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	allowed := []string{"https://App.example.org", "http://app.example.org:8080"}
	guarded := serve(t, newGuarded(new(bytes.Buffer), nil, allowed))
	open := serve(t, newGuarded(new(bytes.Buffer), nil, []string{httpd.AnyOrigin}))
	for origin, admitted := range map[string]bool{
		"http://localhost":             true,
		"http://localhost:3000":        true,
		"https://LocalHost":            true,
		"http://app.localhost:3000":    true,
		"http://127.0.0.1:8000":        true,
		"http://127.8.9.10":            true,
		"http://[::1]:8000":            true,
		"http://[::ffff:127.0.0.1]":    true,
		"https://app.example.org":      true,
		"http://app.example.org:8080":  true,
		"http://app.example.org":       false,
		"https://app.example.org:8080": false,
		"https://app.example.org.evil": false,
		"https://example.org":          false,
		"http://localhost.evil":        false,
		"http://10.0.0.1":              false,
		"http://[::]":                  false,
		"null":                         false,
		"*":                            false,
		"file://":                      false,
		"file://localhost":             false,
		"localhost":                    false,
		"http://%":                     false,
		"http://localhost@evil":        false,
	} {
		checkOrigin(t, guarded, from("127.0.0.1", origin), origin, admitted)
		checkOrigin(t, open, from("127.0.0.1", origin), origin, true)
	}
	checkOrigin(t, guarded, from("127.0.0.1", "http://localhost", "https://example.org"), "two, one foreign", false)
	checkOrigin(t, guarded, from("example.org", "http://localhost"), "of this machine, for a foreign host", false)
	checkOrigin(t, open, from("example.org", "http://localhost"), "any, for a foreign host", false)
}

// checkOrigin checks what a page hears: whoever is refused is not even told
// what it may read.
func checkOrigin(t *testing.T, addr string, raw []byte, origin string, admitted bool) {
	t.Helper()
	r := exchange(t, addr, raw)
	cors := strings.Contains(r.raw, "Access-Control-")
	switch {
	case admitted && (r.StatusCode != http.StatusOK || r.Header.Get("Access-Control-Allow-Origin") != "*"):
		t.Errorf("Origin %s: answered %q", origin, r.raw)
	case !admitted && (r.StatusCode != http.StatusForbidden || r.body != denied):
		t.Errorf("Origin %s: answered %q", origin, r.raw)
	case !admitted && cors:
		t.Errorf("Origin %s: headers %v", origin, r.Header)
	}
}

// TestForeignPages sends what a browser sends for a page of elsewhere.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	addr := serve(t, newGuarded(&log, nil, nil))
	const foreign = "Origin: https://example.org"
	for _, tt := range []struct {
		name    string
		line    string
		headers []string
		status  int
	}{
		{"preflight", "OPTIONS /", []string{foreign, "Access-Control-Request-Method: POST"}, 403},
		{"page", "GET /", []string{foreign}, 403},
		{"form", post, []string{foreign, "Content-Type: text/plain"}, 403},
		{"probe", "GET /healthz", []string{foreign}, 200},
		{"other probe", "GET /readyz", []string{foreign}, 200},
		{"probe by POST", "POST /healthz", []string{foreign}, 403},
	} {
		r := exchange(t, addr, request(tt.line, tt.headers, ""))
		if r.StatusCode != tt.status || strings.Contains(r.raw, "Access-Control-") || (tt.status == 403 && r.body != denied) {
			t.Errorf("%s: answered %q", tt.name, r.raw)
		}
	}
	if n := strings.Count(log.String(), "request refused"); n != 1 || !strings.Contains(log.String(), "origin=https://example.org") {
		t.Errorf("told %d times, want once, of the origin:\n%s", n, &log)
	}
}

func TestProbesForAnyHost(t *testing.T) {
	t.Parallel()
	addr := serve(t, newGuarded(new(bytes.Buffer), nil, nil))
	raw := bytes.Replace(request("GET /healthz", nil, ""), []byte("127.0.0.1"), []byte("balancer.example.org"), 1)
	if r := exchange(t, addr, raw); r.StatusCode != http.StatusOK {
		t.Errorf("answered %q", r.raw)
	}
}

func TestValidOrigin(t *testing.T) {
	t.Parallel()
	for origin, want := range map[string]bool{
		"*": true, "http://a": true, "https://A.example:8443": true, "http://[::1]:80": true, "chrome-extension://abc": true,
		"": false, "a": false, "a.example:80": false, "http://": false, "http://a/": false, "http://a/b": false,
		"http://u@a": false, "http://a?b": false, "http://a#b": false, "null": false, "https://*.a": false,
	} {
		if got := httpd.ValidOrigin(origin); got != want {
			t.Errorf("ValidOrigin(%q) is %t", origin, got)
		}
	}
}
