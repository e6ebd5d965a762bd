package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync/atomic"

	"leat/internal/vfs"
)

// Files is a certificate, with what leads to its authority, and a key, which
// the user keeps in two files of PEM and may replace at any time.
type Files struct {
	cert, key string
	log       *slog.Logger

	current atomic.Pointer[tls.Certificate]
	// What the files had when the current certificate was made of them.
	certPEM, keyPEM []byte
}

// OpenFiles returns the certificate in two files.
func OpenFiles(ctx context.Context, cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	if err := f.Refresh(ctx); err != nil {
		return nil, err
	}
	return f, nil
}

// GetCertificate is for tls.Config.
func (f *Files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.current.Load(), nil
}

// Refresh reads the files again if they have changed. It may run beside
// everything but itself. After an error the old certificate is still in force,
// as it has to be while only one of the files has been replaced.
//
// It compares what the files have. Their times would miss a symbolic link that
// leads elsewhere, and two changes within a tick of the file system's clock.
func (f *Files) Refresh(ctx context.Context) error {
	certPEM, err := vfs.ReadOSFile(f.cert)
	if err != nil {
		return fmt.Errorf("the TLS certificate: %w", err)
	}
	keyPEM, err := vfs.ReadOSFile(f.key)
	if err != nil {
		return fmt.Errorf("the TLS key: %w", err)
	}
	if bytes.Equal(certPEM, f.certPEM) && bytes.Equal(keyPEM, f.keyPEM) {
		return nil
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("the TLS certificate %s and key %s: %w", f.cert, f.key, err)
	}
	f.current.Store(&pair)
	f.certPEM, f.keyPEM = certPEM, keyPEM
	f.log.InfoContext(ctx, "TLS certificate loaded", "file", f.cert, "expires", pair.Leaf.NotAfter)
	return nil
}
