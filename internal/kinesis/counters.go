package kinesis

import (
	"errors"
	"sync"
	"time"

	"leat/internal/api"
	"leat/internal/stream"
)

// Metric is what has been counted of a stream, or of a part of one, in the minute
// that At is in: how many operations there were, and the sum, the least and the
// greatest of what they say.
type Metric struct {
	Account, Region, Stream string
	Shard, Consumer         string // "" for that of the whole stream
	Name, Unit              string
	At                      stream.Millis
	Count, Sum, Min, Max    float64
}

// CollectMetrics yields what has been counted since the last call. What nobody
// collects is forgotten in the course of a minute.
func (s *Service) CollectMetrics(yield func(Metric)) {
	for _, st := range s.allStates() {
		before, now := st.counters.take()
		before.collect(st.ref, yield)
		now.collect(st.ref, yield)
	}
}

// counters count what is done with a stream.
type counters struct {
	// mu guards all fields. An operation takes it once.
	mu sync.Mutex
	// now is the minute that is counted, before the one before it; nil when there
	// is nothing in them that is not yet collected.
	now, before *tally
}

// tally is what has been counted in a minute.
type tally struct {
	minute    stream.Minute
	stream    [streamMetrics]samples
	shards    map[stream.ShardID]*shardTally // of streams with such metrics
	consumers map[string]*[consumerMetrics]samples
	touched   []*shardTally // those that have something pending
}

// shardTally is what has been counted of a shard.
type shardTally struct {
	samples [shardMetrics]samples
	// pending is what the operation that is being counted does with the shard.
	pending puts
	touched bool
}

// samples are numbers of operations.
type samples struct{ count, sum, min, max float64 }

func (s *samples) add(v float64) {
	if s.count == 0 {
		s.min, s.max = v, v
	}
	s.count++
	s.sum += v
	s.min, s.max = min(s.min, v), max(s.max, v)
}

// puts is what became of the records of an operation.
type puts struct{ bytes, accepted, throttled, failed int }

// count calls fn on the tally of the minute with the lock held.
func (c *counters) count(minute stream.Minute, fn func(*tally)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The clock may have been read before another operation counted.
	if c.now == nil || c.now.minute < minute {
		c.before, c.now = c.now, &tally{minute: minute}
	}
	fn(c.now)
}

func (c *counters) take() (before, now *tally) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, now = c.before, c.now
	c.before, c.now = nil, nil
	return before, now
}

func (t *tally) shard(id stream.ShardID) *shardTally {
	sh := t.shards[id]
	if sh == nil {
		sh = new(shardTally)
		if t.shards == nil {
			t.shards = make(map[stream.ShardID]*shardTally)
		}
		t.shards[id] = sh
	}
	return sh
}

func (t *tally) consumer(name string) *[consumerMetrics]samples {
	of := t.consumers[name]
	if of == nil {
		of = new([consumerMetrics]samples)
		if t.consumers == nil {
			t.consumers = make(map[string]*[consumerMetrics]samples)
		}
		t.consumers[name] = of
	}
	return of
}

// add adds a number to a metric of the shard, if the stream has it.
func (sh *shardTally) add(kept stream.Metrics, m shardMetric, v int) {
	if kept&shardMetricNames[m].metric != 0 {
		sh.samples[m].add(float64(v))
	}
}

// milliseconds is the time since an operation began.
func milliseconds(begun time.Time) float64 {
	return float64(time.Since(begun)) / float64(time.Millisecond)
}

// truth is what metrics of success count.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// isRefusal reports whether an error is the client's own. Metrics are about the
// service.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*api.Error](err)
	return ok
}

// countPutRecord counts a PutRecord; err is that of append.
func (s *Service) countPutRecord(sn *snapshot, a *appender, begun time.Time, err error) {
	if isRefusal(err) {
		return
	}
	sn.state.counters.count(s.engine.Now().Minute(), func(t *tally) {
		p := t.puts(sn, a, err)
		if p.accepted > 0 {
			t.stream[putRecordBytes].add(float64(p.bytes))
		}
		t.stream[putRecordLatency].add(milliseconds(begun))
		t.stream[putRecordSuccess].add(truth(p.accepted > 0))
	})
}

// countPutRecords counts a PutRecords; err is that of append.
func (s *Service) countPutRecords(sn *snapshot, a *appender, begun time.Time, err error) {
	if isRefusal(err) {
		return
	}
	sn.state.counters.count(s.engine.Now().Minute(), func(t *tally) {
		p := t.puts(sn, a, err)
		if p.accepted > 0 {
			t.stream[putRecordsBytes].add(float64(p.bytes))
		}
		t.stream[putRecordsLatency].add(milliseconds(begun))
		t.stream[putRecordsSuccess].add(truth(p.accepted > 0))
		t.stream[putRecordsTotal].add(float64(len(a.records)))
		t.stream[putRecordsRecords].add(float64(p.accepted))
		t.stream[putRecordsSuccessful].add(float64(p.accepted))
		t.stream[putRecordsFailed].add(float64(p.failed))
		t.stream[putRecordsThrottled].add(float64(p.throttled))
	})
}

// puts counts the records of an operation, and returns what became of them.
func (t *tally) puts(sn *snapshot, a *appender, err error) (all puts) {
	for i := range a.records {
		r := &a.records[i]
		all.add(r, err)
		if sn.Metrics == 0 || r.shardName == "" {
			continue
		}
		sh := t.shard(r.shard.ID)
		if !sh.touched {
			sh.touched, t.touched = true, append(t.touched, sh)
		}
		sh.pending.add(r, err)
	}
	for _, sh := range t.touched {
		sh.settle(sn.Metrics)
	}
	t.touched = t.touched[:0]
	if all.accepted > 0 {
		t.stream[incomingBytes].add(float64(all.bytes))
		t.stream[incomingRecords].add(float64(all.accepted))
	}
	t.stream[writeExceeded].add(float64(all.throttled))
	return all
}

// add adds a record. With an error that concerns the whole operation it has no
// outcome of its own.
func (p *puts) add(r *record, err error) {
	switch {
	case err == nil && r.err == nil:
		p.accepted++
		p.bytes += r.bytes()
	case errors.Is(r.err, errThrottled):
		p.throttled++
	default:
		p.failed++
	}
}

// settle counts what is pending.
func (sh *shardTally) settle(kept stream.Metrics) {
	if p := sh.pending; p.accepted > 0 {
		sh.add(kept, shardIncomingBytes, p.bytes)
		sh.add(kept, shardIncomingRecords, p.accepted)
	}
	sh.add(kept, shardWriteExceeded, sh.pending.throttled)
	sh.pending, sh.touched = puts{}, false
}

// countRead counts a GetRecords that has read a page.
func (s *Service) countRead(sn *snapshot, shard stream.ShardID, page *readPage, age int64, begun time.Time) {
	bytes, records := page.bytes, len(page.records)
	sn.state.counters.count(s.engine.Now().Minute(), func(t *tally) {
		t.stream[getRecordsBytes].add(float64(bytes))
		t.stream[getRecordsRecords].add(float64(records))
		t.stream[getRecordsAge].add(float64(age))
		t.stream[getRecordsAgeMilliseconds].add(float64(age))
		t.stream[getRecordsLatency].add(milliseconds(begun))
		t.stream[getRecordsSuccess].add(1)
		t.stream[readExceeded].add(0)
		if sn.Metrics == 0 {
			return
		}
		sh := t.shard(shard)
		sh.add(sn.Metrics, shardOutgoingBytes, bytes)
		sh.add(sn.Metrics, shardOutgoingRecords, records)
		sh.add(sn.Metrics, shardIteratorAge, int(age))
		sh.add(sn.Metrics, shardReadExceeded, 0)
	})
}

// countFailedRead counts a GetRecords that has failed, because it was throttled or
// otherwise.
func (s *Service) countFailedRead(sn *snapshot, shard stream.ShardID, throttled bool, begun time.Time) {
	sn.state.counters.count(s.engine.Now().Minute(), func(t *tally) {
		t.stream[getRecordsLatency].add(milliseconds(begun))
		t.stream[getRecordsSuccess].add(0)
		t.stream[readExceeded].add(truth(throttled))
		if sn.Metrics != 0 {
			t.shard(shard).add(sn.Metrics, shardReadExceeded, int(truth(throttled)))
		}
	})
}

// countSubscribe counts a SubscribeToShard that has been admitted, or refused.
func (s *Service) countSubscribe(sub *subscription, refusal error) {
	e, ok := errors.AsType[*api.Error](refusal)
	rateExceeded := ok && e.Code == string(api.LimitExceeded)
	sub.sn.state.counters.count(s.engine.Now().Minute(), func(t *tally) {
		of := t.consumer(sub.consumer.Name)
		of[subscribeSuccess].add(truth(refusal == nil))
		of[subscribeRateExceeded].add(truth(rateExceeded))
	})
}

// countEvent counts an event of a subscription; nil is one that could not be made.
func (s *Service) countEvent(sub *subscription, e *subscriptionEvent) {
	sn := sub.sn.state.snap.Load()
	if sn == nil {
		return
	}
	sn.state.counters.count(s.engine.Now().Minute(), func(t *tally) {
		of := t.consumer(sub.consumer.Name)
		of[eventSuccess].add(truth(e != nil))
		if e == nil {
			return
		}
		of[eventBytes].add(float64(e.bytes))
		of[eventRecords].add(float64(len(e.Records)))
		of[eventMillisBehind].add(float64(e.MillisBehindLatest))
		if sn.Metrics == 0 {
			return
		}
		sh := t.shard(sub.shard.ID)
		sh.add(sn.Metrics, shardOutgoingBytes, e.bytes)
		sh.add(sn.Metrics, shardOutgoingRecords, len(e.Records))
	})
}
