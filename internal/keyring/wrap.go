package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	wrapFormat = 1
	nonceBytes = 12
	tagBytes   = 16
)

// ErrWrapped says that bytes are not a wrapped key, or that they were wrapped
// by another secret or for another purpose, or have been changed.
var ErrWrapped = errors.New("the wrapped key does not open")

// Ref names a version of a master key.
type Ref struct {
	ID      string
	Version uint32
}

// String returns the key and its version as messages have them.
func (r Ref) String() string { return fmt.Sprintf("%s (version %d)", r.ID, r.Version) }

// appendHead appends what is before the nonce of a wrapped key.
func (r Ref) appendHead(dst []byte) []byte {
	if len(r.ID) > math.MaxUint8 {
		panic("keyring: an id that is not valid")
	}
	dst = append(dst, wrapFormat, byte(len(r.ID)))
	dst = append(dst, r.ID...)
	return binary.BigEndian.AppendUint32(dst, r.Version)
}

// RefOf returns which master key has wrapped a key. The error is ErrWrapped for
// what is no wrapped key.
func RefOf(wrapped []byte) (Ref, error) {
	ref, _, err := splitWrapped(wrapped)
	return ref, err
}

// splitWrapped returns the parts of a wrapped key: who wrapped it, and how long
// its head is.
func splitWrapped(b []byte) (ref Ref, head int, err error) {
	if len(b) < 2 || b[0] != wrapFormat {
		return Ref{}, 0, ErrWrapped
	}
	id := 2 + int(b[1])
	head = id + 4
	if len(b) != head+nonceBytes+secretBytes+tagBytes {
		return Ref{}, 0, ErrWrapped
	}
	return Ref{ID: string(b[2:id]), Version: binary.BigEndian.Uint32(b[id:])}, head, nil
}

// wrap wraps a data key.
func wrap(ref Ref, secret, dataKey, purpose []byte) ([]byte, error) {
	aead, err := newGCM(secret)
	if err != nil {
		return nil, err
	}
	head := ref.appendHead(nil)
	nonce := randomBytes(nonceBytes)
	sealed := append(append([]byte(nil), head...), nonce...)
	return aead.Seal(sealed, nonce, dataKey, append(head, purpose...)), nil
}

// unwrap returns the data key that wrap wrapped.
func unwrap(wrapped, secret, purpose []byte) ([]byte, error) {
	_, head, err := splitWrapped(wrapped)
	if err != nil {
		return nil, err
	}
	aead, err := newGCM(secret)
	if err != nil {
		return nil, err
	}
	bound := append(append([]byte(nil), wrapped[:head]...), purpose...)
	dataKey, err := aead.Open(nil, wrapped[head:head+nonceBytes], wrapped[head+nonceBytes:], bound)
	if err != nil {
		return nil, ErrWrapped
	}
	return dataKey, nil
}

func newGCM(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
