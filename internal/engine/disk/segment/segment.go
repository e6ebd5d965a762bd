package segment

import (
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
)

const (
	headerBytes  = 48
	trailerBytes = 48
	pointBytes   = 24
	fileMagic    = uint32('L') | uint32('E')<<8 | uint32('S')<<16 | uint32('G')<<24
	trailerMagic = uint32('L') | uint32('E')<<8 | uint32('S')<<16 | uint32('X')<<24
	version      = 1

	// pointEvery is how far apart the points of an index are: what a seek may
	// have to walk over.
	pointEvery = 64 << 10
	// maxPoints bounds the index of a segment of any length that is found.
	maxPoints = 1 << 20
)

// Dir is the directory that the directories of streams are in.
const Dir = "logs"

// Info describes a segment as the checkpoint file does.
type Info struct {
	First, Last         stream.Position
	FirstTime, LastTime stream.Millis
	Length              int64 // of the header and the entries
	Sealed              bool
}

// StreamDir returns the directory of a stream's segments.
func StreamDir(streamNumber uint64) string {
	return fmt.Sprintf("%s/%d", Dir, streamNumber)
}

// Name returns the name of a log's segment.
func Name(log engine.LogID, first stream.Position) string {
	return path.Join(StreamDir(log.Stream), fmt.Sprintf("%d-%019d%s", log.Shard, first, suffix))
}

const suffix = ".segment"

// IsName reports whether a file has the name of a segment.
func IsName(name string) bool { return strings.HasSuffix(name, suffix) }

// salt makes the entries of each segment its own.
func salt(log engine.LogID, first stream.Position) uint64 {
	const odd = 0x9e3779b97f4a7c15
	return (log.Stream*odd^uint64(log.Shard))*odd ^ uint64(first)
}

func encodeHeader(log engine.LogID, first stream.Position) []byte {
	b := make([]byte, headerBytes)
	le := binary.LittleEndian
	le.PutUint32(b[4:], fileMagic)
	le.PutUint32(b[8:], version)
	le.PutUint64(b[16:], log.Stream)
	le.PutUint32(b[24:], uint32(log.Shard))
	le.PutUint64(b[32:], uint64(first))
	le.PutUint32(b, entry.Sum(b[4:]))
	return b
}

// Point is where a batch begins.
type Point struct {
	Position stream.Position
	Time     stream.Millis
	Offset   int64
}

// encodeTrailer returns a trailer that will be at info.Length, and its points.
func encodeTrailer(info Info, salt uint64, points []Point) []byte {
	b := make([]byte, trailerBytes+len(points)*pointBytes)
	le := binary.LittleEndian
	for i, p := range points {
		at := b[trailerBytes+i*pointBytes:]
		le.PutUint64(at[0:], uint64(p.Position))
		le.PutUint64(at[8:], uint64(p.Time))
		le.PutUint64(at[16:], uint64(p.Offset))
	}
	le.PutUint32(b[4:], trailerMagic)
	le.PutUint32(b[8:], uint32(len(points)))
	le.PutUint32(b[12:], entry.Sum(b[trailerBytes:]))
	le.PutUint64(b[16:], uint64(info.Last))
	le.PutUint64(b[24:], uint64(info.FirstTime))
	le.PutUint64(b[32:], uint64(info.LastTime))
	le.PutUint32(b, entry.SumFrom(entry.Seed(salt, info.Length), b[4:trailerBytes]))
	return b
}

// decodeTrailer verifies a trailer found at info.Length and returns the number
// of its points and their checksum.
func decodeTrailer(b []byte, info Info, salt uint64) (points int, sum uint32, ok bool) {
	le := binary.LittleEndian
	ok = entry.SumFrom(entry.Seed(salt, info.Length), b[4:trailerBytes]) == le.Uint32(b) &&
		le.Uint32(b[4:]) == trailerMagic &&
		le.Uint32(b[8:]) <= maxPoints &&
		le.Uint64(b[16:]) == uint64(info.Last) &&
		le.Uint64(b[24:]) == uint64(info.FirstTime) &&
		le.Uint64(b[32:]) == uint64(info.LastTime)
	return int(le.Uint32(b[8:])), le.Uint32(b[12:]), ok
}

func decodePoints(b []byte) []Point {
	le := binary.LittleEndian
	points := make([]Point, len(b)/pointBytes)
	for i := range points {
		at := b[i*pointBytes:]
		points[i] = Point{
			Position: stream.Position(le.Uint64(at[0:])),
			Time:     stream.Millis(le.Uint64(at[8:])),
			Offset:   int64(le.Uint64(at[16:])),
		}
	}
	return points
}

// index collects the points of a segment from its entries, in order.
type index struct {
	points []Point
	end    int64 // behind the last entry noted
}

func (x *index) note(h *entry.Header, off int64) {
	if n := len(x.points); n == 0 || off >= x.points[n-1].Offset+pointEvery {
		x.points = append(x.points, Point{Position: h.First, Time: h.Time, Offset: off})
	}
	x.end = off + int64(h.Size())
}

// extend notes the entries up to an offset from their headers.
func (x *index) extend(src entry.Source, to int64) error {
	w := &entry.Window{}
	for x.end < to {
		h, err := w.Header(src, x.end, to)
		if err != nil {
			return err
		}
		x.note(&h, x.end)
	}
	return nil
}
