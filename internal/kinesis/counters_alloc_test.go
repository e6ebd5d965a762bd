package kinesis

import (
	"fmt"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine/memory"
	"leat/internal/stream"
)

// Counting costs no memory, once a minute's counters are there.
func TestCountingCostsNoMemory(t *testing.T) {
	s := &Service{engine: memory.Open(memory.Options{Now: func() stream.Millis { return 60_000 }})}
	st := new(streamState)
	sn := &snapshot{Stream: stream.Stream{Metrics: stream.AllMetrics}, state: st}
	st.snap.Store(sn)
	a := new(appender)
	for i := range 500 {
		a.add("key", api.RawBlob([]byte("data")), stream.HashKey{})
		r := &a.records[i]
		r.shard.ID, r.seq.Position = stream.ShardID(i%10), 1
		r.shardName = fmt.Sprint(i % 10)
	}
	page := new(readPage)
	sub := &subscription{sn: sn, consumer: new(consumer)}
	count := func() {
		s.countPutRecords(sn, a, time.Now(), nil)
		s.countRead(sn, 3, page, 0, time.Now())
		s.countEvent(sub, new(subscriptionEvent))
	}
	count()
	if n := testing.AllocsPerRun(100, count); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if got := st.counters.now.shards[3].samples[shardIncomingRecords]; got.max != 50 || got.sum != 50*got.count {
		t.Errorf("%+v", got)
	}
}
