package server

import (
	"net/http"
	"strings"
	"testing"
)

// TestProfilesPort is of its own: nothing of it is on the other one, and it ends
// with the server, whatever is being recorded.
func TestProfilesPort(t *testing.T) {
	t.Parallel()
	var log logLines
	s := start(t, func(c *Config) { c.PprofListen, c.Logger = "127.0.0.1:0", log.logger() })
	port := "http://" + s.PprofAddr().String()
	for url, want := range map[string]int{
		port + "/debug/pprof/": 200, port + "/debug/pprof/heap": 200, port + "/metrics": 404, port + "/healthz": 404,
		s.URL() + "/debug/pprof/": 403,
	} {
		if status, _, err := get(t, url); status != want {
			t.Errorf("%s answered %d (%v), want %d", url, status, err, want)
		}
	}
	log.expect(t, "profiles are served", "address="+s.PprofAddr().String())
	cutOff := make(chan error, 1)
	go func() {
		_, _, err := get(t, port+"/debug/pprof/mutex?seconds=3600")
		cutOff <- err
	}()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-cutOff; err == nil {
		t.Error("a profile of an hour was answered")
	}
}

// TestNoProfiles is how a server is that was not asked to show any.
func TestNoProfiles(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	if s.PprofAddr() != nil {
		t.Errorf("profiles have the address %v", s.PprofAddr())
	}
	if status, _, err := get(t, s.URL()+"/debug/pprof/"); status != http.StatusForbidden {
		t.Errorf("answered %d (%v)", status, err)
	}
}

func TestProfilesPortInUse(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	cfg := DefaultConfig()
	cfg.Listen, cfg.Memory, cfg.PprofListen = "127.0.0.1:0", true, s.Addr().String()
	if _, err := Start(t.Context(), cfg); err == nil || !strings.HasPrefix(err.Error(), "pprof: listen on ") {
		t.Errorf("error %v", err)
	}
}
