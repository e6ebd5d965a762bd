package kinesis_test

import (
	"testing"
	"time"
)

// A subscription to nothing, with or without a record to begin at, can be gone
// on with.
func TestContinuationOfNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		arn := f.register("s", "app").ConsumerARN
		for _, put := range []string{"", "one"} {
			if put != "" {
				f.put("s", "k", put)
			}
			s := f.subscribe(arn, "LATEST", "")
			pass(4500 * time.Millisecond)
			p := s.now()
			s.leave()
			s.wantEnd("", "")
			f.put("s", "k", "next")
			for _, kind := range []string{"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"} {
				s := f.subscribe(arn, kind, p.continuation)
				wantData(t, s.now().data, "next")
				s.leave()
				s.wantEnd("", "")
			}
		}
	})
}

// The number of an empty shard's event is one that the shard has.
func TestContinuationOfAnEmptyShard(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		arn := f.register("s", "app").ConsumerARN
		start := f.describe("s").Shards[0].SequenceNumberRange.StartingSequenceNumber
		s := f.subscribe(arn, "TRIM_HORIZON", "")
		pass(4500 * time.Millisecond)
		if p := s.now(); p.continuation < start {
			t.Errorf("goes on at %s, before the shard begins at %s", p.continuation, start)
		}
	})
}

func TestContinuationPassesExpiredRecords(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		for range 300 {
			f.put("s", "k", "old")
		}
		arn := f.register("s", "app").ConsumerARN
		start := f.describe("s").Shards[0].SequenceNumberRange.StartingSequenceNumber
		pass(25 * time.Hour)
		s := f.subscribe(arn, "TRIM_HORIZON", "")
		s.wantNothing()
		pass(4500 * time.Millisecond)
		p := s.now()
		if len(p.data) > 0 || p.continuation <= start {
			t.Errorf("event %+v of a shard that begins at %s", p, start)
		}
		s.leave()
		s.wantEnd("", "")
		f.put("s", "k", "new")
		s = f.subscribe(arn, "AFTER_SEQUENCE_NUMBER", p.continuation)
		wantData(t, s.now().data, "new")
	})
}
