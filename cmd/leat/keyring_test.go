package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"leat/internal/vfs"
)

// TestKeyringIsChangedByOne has one change the keyring while another does.
func TestKeyringIsChangedByOne(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := createKeyring(path); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := lockKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := addKey(&out, path, nil); !errors.Is(err, vfs.ErrLocked) || out.Len() > 0 {
		t.Errorf("a change beside another: %v, printed %q", err, &out)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the keyring has %q (%v)", after, err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the lock goes with each change
		if err := addKey(io.Discard, path, nil); err != nil {
			t.Error(err)
		}
	}
}
