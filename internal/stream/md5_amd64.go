package stream

import (
	"encoding/binary"
	"math"
	"math/bits"
	"unsafe"

	"golang.org/x/sys/cpu"
)

const (
	// maxBlockKey is the longest key, in bytes, that fills one block of MD5 with its
	// padding: a bit, and the length in 8 bytes.
	maxBlockKey = 64 - 1 - 8
	// minLanes is how many keys are worth a run of eight lanes.
	minLanes = 3
)

// lanes is one 32-bit variable of eight messages.
type lanes [8]uint32

// md5Start is the state of MD5 before the first block.
var md5Start = func() (state [4]lanes) {
	for i, word := range [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476} {
		for lane := range state[i] {
			state[i][lane] = word
		}
	}
	return state
}()

// md5Sines has a constant of MD5 for each step i: 2^32 times the absolute value of
// sin(i+1).
var md5Sines = func() (sines [64]uint32) {
	for i := range sines {
		sines[i] = uint32(math.Abs(math.Sin(float64(i+1))) * (1 << 32))
	}
	return sines
}()

// md5Blocks takes the next block of eight messages into their states. It needs
// AVX2.
//
//go:noescape
func md5Blocks(state *[4]lanes, words *[16]lanes, sines *[64]uint32)

// HashPartitionKeys sets hashes[i] to the hash key of keys[i], for all keys. It is
// faster than one key after the other: a step of MD5 waits for the one before, so
// the processor is idle most of the time unless several keys go side by side.
func HashPartitionKeys(hashes []HashKey, keys []string) {
	var g keyGroup
	for i, key := range keys {
		if !cpu.X86.HasAVX2 || len(key) > maxBlockKey {
			hashes[i] = HashPartitionKey(key)
			continue
		}
		g.index[g.n] = i
		if g.n++; g.n == len(g.index) {
			g.hash(hashes, keys)
			g.n = 0
		}
	}
	if g.n >= minLanes {
		g.hash(hashes, keys)
		return
	}
	for _, i := range g.index[:g.n] {
		hashes[i] = HashPartitionKey(keys[i])
	}
}

// keyGroup is keys of at most maxBlockKey bytes that are hashed together.
type keyGroup struct {
	index [len(lanes{})]int // of each lane's key
	n     int
	words [16]lanes // one block of each key
}

// hash sets the hash keys of the group.
func (g *keyGroup) hash(hashes []HashKey, keys []string) {
	clear(g.words[:])
	for lane, i := range g.index[:g.n] {
		g.fill(lane, keys[i])
	}
	state := md5Start
	md5Blocks(&state, &g.words, &md5Sines)
	for lane, i := range g.index[:g.n] {
		hashes[i] = HashKey{
			Hi: bigEndian(state[0][lane], state[1][lane]),
			Lo: bigEndian(state[2][lane], state[3][lane]),
		}
	}
}

// fill makes the block of a lane, whose words are zero: the key, the padding's first
// bit and the number of the key's bits.
func (g *keyGroup) fill(lane int, key string) {
	bytes := unsafe.Slice(unsafe.StringData(key), len(key))
	n := 0
	for ; len(bytes) >= 4; n++ {
		g.words[n][lane] = binary.LittleEndian.Uint32(bytes)
		bytes = bytes[4:]
	}
	last := uint32(0x80)
	for i := range bytes {
		last = last<<8 | uint32(bytes[len(bytes)-1-i])
	}
	g.words[n][lane] = last
	g.words[14][lane] = uint32(8 * len(key))
}

// bigEndian reads two words of a sum, which are little-endian, as one number.
func bigEndian(first, second uint32) uint64 {
	return uint64(bits.ReverseBytes32(first))<<32 | uint64(bits.ReverseBytes32(second))
}
