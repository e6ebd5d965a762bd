package keyring

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

const (
	fileFormat = 1
	// secretBytes is the length of a master key and of a data key: AES-256.
	secretBytes = 32
	// maxFileBytes is the largest file. What is larger could not be read back.
	maxFileBytes = 1 << 20
)

var (
	// ErrNotFound says that there is no key of that name, or not in that
	// version.
	ErrNotFound = errors.New("no such master key")
	// ErrDisabled says that the key exists and may not be used.
	ErrDisabled = errors.New("the master key is disabled")
	// ErrFull says that a keyring file has no room for another key.
	ErrFull = errors.New("the keyring is full")
)

// Keys is what a keyring file has. It never changes: what changes it returns
// another.
type Keys struct {
	file   file
	byName map[string]*masterKey // by id and by alias
}

// file is the JSON of a keyring.
type file struct {
	Format int         `json:"format"`
	Keys   []masterKey `json:"keys"`
}

type masterKey struct {
	ID       string       `json:"id"`
	Aliases  []string     `json:"aliases,omitempty"`
	Disabled bool         `json:"disabled,omitempty"`
	Versions []keyVersion `json:"versions"`
}

type keyVersion struct {
	Number uint32 `json:"number"`
	Secret []byte `json:"secret"`
}

// None is a keyring without keys.
func None() *Keys { return &Keys{file: file{Format: fileFormat, Keys: []masterKey{}}} }

// Parse reads a keyring file. An error says what is wrong, and never a secret.
func Parse(b []byte) (*Keys, error) {
	if len(b) > maxFileBytes {
		return nil, fmt.Errorf("more than %d bytes", maxFileBytes)
	}
	var f file
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, jsonError(b, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something behind the end of the keyring")
	}
	return newKeys(f)
}

// jsonError says on which line the JSON is wrong. It leaves out what a value
// was, which may have been a secret in the wrong place.
func jsonError(b []byte, err error) error {
	line := func(offset int64) int { return 1 + bytes.Count(b[:min(max(offset, 0), int64(len(b)))], []byte("\n")) }
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("line %d: malformed JSON", line(e.Offset))
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("line %d: %s has the wrong type", line(e.Offset), e.Field)
	}
	return fmt.Errorf("malformed JSON or an unknown member (%d lines)", line(int64(len(b))))
}

// newKeys checks a file and finds its keys' names.
func newKeys(f file) (*Keys, error) {
	if f.Format != fileFormat {
		return nil, fmt.Errorf("format %d is not known, only %d", f.Format, fileFormat)
	}
	k := &Keys{file: f, byName: make(map[string]*masterKey, 2*len(f.Keys))}
	for i := range f.Keys {
		m := &f.Keys[i]
		if err := m.check(); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
		for _, name := range append([]string{m.ID}, m.Aliases...) {
			if k.byName[name] != nil {
				return nil, fmt.Errorf("key %d: the name %s is taken", i+1, name)
			}
			k.byName[name] = m
		}
	}
	return k, nil
}

func (m *masterKey) check() error {
	if !validID(m.ID) {
		return errors.New("the id is not that of a KMS key, in small letters")
	}
	for _, a := range m.Aliases {
		if !validAlias(a) {
			return fmt.Errorf("%s: an alias does not have the form alias/NAME", m.ID)
		}
	}
	if len(m.Versions) == 0 {
		return fmt.Errorf("%s: no version", m.ID)
	}
	last := uint32(0)
	for _, v := range m.Versions {
		if v.Number <= last {
			return fmt.Errorf("%s: the versions' numbers do not ascend from 1", m.ID)
		}
		if len(v.Secret) != secretBytes {
			return fmt.Errorf("%s: the secret of version %d does not have %d bytes", m.ID, v.Number, secretBytes)
		}
		last = v.Number
	}
	return nil
}

// Encode returns the file of the keys. The error is ErrFull if it is too large.
func (k *Keys) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(k.file, "", "  ")
	if err != nil {
		return nil, err
	}
	if len(b) >= maxFileBytes {
		return nil, ErrFull
	}
	return append(b, '\n'), nil
}

// clone returns a file that can be changed without changing the keys.
func (k *Keys) clone() file {
	f := k.file
	f.Keys = slices.Clone(f.Keys)
	return f
}

// Add returns the keys with a new one, and its id. The names are the new key's:
// aliases, and at most one id; without one it gets an id at random.
func (k *Keys) Add(names ...string) (*Keys, string, error) {
	m := masterKey{Versions: []keyVersion{{Number: 1, Secret: randomBytes(secretBytes)}}}
	for _, name := range names {
		switch {
		case IsAlias(name):
			m.Aliases = append(m.Aliases, name)
		case m.ID != "":
			return nil, "", errors.New("a key has one id only")
		default:
			m.ID = name
		}
	}
	if m.ID == "" {
		m.ID = randomID()
	}
	f := k.clone()
	f.Keys = append(f.Keys, m)
	after, err := newKeys(f)
	return after, m.ID, err
}

// SetDisabled returns the keys with one of them disabled, or enabled again.
func (k *Keys) SetDisabled(name string, disabled bool) (*Keys, error) {
	return k.edit(name, func(m *masterKey) error {
		m.Disabled = disabled
		return nil
	})
}

// Rotate returns the keys with a new version of one, which wraps from then on.
func (k *Keys) Rotate(name string) (*Keys, error) {
	return k.edit(name, func(m *masterKey) error {
		last := m.Versions[len(m.Versions)-1].Number
		if last == math.MaxUint32 {
			return ErrFull
		}
		m.Versions = append(slices.Clone(m.Versions), keyVersion{Number: last + 1, Secret: randomBytes(secretBytes)})
		return nil
	})
}

// edit changes a copy of the key of that name, in any form of names.
func (k *Keys) edit(keyID string, change func(*masterKey) error) (*Keys, error) {
	name, _ := Name(keyID)
	found := k.byName[name]
	if found == nil {
		return nil, ErrNotFound
	}
	f := k.clone()
	i := slices.IndexFunc(f.Keys, func(m masterKey) bool { return m.ID == found.ID })
	if err := change(&f.Keys[i]); err != nil {
		return nil, err
	}
	return newKeys(f)
}

// secret returns the secret of a version of a key.
func (k *Keys) secret(ref Ref) ([]byte, error) {
	m := k.byName[ref.ID]
	if m == nil {
		return nil, ErrNotFound
	}
	if m.Disabled {
		return nil, ErrDisabled
	}
	for _, v := range m.Versions {
		if v.Number == ref.Version {
			return v.Secret, nil
		}
	}
	return nil, ErrNotFound
}

// randomID returns a UUID of version 4, as KMS gives its keys.
func randomID() string {
	b := randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// randomBytes returns n random bytes.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	// Read of crypto/rand never fails.
	_, _ = rand.Read(b)
	return b
}
