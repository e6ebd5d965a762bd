package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"leat/internal/vfs"
)

const (
	directory     = "tls"
	authorityFile = directory + "/ca-key.pem"
	serverFile    = directory + "/server.pem"
	// AuthorityFile is the name of the authority's certificate in a data
	// directory.
	AuthorityFile = directory + "/ca.pem"
)

// LocalOptions are what a Local is made of.
type LocalOptions struct {
	// Hosts are names and addresses of the server beside those that every
	// server has. What is no valid host is left out.
	Hosts  []string
	Logger *slog.Logger
	// Now, when not nil, replaces the system's clock. It is for tests.
	Now func() time.Time
}

// Local is a certificate of the local authority.
type Local struct {
	fsys  vfs.FS
	names hostNames
	log   *slog.Logger
	now   func() time.Time

	current atomic.Pointer[state]
}

// state is what is in force.
type state struct {
	authority []byte // PEM
	server    *tls.Certificate
}

// OpenLocal returns a certificate of the authority in fsys, and makes both if
// they are missing. What is in fsys belongs to one process at a time.
func OpenLocal(ctx context.Context, fsys vfs.FS, opts LocalOptions) (*Local, error) {
	l := &Local{
		fsys: fsys, names: newHostNames(slices.Concat(ownHosts, opts.Hosts)),
		log: opts.Logger, now: opts.Now,
	}
	if l.now == nil {
		l.now = time.Now
	}
	if err := fsys.Mkdir(directory); err != nil {
		return nil, fmt.Errorf("make the directory %s: %w", directory, err)
	}
	if err := fsys.SyncDir("."); err != nil {
		return nil, fmt.Errorf("make the directory %s: %w", directory, err)
	}
	if err := l.update(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// GetCertificate is for tls.Config.
func (l *Local) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return l.current.Load().server, nil
}

// Authority returns the certificate that clients have to trust, as PEM.
func (l *Local) Authority() []byte { return l.current.Load().authority }

// Refresh renews what comes to its end. It may run beside everything but
// itself. After an error the old certificate is still in force.
func (l *Local) Refresh(ctx context.Context) error {
	if !l.due(l.current.Load().server, l.now()) {
		return nil
	}
	return l.update(ctx)
}

// update brings the files up to date and puts them in force.
func (l *Local) update(ctx context.Context) error {
	now := l.now()
	ca, err := l.openAuthority(ctx, now)
	if err != nil {
		return fmt.Errorf("%s: %w", authorityFile, err)
	}
	published := certificatePEM(ca.Leaf.Raw)
	if b, err := vfs.ReadFile(l.fsys, AuthorityFile); err != nil || !bytes.Equal(b, published) {
		if err := vfs.ReplaceFile(l.fsys, AuthorityFile, published); err != nil {
			return fmt.Errorf("%s: %w", AuthorityFile, err)
		}
	}
	server, err := l.openServer(ctx, ca, now)
	if err != nil {
		return fmt.Errorf("%s: %w", serverFile, err)
	}
	l.current.Store(&state{authority: published, server: server})
	return nil
}

// openAuthority returns the authority, a new one if there is none or it comes
// to its end.
func (l *Local) openAuthority(ctx context.Context, now time.Time) (*tls.Certificate, error) {
	b, err := vfs.ReadFile(l.fsys, authorityFile)
	switch {
	case err == nil:
		ca, err := parsePair(b)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w (remove the file for a new authority)", err)
		case ca.Leaf.NotAfter.Sub(now) >= serverLife:
			return ca, nil
		}
		l.log.WarnContext(ctx, "the TLS authority comes to its end and is followed by a new one: give clients its certificate")
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if b, err = newAuthority(now); err != nil {
		return nil, err
	}
	if err := vfs.ReplaceFile(l.fsys, authorityFile, b); err != nil {
		return nil, err
	}
	return parsePair(b)
}

// openServer returns the server's certificate, a new one if the one that is
// there will not do. One that cannot be read is no loss.
func (l *Local) openServer(ctx context.Context, ca *tls.Certificate, now time.Time) (*tls.Certificate, error) {
	if b, err := vfs.ReadFile(l.fsys, serverFile); err == nil {
		if server, err := parsePair(b); err == nil && l.fits(server, ca) && !l.due(server, now) {
			return server, nil
		}
	}
	b, err := issue(ca, l.names, now)
	if err != nil {
		return nil, err
	}
	if err := vfs.ReplaceFile(l.fsys, serverFile, b); err != nil {
		return nil, err
	}
	server, err := parsePair(b)
	if err == nil {
		l.log.InfoContext(ctx, "TLS certificate issued", "expires", server.Leaf.NotAfter)
	}
	return server, err
}

// fits reports whether a certificate is of the authority and for the names.
func (l *Local) fits(server, ca *tls.Certificate) bool {
	names := hostNames{dns: server.Leaf.DNSNames, ips: server.Leaf.IPAddresses}
	return server.Leaf.CheckSignatureFrom(ca.Leaf) == nil && names.equal(l.names)
}

// due reports whether a certificate has to be replaced. One from the future is
// due, too: the clock was wrong when it was made.
func (l *Local) due(server *tls.Certificate, now time.Time) bool {
	return now.Before(server.Leaf.NotBefore) || now.After(server.Leaf.NotAfter.Add(-renewBefore))
}
