package httpd

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"
)

func getProfile(tb testing.TB, h http.Handler, host, path string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), http.MethodGet, path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestProfiles(t *testing.T) {
	h := NewProfileHandler()
	for path, want := range map[string]int{
		"/debug/pprof/":                  200,
		"/debug/pprof/allocs":            200,
		"/debug/pprof/goroutine":         200,
		"/debug/pprof/block":             200,
		"/debug/pprof/mutex":             200,
		"/debug/pprof/trace?seconds=0.1": 200,
		"/debug/pprof/symbol?0x1":        200,
		"/debug/pprof/nothing":           404,
		"/":                              404,
		"/metrics":                       404,
	} {
		if w := getProfile(t, h, "localhost:6060", path); w.Code != want {
			t.Errorf("%s: answered %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
	if w := getProfile(t, h, "127.0.0.1:6060", "/debug/pprof/heap"); !bytes.HasPrefix(w.Body.Bytes(), []byte{0x1f, 0x8b}) {
		t.Errorf("a profile begins with % x, which gzip does not", w.Body.Bytes()[:min(2, w.Body.Len())])
	}
	if w := getProfile(t, h, "rebound.example:6060", "/debug/pprof/heap"); w.Code != http.StatusForbidden {
		t.Errorf("a foreign host: answered %d", w.Code)
	}
}

// TestRecordingLastsAsLongAsItsUsers counts them: the one who leaves first does
// not take the profile from the other.
func TestRecordingLastsAsLongAsItsUsers(t *testing.T) {
	rate := 0
	p := recording{set: func(n int) { rate = n }, rate: 7}
	var inner http.Handler
	recorded := 0
	h := p.during(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded = rate
		if inner != nil {
			next := inner
			inner = nil
			next.ServeHTTP(w, r)
			recorded = rate
		}
	}))
	for _, path := range []string{"/", "/?seconds=", "/?debug=1"} {
		if getProfile(t, h, "localhost", path); recorded != 0 {
			t.Errorf("%s records", path)
		}
	}
	inner = h
	if getProfile(t, h, "localhost", "/?seconds=1"); recorded != 7 {
		t.Errorf("the rate was %d while one of two was left, want 7", recorded)
	}
	if rate != 0 {
		t.Errorf("the rate is %d when all have left", rate)
	}
}
