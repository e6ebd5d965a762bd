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

// The flags of a row.
const (
	// isKnown is of samples whose distribution is known.
	isKnown = 1 << iota
	// isSame is of samples that are all the same, so that the first says all.
	isSame
	allFlags = isKnown | isSame
)

// errMalformed says that bytes are not what this package wrote.
var errMalformed = errors.New("malformed object of metrics")

// stored is a series of one minute.
type stored struct {
	key  []byte // of the metric
	unit unit
	row  []byte // an encoded summary
}

// appendStored appends the stored form of a series' minute.
func appendStored(dst []byte, key engine.Key, u unit, row []byte) []byte {
	dst = append(binary.AppendUvarint(dst, uint64(len(key))), key...)
	return append(append(dst, byte(u)), row...)
}

// appendTo appends a summary, which has samples, as a row.
func (s *summary) appendTo(dst []byte) []byte {
	same, flags := s.min == s.max && s.sum == s.min*s.count, byte(0)
	if same {
		flags |= isSame
	}
	if !s.sketch.opaque {
		flags |= isKnown
	}
	dst = appendNumber(appendNumber(append(dst, flags), s.count), s.min)
	if same {
		return dst
	}
	dst = appendNumber(appendNumber(dst, s.sum), s.max)
	if s.sketch.opaque {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(s.sketch.level))
	dst = binary.AppendUvarint(dst, uint64(len(s.sketch.buckets)))
	before := uint32(0)
	for _, b := range s.sketch.buckets {
		dst = binary.AppendUvarint(dst, uint64(b.key-before))
		dst = appendNumber(dst, b.count)
		before = b.key
	}
	return dst
}

// maxInteger is the limit of the integers that are written in few bytes.
const maxInteger = 1 << 53

// appendNumber appends a number: twice itself as a uvarint if it is such an integer,
// else a one and its eight bytes.
func appendNumber(dst []byte, f float64) []byte {
	if f >= 0 && f < maxInteger && f == math.Trunc(f) {
		return binary.AppendUvarint(dst, uint64(f)<<1)
	}
	return binary.BigEndian.AppendUint64(append(dst, 1), math.Float64bits(f))
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
	body := make([]byte, size)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, errMalformed
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
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

// uvarint returns the next uvarint, which must not exceed a limit.
func (d *decoder) uvarint(limit uint64) uint64 {
	n, width := binary.Uvarint(d.rest)
	if width <= 0 || n > limit {
		d.fail()
		return 0
	}
	d.rest = d.rest[width:]
	return n
}

// number is uvarint of what ints hold.
func (d *decoder) number(limit int) int { return int(d.uvarint(uint64(limit))) }

// float returns the next of what appendNumber writes, which must be finite.
func (d *decoder) float() float64 {
	n := d.uvarint(maxInteger << 1)
	if n&1 == 0 {
		return float64(n >> 1)
	}
	f := math.Float64frombits(binary.BigEndian.Uint64(d.take(8)))
	if n != 1 || math.IsNaN(f) || math.IsInf(f, 0) {
		d.fail()
		return 0
	}
	return f
}

func (d *decoder) series() (r stored) {
	r.key, r.unit = d.take(d.number(len(d.rest))), unit(d.take(1)[0])
	if !isMetricKey(r.key) || int(r.unit) >= len(units) {
		d.fail()
		return r
	}
	begin := d.rest
	d.summary()
	r.row = begin[:len(begin)-len(d.rest)]
	return r
}

// isMetricKey reports whether bytes are the key of a metric: pairs of parts, of which
// each ends with 00 01, while other zeros are 00 FF.
func isMetricKey(key []byte) bool {
	parts := 0
	for len(key) > 0 {
		i := bytes.IndexByte(key, 0)
		if i < 0 || i+1 >= len(key) {
			return false
		}
		switch key[i+1] {
		case 1:
			parts++
		case 0xff:
			if i+2 == len(key) {
				return false
			}
		default:
			return false
		}
		key = key[i+2:]
	}
	return parts >= nameParts && parts <= maxKeyParts && parts%2 == 0
}

// summary returns the summary of a row.
func (d *decoder) summary() (sum summary) {
	flags := d.take(1)[0]
	count, least := d.float(), d.float()
	if d.failed || flags&^allFlags != 0 || !(count > 0) {
		d.fail()
		return sum
	}
	if flags&isSame != 0 {
		sum = set(count, least*count, least, least)
		if math.IsInf(sum.sum, 0) {
			d.fail()
		}
	} else {
		sum = summary{count: count, min: least, sum: d.float(), max: d.float()}
	}
	switch {
	case flags&isKnown == 0:
		sum.sketch.blur()
	case flags&isSame == 0:
		d.sketch(&sum.sketch)
	}
	return sum
}

// decodeSummary returns the summary of a row that has been written or checked here.
func decodeSummary(row []byte) summary {
	d := decoder{rest: row}
	return d.summary()
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
