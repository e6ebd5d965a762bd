package stream

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// ErrToken says that a text is not a page token of this server, or not one of
// the kind that was asked for.
var ErrToken = errors.New("not a page token")

const (
	// NonceBytes is the size of a nonce.
	NonceBytes = 12
	tagBytes   = 16
)

// Sealer turns iterators and page tokens into texts that nobody else can make
// or change, and back. It is safe for concurrent use.
//
// Everything is AES-256-GCM under one key. What kind of thing was sealed is
// authenticated with it, so that none opens as another.
type Sealer struct{ aead cipher.AEAD }

// NewSealer returns the sealer with the given key. Texts made by another sealer
// with the same key can be opened.
func NewSealer(key [32]byte) (*Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead}, nil
}

// seal appends nonce, ciphertext and tag to dst.
func (s *Sealer) seal(dst, plain []byte, domain string, nonce [NonceBytes]byte) []byte {
	dst = append(dst, nonce[:]...)
	return s.aead.Seal(dst, nonce[:], plain, []byte(domain))
}

// open reads what seal appended.
func (s *Sealer) open(sealed []byte, domain string) ([]byte, bool) {
	if len(sealed) < NonceBytes+tagBytes {
		return nil, false
	}
	plain, err := s.aead.Open(nil, sealed[:NonceBytes], sealed[NonceBytes:], []byte(domain))
	return plain, err == nil
}

// decodeBase64 decodes standard base64 that is exactly what the encoder writes.
func decodeBase64(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") { // which the decoder would pass over
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil
}

// tokenDomain begins the domain of each kind of page token.
const tokenDomain = "leat page token "

// SealToken returns a page token with the given fields as the text that clients
// see. Tokens of one kind do not open as those of another. A nonce must not be
// used twice, neither for an iterator.
func (s *Sealer) SealToken(kind string, issued Millis, nonce [NonceBytes]byte, fields ...string) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(issued))
	for _, f := range fields {
		plain = appendText(plain, f)
	}
	return base64.StdEncoding.EncodeToString(s.seal(nil, plain, tokenDomain+kind, nonce))
}

// OpenToken returns what a page token of the given kind was made of. The error
// is ErrToken.
func (s *Sealer) OpenToken(kind, text string) (fields []string, issued Millis, err error) {
	b, ok := decodeBase64(text)
	if !ok {
		return nil, 0, ErrToken
	}
	plain, ok := s.open(b, tokenDomain+kind)
	if !ok || len(plain) < 8 {
		return nil, 0, ErrToken
	}
	d := decoder{rest: plain[8:]}
	for len(d.rest) > 0 {
		fields = append(fields, d.text())
	}
	if d.err != nil {
		return nil, 0, ErrToken
	}
	return fields, Millis(binary.BigEndian.Uint64(plain)), nil
}
