package stream

import "time"

// Position is where a record is in its log: it grows within a log, and only
// the engine that gave it takes it apart. It is also the index part of the
// record's sequence number.
type Position int64

// The two positions that no record ever has.
const (
	// PositionBefore is before a log's first record: the index of a shard's
	// StartingSequenceNumber.
	PositionBefore Position = 0
	// PositionAfter is after a log's last record: the index of a closed
	// shard's EndingSequenceNumber.
	PositionAfter Position = 1<<63 - 1
)

// Millis is an instant in milliseconds since the Unix epoch.
type Millis int64

// MillisOf returns the millisecond that t is in.
func MillisOf(t time.Time) Millis { return Millis(t.UnixMilli()) }

// Time returns the instant as a time in UTC.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Second returns the whole second that m is in. Instants before 1970 do not
// occur.
func (m Millis) Second() Second { return Second(m / 1000) }

// Add returns the instant d after m, d cut to whole milliseconds.
func (m Millis) Add(d time.Duration) Millis { return m + Millis(d.Milliseconds()) }

// Sub returns the time from o to m.
func (m Millis) Sub(o Millis) time.Duration { return time.Duration(m-o) * time.Millisecond }

// Second is an instant in whole seconds since the Unix epoch: the unit of the
// times inside sequence numbers.
type Second int64

// Start returns the first millisecond of the second.
func (s Second) Start() Millis { return Millis(s) * 1000 }
