package cloudwatch

import (
	"encoding/base64"
	"hash/fnv"
)

// A NextToken is, in base64, a version, what the request is about, so that it fits
// no other, and where to go on:
//
//	+---------+-------------+-----------+
//	| version | request (8) | place     |
//	+---------+-------------+-----------+
//
// It holds nothing that its owner does not know: who reads is told by the request.
const (
	tokenVersion = 1
	tokenHeader  = 9
)

// newToken returns the token for a place in the answers to a request.
func newToken(request [8]byte, place string) string {
	b := append([]byte{tokenVersion}, request[:]...)
	return base64.RawURLEncoding.EncodeToString(append(b, place...))
}

// openToken returns the place that a token is for, and false if it is none for the
// request.
func openToken(request [8]byte, token string) (place string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < tokenHeader || b[0] != tokenVersion || [8]byte(b[1:tokenHeader]) != request {
		return "", false
	}
	return string(b[tokenHeader:]), true
}

// requestHash tells requests apart by texts.
func requestHash(texts ...string) (sum [8]byte) {
	h := fnv.New64a()
	for _, text := range texts {
		// A hash takes everything.
		_, _ = h.Write([]byte(text))
		_, _ = h.Write([]byte{0})
	}
	h.Sum(sum[:0])
	return sum
}
