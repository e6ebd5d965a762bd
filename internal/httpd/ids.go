package httpd

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

const (
	uuidBytes       = 36
	extendedIDBytes = 96 // base64 of 72 random bytes
)

// requestIDs are the two names of a request. They tell requests apart and are
// no secret, so a fast source of random numbers will do.
type requestIDs struct {
	request  string // a UUID
	extended string // base64
}

func newRequestIDs() requestIDs {
	var random [16 + extendedIDBytes/4*3]byte
	for i := 0; i < len(random); i += 8 {
		binary.NativeEndian.PutUint64(random[i:], rand.Uint64())
	}
	var text [uuidBytes + extendedIDBytes]byte
	putUUID(text[:uuidBytes], [16]byte(random[:16]))
	base64.StdEncoding.Encode(text[uuidBytes:], random[16:])
	s := string(text[:])
	return requestIDs{request: s[:uuidBytes], extended: s[uuidBytes:]}
}

// putUUID writes random bytes in the form of a version 4 UUID.
func putUUID(dst []byte, u [16]byte) {
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	hex.Encode(dst[0:8], u[0:4])
	hex.Encode(dst[9:13], u[4:6])
	hex.Encode(dst[14:18], u[6:8])
	hex.Encode(dst[19:23], u[8:10])
	hex.Encode(dst[24:36], u[10:16])
	dst[8], dst[13], dst[18], dst[23] = '-', '-', '-', '-'
}

// values returns the ids as header values, in one allocation.
func (ids requestIDs) values() []string { return []string{ids.request, ids.extended} }
