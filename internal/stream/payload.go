package stream

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
)

// ErrTampered says that a sealed payload is not what was sealed with its data
// key for its shard.
var ErrTampered = errors.New("the sealed payload fails authentication")

// Parts of a sealed payload, in bytes.
const (
	sealedNonce   = 1 + 4 // where the nonce begins: after the format and the data key's id
	sealedRecords = sealedNonce + NonceBytes
	// SealedOverhead is how many bytes more than its records a sealed payload
	// has.
	SealedOverhead = sealedRecords + tagBytes
)

// PayloadSealer seals the payloads of a stream's batches with one data key, and
// opens them. It is safe for concurrent use.
type PayloadSealer struct {
	stream uint64
	id     DataKeyID
	aead   cipher.AEAD
}

// NewPayloadSealer returns the sealer of a data key of the stream with that
// number.
func NewPayloadSealer(stream uint64, id DataKeyID, key [32]byte) (*PayloadSealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &PayloadSealer{stream: stream, id: id, aead: aead}, nil
}

// SealedBy returns which data key has sealed a payload. It reports false if the
// payload is not sealed.
func SealedBy(payload []byte) (id DataKeyID, sealed bool) {
	if len(payload) < SealedOverhead || payload[0] != payloadSealed {
		return 0, false
	}
	return DataKeyID(binary.BigEndian.Uint32(payload[1:])), true
}

// Begin appends the beginning of a payload to dst. Records follow as they do
// after BeginBatch, and then Seal. A nonce must never be used twice with the
// same key.
func (s *PayloadSealer) Begin(dst []byte, nonce [NonceBytes]byte) []byte {
	dst = append(dst, payloadSealed)
	dst = binary.BigEndian.AppendUint32(dst, uint32(s.id))
	return append(dst, nonce[:]...)
}

// Seal encrypts the records of a payload that Begin began: in place, if the
// capacity suffices for the tag.
func (s *PayloadSealer) Seal(payload []byte, shard ShardID) []byte {
	bound := s.bound(shard)
	return s.aead.Seal(payload[:sealedRecords], payload[sealedNonce:sealedRecords], payload[sealedRecords:], bound[:])
}

// Open decrypts a payload in its place and returns its records, or ErrTampered.
// Then the payload is no longer a sealed one, nor a plain one.
func (s *PayloadSealer) Open(payload []byte, shard ShardID) (RecordIter, error) {
	if id, ok := SealedBy(payload); !ok || id != s.id {
		return RecordIter{}, ErrPayload
	}
	bound := s.bound(shard)
	plain, err := s.aead.Open(payload[sealedRecords:sealedRecords], payload[sealedNonce:sealedRecords], payload[sealedRecords:], bound[:])
	if err != nil {
		return RecordIter{}, ErrTampered
	}
	return RecordIter{rest: plain, encrypted: true}, nil
}

// bound is what a payload cannot be taken away from: the additional data.
func (s *PayloadSealer) bound(shard ShardID) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:], s.stream)
	binary.BigEndian.PutUint32(b[8:], uint32(shard))
	binary.BigEndian.PutUint32(b[12:], uint32(s.id))
	return b
}
