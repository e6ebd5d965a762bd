package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"leat/internal/vfs"
)

// start is a day of 2026, at which all tests begin.
var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func open(t *testing.T, fsys vfs.FS, c *clock, hosts ...string) *Local {
	t.Helper()
	l, err := OpenLocal(t.Context(), fsys, LocalOptions{Hosts: hosts, Logger: slog.New(slog.DiscardHandler), Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// leaf returns the certificate that is shown.
func leaf(t *testing.T, l *Local) *x509.Certificate {
	t.Helper()
	cert, err := l.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return cert.Leaf
}

// verify checks a certificate as a client does that trusts the authority.
func verify(t *testing.T, authority []byte, cert *x509.Certificate, host string, at time.Time) error {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate in %q", authority)
	}
	_, err := cert.Verify(x509.VerifyOptions{
		DNSName: host, Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}

func TestHosts(t *testing.T) {
	t.Parallel()
	l := open(t, vfs.NewMem(), &clock{start}, "leat.Example.org", "10.1.2.3", "host-1", "not a host", "localhost")
	for host, ok := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "::1": true,
		"leat.example.org": true, "10.1.2.3": true, "host-1": true,
		"example.org": false, "10.1.2.4": false, "not a host": false,
	} {
		err := verify(t, l.Authority(), leaf(t, l), host, start)
		if (err == nil) != ok {
			t.Errorf("%s: %v", host, err)
		}
	}
	// Clients' clocks may be behind.
	if err := verify(t, l.Authority(), leaf(t, l), "localhost", start.Add(-23*time.Hour)); err != nil {
		t.Error(err)
	}
}

func TestFilesAreKept(t *testing.T) {
	t.Parallel()
	fsys, c := vfs.NewMem(), &clock{start}
	first := open(t, fsys, c)
	published, err := vfs.ReadFile(fsys, AuthorityFile)
	if err != nil || !bytes.Equal(published, first.Authority()) {
		t.Errorf("%s is not the authority's certificate (%v)", AuthorityFile, err)
	}
	if block, rest := pem.Decode(published); block == nil || block.Type != "CERTIFICATE" || len(rest) > 0 {
		t.Errorf("%s is %q", AuthorityFile, published)
	}
	again := open(t, fsys, c)
	if !leaf(t, again).Equal(leaf(t, first)) || !bytes.Equal(again.Authority(), first.Authority()) {
		t.Error("what is kept is not used again")
	}

	// With other hosts the authority stays.
	other := open(t, fsys, c, "leat")
	if leaf(t, other).Equal(leaf(t, first)) || !bytes.Equal(other.Authority(), first.Authority()) {
		t.Error("other hosts have to have another certificate of the same authority")
	}
	if err := verify(t, first.Authority(), leaf(t, other), "leat", start); err != nil {
		t.Error(err)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	for _, name := range []string{serverFile, AuthorityFile, authorityFile} {
		for _, damage := range []string{"", "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"} {
			fsys := vfs.NewMem()
			first := open(t, fsys, c)
			if err := vfs.ReplaceFile(fsys, name, []byte(damage)); err != nil {
				t.Fatal(err)
			}
			again, err := OpenLocal(t.Context(), fsys, LocalOptions{Logger: slog.New(slog.DiscardHandler), Now: c.now})
			if name == authorityFile {
				if err == nil || !strings.Contains(err.Error(), authorityFile) || !strings.Contains(err.Error(), "remove the file") {
					t.Errorf("a damaged authority: %v", err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s damaged: %v", name, err)
				continue
			}
			if err := verify(t, first.Authority(), leaf(t, again), "localhost", start); err != nil {
				t.Errorf("%s damaged: %v", name, err)
			}
			if b, err := vfs.ReadFile(fsys, AuthorityFile); err != nil || !bytes.Equal(b, first.Authority()) {
				t.Errorf("%s damaged: %s is not the authority's certificate (%v)", name, AuthorityFile, err)
			}
		}
	}
}

// TestRenewal lets years pass, refreshing every day, and verifies with the
// authority that a client was given.
func TestRenewal(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	l := open(t, vfs.NewMem(), c)
	authority, renewals := l.Authority(), 0
	for c.at = start; c.at.Before(start.AddDate(8, 0, 0)); c.at = c.at.Add(day) {
		before := leaf(t, l)
		if err := l.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !leaf(t, l).Equal(before) {
			renewals++
			if left := before.NotAfter.Sub(c.at); left < renewBefore-2*day || left > renewBefore {
				t.Fatalf("renewed %v before the end", left)
			}
		}
		if err := verify(t, authority, leaf(t, l), "localhost", c.at); err != nil {
			t.Fatalf("on %v: %v", c.at, err)
		}
	}
	if renewals != 11 {
		t.Errorf("renewed %d times in 8 years, want every 8 months and a day", renewals)
	}
}

func TestAuthorityIsFollowed(t *testing.T) {
	t.Parallel()
	fsys, c := vfs.NewMem(), &clock{start}
	first := open(t, fsys, c)
	c.at = start.Add(authorityLife - serverLife + time.Hour)
	var log bytes.Buffer
	l, err := OpenLocal(t.Context(), fsys, LocalOptions{Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(l.Authority(), first.Authority()) || !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("the authority was not replaced, or silently:\n%s", &log)
	}
	if b, err := vfs.ReadFile(fsys, AuthorityFile); err != nil || !bytes.Equal(b, l.Authority()) {
		t.Errorf("the new certificate is not in %s (%v)", AuthorityFile, err)
	}
	if err := verify(t, l.Authority(), leaf(t, l), "localhost", c.at); err != nil {
		t.Error(err)
	}
}

// TestClockSetBack starts with a clock that is years ahead.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	c := &clock{start.AddDate(3, 0, 0)}
	l := open(t, vfs.NewMem(), c)
	c.at = start
	if err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := verify(t, l.Authority(), leaf(t, l), "localhost", start); err != nil {
		t.Error(err)
	}
}

func TestFailedRenewalKeepsTheOld(t *testing.T) {
	t.Parallel()
	fsys, c := vfs.NewMem(), &clock{start}
	l := open(t, fsys, c)
	old := leaf(t, l)
	c.at = old.NotAfter.Add(-renewBefore + time.Hour)
	fsys.Cut()
	if err := l.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), serverFile) {
		t.Errorf("error %v", err)
	}
	if !leaf(t, l).Equal(old) {
		t.Error("the certificate was replaced")
	}
}

// TestCrashes cuts the power between all steps of the first start. The next one
// succeeds, and keeps what one has made that succeeded.
func TestCrashes(t *testing.T) {
	t.Parallel()
	c := &clock{start}
	opts := LocalOptions{Logger: slog.New(slog.DiscardHandler), Now: c.now}
	done := false
	for n := 1; !done; n++ {
		fsys := vfs.NewMem()
		fsys.CutAfter(n)
		l, err := OpenLocal(context.Background(), fsys, opts)
		done = err == nil
		for _, after := range []*vfs.Mem{fsys.CrashLoseAll(), fsys.CrashKeepAll(), fsys.Crash(rand.New(rand.NewPCG(1, uint64(n))))} {
			again := open(t, after, c)
			if err := verify(t, again.Authority(), leaf(t, again), "localhost", start); err != nil {
				t.Fatalf("cut at %d: %v", n, err)
			}
			if done && (!bytes.Equal(again.Authority(), l.Authority()) || !leaf(t, again).Equal(leaf(t, l))) {
				t.Error("what was made is not there after a crash")
			}
		}
		if n > 100 {
			t.Fatal("it never succeeds")
		}
	}
}

// TestKeys holds the keys to what all clients know, and their files to one
// user.
func TestKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fsys, err := vfs.OpenOS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fsys.Close() }()
	l := open(t, fsys, &clock{start})
	err = fs.WalkDir(os.DirFS(dir), "tls", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	block, _ := pem.Decode(l.Authority())
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, cert := range []*x509.Certificate{ca, leaf(t, l)} {
		if cert.SignatureAlgorithm != x509.ECDSAWithSHA256 {
			t.Errorf("%s is signed by %v", cert.Subject, cert.SignatureAlgorithm)
		}
	}
	if !ca.IsCA || !ca.MaxPathLenZero || leaf(t, l).IsCA || !bytes.Equal(leaf(t, l).AuthorityKeyId, ca.SubjectKeyId) ||
		len(ca.SubjectKeyId) == 0 {
		t.Errorf("the authority is %+v, the certificate %+v", ca, leaf(t, l))
	}
	key, err := vfs.ReadFile(fsys, serverFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(key, key); err != nil || !bytes.Contains(key, []byte("BEGIN PRIVATE KEY")) {
		t.Errorf("%s is %q (%v)", serverFile, key, err)
	}
}

func TestValidHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"leat": true, "leat.example.org": true, "my_host": true, "a-b.c1": true, "10.0.0.1": true, "fe80::1": true,
		"": false, "a b": false, "leat:4567": false, "[::1]": false, "fe80::1%eth0": false, "*.example.org": false,
		"a..b": false, ".a": false, "a.": false, "-a": false, "a-": false, "http://leat": false,
		strings.Repeat("a", 63): true, strings.Repeat("a", 64): false, strings.Repeat("a.", 127) + "a": false,
	} {
		if got := ValidHost(host); got != want {
			t.Errorf("ValidHost(%q) is %t", host, got)
		}
	}
}
