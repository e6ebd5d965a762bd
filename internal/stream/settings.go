package stream

import "encoding/binary"

// Metrics is a set of the metrics that are kept for each shard.
type Metrics uint8

// metricNames are the shard-level metrics, in the order in which answers list
// them; the bit of each is its index here.
var metricNames = [...]string{
	"IncomingBytes",
	"OutgoingRecords",
	"IteratorAgeMilliseconds",
	"IncomingRecords",
	"ReadProvisionedThroughputExceeded",
	"WriteProvisionedThroughputExceeded",
	"OutgoingBytes",
}

// AllMetrics is the set of all of them.
const AllMetrics Metrics = 1<<7 - 1

// ParseMetrics reads the name that the API uses for a metric, or for all.
func ParseMetrics(s string) (Metrics, bool) {
	if s == "ALL" {
		return AllMetrics, true
	}
	for i, name := range metricNames {
		if s == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// Names returns the names that the API uses, an empty list for the empty set.
func (m Metrics) Names() []string {
	names := make([]string, 0, len(metricNames))
	for i, name := range metricNames {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// WarmThroughput is the write throughput that an on-demand stream is kept ready
// for, in MiB per second. The zero value is that of a stream without one.
type WarmThroughput struct {
	TargetMiBps int // what was asked for last
	FormerMiBps int // what held before: until the stream is no longer updating
}

// DailyChange is a kind of change that a stream may undergo only so many times
// in 24 hours.
type DailyChange uint8

// The kinds of changes that are counted. They index DailyChanges.
const (
	ShardCountChange DailyChange = iota
	ModeChange
	EncryptionStart
	EncryptionStop
	dailyChangeKinds
)

// DailyChanges is when a stream underwent the changes that are counted, each
// list in the order of time and no longer than the kind's limit.
type DailyChanges [dailyChangeKinds][]Millis

// Spend returns the changes with one more at the instant now. It reports false
// if the limit of its kind has been reached in the 24 hours before. The
// receiver's lists are not changed.
func (d DailyChanges) Spend(kind DailyChange, now Millis) (DailyChanges, bool) {
	recent := d[kind]
	for len(recent) > 0 && now.Sub(recent[0]) >= day {
		recent = recent[1:]
	}
	if len(recent) >= kind.Limit() {
		return d, false
	}
	d[kind] = append(append(make([]Millis, 0, len(recent)+1), recent...), now)
	return d, true
}

func (d DailyChanges) isEmpty() bool {
	for _, list := range d {
		if len(list) > 0 {
			return false
		}
	}
	return true
}

// appendTo appends a list for each kind: how many, then the instants, each
// less the one before it.
func (d DailyChanges) appendTo(dst []byte) []byte {
	for _, list := range d {
		dst = binary.AppendUvarint(dst, uint64(len(list)))
		var before Millis
		for _, at := range list {
			dst = binary.AppendVarint(dst, int64(at-before))
			before = at
		}
	}
	return dst
}

func (d *decoder) dailyChanges() (changes DailyChanges) {
	for kind := range changes {
		n := d.count(1)
		if n == 0 {
			continue
		}
		changes[kind] = make([]Millis, n)
		var before Millis
		for i := range changes[kind] {
			before += Millis(d.varint())
			changes[kind][i] = before
		}
	}
	return changes
}

func (w WarmThroughput) appendTo(dst []byte) []byte {
	dst = binary.AppendVarint(dst, int64(w.TargetMiBps))
	return binary.AppendVarint(dst, int64(w.FormerMiBps))
}

func (d *decoder) warmThroughput() WarmThroughput {
	return WarmThroughput{TargetMiBps: int(d.varint()), FormerMiBps: int(d.varint())}
}
