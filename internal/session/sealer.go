package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"
)

const (
	version    = 1
	domain     = "leat session token \x01" // with the version
	nonceBytes = 12
	tagBytes   = 16

	// MaxTokenBytes is the longest token, as it is with AWS.
	MaxTokenBytes = 4096

	// maxOpenedBytes bounds the tokens and policies of sessions that are
	// remembered; a memory that is full starts anew. A policy that was read takes
	// up to a hundred times its text.
	maxOpenedBytes = 512 << 10
)

var encoding = base64.RawURLEncoding.Strict()

// ErrTooLarge says that a token would be longer than MaxTokenBytes.
var ErrTooLarge = errors.New("session token too large")

// Sealer makes and opens tokens. It may be used concurrently.
type Sealer struct {
	aead cipher.AEAD

	mu sync.RWMutex // guards what follows
	// opened remembers sessions, so that not every request inflates and reads a
	// policy. Only tokens that open come to be in it.
	opened map[credential]*Session
	// openedBytes is how much of maxOpenedBytes they have.
	openedBytes int
}

// credential is a token and the access key that it came with.
type credential struct{ keyID, token string }

// NewSealer returns the sealer with a key. Tokens of another sealer with the
// same key can be opened.
func NewSealer(key [32]byte) (*Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: aead, opened: make(map[credential]*Session)}, nil
}

// Seal returns new credentials for a session, with a token of at least minBytes.
// It begins and ends at whole seconds. If the token is longer than MaxTokenBytes, the size
// that it would have comes with ErrTooLarge.
func (s *Sealer) Seal(session Session, minBytes int) (c Credentials, size int, err error) {
	_, _ = rand.Read(session.secret[:]) // it never fails
	session.Issued, session.Expires = session.Issued.Truncate(time.Second), session.Expires.Truncate(time.Second)
	plain, err := session.appendPlain(nil)
	if err != nil {
		return c, 0, err
	}
	const around = 1 + nonceBytes + tagBytes
	for encoding.EncodedLen(around+len(plain)) < minBytes {
		plain = append(plain, 0)
	}
	size = encoding.EncodedLen(around + len(plain))
	if size > MaxTokenBytes {
		return c, size, ErrTooLarge
	}
	c = Credentials{AccessKeyID: newKeyID(), SecretAccessKey: session.Secret(), Expires: session.Expires}
	sealed := make([]byte, 1+nonceBytes, around+len(plain))
	sealed[0] = version
	nonce := sealed[1:]
	_, _ = rand.Read(nonce)
	sealed = s.aead.Seal(sealed, nonce, plain, []byte(domain+c.AccessKeyID))
	c.SessionToken = encoding.EncodeToString(sealed)
	return c, size, nil
}

// Open returns the session that a token was made of together with an access key
// id, also when it has expired. It is false if the token is none of this key, or
// not of that id.
func (s *Sealer) Open(keyID, token string) (*Session, bool) {
	if len(token) > MaxTokenBytes || !IsKeyID(keyID) {
		return nil, false
	}
	c := credential{keyID, token}
	s.mu.RLock()
	session, ok := s.opened[c]
	s.mu.RUnlock()
	if ok {
		return session, true
	}
	session, ok = s.open(c)
	if !ok {
		return nil, false
	}
	// The texts may lie in something larger.
	s.remember(credential{strings.Clone(keyID), strings.Clone(token)}, session)
	return session, true
}

func (s *Sealer) remember(c credential, session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.opened[c]; ok {
		return // another request has opened it, too
	}
	size := len(c.keyID) + len(c.token) + len(session.PolicyText)
	if s.openedBytes += size; s.openedBytes > maxOpenedBytes {
		clear(s.opened)
		s.openedBytes = size
	}
	s.opened[c] = session
}

func (s *Sealer) open(c credential) (*Session, bool) {
	sealed, err := encoding.DecodeString(c.token)
	if err != nil || len(sealed) < 1+nonceBytes+tagBytes || sealed[0] != version ||
		strings.ContainsAny(c.token, "\r\n") { // which the decoder passes over
		return nil, false
	}
	nonce := sealed[1 : 1+nonceBytes]
	plain, err := s.aead.Open(nil, nonce, sealed[1+nonceBytes:], []byte(domain+c.keyID))
	if err != nil {
		return nil, false
	}
	return parsePlain(plain)
}
