package stream

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// ErrIterator says that a text is not a shard iterator of this server.
var ErrIterator = errors.New("not a shard iterator")

// IteratorType says where reading starts.
type IteratorType uint8

// The iterator types of the API.
const (
	TrimHorizon IteratorType = iota + 1
	Latest
	AtSequenceNumber
	AfterSequenceNumber
	AtTimestamp
)

var iteratorNames = [...]string{
	TrimHorizon:         "TRIM_HORIZON",
	Latest:              "LATEST",
	AtSequenceNumber:    "AT_SEQUENCE_NUMBER",
	AfterSequenceNumber: "AFTER_SEQUENCE_NUMBER",
	AtTimestamp:         "AT_TIMESTAMP",
}

// String returns the name that the API uses.
func (t IteratorType) String() string { return nameOf(iteratorNames[:], int(t)) }

// ParseIteratorType reads the name that the API uses.
func ParseIteratorType(s string) (IteratorType, bool) {
	i := parseName(iteratorNames[:], s)
	return IteratorType(i), i > 0
}

// Iterator is a place to read from, given to a client.
type Iterator struct {
	Account string
	Region  string
	Name    string
	Stream  uint64 // the stream's number: a stream made again under the name is another
	Shard   ShardID
	Type    IteratorType
	// Position and Time are where to go on: the position and, as the type
	// asks for it, the number's time field or the earliest arrival.
	Position Position
	Time     Millis
	Issued   Millis
}

// Layout of a sealed iterator.
const (
	iteratorBlock    = 16  // sizes are multiples of it, plus a remainder
	minIteratorPlain = 116 // with nonce and tag: 144 bytes
	maxIteratorPlain = minIteratorPlain + 14*iteratorBlock
	iteratorFixed    = 8 + 4 + 1 + 8 + 8 + 8 // the fields that are not texts
)

// iteratorMark is how every iterator of the service begins, before base64.
var iteratorMark = [8]byte{7: 1}

// iteratorDomain keeps iterators apart from everything else under the key.
const iteratorDomain = "leat shard iterator"

// Seal returns the iterator as the text that clients see. A nonce must not be
// used twice; two texts of the same iterator differ as their nonces do.
// Account, Region and Name must be valid, which bounds their length; Seal
// panics on longer ones.
func (s *Sealer) Seal(it Iterator, nonce [NonceBytes]byte) string {
	plain := make([]byte, 0, maxIteratorPlain)
	plain = appendIterator(plain, it)
	size := minIteratorPlain
	for size < len(plain) {
		size += iteratorBlock
	}
	if size > maxIteratorPlain {
		panic("BUG: shard iterator of an invalid account, region or stream name")
	}
	plain = plain[:size]
	sealed := make([]byte, 0, len(iteratorMark)+NonceBytes+size+tagBytes)
	sealed = append(sealed, iteratorMark[:]...)
	return base64.StdEncoding.EncodeToString(s.seal(sealed, plain, iteratorDomain, nonce))
}

// Open returns the iterator that Seal made the text of. The error is
// ErrIterator.
func (s *Sealer) Open(text string) (Iterator, error) {
	if len(text) > MaxIteratorChars {
		return Iterator{}, ErrIterator
	}
	b, ok := decodeBase64(text)
	if !ok || len(b) < len(iteratorMark) || [8]byte(b) != iteratorMark {
		return Iterator{}, ErrIterator
	}
	plain, ok := s.open(b[len(iteratorMark):], iteratorDomain)
	if !ok || len(plain) < minIteratorPlain || (len(plain)-minIteratorPlain)%iteratorBlock != 0 {
		return Iterator{}, ErrIterator
	}
	it, ok := decodeIterator(plain)
	if !ok {
		return Iterator{}, ErrIterator
	}
	return it, nil
}

func appendIterator(dst []byte, it Iterator) []byte {
	dst = binary.BigEndian.AppendUint64(dst, it.Stream)
	dst = binary.BigEndian.AppendUint32(dst, uint32(it.Shard))
	dst = append(dst, byte(it.Type))
	dst = binary.BigEndian.AppendUint64(dst, uint64(it.Position))
	dst = binary.BigEndian.AppendUint64(dst, uint64(it.Time))
	dst = binary.BigEndian.AppendUint64(dst, uint64(it.Issued))
	for _, s := range [...]string{it.Account, it.Region, it.Name} {
		dst = appendText(dst, s)
	}
	return dst
}

// decodeIterator reads what appendIterator wrote, and zeros after it.
func decodeIterator(b []byte) (Iterator, bool) {
	it := Iterator{
		Stream:   binary.BigEndian.Uint64(b),
		Shard:    ShardID(binary.BigEndian.Uint32(b[8:])),
		Type:     IteratorType(b[12]),
		Position: Position(binary.BigEndian.Uint64(b[13:])),
		Time:     Millis(binary.BigEndian.Uint64(b[21:])),
		Issued:   Millis(binary.BigEndian.Uint64(b[29:])),
	}
	d := decoder{rest: b[iteratorFixed:]}
	it.Account, it.Region, it.Name = d.text(), d.text(), d.text()
	padding := string(d.rest)
	ok := d.err == nil && it.Type.String() != "" && strings.Trim(padding, "\x00") == ""
	return it, ok
}
