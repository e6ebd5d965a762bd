package keyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"leat/internal/vfs"
)

const (
	directory = "keys"
	// LocalFile is the name of a local ring's file in a data directory.
	LocalFile = directory + "/keyring.json"
)

// Ring is the master keys that are in force. All methods may be called
// concurrently, unless they say otherwise.
type Ring struct {
	current atomic.Pointer[Keys]
	log     *slog.Logger

	// local is whether the ring makes keys, and fsys where it keeps them; nil if
	// it does not.
	local bool
	fsys  vfs.FS
	mu    sync.Mutex // serialises the making of keys

	// path is the file of the user's, if it is one's ring, and raw what it had.
	path string
	raw  []byte
}

// NewMemory returns a local ring whose keys end with it.
func NewMemory() *Ring {
	r := &Ring{local: true, log: slog.New(slog.DiscardHandler)}
	r.current.Store(None())
	return r
}

// OpenLocal returns the ring in fsys, which makes a key when one is asked for.
// What is in fsys belongs to one process at a time.
func OpenLocal(fsys vfs.FS) (*Ring, error) {
	r := NewMemory()
	r.fsys = fsys
	b, err := vfs.ReadFile(fsys, LocalFile)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	keys, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", LocalFile, err)
	}
	r.current.Store(keys)
	return r, nil
}

// OpenFile returns the ring of a file of the user's, which this user alone may
// read.
func OpenFile(ctx context.Context, path string, log *slog.Logger) (*Ring, error) {
	r := &Ring{path: path, log: log}
	if err := r.Refresh(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Refresh reads the user's file again if it has changed. It may run beside
// everything but itself. After an error the old keys are still in force.
func (r *Ring) Refresh(ctx context.Context) error {
	if r.local {
		return nil
	}
	b, err := vfs.ReadPrivateOSFile(r.path)
	if err != nil {
		return fmt.Errorf("the keyring: %w", err)
	}
	if r.raw != nil && bytes.Equal(b, r.raw) {
		return nil
	}
	keys, err := Parse(b)
	if err != nil {
		return fmt.Errorf("the keyring %s: %w", r.path, err)
	}
	r.current.Store(keys)
	r.raw = b
	r.log.InfoContext(ctx, "keyring loaded", "file", r.path, "keys", len(keys.file.Keys))
	return nil
}

// Resolve returns the version of a key that wraps now. The key is named in any
// form. The error is ErrNotFound or ErrDisabled.
func (r *Ring) Resolve(keyID string) (Ref, error) {
	keys := r.current.Load()
	if keys.byName[keyID] != nil { // as for most puts
		return keys.resolve(keyID)
	}
	name, ok := Name(keyID)
	if !ok {
		return Ref{}, ErrNotFound
	}
	return keys.resolve(name)
}

func (k *Keys) resolve(name string) (Ref, error) {
	m := k.byName[name]
	switch {
	case m == nil:
		return Ref{}, ErrNotFound
	case m.Disabled:
		return Ref{}, ErrDisabled
	}
	return Ref{m.ID, m.Versions[len(m.Versions)-1].Number}, nil
}

// Ensure is Resolve, but a local ring makes the key if there is none of that
// name, durably.
func (r *Ring) Ensure(keyID string) (Ref, error) {
	ref, err := r.Resolve(keyID)
	name, ok := Name(keyID)
	if !ok || !r.local || !errors.Is(err, ErrNotFound) {
		return ref, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.current.Load()
	if ref, err := before.resolve(name); !errors.Is(err, ErrNotFound) {
		return ref, err
	}
	after, _, err := before.Add(name)
	if err != nil {
		return Ref{}, err
	}
	if err := r.keep(after); err != nil {
		return Ref{}, fmt.Errorf("write %s: %w", LocalFile, err)
	}
	r.current.Store(after)
	return after.resolve(name)
}

// keep makes the keys of a local ring durable, if it has a place for them.
func (r *Ring) keep(keys *Keys) error {
	b, err := keys.Encode()
	if err != nil || r.fsys == nil {
		return err
	}
	if err := r.fsys.Mkdir(directory); err != nil {
		return err
	}
	if err := r.fsys.SyncDir("."); err != nil {
		return err
	}
	return vfs.ReplaceFile(r.fsys, LocalFile, b)
}

// Usable returns nil if what the version has wrapped may be used, else
// ErrNotFound or ErrDisabled.
func (r *Ring) Usable(ref Ref) error {
	_, err := r.current.Load().secret(ref)
	return err
}

// Wrap wraps a data key of 32 bytes with a version of a master key. It can be
// unwrapped for the same purpose only. The errors are those of Usable.
func (r *Ring) Wrap(ref Ref, dataKey, purpose []byte) ([]byte, error) {
	secret, err := r.current.Load().secret(ref)
	if err != nil {
		return nil, err
	}
	return wrap(ref, secret, dataKey, purpose)
}

// Unwrap returns the data key. The errors are those of Usable, and ErrWrapped.
func (r *Ring) Unwrap(wrapped, purpose []byte) ([]byte, error) {
	ref, err := RefOf(wrapped)
	if err != nil {
		return nil, err
	}
	secret, err := r.current.Load().secret(ref)
	if err != nil {
		return nil, err
	}
	return unwrap(wrapped, secret, purpose)
}
