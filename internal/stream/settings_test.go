package stream_test

import (
	"slices"
	"testing"
	"time"

	"leat/internal/stream"
)

func TestMetrics(t *testing.T) {
	want := []string{
		"IncomingBytes", "OutgoingRecords", "IteratorAgeMilliseconds", "IncomingRecords",
		"ReadProvisionedThroughputExceeded", "WriteProvisionedThroughputExceeded", "OutgoingBytes",
	}
	all, ok := stream.ParseMetrics("ALL")
	if got := all.Names(); !ok || !slices.Equal(got, want) {
		t.Errorf("ALL is %q", got)
	}
	for _, name := range want {
		one, ok := stream.ParseMetrics(name)
		if got := one.Names(); !ok || !slices.Equal(got, []string{name}) {
			t.Errorf("%s is %q", name, got)
		}
	}
	if _, ok := stream.ParseMetrics("all"); ok {
		t.Error("a name in small letters is known")
	}
	if got := stream.Metrics(0).Names(); got == nil || len(got) != 0 {
		t.Errorf("no metrics are %#v", got)
	}
}

func TestDailyChanges(t *testing.T) {
	const start, hour = stream.Millis(1_000_000), time.Hour
	for kind, limit := range map[stream.DailyChange]int{
		stream.ShardCountChange: 10, stream.ModeChange: 2, stream.EncryptionStart: 25, stream.EncryptionStop: 25,
	} {
		var d stream.DailyChanges
		var ok bool
		for i := range limit {
			before := d
			if d, ok = d.Spend(kind, start.Add(time.Duration(i)*time.Minute)); !ok {
				t.Fatalf("kind %d: change %d of %d is refused", kind, i+1, limit)
			}
			if len(before[kind]) != i {
				t.Errorf("kind %d: change %d changed the list before it", kind, i+1)
			}
		}
		if _, ok := d.Spend(kind, start.Add(24*hour-1)); ok {
			t.Errorf("kind %d: change %d is allowed within a day", kind, limit+1)
		}
		after, ok := d.Spend(kind, start.Add(24*hour))
		if !ok || len(after[kind]) != limit {
			t.Errorf("kind %d: after a day %v, %v", kind, after[kind], ok)
		}
		if _, ok := after.Spend(kind, start.Add(24*hour)); ok {
			t.Errorf("kind %d: two changes are allowed when one is a day old", kind)
		}
	}
}

func TestCommitment(t *testing.T) {
	const start, hour = stream.Millis(1_000_000), time.Hour
	type want = stream.CommitmentStatus
	check := func(what string, c stream.Commitment, now stream.Millis, status want) {
		t.Helper()
		if got := c.StatusAt(now); got != status {
			t.Errorf("%s: %v, want %v", what, got, status)
		}
		again, err := stream.DecodeCommitment(c.AppendBinary(nil))
		if err != nil || again != c {
			t.Errorf("%s: %+v came back as %+v, %v", what, c, again, err)
		}
	}
	var c stream.Commitment
	check("never made", c, start, stream.CommitmentDisabled)
	check("never made, disabled", c.Disable(start), start, stream.CommitmentDisabled)
	c = c.Enable(start)
	check("made", c, start, stream.CommitmentEnabled)
	if again := c.Enable(start.Add(hour)); again != c {
		t.Errorf("made twice: %+v", again)
	}
	ending := c.Disable(start.Add(hour))
	check("ending", ending, start.Add(24*hour-1), stream.CommitmentEnding)
	check("ended", ending, start.Add(24*hour), stream.CommitmentDisabled)
	if again := ending.Disable(start.Add(2 * hour)); again != ending {
		t.Errorf("ended twice: %+v", again)
	}
	check("kept", ending.Enable(start.Add(2*hour)), start.Add(48*hour), stream.CommitmentEnabled)
	late := c.Disable(start.Add(30 * hour))
	check("ended late", late, start.Add(30*hour), stream.CommitmentDisabled)
	if late.Ended != start.Add(30*hour) {
		t.Errorf("ended at %v", late.Ended)
	}
	check("made again", late.Enable(start.Add(31*hour)), start.Add(31*hour), stream.CommitmentEnabled)
}

func TestDecodeCommitmentRefuses(t *testing.T) {
	b := stream.Commitment{Started: 1, Ended: 2}.AppendBinary(nil)
	for _, bad := range [][]byte{nil, b[:1], b[:2], append(slices.Clone(b), 0), {2, 0, 0}} {
		if c, err := stream.DecodeCommitment(bad); err == nil {
			t.Errorf("%x is %+v", bad, c)
		}
	}
}

func FuzzDecodeCommitment(f *testing.F) {
	f.Add(stream.Commitment{Started: 1_700_000_000_123, Ended: 1_700_086_400_123}.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := stream.DecodeCommitment(b)
		if err != nil {
			return
		}
		if again, err := stream.DecodeCommitment(c.AppendBinary(nil)); err != nil || again != c {
			t.Errorf("%+v came back as %+v, %v", c, again, err)
		}
	})
}
