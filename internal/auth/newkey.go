package auth

import (
	"crypto/rand"
	"encoding/base64"
)

// keyPrefix begins the ids of new keys, so that they are not taken for those of
// AWS.
const keyPrefix = "LKIA"

// NewKey returns a new pair of 20 and 40 characters, as long as those of AWS.
func NewKey() (id, secret string) {
	var b [30]byte
	_, _ = rand.Read(b[:]) // it never fails
	return keyPrefix + rand.Text()[:16], base64.StdEncoding.EncodeToString(b[:])
}
