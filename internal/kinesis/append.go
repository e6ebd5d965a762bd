package kinesis

import (
	"context"
	"errors"
	"sync"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/stream"
)

// record is one record on its way into a log.
type record struct {
	key  string
	data api.Blob
	hash stream.HashKey

	shard     stream.Shard
	shardName string // the shard's id as text
	batch     int    // index in appender.batches; -1 when the record is not in one
	offset    int    // its place in the batch: position = batch's first + offset
	// Outcome: seq is set when err is nil.
	seq stream.SequenceNumber
	err error
}

// errThrottled marks a record that its shard's write rates do not admit.
var errThrottled = errors.New("write rate of the shard exceeded")

// maxRoutes bounds how often an append follows closed shards to their children.
// Each time the stream has been resharded meanwhile, so a second time is rare.
const maxRoutes = 16

// appender turns the records of one request into batches, one engine call, and
// sequence numbers. It is re-used; nothing of a request may stay behind in it.
type appender struct {
	records []record
	toHash  unhashed
	batches []batch
	out     []engine.Batch
	arena   []byte      // the payloads of all batches
	open    []openBatch // by index of open shard
	round   int         // which append the entries of open belong to
	// encrypted is whether the records are put, and answered, as encrypted: then
	// sealer seals the batches.
	encrypted bool
	sealer    *stream.PayloadSealer
	overhead  int // what a batch has beside its records, in bytes
	// output is the answer of PutRecords.
	output putRecordsOutput
}

// unhashed is the records whose partition keys hashKeys has still to hash. Its
// slices are equally long.
type unhashed struct {
	records []int // indexes in appender.records
	keys    []string
	hashes  []stream.HashKey
}

// clear empties the slices and keeps their memory.
func (u *unhashed) clear() {
	clear(u.keys)
	u.records, u.keys, u.hashes = u.records[:0], u.keys[:0], u.hashes[:0]
}

// batch is a batch being built in appender.arena.
type batch struct {
	shard   stream.Shard
	size    int // upper bound of the payload's bytes
	bytes   int // of data and partition keys
	records int
	payload []byte
}

// openBatch is the batch that the next record of a shard goes to.
type openBatch struct{ round, batch int }

// maxPooledBytes is the largest arena that is kept for the next request.
const maxPooledBytes = 11 << 20

var appenders = sync.Pool{New: func() any { return new(appender) }}

func getAppender() *appender { return appenders.Get().(*appender) }

// release makes the appender available to other requests.
func (a *appender) release() {
	clear(a.records)
	clear(a.batches)
	clear(a.out)
	a.records, a.batches, a.out = a.records[:0], a.batches[:0], a.out[:0]
	a.toHash.clear()
	a.sealer = nil
	a.output.clear()
	if cap(a.arena) > maxPooledBytes {
		a.arena = nil
	}
	appenders.Put(a)
}

// add appends a record to the request.
func (a *appender) add(key string, data api.Blob, hash stream.HashKey) {
	a.records = append(a.records, record{key: key, data: data, hash: hash})
}

// addUnhashed appends a record whose hash key is that of its partition key.
// hashKeys sets it.
func (a *appender) addUnhashed(key string, data api.Blob) {
	u := &a.toHash
	u.records = append(u.records, len(a.records))
	u.keys = append(u.keys, key)
	u.hashes = append(u.hashes, stream.HashKey{})
	a.add(key, data, stream.HashKey{})
}

// hashKeys sets the hash keys of the records that have none. Together they cost
// much less than one by one.
func (a *appender) hashKeys() {
	u := &a.toHash
	stream.HashPartitionKeys(u.hashes, u.keys)
	for i, r := range u.records {
		a.records[r].hash = u.hashes[i]
	}
	u.clear()
}

// append writes the records and leaves each one's outcome in it. Records that
// meet a closed shard follow it to its children. The error is one that
// concerns the whole request; then nothing was written.
func (s *Service) append(ctx context.Context, sn *snapshot, a *appender) error {
	for i := range a.records {
		a.records[i].batch = -1
	}
	for round := range maxRoutes {
		a.encrypt(sn.Encrypted())
		a.route(s, sn)
		if err := s.build(ctx, sn, a); err != nil {
			if round == 0 {
				return err
			}
			a.fail(err)
			return nil
		}
		results := s.engine.Append(ctx, a.engineBatches(sn))
		if s.cfg.OnDemand.counts(sn) {
			sn.state.usage.count(s.engine.Now(), s.cfg.OnDemand, a, results)
		}
		todo := a.settle(results)
		if todo == 0 {
			return nil
		}
		var err error
		if sn, err = s.settled(ctx, sn.state); err != nil {
			a.fail(err)
			return nil
		}
	}
	a.fail(engine.ErrClosed)
	return nil
}

// encrypt chooses what the batches to come are like.
func (a *appender) encrypt(encrypted bool) {
	a.encrypted, a.sealer, a.overhead = encrypted, nil, stream.BatchOverhead
	if encrypted {
		a.overhead = stream.SealedOverhead
	}
}

// bytes is what rates count of the record.
func (r *record) bytes() int { return r.data.Len() + len(r.key) }

// pending reports whether the record's outcome is still open.
func (r *record) pending() bool { return r.err == nil && r.seq == stream.SequenceNumber{} }

// fail gives all records whose outcome is open the error.
func (a *appender) fail(err error) {
	for i := range a.records {
		if a.records[i].pending() {
			a.records[i].err = err
		}
	}
}

// route finds each record's shard and batch, in the request's order, and
// refuses what the shard's rates do not admit. A record that is routed again
// is not charged again.
func (a *appender) route(s *Service, sn *snapshot) {
	a.batches = a.batches[:0]
	a.round++
	if n := sn.router.Len(); len(a.open) < n {
		a.open = make([]openBatch, n)
	}
	now := s.engine.Now()
	for i := range a.records {
		r := &a.records[i]
		if !r.pending() {
			continue
		}
		charged := r.batch >= 0
		n := sn.router.Index(r.hash)
		r.shard, r.shardName = sn.router.At(n), sn.names[n]
		if !charged && !s.rates(sn, r.shard.ID).admitWrite(now, r.bytes()) {
			r.err = errThrottled
			continue
		}
		a.place(r, n)
	}
}

// place puts a record into the batch under construction for the open shard
// with index n, or into a new one.
func (a *appender) place(r *record, n int) {
	size := stream.RecordSize(r.key, r.data.Len())
	open := &a.open[n]
	if open.round == a.round {
		b := &a.batches[open.batch]
		if b.records < engine.MaxBatchRecords && b.size+size <= engine.MaxBatchBytes {
			r.batch, r.offset = open.batch, b.records
			b.records++
			b.size += size
			b.bytes += r.bytes()
			return
		}
	}
	*open = openBatch{a.round, len(a.batches)}
	r.batch, r.offset = len(a.batches), 0
	a.batches = append(a.batches, batch{shard: r.shard, size: a.overhead + size, bytes: r.bytes(), records: 1})
}

// build makes the batches' payloads. Those of an encrypted stream are sealed in
// their place, so that nothing that leads to the engine has a record in it.
func (s *Service) build(ctx context.Context, sn *snapshot, a *appender) (err error) {
	if !a.encrypted || len(a.batches) == 0 {
		return a.fill()
	}
	if a.sealer, err = s.currentSealer(ctx, sn, len(a.batches)); err != nil {
		return err
	}
	if a.sealer == nil {
		a.encrypted = false
		return a.fill()
	}
	if err := a.fill(); err != nil {
		clear(a.arena)
		return err
	}
	for i := range a.batches {
		b := &a.batches[i]
		b.payload = a.sealer.Seal(b.payload, b.shard.ID)
	}
	return nil
}

// begin appends the beginning of a payload to dst.
func (a *appender) begin(dst []byte) []byte {
	if a.sealer != nil {
		return a.sealer.Begin(dst, nonce())
	}
	return stream.BeginBatch(dst)
}

// fill writes the records into their batches' payloads: the one place where
// data is decoded.
func (a *appender) fill() error {
	total := 0
	for i := range a.batches {
		total += a.batches[i].size
	}
	if cap(a.arena) < total {
		a.arena = make([]byte, total)
	}
	rest := a.arena[:total]
	for i := range a.batches {
		b := &a.batches[i]
		b.payload = a.begin(rest[:0:b.size])
		rest = rest[b.size:]
	}
	for i := range a.records {
		r := &a.records[i]
		if !r.pending() {
			continue
		}
		b := &a.batches[r.batch]
		var err error
		b.payload = stream.AppendRecordHeader(b.payload, r.key, r.data.Len())
		if b.payload, err = r.data.AppendTo(b.payload); err != nil {
			return api.Errorf(api.Serialization, "The data of record %d is not valid base64.", i+1)
		}
	}
	return nil
}

// engineBatches returns the engine's form of the batches.
func (a *appender) engineBatches(sn *snapshot) []engine.Batch {
	a.out = a.out[:0]
	for i := range a.batches {
		b := &a.batches[i]
		a.out = append(a.out, engine.Batch{
			Log:       sn.logID(b.shard.ID),
			Records:   b.records,
			Payload:   b.payload,
			NotBefore: b.shard.NotBefore(),
		})
	}
	return a.out
}

// settle takes the engine's results over to the records, and returns how many
// records met a closed log and are still to be written.
func (a *appender) settle(results []engine.Result) (todo int) {
	for i := range a.records {
		r := &a.records[i]
		if !r.pending() {
			continue
		}
		res := &results[r.batch]
		switch {
		case res.Err == nil:
			r.seq = stream.SequenceNumber{
				Created:  r.shard.Created,
				Shard:    r.shard.ID,
				Position: res.First + stream.Position(r.offset),
				Time:     res.Time.Second(),
			}
		case errors.Is(res.Err, engine.ErrClosed):
			todo++
		default:
			r.err = res.Err
		}
	}
	return todo
}
