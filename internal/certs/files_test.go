package certs

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes a file of the test's.
func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// pair makes a certificate and a key, both in one text of PEM.
func pair(t *testing.T) []byte {
	t.Helper()
	b, err := newAuthority(start)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shown returns the raw certificate that is in force.
func shown(t *testing.T, f *Files) []byte {
	t.Helper()
	cert, err := f.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return cert.Leaf.Raw
}

func TestFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	one, two := pair(t), pair(t)
	write(t, cert, one)
	write(t, key, one)
	var log bytes.Buffer
	f, err := OpenFiles(t.Context(), cert, key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	first := shown(t, f)

	// What is broken or half replaced leaves the old one in force.
	for _, step := range []struct {
		name        string
		cert, key   []byte // nil: no file
		wantError   string
		wantChanged bool
	}{
		{"the same", one, one, "", false},
		{"only the certificate", two, one, "private key does not match", false},
		{"no certificate", nil, one, "cert.pem", false},
		{"no key", one, nil, "key.pem", false},
		{"garbage", []byte("x"), one, "failed to find any PEM data", false},
		{"back to the first", one, one, "", false},
		{"both", two, two, "", true},
	} {
		for name, b := range map[string][]byte{cert: step.cert, key: step.key} {
			if b != nil {
				write(t, name, b)
			} else if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
		err := f.Refresh(t.Context())
		if (step.wantError == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), step.wantError)) {
			t.Errorf("%s: error %v, want %q", step.name, err, step.wantError)
		}
		if changed := !bytes.Equal(shown(t, f), first); changed != step.wantChanged {
			t.Errorf("%s: the certificate has changed: %t", step.name, changed)
		}
	}
	if n := strings.Count(log.String(), "TLS certificate loaded"); n != 2 {
		t.Errorf("%d certificates loaded, want 2:\n%s", n, &log)
	}
}

// TestSymbolicLinks replaces files as certbot and Kubernetes do.
func TestSymbolicLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := filepath.Join(dir, "1.pem"), filepath.Join(dir, "2.pem")
	write(t, one, pair(t))
	write(t, two, pair(t))
	link := filepath.Join(t.TempDir(), "live.pem")
	if err := os.Symlink(one, link); err != nil {
		t.Skip(err)
	}
	f, err := OpenFiles(t.Context(), link, link, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first := shown(t, f)
	if err := os.Symlink(two, link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
	if err := f.Refresh(t.Context()); err != nil || bytes.Equal(shown(t, f), first) {
		t.Errorf("the link's new file is not used (%v)", err)
	}
}

func TestMissingFiles(t *testing.T) {
	t.Parallel()
	if _, err := OpenFiles(t.Context(), "nowhere/cert", "nowhere/key", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("no error")
	}
}
