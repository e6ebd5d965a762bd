package server

import (
	"context"

	"leat/internal/keyring"
	"leat/internal/vfs"
)

// KeyringAuto is the keyring that makes a key for every name at its first use.
const KeyringAuto = "auto"

// openKeyring opens the master keys that cfg asks for: those of a file, which is
// then kept, or those in the data directory.
func (s *Server) openKeyring(ctx context.Context, dir vfs.FS) (*keyring.Ring, error) {
	if s.cfg.Keyring == KeyringAuto {
		return keyring.OpenLocal(dir)
	}
	ring, err := keyring.OpenFile(ctx, s.cfg.Keyring, s.log)
	if err != nil {
		return nil, err
	}
	s.kept = append(s.kept, kept{what: "keyring", refresh: ring.Refresh})
	return ring, nil
}
