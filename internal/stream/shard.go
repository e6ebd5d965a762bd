package stream

// Shard is one shard of a stream: a range of hash keys and the time in which
// it was the one to take their records.
//
// It has two clocks. Created is the second in its sequence numbers, which
// resharding may set ahead of the wall clock so that the numbers of children
// are above those of their parents. Opened and Closed are real instants: the
// shard is open in [Opened, Closed), which is what filters and retention go by.
type Shard struct {
	ID             ShardID
	Parent         ShardID // the shard it was split from, or the lower half of a merge; NoShard if none
	AdjacentParent ShardID // the upper half of a merge; NoShard if none
	Range          HashRange
	Created        Second
	Opened         Millis
	Closed         Millis // 0 while the shard is open
}

// IsOpen reports whether the shard takes records.
func (s Shard) IsOpen() bool { return s.Closed == 0 }

// NotBefore is the earliest arrival that a record of the shard may have.
func (s Shard) NotBefore() Millis { return s.Created.Start() }

// HasExpired reports whether the shard is closed and its last record has
// expired, expiry being the instant up to which records have.
func (s Shard) HasExpired(expiry Millis) bool { return !s.IsOpen() && s.Closed <= expiry }

// StartingSequenceNumber is below the numbers of all the shard's records.
func (s Shard) StartingSequenceNumber() SequenceNumber {
	return SequenceNumber{Created: s.Created, Shard: s.ID, Position: PositionBefore, Time: s.Created}
}

// EndingSequenceNumber is above the numbers of all records of a closed shard.
func (s Shard) EndingSequenceNumber() SequenceNumber {
	return SequenceNumber{Created: s.Created, Shard: s.ID, Position: PositionAfter, Time: s.closeSecond()}
}

// closeSecond is the time in a closed shard's ending number: a shard that was
// closed before its creation second came ends with that second.
func (s Shard) closeSecond() Second { return max(s.Closed.Second(), s.Created) }

// IsChildOf reports whether the shard came from the given one.
func (s Shard) IsChildOf(id ShardID) bool {
	return id != NoShard && (s.Parent == id || s.AdjacentParent == id)
}

// openAt reports whether the shard is the one for its range at instant t.
func (s Shard) openAt(t Millis) bool { return s.Opened <= t && (s.IsOpen() || t < s.Closed) }

// endsAfter reports whether the shard was or is open at t or later.
func (s Shard) endsAfter(t Millis) bool { return s.IsOpen() || t <= s.Closed }

// ChildCreated returns the creation second of a child of closed shards: the
// second after the latest of their ending numbers, so that all numbers of the
// child are above all of theirs.
func ChildCreated(parents ...Shard) Second {
	var latest Second
	for _, p := range parents {
		latest = max(latest, p.closeSecond())
	}
	return latest + 1
}
