package cloudwatch

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"leat/internal/engine"
)

const (
	formatVersion = 1
	headerBytes   = 5
	// maxPartBytes is how many bytes the summaries of an object may have. What is
	// deflated may be a little longer and has to fit a value of the KV.
	maxPartBytes = 4 << 20
	// maxKeyParts is more than the parts of a metric with 30 dimensions.
	maxKeyParts = 256
	// maxSketchKey is more than any key of a sketch.
	maxSketchKey = 1 << 17
)

// hasSketch is the flag of summaries with a sketch.
const hasSketch = 1

// errMalformed says that bytes are not what this package wrote.
var errMalformed = errors.New("malformed object of metrics")

// stored is a series of one minute.
type stored struct {
	key     engine.Key
	unit    unit
	summary summary
}

// appendTo appends the stored form of a series' minute.
func (r *stored) appendTo(dst []byte) []byte {
	parts := r.key.Parts()
	dst = binary.AppendUvarint(dst, uint64(len(parts)))
	for _, part := range parts {
		dst = binary.AppendUvarint(dst, uint64(len(part)))
		dst = append(dst, part...)
	}
	sum := &r.summary
	flags := byte(hasSketch)
	if sum.sketch.opaque {
		flags = 0
	}
	dst = append(dst, byte(r.unit), flags)
	for _, f := range [...]float64{sum.count, sum.sum, sum.min, sum.max} {
		dst = appendFloat(dst, f)
	}
	if sum.sketch.opaque {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(sum.sketch.level))
	dst = binary.AppendUvarint(dst, uint64(len(sum.sketch.buckets)))
	before := uint32(0)
	for _, b := range sum.sketch.buckets {
		dst = binary.AppendUvarint(dst, uint64(b.key-before))
		dst = appendFloat(dst, b.count)
		before = b.key
	}
	return dst
}

func appendFloat(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}

// pack returns the object that has encoded summaries.
func pack(summaries []byte) []byte {
	var b bytes.Buffer
	b.Write(binary.BigEndian.AppendUint32([]byte{formatVersion}, uint32(len(summaries))))
	// The level is valid, and a buffer takes everything.
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	_, _ = w.Write(summaries)
	_ = w.Close()
	return b.Bytes()
}

// unpack returns the summaries of an object.
func unpack(object []byte) ([]stored, error) {
	switch {
	case len(object) < headerBytes:
		return nil, errMalformed
	case object[0] != formatVersion:
		return nil, fmt.Errorf("object of metrics of version %d, not %d", object[0], formatVersion)
	}
	size := binary.BigEndian.Uint32(object[1:])
	if size > maxPartBytes {
		return nil, errMalformed
	}
	r := flate.NewReader(bytes.NewReader(object[headerBytes:]))
	body, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err != nil || len(body) != int(size) {
		return nil, errMalformed
	}
	d := decoder{rest: body}
	var all []stored
	for len(d.rest) > 0 {
		all = append(all, d.series())
	}
	if d.failed {
		return nil, errMalformed
	}
	return all, nil
}

// decoder takes values off the front of a slice. Once it has failed it returns
// zeros and has nothing left.
type decoder struct {
	rest   []byte
	failed bool
}

func (d *decoder) fail() { d.rest, d.failed = nil, true }

// take returns the next n bytes, or zeros.
func (d *decoder) take(n int) []byte {
	if n > len(d.rest) {
		d.fail()
		return make([]byte, min(n, 8))
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// number returns the next uvarint, which must not exceed a limit.
func (d *decoder) number(limit int) int {
	n, width := binary.Uvarint(d.rest)
	if width <= 0 || n > uint64(limit) {
		d.fail()
		return 0
	}
	d.rest = d.rest[width:]
	return int(n)
}

// float returns the next number, which must be finite.
func (d *decoder) float() float64 {
	f := math.Float64frombits(binary.BigEndian.Uint64(d.take(8)))
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.fail()
		return 0
	}
	return f
}

func (d *decoder) series() (r stored) {
	n := d.number(maxKeyParts)
	if n < nameParts || n%2 != 0 {
		d.fail()
		return r
	}
	parts := make([]string, n)
	for i := range parts {
		parts[i] = string(d.take(d.number(len(d.rest))))
	}
	head := d.take(2)
	r.unit = unit(head[0])
	sum := &r.summary
	for _, f := range [...]*float64{&sum.count, &sum.sum, &sum.min, &sum.max} {
		*f = d.float()
	}
	if d.failed || int(r.unit) >= len(units) || head[1]&^hasSketch != 0 || !(sum.count > 0) {
		d.fail()
		return r
	}
	r.key = engine.NewKey(parts...)
	if sum.sketch.opaque = head[1]&hasSketch == 0; !sum.sketch.opaque {
		d.sketch(&sum.sketch)
	}
	return r
}

func (d *decoder) sketch(s *sketch) {
	s.level = uint8(d.number(maxLevel))
	s.buckets = make([]bucket, d.number(maxBuckets))
	key := 0
	for i := range s.buckets {
		distance := d.number(maxSketchKey)
		if i > 0 && distance == 0 {
			d.fail()
		}
		key += distance
		s.buckets[i] = bucket{uint32(key), d.float()}
		if key > maxSketchKey || !(s.buckets[i].count > 0) {
			d.fail()
			return
		}
	}
}
