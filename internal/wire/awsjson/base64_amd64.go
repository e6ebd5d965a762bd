package awsjson

import "golang.org/x/sys/cpu"

// Whether a byte is in the alphabet is told by its halves: all bytes with one high
// half that are in it have a bit of highHalves in common with their low halves.
// Four bits are enough, because letters of both cases have the same low halves.
var lowHalves, highHalves = func() (low, high [16]byte) {
	high[2], high[3] = 1, 2 // + /, digits
	high[4], high[6] = 4, 4 // A a to O o
	high[5], high[7] = 8, 8 // P p to Z z
	for _, c := range []byte(base64Alphabet) {
		low[c&15] |= high[c>>4]
	}
	return low, high
}()

// alphabetBlocks returns how many bytes of the alphabet b begins with, in whole
// blocks of 32. It needs AVX2.
//
//go:noescape
func alphabetBlocks(b []byte, low, high *[16]byte) int

// alphabetPrefix returns how many bytes of the alphabet b begins with. It runs over
// all data that is written to streams.
func alphabetPrefix(b []byte) int {
	n := 0
	if cpu.X86.HasAVX2 {
		n = alphabetBlocks(b, &lowHalves, &highHalves)
	}
	return n + alphabetPrefixByBytes(b[n:])
}
