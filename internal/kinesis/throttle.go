package kinesis

import (
	"sync"

	"leat/internal/stream"
)

// bucket is a token bucket that may go into debt: something larger than the
// bucket needs a full one and is paid off before anything else passes.
type bucket struct {
	level float64
	last  stream.Millis // when level was right; 0 before first use
}

// rate is what a bucket holds, and regains in one second.
type rate float64

// refill brings the level to now.
func (b *bucket) refill(r rate, now stream.Millis) {
	switch {
	case b.last == 0:
		b.level, b.last = float64(r), now
	case now > b.last:
		b.level = min(float64(r), b.level+float64(now-b.last)*float64(r)/1000)
		b.last = now
	}
}

// affords reports whether a cost can be taken from a refilled bucket.
func (b *bucket) affords(r rate, cost float64) bool { return b.level >= min(cost, float64(r)) }

// shardRates is what one shard has been used lately. It exists only under
// enforced rates and for shards that were used.
type shardRates struct {
	mu        sync.Mutex // guards all fields
	writes    bucket     // records
	written   bucket     // bytes
	reads     bucket     // GetRecords calls
	read      bucket     // bytes
	iterators bucket     // GetShardIterator calls
}

// rates returns the rates of a shard, or nil when none are enforced.
func (s *Service) rates(sn *snapshot, shard stream.ShardID) *shardRates {
	if !s.cfg.EnforceRates {
		return nil
	}
	if r, ok := sn.state.rates.Load(shard); ok {
		return r.(*shardRates)
	}
	r, _ := sn.state.rates.LoadOrStore(shard, new(shardRates))
	return r.(*shardRates)
}

// admitWrite takes one record of the size from the shard's write rates, or
// reports that it cannot be written now. A nil receiver admits everything.
func (r *shardRates) admitWrite(now stream.Millis, bytes int) bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes.refill(stream.WriteRecordsPerSecond, now)
	r.written.refill(stream.WriteBytesPerSecond, now)
	if !r.writes.affords(stream.WriteRecordsPerSecond, 1) ||
		!r.written.affords(stream.WriteBytesPerSecond, float64(bytes)) {
		return false
	}
	r.writes.level--
	r.written.level -= float64(bytes)
	return true
}

// admitRead takes one GetRecords call, or reports that the shard cannot be
// read now: because of the calls, or because earlier ones read more than a
// second's worth.
func (r *shardRates) admitRead(now stream.Millis) bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads.refill(stream.ReadCallsPerSecond, now)
	r.read.refill(stream.ReadBytesPerSecond, now)
	if !r.reads.affords(stream.ReadCallsPerSecond, 1) || r.read.level <= 0 {
		return false
	}
	r.reads.level--
	return true
}

// chargeRead takes what an admitted call has read.
func (r *shardRates) chargeRead(bytes int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read.level -= float64(bytes)
}

// admitIterator takes one GetShardIterator call.
func (r *shardRates) admitIterator(now stream.Millis) bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.iterators.refill(stream.IteratorCallsPerSecond, now)
	if !r.iterators.affords(stream.IteratorCallsPerSecond, 1) {
		return false
	}
	r.iterators.level--
	return true
}
