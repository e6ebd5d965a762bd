package stream

import (
	"cmp"
	"errors"
	"math/bits"
)

// ErrSequenceNumber says that a text is not a sequence number.
var ErrSequenceNumber = errors.New("not a sequence number")

// SequenceNumber is the number of a record: what it is made of. The package
// documentation draws its layout.
//
// Created and Time have 36 bits; both are below maxCreated in every number
// that this program makes.
type SequenceNumber struct {
	Created  Second   // when the shard was created
	Shard    ShardID  // the shard
	Position Position // where in the shard's log
	Time     Second   // when the record arrived
}

// Version is the layout of a sequence number. Those that are issued have
// version 2; numbers of earlier versions are only recognised.
type Version int

// maxCreated bounds the creation second in version 0 and 2: the service
// refuses numbers from there on.
const maxCreated Second = 16025175000

// SequenceNumberDigits is how many decimal digits every issued number has.
const SequenceNumberDigits = 56

// wide is an unsigned number of 192 bits, most significant limb first.
type wide [3]uint64

// Where the fields of version 2 begin, counted from the lowest bit of their limb.
const (
	topMark      = 2  // value of the top digit, and of the lowest one: the version
	topShift     = 56 // limb 0
	createdShift = 20 // limb 0
	nibbleShift  = 16 // limb 0
	indexBits    = 48 // of the index are in limb 1, the upper 16 in limb 0
	indexShift   = 16 // limb 1
	timeBits     = 28 // of the time are in limb 2, the upper 8 in limb 1
	timeShift    = 36 // limb 2
	shardShift   = 4  // limb 2
	secondMask   = 1<<36 - 1
)

func (s SequenceNumber) wide() wide {
	index, time := uint64(s.Position), uint64(s.Time)&secondMask
	return wide{
		topMark<<topShift | uint64(s.Created)&secondMask<<createdShift | uint64(s.Shard)&0xf<<nibbleShift | index>>indexBits,
		index<<indexShift | time>>timeBits,
		time<<timeShift | uint64(s.Shard)<<shardShift | topMark,
	}
}

// String returns the number in its 56 decimal digits.
func (s SequenceNumber) String() string {
	var buf [SequenceNumberDigits]byte
	return string(s.AppendTo(buf[:0]))
}

// AppendTo appends what String returns to dst.
func (s SequenceNumber) AppendTo(dst []byte) []byte {
	w := s.wide()
	// The number is below 3*16^46 < 10^56, so the top group has 18 digits and
	// the quotients need one limb less each time.
	q1, r := bits.Div64(w[0], w[1], e19)
	q0, low := bits.Div64(r, w[2], e19)
	top, middle := bits.Div64(q1, q0, e19)
	dst = appendDigits(dst, top, SequenceNumberDigits-38)
	dst = appendDigits(dst, middle, 19)
	return appendDigits(dst, low, 19)
}

// Compare orders numbers as the integers they are: by creation second, low
// digit of the shard, position, time, shard.
func (s SequenceNumber) Compare(o SequenceNumber) int {
	a, b := s.wide(), o.wide()
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]), cmp.Compare(a[2], b[2]))
}

// InFuture reports whether the number claims to be of a later time than now
// and than its shard: a new shard's second may be ahead of the clock.
func (s SequenceNumber) InFuture(now Second) bool { return s.Time > max(now, s.Created) }

// ParseSequenceNumber reads a sequence number of version 0, 1 or 2 in decimal.
// Of version 1 it returns no position, of version 0 no position and no time:
// such a number was never issued here, and what it contains serves to say so.
// The error is ErrSequenceNumber.
func ParseSequenceNumber(s string) (SequenceNumber, Version, error) {
	w, ok := parseWide(s)
	if !ok {
		return SequenceNumber{}, 0, ErrSequenceNumber
	}
	n, version := SequenceNumber{}, Version(w[2]&0xf)
	switch {
	case w[0] < 1<<(version0Bits-128):
		version = 0
		n, ok = w.version0()
	case w[0]>>topShift == topMark && version == 1:
		n, ok = w.version1()
	case w[0]>>topShift == topMark && version == 2:
		n, ok = w.version2()
	default:
		ok = false
	}
	if !ok {
		return SequenceNumber{}, 0, ErrSequenceNumber
	}
	return n, version, nil
}

// version0Bits is the width of version 0: all smaller numbers count as such.
const version0Bits = 129

// parseWide reads a decimal number below 2^192 without sign or leading zeros.
func parseWide(s string) (wide, bool) {
	const maxDigits = 57 // 10^57 is below 2^192
	if s == "" || len(s) > maxDigits || len(s) > 1 && s[0] == '0' {
		return wide{}, false
	}
	var w wide
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 {
			return wide{}, false
		}
		carry := uint64(digit)
		for limb := len(w) - 1; limb >= 0; limb-- {
			hi, lo := bits.Mul64(w[limb], 10)
			var c uint64
			w[limb], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
	}
	return w, true
}

// version0 reads, from the top of 128 bits, a digit that means nothing, 9
// digits of creation second, 18 that mean nothing here and 4 of shard.
func (w wide) version0() (SequenceNumber, bool) {
	n := SequenceNumber{
		Created: Second(w[1] >> 24 & secondMask),
		Shard:   ShardID(w[2] & 0xffff),
	}
	return n, n.Created < maxCreated
}

// version1 has the creation second, the shard's low digit and the shard where
// version 2 has them, and the time earlier.
func (w wide) version1() (SequenceNumber, bool) {
	n := w.common()
	n.Time = Second(w[0]&0xff<<timeBits | w[1]>>timeShift)
	return n, w.nibble() == uint64(n.Shard)&0xf
}

func (w wide) version2() (SequenceNumber, bool) {
	n := w.common()
	index := w[0]<<indexBits | w[1]>>indexShift
	n.Position = Position(index) // checked below: 63 bits
	n.Time = Second(w[1]&0xff<<timeBits | w[2]>>timeShift)
	gap := w[1] >> 8 & 0xff
	ok := index <= uint64(PositionAfter) && gap == 0 &&
		n.Created < maxCreated && w.nibble() == uint64(n.Shard)&0xf
	return n, ok
}

// common reads what versions 1 and 2 have in the same place.
func (w wide) common() SequenceNumber {
	return SequenceNumber{
		Created: Second(w[0] >> createdShift & secondMask),
		Shard:   ShardID(w[2] >> shardShift & (1<<32 - 1)),
	}
}

// nibble returns the copy of the shard's low digit.
func (w wide) nibble() uint64 { return w[0] >> nibbleShift & 0xf }
