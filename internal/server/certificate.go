package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"slices"

	"leat/internal/certs"
	"leat/internal/vfs"
)

// certificate is what the server shows in TLS.
type certificate interface {
	// GetCertificate is for tls.Config.
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Refresh renews or reloads the certificate if that is due. After an error
	// the old one is still in force.
	Refresh(ctx context.Context) error
}

// openCertificate opens the certificate that cfg asks for: of files, or of the
// authority in the data directory.
func openCertificate(ctx context.Context, cfg Config, dir vfs.FS) (certificate, error) {
	if cfg.TLSCert != "" {
		files, err := certs.OpenFiles(ctx, cfg.TLSCert, cfg.TLSKey, cfg.Logger)
		if err != nil {
			return nil, err
		}
		return files, nil
	}
	hosts := slices.Clone(cfg.TLSHosts)
	// A machine that cannot say its name is still reached by its addresses.
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	local, err := certs.OpenLocal(ctx, dir, certs.LocalOptions{Hosts: hosts, Logger: cfg.Logger})
	if err != nil {
		return nil, fmt.Errorf("open the TLS authority: %w", err)
	}
	return local, nil
}
