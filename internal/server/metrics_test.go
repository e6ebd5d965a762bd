package server

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	"leat/internal/vfs"
)

// namesOf returns the names of leat's metrics on a page, sorted.
func namesOf(page string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (leat_\w+) `).FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}

// TestMetricsPageIsDocumented holds docs/metrics.md to what a server shows.
func TestMetricsPageIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(listed)
	s := start(t, func(c *Config) { c.Memory, c.FS, c.Streams = false, vfs.NewMem(), []StreamSpec{{Name: "orders"}} })
	_, shown, err := get(t, s.URL()+"/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(listed, namesOf(shown)); diff != "" || len(listed) == 0 {
		t.Errorf("docs/metrics.md lists (-) and the server shows (+):\n%s", diff)
	}
	for _, want := range []string{
		`(?m)^leat_accepts_writes 1$`, `(?m)^leat_requests_total\{code="OK",operation="PutRecords",service="kinesis"\} 0$`,
		`(?m)^leat_journal_frames_total [1-9]`, `(?m)^leat_journal_batches_total [1-9]`,
		`(?m)^leat_journal_waiting_bytes [1-9]`, `(?m)^go_goroutines [1-9]`,
	} {
		if !regexp.MustCompile(want).MatchString(shown) {
			t.Errorf("nothing of %s in\n%s", want, shown)
		}
	}
}

// TestMetricsInMemory has no engine that counts.
func TestMetricsInMemory(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	status, page, err := get(t, s.URL()+"/metrics")
	if status != http.StatusOK || !strings.Contains(page, "leat_accepts_writes 1\n") || strings.Contains(page, "leat_journal") {
		t.Errorf("answered %d %s (%v)", status, page, err)
	}
	if s.MetricsAddr() != nil {
		t.Errorf("metrics have the address %v", s.MetricsAddr())
	}
}

// TestMetricsPort moves the page, and with authentication, too.
func TestMetricsPort(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(*Config){"open": func(*Config) {}, "with authentication": withAuth(t, authFile)} {
		var log logLines
		s := start(t, func(c *Config) {
			configure(c)
			c.MetricsListen, c.Logger = "127.0.0.1:0", log.logger()
		})
		port := "http://" + s.MetricsAddr().String()
		for url, want := range map[string]int{
			port + "/metrics": 200, port + "/": 404, port + "/healthz": 404,
			s.URL() + "/metrics": 403, s.URL() + "/healthz": 200,
		} {
			if status, _, err := get(t, url); status != want {
				t.Errorf("%s: %s answered %d (%v), want %d", name, url, status, err, want)
			}
		}
		log.expect(t, "metrics are served", "address="+s.MetricsAddr().String())
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if status, _, err := get(t, port+"/metrics"); err == nil {
			t.Errorf("%s: after the end metrics answer %d", name, status)
		}
	}
}

// TestMetricsPortInUse is refused before anything else is opened.
func TestMetricsPortInUse(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	cfg := DefaultConfig()
	cfg.Listen, cfg.Memory, cfg.MetricsListen = "127.0.0.1:0", true, s.Addr().String()
	_, err := Start(t.Context(), cfg)
	want := fmt.Sprintf("metrics: listen on %s: ", s.Addr())
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line with %q", err, want)
	}
}

// TestMetricsWithAuth asks as the administrator and as one who may do nothing.
func TestMetricsWithAuth(t *testing.T) {
	t.Parallel()
	s := start(t, withAuth(t, authFile))
	if status, page, _ := get(t, s.URL()+"/metrics"); status != http.StatusForbidden || !strings.Contains(page, "<AccessDeniedException>") {
		t.Errorf("unsigned: %d %s", status, page)
	}
	const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, tt := range []struct {
		credentials aws.Credentials
		want        int
	}{{admin, 200}, {nobody, 403}, {operator, 403}, {expired, 403}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := v4.NewSigner().SignHTTP(t.Context(), tt.credentials, r, emptyHash, "kinesis", "us-east-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		r.Close = true
		resp, err := new(http.Transport).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.want {
			t.Errorf("%s: answered %d, want %d", tt.credentials.AccessKeyID, resp.StatusCode, tt.want)
		}
	}
}
