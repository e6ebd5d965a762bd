package stream

import (
	"encoding/binary"
	"errors"
	"time"
)

// Minute is a whole minute since the Unix epoch: the time that loads are
// counted in.
type Minute int64

// Minute returns the minute that m is in. Instants before 1970 do not occur.
func (m Millis) Minute() Minute { return Minute(m / millisPerMinute) }

// Start returns the first millisecond of the minute.
func (m Minute) Start() Millis { return Millis(m) * millisPerMinute }

const (
	millisPerMinute  = 60_000
	secondsPerMinute = 60
)

// Load is what is written in one minute, to a shard or to a stream.
type Load struct {
	Bytes   int64 // data and partition keys
	Records int64
}

// PerMinute returns the load of a minute that is written to at a rate per
// second.
func PerMinute(bytes, records int64) Load {
	return Load{bytes * secondsPerMinute, records * secondsPerMinute}
}

// Plus returns the load of both together.
func (l Load) Plus(o Load) Load { return Load{l.Bytes + o.Bytes, l.Records + o.Records} }

// Minus returns what is left of the load without a part of it.
func (l Load) Minus(part Load) Load { return Load{l.Bytes - part.Bytes, l.Records - part.Records} }

// Times returns the load n times over.
func (l Load) Times(n int) Load { return Load{l.Bytes * int64(n), l.Records * int64(n)} }

// Max returns the larger bytes and the larger records of two loads.
func (l Load) Max(o Load) Load { return Load{max(l.Bytes, o.Bytes), max(l.Records, o.Records)} }

// Exceeds reports whether the load is above a limit, in bytes or in records.
func (l Load) Exceeds(limit Load) bool { return l.Bytes > limit.Bytes || l.Records > limit.Records }

// Of returns how much of a limit the load takes, by whichever it takes more of.
func (l Load) Of(limit Load) float64 {
	return max(float64(l.Bytes)/float64(limit.Bytes), float64(l.Records)/float64(limit.Records))
}

// Peaks remember how much a stream was written to: the busiest minute of each
// slot of time. The zero value remembers nothing.
type Peaks struct {
	slots []peak // ascending
}

// peak is the busiest minute of a slot.
type peak struct {
	begin Minute // of the slot
	load  Load
}

// peakSlots is how many slots the memory is cut into: an hour is the 720th part
// of 30 days.
const peakSlots = 720

// maxPeaks bounds the slots that are kept, whatever the memory was when they
// were begun.
const maxPeaks = 2 * peakSlots

// Slot returns how long a slot is, in minutes, for a memory.
func Slot(memory time.Duration) Minute {
	return max(1, Minute(memory/peakSlots/time.Minute))
}

// Add takes a minute's load into the slot it is in, and reports whether that
// slot is a new one. Minutes ascend. Of too many slots the two oldest become
// one, which counts for as long as the later of them.
func (p *Peaks) Add(minute, slot Minute, load Load) bool {
	begin := minute - minute%slot
	if n := len(p.slots); n > 0 && begin <= p.slots[n-1].begin {
		p.slots[n-1].load = p.slots[n-1].load.Max(load)
		return false
	}
	if len(p.slots) >= maxPeaks {
		p.slots[1].load = p.slots[1].load.Max(p.slots[0].load)
		p.slots = p.slots[1:]
	}
	p.slots = append(p.slots, peak{begin, load})
	return true
}

// Forget forgets the slots that were over before the minute.
func (p *Peaks) Forget(before, slot Minute) {
	for len(p.slots) > 0 && p.slots[0].begin+slot <= before {
		p.slots = p.slots[1:]
	}
}

// Max returns the most that was written in a minute.
func (p *Peaks) Max() Load {
	var most Load
	for _, s := range p.slots {
		most = most.Max(s.load)
	}
	return most
}

// ErrPeaksEncoding says that bytes are not encoded peaks.
var ErrPeaksEncoding = errors.New("malformed peaks encoding")

const (
	// peaksVersion is the version of the encoding of peaks.
	peaksVersion = 1
	// minPeakBytes is the least that an encoded slot takes.
	minPeakBytes = 3
)

// AppendBinary appends the encoded peaks to dst. The package documentation
// draws the encoding.
func (p *Peaks) AppendBinary(dst []byte) []byte {
	dst = append(dst, peaksVersion)
	dst = binary.AppendUvarint(dst, uint64(len(p.slots)))
	before := Minute(-1)
	for _, s := range p.slots {
		dst = binary.AppendUvarint(dst, uint64(s.begin-before))
		dst = binary.AppendUvarint(dst, uint64(s.load.Bytes))
		dst = binary.AppendUvarint(dst, uint64(s.load.Records))
		before = s.begin
	}
	return dst
}

// DecodePeaks reads what AppendBinary wrote. The error is ErrPeaksEncoding.
func DecodePeaks(b []byte) (Peaks, error) {
	d := decoder{rest: b}
	version := d.byte()
	n := d.count(minPeakBytes)
	if version != peaksVersion || n > maxPeaks {
		return Peaks{}, ErrPeaksEncoding
	}
	var p Peaks
	before := Minute(-1)
	for range n {
		distance := d.natural()
		s := peak{before + Minute(distance), Load{d.natural(), d.natural()}}
		if distance == 0 || s.begin < before {
			d.fail()
		}
		p.slots = append(p.slots, s)
		before = s.begin
	}
	if d.err != nil || len(d.rest) > 0 {
		return Peaks{}, ErrPeaksEncoding
	}
	return p, nil
}

// natural returns an unsigned number that fits a signed one.
func (d *decoder) natural() int64 {
	v := int64(d.uvarint())
	if v < 0 {
		d.fail()
	}
	return v
}
