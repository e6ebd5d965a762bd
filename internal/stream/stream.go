package stream

import "time"

// Status is the state of a stream, as stored.
type Status uint8

// The states of a stream.
const (
	Creating Status = iota + 1
	Active
	Updating
	Deleting
)

var statusNames = [...]string{
	Creating: "CREATING",
	Active:   "ACTIVE",
	Updating: "UPDATING",
	Deleting: "DELETING",
}

// String returns the name that the API uses.
func (s Status) String() string { return nameOf(statusNames[:], int(s)) }

// Mode says who decides on the number of shards.
type Mode uint8

// The modes of a stream.
const (
	Provisioned Mode = iota + 1 // its owner
	OnDemand                    // the service
)

var modeNames = [...]string{Provisioned: "PROVISIONED", OnDemand: "ON_DEMAND"}

// String returns the name that the API uses.
func (m Mode) String() string { return nameOf(modeNames[:], int(m)) }

// ParseMode reads the name that the API uses.
func ParseMode(s string) (Mode, bool) {
	i := parseName(modeNames[:], s)
	return Mode(i), i > 0
}

// Distribution says how records find their shard.
type Distribution uint8

// The record distribution strategies.
const (
	ByPartitionKey Distribution = iota // by partition key or explicit hash key
	Auto                               // by the service's choice
)

var distributionNames = [...]string{ByPartitionKey: "USER_PARTITION_KEY", Auto: "AUTO"}

// String returns the name that the API uses.
func (d Distribution) String() string { return nameOf(distributionNames[:], int(d)) }

// ParseDistribution reads the name that the API uses.
func ParseDistribution(s string) (Distribution, bool) {
	for i, name := range distributionNames {
		if name == s {
			return Distribution(i), true
		}
	}
	return ByPartitionKey, false
}

// Stream is all there is to know of a stream but its records and consumers:
// the object that is stored and swapped as one.
type Stream struct {
	Account string
	Region  string
	Name    string
	// Number is the KV revision that created the stream, and the first part
	// of its logs' names. It is 0 in the object's very first encoding, which is
	// written before that revision is known.
	Number uint64

	Created       Millis
	CreatedSecond Second // the creation second of its first shards
	Status        Status
	BusyUntil     Millis // until then Status shows, whatever has been done already
	Mode          Mode

	RetentionHours int
	// Floor is up to when records had expired when the retention was last
	// lengthened: they stay so. 0 if it never was.
	Floor        Millis
	MaxRecordKiB int // the largest record: data and partition key
	Distribution Distribution
	// KeyID names the key that records are encrypted with, as it was given; ""
	// if they are not.
	KeyID string
	// DataKeys are what records are sealed with, the newest last. Old ones stay
	// while there may be records that need them.
	DataKeys DataKeys
	Metrics  Metrics // kept for each shard
	Warm     WarmThroughput
	Policy   string // the resource policy, as it was given; "" if there is none
	Tags     map[string]string
	Changes  DailyChanges // counted where rates are enforced

	NextShard ShardID // the first id that no shard has had
	Shards    Shards
	Intent    *Reshard // a reshard that has been begun; nil if none
}

// StatusAt returns the state to show at the instant now: once BusyUntil has
// come, a stream that was creating or updating is active. One that was deleting
// is gone then, which is not a state.
func (s Stream) StatusAt(now Millis) Status {
	if now >= s.BusyUntil && (s.Status == Creating || s.Status == Updating) {
		return Active
	}
	return s.Status
}

// ARN returns the stream's ARN.
func (s Stream) ARN() string { return StreamARN(s.Region, s.Account, s.Name) }

// Retention returns how long records are kept.
func (s Stream) Retention() time.Duration { return time.Duration(s.RetentionHours) * time.Hour }

// Expiry returns the instant up to which records have expired at the instant
// now.
func (s Stream) Expiry(now Millis) Millis { return max(now.Add(-s.Retention()), s.Floor) }

// Horizon returns the trim horizon at the instant now: what is left of the
// stream begins there.
func (s Stream) Horizon(now Millis) Millis { return max(s.Expiry(now), s.Created) }

// Encrypted reports whether records that are put now are encrypted.
func (s Stream) Encrypted() bool { return s.KeyID != "" }

// MaxRecordBytes is the largest record that the stream takes: its data and its
// partition key.
func (s Stream) MaxRecordBytes() int { return s.MaxRecordKiB << 10 }
