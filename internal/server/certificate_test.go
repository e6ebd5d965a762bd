package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/certs"
	"leat/internal/vfs"
)

// getTLS gets a page on a connection of its own, from a server whose certificate
// is for name and of an authority.
func getTLS(t *testing.T, s *Server, authority []byte, name string) error {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate in %q", authority)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: name}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr().String()+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(r)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

func TestLocalAuthority(t *testing.T) {
	t.Parallel()
	fsys := vfs.NewMem()
	onDisk := func(c *Config) { c.Memory, c.FS, c.TLSHosts = false, fsys, []string{"leat.example.org"} }
	s := start(t, onDisk)
	authority, err := vfs.ReadFile(fsys, certs.AuthorityFile)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"localhost", "127.0.0.1", "::1", "leat.example.org"}
	if hostname, err := os.Hostname(); err == nil && certs.ValidHost(hostname) {
		names = append(names, hostname)
	}
	for _, name := range names {
		if err := getTLS(t, s, authority, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if status, _, err := get(t, s.URL()+"/readyz"); status != http.StatusOK {
		t.Errorf("in clear text: %d (%v)", status, err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := getTLS(t, start(t, onDisk), authority, "localhost"); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

func TestMemoryHasAnAuthorityOfItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	local, ok := s.certificate.(*certs.Local)
	if !ok {
		t.Fatalf("the certificate is a %T", s.certificate)
	}
	if err := getTLS(t, s, local.Authority(), "localhost"); err != nil {
		t.Error(err)
	}
}

func TestWithoutTLS(t *testing.T) {
	t.Parallel()
	authority := start(t, nil).certificate.(*certs.Local).Authority()
	fsys := vfs.NewMem()
	s := start(t, func(c *Config) { c.Memory, c.FS, c.TLS = false, fsys, false })
	if err := getTLS(t, s, authority, "localhost"); err == nil {
		t.Error("TLS is served")
	}
	if _, err := fsys.ReadDir("tls"); err == nil {
		t.Error("an authority was made")
	}
}

func TestCertificateOfTheUser(t *testing.T) {
	t.Parallel()
	// The files of an authority's directory are as good as any.
	fsys := vfs.NewMem()
	local, err := certs.OpenLocal(t.Context(), fsys, certs.LocalOptions{Logger: DefaultConfig().Logger})
	if err != nil {
		t.Fatal(err)
	}
	b, err := vfs.ReadFile(fsys, "tls/server.pem")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "server.pem")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	withFile := func(c *Config) { c.TLSCert, c.TLSKey = file, file }
	if err := getTLS(t, start(t, withFile), local.Authority(), "localhost"); err != nil {
		t.Error(err)
	}

	if err := os.WriteFile(file, bytes.Repeat([]byte("x"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Listen, cfg.Memory = "127.0.0.1:0", true
	withFile(&cfg)
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v, want one with %s", err, file)
	}
}

// scripted is a certificate whose refreshes fail as told.
type scripted struct {
	certificate
	failures []error
	calls    int
}

func (s *scripted) Refresh(context.Context) error {
	err := s.failures[min(s.calls, len(s.failures)-1)]
	s.calls++
	return err
}

// TestKept lets a minute pass, in a bubble of fake time.
func TestKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log logLines
		one, other := errors.New("no such file"), errors.New("not its key")
		cert, keys := &scripted{failures: []error{nil, one, one, other, nil, one}}, &scripted{failures: []error{nil}}
		s := &Server{log: log.logger(), kept: []kept{{what: "TLS certificate", refresh: cert.Refresh}, {what: "keyring", refresh: keys.Refresh}}}
		ctx, cancel := context.WithCancel(t.Context())
		s.actors.Go(func() { s.keep(ctx) })
		<-time.After(time.Minute + time.Second)
		cancel()
		s.actors.Wait()
		if cert.calls != 6 || keys.calls != 6 {
			t.Errorf("refreshed %d and %d times in a minute", cert.calls, keys.calls)
		}
		if a, b := strings.Count(log.String(), one.Error()), strings.Count(log.String(), other.Error()); a != 2 || b != 1 {
			t.Errorf("told %d and %d times:\n%s", a, b, &log)
		}
	})
}
