package server

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/keyring"
	"leat/internal/vfs"
)

// The keys of a file are kept, those in the data directory need not be.
func TestOpenKeyring(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keyring.json")
	write := func(keys *keyring.Keys) {
		t.Helper()
		b, err := keys.Encode()
		if err == nil {
			err = os.WriteFile(file, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(keyring.None())
	s := &Server{cfg: DefaultConfig(), log: DefaultConfig().Logger}
	s.cfg.Keyring = file
	ring, err := s.openKeyring(t.Context(), vfs.NewMem())
	if err != nil || len(s.kept) != 1 {
		t.Fatalf("opened with %v, %d kept", err, len(s.kept))
	}
	if _, err := ring.Ensure("alias/k"); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("a key that the file does not have: %v", err)
	}
	more, _, err := keyring.None().Add("alias/k")
	if err != nil {
		t.Fatal(err)
	}
	write(more)
	if err := s.kept[0].refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Resolve("alias/k"); err != nil {
		t.Errorf("a key that the file has got: %v", err)
	}

	auto := &Server{cfg: DefaultConfig(), log: DefaultConfig().Logger}
	fsys := vfs.NewMem()
	local, err := auto.openKeyring(t.Context(), fsys)
	if err != nil || len(auto.kept) != 0 {
		t.Fatalf("opened with %v, %d kept", err, len(auto.kept))
	}
	if _, err := local.Ensure("alias/k"); err != nil {
		t.Error(err)
	}
	if _, err := vfs.ReadFile(fsys, keyring.LocalFile); err != nil {
		t.Errorf("the key is not in the data directory: %v", err)
	}
}

func TestBrokenKeyring(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keyring.json")
	if err := os.WriteFile(file, []byte("{\n]"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Listen, cfg.Memory, cfg.Keyring = "127.0.0.1:0", true, file
	if _, err := Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), file+": line 2") {
		t.Errorf("started with %v", err)
	}
}
