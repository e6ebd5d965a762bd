package stream

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrPayload says that the payload of a batch is malformed.
var ErrPayload = errors.New("malformed batch payload")

// The first byte of a payload.
const (
	payloadPlain     = 1 // the records follow as they are
	payloadEncrypted = 2 // the same, of a stream that shows its records as encrypted; only read
	payloadSealed    = 3 // the records follow encrypted; see PayloadSealer
)

// BatchOverhead is what BeginBatch appends, in bytes.
const BatchOverhead = 1

// BeginBatch appends the beginning of a batch's payload to dst. Records follow,
// each made of AppendRecordHeader and its data.
func BeginBatch(dst []byte) []byte { return append(dst, payloadPlain) }

// AppendRecordHeader appends what comes before a record's data to dst. The
// caller then appends exactly dataLen bytes of data.
func AppendRecordHeader(dst []byte, key string, dataLen int) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(key)))
	dst = binary.AppendUvarint(dst, uint64(dataLen))
	return append(dst, key...)
}

// RecordSize returns an upper bound of what a record takes in a payload, in
// bytes: exact but for its two lengths.
func RecordSize(key string, dataLen int) int {
	return 2*binary.MaxVarintLen32 + len(key) + dataLen
}

// RecordIter walks through the records of a payload.
type RecordIter struct {
	rest      []byte
	encrypted bool
	err       error
}

// Records returns an iterator over the records of a payload that is not sealed.
// The error is ErrPayload if the payload does not have a known format.
func Records(payload []byte) (RecordIter, error) {
	if len(payload) == 0 || payload[0] != payloadPlain && payload[0] != payloadEncrypted {
		return RecordIter{}, ErrPayload
	}
	return RecordIter{rest: payload[BatchOverhead:], encrypted: payload[0] == payloadEncrypted}, nil
}

// Encrypted reports whether the records were put while their stream's records
// were encrypted.
func (it *RecordIter) Encrypted() bool { return it.encrypted }

// Next returns the partition key and the data of the next record. They share
// the payload's memory, and appending to one does not change the other. It
// returns false at the end, or, with Err set, at a record that is malformed.
func (it *RecordIter) Next() (key, data []byte, ok bool) {
	if len(it.rest) == 0 {
		return nil, nil, false
	}
	keyLen, n := uvarint(it.rest)
	dataLen, m := uvarint(it.rest[n:])
	body := it.rest[n+m:]
	if n == 0 || m == 0 || keyLen > len(body) || dataLen > len(body)-keyLen {
		it.rest, it.err = nil, ErrPayload
		return nil, nil, false
	}
	end := keyLen + dataLen
	it.rest = body[end:]
	return body[:keyLen:keyLen], body[keyLen:end:end], true
}

// Err returns ErrPayload if Next met a malformed record, else nil.
func (it *RecordIter) Err() error { return it.err }

// uvarint reads a length in its shortest form and returns how many bytes it
// takes, 0 if there is none.
func uvarint(b []byte) (v, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return int(b[0]), 1
	}
	u, n := binary.Uvarint(b)
	if n <= 0 || u > math.MaxInt32 || n > 1 && b[n-1] == 0 {
		return 0, 0
	}
	return int(u), n
}
