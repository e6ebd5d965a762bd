package cloudwatch

import (
	"strconv"
	"sync"
	"testing"

	"leat/internal/stream"
)

// Samples come while minutes settle and while others read: all are counted, once, at
// any time.
func TestMinutesSettleWhileSamplesCome(t *testing.T) {
	t.Parallel()
	const writers, rounds, metrics, minutes = 3, 400, 5, 3
	s := newStore(maxBytes)
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for i := range rounds * metrics * minutes {
				sum := new(summary)
				sum.add(float64(i), 1)
				key := metricKey(scope{"1", "r"}, "n", strconv.Itoa(i%metrics), nil)
				s.put(key, noUnit, stream.Minute(i/metrics%minutes), sum)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writing.Wait()
		close(done)
	}()
	key, whole, last := metricKey(scope{"1", "r"}, "n", "0", nil), span{0, minutes, minutes}, 0.0
	for writing := true; writing; {
		select {
		case <-done:
			writing = false
		default:
		}
		s.condense()
		if got := s.tracks(key, whole); len(got) > 0 {
			if n := got[0].points[0].count; n < last {
				t.Fatalf("%v samples, there were %v", n, last)
			}
			last = got[0].points[0].count
		}
	}
	if last != writers*rounds*minutes {
		t.Errorf("%v samples", last)
	}
	if s.bytes != recount(s) {
		t.Errorf("%d bytes, counted as %d", recount(s), s.bytes)
	}
	s.expire(minutes + retention)
	if len(s.metrics) != 0 || s.bytes != 0 {
		t.Errorf("%d metrics and %d bytes are left", len(s.metrics), s.bytes)
	}
}

// A minute that is dropped while it settles stays away.
func TestMinutesThatAreDroppedWhileTheySettle(t *testing.T) {
	t.Parallel()
	s := newStore(maxBytes)
	put := func() {
		sum := new(summary)
		sum.add(1, 1)
		s.put(metricKey(scope{"1", "r"}, "n", "m", nil), noUnit, 7, sum)
	}
	put()
	s.condense()
	put()
	b := s.minutes[7]
	b.settling, b.fresh = b.fresh, nil
	put()
	if got := s.tracks(metricKey(scope{"1", "r"}, "n", "m", nil), span{7, 8, 1}); len(got) != 1 || got[0].points[0].count != 3 {
		t.Errorf("%+v", got)
	}
	s.expire(7 + retention)
	if len(s.metrics) != 0 || s.bytes != 0 {
		t.Errorf("%d metrics and %d bytes are left", len(s.metrics), s.bytes)
	}
}
