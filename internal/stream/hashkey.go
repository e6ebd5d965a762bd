package stream

import (
	"cmp"
	"crypto/md5" // the service routes by MD5; nothing secret depends on it
	"encoding/binary"
	"errors"
	"math/bits"
	"unsafe"
)

// ErrInvalidHashKey says that a text is not a decimal number below 2^128.
var ErrInvalidHashKey = errors.New("not a decimal number in the range [0, 2^128-1]")

// HashKey is an unsigned 128-bit number: where on the ring of shards a record
// belongs.
type HashKey struct{ Hi, Lo uint64 }

// MaxHashKey is 2^128-1, the last hash key.
var MaxHashKey = HashKey{1<<64 - 1, 1<<64 - 1}

// ParseHashKey reads a hash key in decimal, without sign or leading zeros. The
// error is ErrInvalidHashKey.
func ParseHashKey(s string) (HashKey, error) {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return HashKey{}, ErrInvalidHashKey
	}
	var k HashKey
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 {
			return HashKey{}, ErrInvalidHashKey
		}
		var ok bool
		if k, ok = k.timesTenPlus(uint64(digit)); !ok {
			return HashKey{}, ErrInvalidHashKey
		}
	}
	return k, nil
}

// timesTenPlus returns 10k+digit, or false if that is 2^128 or more.
func (k HashKey) timesTenPlus(digit uint64) (HashKey, bool) {
	loCarry, lo := bits.Mul64(k.Lo, 10)
	hiCarry, hi := bits.Mul64(k.Hi, 10)
	lo, c := bits.Add64(lo, digit, 0)
	hi, c = bits.Add64(hi, loCarry, c)
	return HashKey{hi, lo}, hiCarry == 0 && c == 0
}

// HashPartitionKey returns the hash key of a partition key: its MD5 sum, read
// as a big-endian number.
func HashPartitionKey(key string) HashKey {
	// The conversion []byte(key) would copy keys over 32 bytes to the heap;
	// md5.Sum only reads what it is given and keeps nothing.
	sum := md5.Sum(unsafe.Slice(unsafe.StringData(key), len(key)))
	return HashKey{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:])}
}

// String returns the key in decimal.
func (k HashKey) String() string {
	var buf [39]byte
	return string(k.AppendTo(buf[:0]))
}

// AppendTo appends the key in decimal to dst.
func (k HashKey) AppendTo(dst []byte) []byte {
	// 2^128 is below 10^39: one leading digit at most, then 19 and 19.
	hi, r := k.Hi/e19, k.Hi%e19
	lo, low := bits.Div64(r, k.Lo, e19)
	top, middle := bits.Div64(hi, lo, e19)
	switch {
	case top > 0:
		return appendDigits(appendDigits(appendDecimal(dst, top), middle, 19), low, 19)
	case middle > 0:
		return appendDigits(appendDecimal(dst, middle), low, 19)
	default:
		return appendDecimal(dst, low)
	}
}

// Compare orders hash keys as numbers: -1, 0 or +1.
func (k HashKey) Compare(o HashKey) int {
	if k.Hi != o.Hi {
		return cmp.Compare(k.Hi, o.Hi)
	}
	return cmp.Compare(k.Lo, o.Lo)
}

// Less reports whether k is below o.
func (k HashKey) Less(o HashKey) bool {
	return k.Hi < o.Hi || k.Hi == o.Hi && k.Lo < o.Lo
}

// Next returns k+1; after MaxHashKey comes 0.
func (k HashKey) Next() HashKey { return k.plus(HashKey{0, 1}) }

// Prev returns k-1; before 0 comes MaxHashKey.
func (k HashKey) Prev() HashKey { return k.minus(HashKey{0, 1}) }

// plus returns k+o modulo 2^128.
func (k HashKey) plus(o HashKey) HashKey {
	lo, c := bits.Add64(k.Lo, o.Lo, 0)
	hi, _ := bits.Add64(k.Hi, o.Hi, c)
	return HashKey{hi, lo}
}

// minus returns k-o modulo 2^128.
func (k HashKey) minus(o HashKey) HashKey {
	lo, b := bits.Sub64(k.Lo, o.Lo, 0)
	hi, _ := bits.Sub64(k.Hi, o.Hi, b)
	return HashKey{hi, lo}
}

// half returns k/2, rounded down.
func (k HashKey) half() HashKey { return HashKey{k.Hi >> 1, k.Lo>>1 | k.Hi<<63} }

// distance returns the absolute value of k-o.
func (k HashKey) distance(o HashKey) HashKey {
	if k.Less(o) {
		return o.minus(k)
	}
	return k.minus(o)
}

// HashRange is a range of hash keys, both ends included.
type HashRange struct{ Start, End HashKey }

// Contains reports whether k is in the range.
func (r HashRange) Contains(k HashKey) bool { return !k.Less(r.Start) && !r.End.Less(k) }

// Adjacent reports whether next begins where r ends.
func (r HashRange) Adjacent(next HashRange) bool {
	return r.End != MaxHashKey && r.End.Next() == next.Start
}

// EvenRanges cuts all hash keys into n ranges, n at least 1, in the way the
// service does: each is floor(2^128/n) wide, but the last takes what is left.
func EvenRanges(n int) []HashRange {
	ranges := make([]HashRange, n)
	start := HashKey{}
	if n > 1 {
		width := evenWidth(uint64(n))
		for i := range n - 1 {
			next := start.plus(width)
			ranges[i] = HashRange{start, next.Prev()}
			start = next
		}
	}
	ranges[n-1] = HashRange{start, MaxHashKey}
	return ranges
}

// evenWidth returns floor(2^128/n) for n of at least 2.
func evenWidth(n uint64) HashKey {
	hi, r := bits.Div64(1, 0, n)
	lo, _ := bits.Div64(r, 0, n)
	return HashKey{hi, lo}
}
