package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// SecretBytes is the size of a secret.
const SecretBytes = 32

// Secret returns the random secret with a name, which is made when it is asked
// for first and kept in kv for ever, under the key ("secret", name).
func Secret(ctx context.Context, kv KV, name string) ([SecretBytes]byte, error) {
	key := NewKey("secret", name)
	secret, err := storedSecret(ctx, kv, key)
	if !errors.Is(err, ErrNotFound) {
		return secret, err
	}
	_, _ = rand.Read(secret[:]) // it never fails
	_, err = kv.Write(ctx, []Change{{Key: key, Value: secret[:], Expect: Absent}})
	if errors.Is(err, ErrConflict) {
		return storedSecret(ctx, kv, key) // another has made it meanwhile
	}
	return secret, err
}

func storedSecret(ctx context.Context, kv KV, key Key) (secret [SecretBytes]byte, err error) {
	entry, err := kv.Get(ctx, key)
	if err != nil {
		return secret, err
	}
	if len(entry.Value) != len(secret) {
		return secret, fmt.Errorf("%s has %d bytes instead of %d", key, len(entry.Value), len(secret))
	}
	copy(secret[:], entry.Value)
	return secret, nil
}
