package stream

import (
	"encoding/binary"
	"errors"
)

// CommitmentStatus says whether an account has agreed to pay for a minimum of
// throughput.
type CommitmentStatus uint8

// The states of a commitment.
const (
	CommitmentDisabled CommitmentStatus = iota
	CommitmentEnabled
	CommitmentEnding // enabled until the earliest instant at which it may end
)

var commitmentNames = [...]string{
	CommitmentDisabled: "DISABLED",
	CommitmentEnabled:  "ENABLED",
	CommitmentEnding:   "ENABLED_UNTIL_EARLIEST_ALLOWED_END",
}

// String returns the name that the API uses.
func (s CommitmentStatus) String() string { return nameOf(commitmentNames[:], int(s)) }

// Commitment is an account's agreement to pay for a minimum of throughput. The
// zero value is that of an account which never made one.
type Commitment struct {
	Started Millis // when it was enabled last; 0 if it never was
	Ended   Millis // when it ended or will end; 0 if it goes on
}

// StatusAt returns the state at the instant now.
func (c Commitment) StatusAt(now Millis) CommitmentStatus {
	switch {
	case c.Started == 0 || c.Ended != 0 && c.Ended <= now:
		return CommitmentDisabled
	case c.Ended != 0:
		return CommitmentEnding
	}
	return CommitmentEnabled
}

// EarliestEnd returns when the commitment may end.
func (c Commitment) EarliestEnd() Millis { return c.Started.Add(MinCommitment) }

// Enable returns the commitment enabled at the instant now. One that was about
// to end goes on.
func (c Commitment) Enable(now Millis) Commitment {
	if c.StatusAt(now) == CommitmentDisabled {
		return Commitment{Started: now}
	}
	return Commitment{Started: c.Started}
}

// Disable returns the commitment that ends at the instant now, or as soon after
// it as it may.
func (c Commitment) Disable(now Millis) Commitment {
	if c.StatusAt(now) == CommitmentEnabled {
		c.Ended = max(now, c.EarliestEnd())
	}
	return c
}

// ErrCommitmentEncoding says that bytes are not an encoded commitment.
var ErrCommitmentEncoding = errors.New("malformed commitment encoding")

// commitmentVersion is the version of the encoding of a commitment.
const commitmentVersion = 1

// AppendBinary appends the encoded commitment to dst. The package documentation
// draws the encoding.
func (c Commitment) AppendBinary(dst []byte) []byte {
	dst = append(dst, commitmentVersion)
	dst = binary.AppendVarint(dst, int64(c.Started))
	return binary.AppendVarint(dst, int64(c.Ended))
}

// DecodeCommitment reads what AppendBinary wrote. The error is
// ErrCommitmentEncoding.
func DecodeCommitment(b []byte) (Commitment, error) {
	d := decoder{rest: b}
	version := d.byte()
	c := Commitment{Started: Millis(d.varint()), Ended: Millis(d.varint())}
	if version != commitmentVersion || d.err != nil || len(d.rest) > 0 {
		return Commitment{}, ErrCommitmentEncoding
	}
	return c, nil
}
