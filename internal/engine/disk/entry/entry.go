// Package entry is the unit of everything that the disk engine stores: a
// header of 48 bytes and a payload, the same in journal frames and in segments.
//
//	 0  u32  CRC32C of bytes 4 to 47, begun with the place's seed
//	 4  u32  CRC32C of the payload
//	 8  u32  length of the payload
//	12  u16  records in the payload
//	14  u8   kind
//	15  u8   0
//	16  u64  stream   \  of a batch or a mark, else 0
//	24  u32  shard    /
//	28  u32  0
//	32  u64  position of the first record, or of the mark; of changes, their revision
//	40  u64  time in milliseconds
//	48       payload, then zeros up to a multiple of 8
//
// All integers are little endian. The seed is made of the file's salt and of
// the entry's offset, so bytes that were written for another place, for an
// earlier use of the file, or by a user into a record never pass for an entry.
//
// The payload's checksum is apart from the header's so that whoever brings the
// payload computes it, in parallel with others; it covers what is stored, so
// data can be verified without being understood.
package entry

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"leat/internal/engine"
	"leat/internal/stream"
)

const (
	// HeaderBytes is the length of an entry's header.
	HeaderBytes = 48
	// Alignment is what the lengths and the offsets of entries are multiples of.
	Alignment = 8
	// MaxPayloadBytes bounds the payload of any entry; a longer one is damage.
	MaxPayloadBytes = 64 << 20
)

// Kind says what an entry is.
type Kind uint8

// The kinds of entries. Their numbers are part of the format.
const (
	Batch      Kind = 1 // records of a log
	CloseMark  Kind = 2 // the end of a log
	CreateLogs Kind = 3 // journal only: the payload lists logs
	DeleteLogs Kind = 4 // journal only: the payload lists logs
	Changes    Kind = 5 // journal only: the payload lists changes of the KV
	Lost       Kind = 6 // segments only: a batch that was damaged before it got there
)

// Header describes an entry.
type Header struct {
	Kind         Kind
	Records      int
	PayloadBytes int
	PayloadSum   uint32
	Log          engine.LogID
	First        stream.Position
	Time         stream.Millis
}

// Why a header or a payload is refused.
var (
	errHeaderSum  = errors.New("checksum of the header does not match")
	errHeader     = errors.New("header makes no sense")
	errPayloadSum = errors.New("checksum of the payload does not match")
	errPadding    = errors.New("padding is not zero")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sum returns the CRC32C of data.
func Sum(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

// SumFrom continues a CRC32C over more data.
func SumFrom(sum uint32, data []byte) uint32 { return crc32.Update(sum, castagnoli, data) }

// Seed returns what the checksum of a header at an offset of a file begins with.
func Seed(salt uint64, offset int64) uint32 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[0:], salt)
	binary.LittleEndian.PutUint64(b[8:], uint64(offset))
	return Sum(b[:])
}

// Size returns how many bytes an entry with that payload takes.
func Size(payloadBytes int) int {
	return HeaderBytes + (payloadBytes+Alignment-1)&^(Alignment-1)
}

// Size returns how many bytes the entry takes.
func (h *Header) Size() int { return Size(h.PayloadBytes) }

// Last returns the last position that the entry takes.
func (h *Header) Last() stream.Position {
	if h.Kind == CloseMark {
		return h.First
	}
	return h.First + stream.Position(h.Records) - 1
}

// Encode writes the entry to the beginning of dst, which must have room for it,
// and returns the checksum of the header.
func (h *Header) Encode(dst, payload []byte, seed uint32) uint32 {
	le := binary.LittleEndian
	le.PutUint32(dst[4:], h.PayloadSum)
	le.PutUint32(dst[8:], uint32(h.PayloadBytes))
	le.PutUint16(dst[12:], uint16(h.Records))
	dst[14], dst[15] = byte(h.Kind), 0
	le.PutUint64(dst[16:], h.Log.Stream)
	le.PutUint32(dst[24:], uint32(h.Log.Shard))
	le.PutUint32(dst[28:], 0)
	le.PutUint64(dst[32:], uint64(h.First))
	le.PutUint64(dst[40:], uint64(h.Time))
	sum := SumFrom(seed, dst[4:HeaderBytes])
	le.PutUint32(dst, sum)
	n := copy(dst[HeaderBytes:], payload)
	clear(dst[HeaderBytes+n : h.Size()])
	return sum
}

// Decode reads a header, of which src must hold all bytes.
func Decode(src []byte, seed uint32) (Header, error) {
	le := binary.LittleEndian
	if SumFrom(seed, src[4:HeaderBytes]) != le.Uint32(src) {
		return Header{}, errHeaderSum
	}
	h := Header{
		Kind:         Kind(src[14]),
		Records:      int(le.Uint16(src[12:])),
		PayloadBytes: int(le.Uint32(src[8:])),
		PayloadSum:   le.Uint32(src[4:]),
		Log:          engine.LogID{Stream: le.Uint64(src[16:]), Shard: stream.ShardID(le.Uint32(src[24:]))},
		First:        stream.Position(le.Uint64(src[32:])),
		Time:         stream.Millis(le.Uint64(src[40:])),
	}
	if h.Kind < Batch || h.Kind > Lost || h.PayloadBytes > MaxPayloadBytes || h.First < 0 || h.First > stream.PositionAfter-engine.MaxBatchRecords {
		return Header{}, errHeader
	}
	return h, nil
}

// Payload returns the payload of the entry that src holds, header and padding
// included, after verifying it.
func (h *Header) Payload(src []byte) ([]byte, error) {
	end := HeaderBytes + h.PayloadBytes
	payload := src[HeaderBytes:end:end]
	if Sum(payload) != h.PayloadSum {
		return nil, errPayloadSum
	}
	for _, b := range src[end:h.Size()] {
		if b != 0 {
			return nil, errPadding
		}
	}
	return payload, nil
}
