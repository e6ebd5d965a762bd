package stream

import "encoding/binary"

// e19 is the largest power of ten in 64 bits: wide numbers are cut into groups
// of 19 digits.
const e19 = 1e19

// digitPairs holds the numbers 00 to 99.
const digitPairs = "00010203040506070809" +
	"10111213141516171819" +
	"20212223242526272829" +
	"30313233343536373839" +
	"40414243444546474849" +
	"50515253545556575859" +
	"60616263646566676869" +
	"70717273747576777879" +
	"80818283848586878889" +
	"90919293949596979899"

// appendDigits appends v in decimal, padded with zeros to width digits. v has
// no more digits than that, and width is at most 20.
func appendDigits(dst []byte, v uint64, width int) []byte {
	const zeros = "00000000000000000000"
	dst = append(dst, zeros[:width]...)
	i := len(dst)
	for ; v >= e8; v /= e8 {
		i -= 8
		binary.LittleEndian.PutUint64(dst[i:], eightDigits(v%e8))
	}
	for v >= 10 {
		i -= 2
		pair := v % 100 * 2
		v /= 100
		dst[i], dst[i+1] = digitPairs[pair], digitPairs[pair+1]
	}
	if v > 0 {
		dst[i-1] = byte('0' + v)
	}
	return dst
}

const e8 = 1e8

// eightDigits returns the decimal digits of v, which is below 10^8, as eight
// characters, the first in the lowest byte. It divides in all parts of a word at
// once: into two numbers of four digits, four of two, and eight of one.
func eightDigits(v uint64) uint64 {
	const (
		hundredths, hundredthsShift, hundredthsMask = 10486, 20, 0x0000007f_0000007f
		tenths, tenthsShift, tenthsMask             = 103, 10, 0x000f_000f_000f_000f
		zeros                                       = 0x3030303030303030
	)
	fours := v/10000 | v%10000<<32
	high := fours * hundredths >> hundredthsShift & hundredthsMask
	twos := high | (fours-100*high)<<16
	high = twos * tenths >> tenthsShift & tenthsMask
	return high | (twos-10*high)<<8 | zeros
}

// appendDecimal appends v in decimal without padding.
func appendDecimal(dst []byte, v uint64) []byte {
	width := 1
	for limit := uint64(10); width < 20 && v >= limit; width++ {
		limit *= 10 // wraps after 20 digits, when it is no longer looked at
	}
	return appendDigits(dst, v, width)
}
