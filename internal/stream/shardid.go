package stream

import "strings"

// ShardID is a shard's number in its stream: 0, 1, 2... in the order of
// creation, never used twice.
type ShardID uint32

const (
	// NoShard stands where there is no shard, such as the parent of a
	// stream's first shards.
	NoShard ShardID = 1<<32 - 1
	// MaxShardID is the largest number that a shard can have, or that a
	// request can name.
	MaxShardID ShardID = 1<<31 - 1
)

const (
	shardIDPrefix = "shardId-"
	shardIDDigits = 12
)

// String returns the id as the API writes it: shardId-000000000007. A number
// above MaxShardID, which only a foreign sequence number can contain, is
// written as the negative 32-bit number with the same bits.
func (id ShardID) String() string {
	var buf [len(shardIDPrefix) + shardIDDigits]byte
	return string(id.AppendTo(buf[:0]))
}

// AppendTo appends what String returns to dst.
func (id ShardID) AppendTo(dst []byte) []byte {
	dst = append(dst, shardIDPrefix...)
	if id > MaxShardID {
		dst = append(dst, '-')
		return appendDigits(dst, 1<<32-uint64(id), shardIDDigits-1)
	}
	return appendDigits(dst, uint64(id), shardIDDigits)
}

// ParseShardID reads a shard id as leniently as the service: what follows the
// first hyphen, or the whole text if there is none, must be digits, with any
// number of leading zeros, of a value up to MaxShardID.
func ParseShardID(s string) (ShardID, bool) {
	digits := s
	if _, tail, found := strings.Cut(s, "-"); found {
		digits = tail
	}
	if digits == "" {
		return NoShard, false
	}
	var v uint64
	for i := range len(digits) {
		digit := digits[i] - '0'
		if digit > 9 {
			return NoShard, false
		}
		if v = v*10 + uint64(digit); v > uint64(MaxShardID) {
			return NoShard, false
		}
	}
	return ShardID(v), true
}
