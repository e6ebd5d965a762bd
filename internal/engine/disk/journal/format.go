package journal

import (
	"encoding/binary"
	"fmt"

	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
)

const (
	pageBytes   = 4096
	headerBytes = 48 // of a file and of a frame
	fileMagic   = uint32('L') | uint32('E')<<8 | uint32('J')<<16 | uint32('F')<<24
	frameMagic  = uint32('L') | uint32('E')<<8 | uint32('F')<<16 | uint32('R')<<24
	version     = 1

	// offsetUnit is what offsets in a Ref are counted in.
	offsetUnit = entry.Alignment
)

// Ref is where an entry is in the journal: the number of the file's use and
// the offset, in eights.
type Ref uint64

func makeRef(number uint32, offset int64) Ref {
	return Ref(number)<<32 | Ref(offset/offsetUnit)
}

// File returns the number of the file's use.
func (r Ref) File() uint32 { return uint32(r >> 32) }

// Offset returns the offset in the file.
func (r Ref) Offset() int64 { return int64(uint32(r)) * offsetUnit }

// Mark is a place between two frames. The zero Mark is the beginning of a new
// journal.
type Mark struct {
	File   uint32 // number of the file's use
	Offset int64  // where in the file the next frame goes unless it is too long
	Frame  uint64 // number of the next frame
}

// Ref returns the least Ref that an entry behind the mark can have.
func (m Mark) Ref() Ref { return makeRef(m.File, m.Offset) }

// firstMark is what the zero Mark stands for.
var firstMark = Mark{File: 1, Offset: pageBytes, Frame: 1}

func (m Mark) orFirst() Mark {
	if m == (Mark{}) {
		return firstMark
	}
	return m
}

type fileHeader struct {
	number     uint32
	salt       uint64
	firstFrame uint64
}

func (h fileHeader) encode(dst []byte) {
	le := binary.LittleEndian
	clear(dst[:headerBytes])
	le.PutUint32(dst[4:], fileMagic)
	le.PutUint64(dst[8:], uint64(h.number))
	le.PutUint64(dst[16:], h.salt)
	le.PutUint64(dst[24:], h.firstFrame)
	le.PutUint32(dst[32:], version)
	le.PutUint32(dst, entry.Sum(dst[4:headerBytes]))
}

// decodeFileHeader returns the header of a file's present use; used is false
// for a file that never had one. It fails if the page is neither.
func decodeFileHeader(page []byte) (h fileHeader, used bool, err error) {
	le := binary.LittleEndian
	if isZero(page[:headerBytes]) {
		return fileHeader{}, false, nil
	}
	number := le.Uint64(page[8:])
	switch {
	case entry.Sum(page[4:headerBytes]) != le.Uint32(page) || le.Uint32(page[4:]) != fileMagic || number == 0 || number > 1<<32-1:
		return fileHeader{}, false, fmt.Errorf("file header is damaged")
	case le.Uint32(page[32:]) != version:
		return fileHeader{}, false, fmt.Errorf("file header has the unknown version %d", le.Uint32(page[32:]))
	}
	return fileHeader{number: uint32(number), salt: le.Uint64(page[16:]), firstFrame: le.Uint64(page[24:])}, true, nil
}

type frameHeader struct {
	number     uint64
	bodyBytes  int
	entries    int
	time       stream.Millis
	entriesSum uint32
}

func (h frameHeader) encode(dst []byte, seed uint32) {
	le := binary.LittleEndian
	clear(dst[:headerBytes])
	le.PutUint32(dst[4:], frameMagic)
	le.PutUint64(dst[8:], h.number)
	le.PutUint32(dst[16:], uint32(h.bodyBytes))
	le.PutUint32(dst[20:], uint32(h.entries))
	le.PutUint64(dst[24:], uint64(h.time))
	le.PutUint32(dst[32:], h.entriesSum)
	le.PutUint32(dst, entry.SumFrom(seed, dst[4:headerBytes]))
}

func decodeFrameHeader(src []byte, seed uint32) (frameHeader, bool) {
	le := binary.LittleEndian
	if le.Uint32(src[4:]) != frameMagic || entry.SumFrom(seed, src[4:headerBytes]) != le.Uint32(src) {
		return frameHeader{}, false
	}
	return frameHeader{
		number:     le.Uint64(src[8:]),
		bodyBytes:  int(le.Uint32(src[16:])),
		entries:    int(le.Uint32(src[20:])),
		time:       stream.Millis(le.Uint64(src[24:])),
		entriesSum: le.Uint32(src[32:]),
	}, true
}

// Entry is something to be written.
type Entry struct {
	entry.Header

	Payload []byte
	Ref     Ref // where it is, set by Append
}

// FrameBytes returns how much of the journal a frame takes whose entries take
// that much.
func FrameBytes(entriesBytes int) int64 { return pages(headerBytes + int64(entriesBytes)) }

// encodeFrame writes a frame to dst, which has the frame's length in whole
// pages, as it will be at an offset of a file.
func encodeFrame(dst []byte, h frameHeader, entries []Entry, f fileHeader, offset int64) {
	at := headerBytes
	sum := uint32(0)
	for i := range entries {
		e := &entries[i]
		place := offset + int64(at)
		e.Ref = makeRef(f.number, place)
		e.Encode(dst[at:], e.Payload, entry.Seed(f.salt, place))
		sum = entry.SumFrom(sum, dst[at:at+4])
		at += e.Size()
	}
	h.bodyBytes, h.entries, h.entriesSum = at-headerBytes, len(entries), sum
	h.encode(dst, entry.Seed(f.salt, offset))
	clear(dst[at:])
}

// pages rounds up to whole pages.
func pages(n int64) int64 { return (n + pageBytes - 1) &^ (pageBytes - 1) }

func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
