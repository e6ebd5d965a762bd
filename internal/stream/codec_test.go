package stream_test

import (
	order "cmp"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/stream"
)

func small() stream.Stream {
	shards := stream.NewShards(1, 1, 1000)
	return stream.Stream{
		Account: "000000000000", Region: "us-east-1", Name: "orders",
		Created: 1000, CreatedSecond: 1, Status: stream.Active, BusyUntil: 1500, Mode: stream.Provisioned,
		RetentionHours: 24, MaxRecordKiB: 1024, Tags: map[string]string{"team": "a", "env": "test"},
		NextShard: 1, Shards: shards,
	}
}

func streams() *rapid.Generator[stream.Stream] {
	return rapid.Custom(func(t *rapid.T) stream.Stream {
		l := newLife(rapid.IntRange(1, 5).Draw(t, "shards"))
		step := func() stream.Millis { return stream.Millis(rapid.Int64Range(0, 5000).Draw(t, "step")) }
		for range rapid.IntRange(0, 3).Draw(t, "reshards") {
			l.run(t, l.randomPlan(t), step)
		}
		s := stream.Stream{
			Account: rapid.String().Draw(t, "account"), Region: rapid.String().Draw(t, "region"), Name: rapid.String().Draw(t, "name"),
			Created: birth, CreatedSecond: birth.Second(), BusyUntil: stream.Millis(rapid.Int64().Draw(t, "busy")),
			Status:         stream.Status(rapid.IntRange(1, 4).Draw(t, "status")),
			Mode:           stream.Mode(rapid.IntRange(1, 2).Draw(t, "mode")),
			Distribution:   stream.Distribution(rapid.IntRange(0, 1).Draw(t, "distribution")),
			RetentionHours: rapid.IntRange(0, 10000).Draw(t, "retention"),
			MaxRecordKiB:   rapid.IntRange(0, 10240).Draw(t, "record"),
			KeyID:          rapid.String().Draw(t, "key"),
			Metrics:        stream.Metrics(rapid.Uint8Range(0, uint8(stream.AllMetrics)).Draw(t, "metrics")),
			Warm: stream.WarmThroughput{
				TargetMiBps: rapid.Int().Draw(t, "target"), FormerMiBps: rapid.Int().Draw(t, "former"),
			},
			Policy:    rapid.String().Draw(t, "policy"),
			NextShard: l.next,
			Shards:    l.shards[rapid.IntRange(0, len(l.shards)-1).Draw(t, "expired"):],
		}
		if tags := rapid.MapOfN(rapid.String(), rapid.String(), 0, 5).Draw(t, "tags"); len(tags) > 0 {
			s.Tags = tags
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "data keys") {
			s.DataKeys = append(s.DataKeys, stream.DataKey{
				ID:      stream.DataKeyID(1 + i*rapid.IntRange(1, 1000).Draw(t, "distance")),
				Wrapped: []byte(rapid.StringN(1, 20, -1).Draw(t, "wrapped")),
				Batches: rapid.Uint64().Draw(t, "batches"), Retired: stream.Millis(rapid.Int64().Draw(t, "retired")),
			})
		}
		slices.SortFunc(s.DataKeys, func(a, b stream.DataKey) int { return order.Compare(a.ID, b.ID) })
		s.DataKeys = slices.CompactFunc(s.DataKeys, func(a, b stream.DataKey) bool { return a.ID == b.ID })
		for kind := range s.Changes {
			if list := rapid.SliceOfN(rapid.Int64(), 0, 3).Draw(t, "changes"); len(list) > 0 {
				for _, at := range list {
					s.Changes[kind] = append(s.Changes[kind], stream.Millis(at))
				}
			}
		}
		if rapid.Bool().Draw(t, "has intent") {
			intent := l.randomPlan(t)
			s.Intent = &intent
		}
		return s
	})
}

func TestStreamRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := streams().Draw(t, "stream")
		b := s.AppendBinary(nil)
		got, err := stream.DecodeStream(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, got); diff != "" {
			t.Fatal(diff)
		}
		if _, err := stream.DecodeStream(append(b, 0)); err == nil {
			t.Fatal("decoded with a byte too many")
		}
	})
}

// TestStreamGolden holds the bytes of version 1: they are on disks.
func TestStreamGolden(t *testing.T) {
	const golden = "010c303030303030303030303030" + "0975732d656173742d31" + "066f7264657273" +
		"d00f02" + "0201" + "b81730" +
		"0203656e760474657374" + "047465616d0161" +
		"0101" + "0001" +
		"00000000000000000000000000000000" + "ffffffffffffffffffffffffffffffff" + "0000" +
		"02028010"
	s := small()
	if got := hex.EncodeToString(s.AppendBinary(nil)); got != golden {
		t.Errorf("encoded as %s", got)
	}
	b, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, err := stream.DecodeStream(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeStreamRefusesEveryPart(t *testing.T) {
	s := small()
	plan, err := stream.PlanScale(s.Shards, s.NextShard, 2)
	if err != nil {
		t.Fatal(err)
	}
	s.Intent, s.Distribution = &plan, stream.Auto
	b := s.AppendBinary(nil)
	whole := 0
	for n := range b {
		got, err := stream.DecodeStream(b[:n])
		if err == nil {
			// Only the optional fields at the end can be missing unnoticed.
			whole++
			if diff := cmp.Diff(s.Shards, got.Shards); diff != "" {
				t.Errorf("%d of %d bytes: %s", n, len(b), diff)
			}
		} else if !errors.Is(err, stream.ErrStreamEncoding) {
			t.Errorf("%d of %d bytes: %v", n, len(b), err)
		}
	}
	if whole != 3 {
		t.Errorf("%d parts were decoded, want 3", whole)
	}
}

func TestDecodeStreamOfANewerProgram(t *testing.T) {
	b := small().AppendBinary(nil)
	newer := append([]byte{2}, b[1:]...)
	if _, err := stream.DecodeStream(newer); err == nil || errors.Is(err, stream.ErrStreamEncoding) {
		t.Errorf("version 2: %v", err)
	}
	if _, err := stream.DecodeStream(append(b, 200, 1, 0)); err == nil || errors.Is(err, stream.ErrStreamEncoding) {
		t.Errorf("field 200: %v", err)
	}
	if _, err := stream.DecodeStream(append(b, 2, 1, 0)); !errors.Is(err, stream.ErrStreamEncoding) {
		t.Errorf("a field twice: %v", err)
	}
	if _, err := stream.DecodeStream(append([]byte{0}, b[1:]...)); !errors.Is(err, stream.ErrStreamEncoding) {
		t.Errorf("version 0: %v", err)
	}
}

func TestStreamOfManyShardsIsSmall(t *testing.T) {
	l := scale(t, 10000, 5000) // 15,000 shards, 10,000 of them closed
	s := small()
	s.Created, s.CreatedSecond, s.Shards = birth, birth.Second(), l.shards
	const perShard = 1 << 20 / 10000
	if n := len(s.AppendBinary(nil)); n > perShard*len(l.shards) {
		t.Errorf("%d bytes for %d shards", n, len(l.shards))
	}
}

func TestStreamTagsDoNotDependOnTheMap(t *testing.T) {
	a, b := small(), small()
	a.Tags = map[string]string{}
	for _, k := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		a.Tags[k] = k
	}
	b.Tags = maps.Clone(a.Tags)
	if string(a.AppendBinary(nil)) != string(b.AppendBinary(nil)) {
		t.Error("equal streams have different encodings")
	}
}

func FuzzDecodeStream(f *testing.F) {
	s := small()
	f.Add(s.AppendBinary(nil))
	plan, err := stream.PlanScale(s.Shards, s.NextShard, 3)
	if err != nil {
		f.Fatal(err)
	}
	s.Intent, s.Distribution = &plan, stream.Auto
	s.KeyID, s.Metrics, s.Warm, s.Policy = "alias/aws/kinesis", stream.AllMetrics, stream.WarmThroughput{TargetMiBps: 100}, "{}"
	s.Changes[stream.ModeChange] = []stream.Millis{1000, 2000}
	s.DataKeys = stream.DataKeys{{ID: 2, Wrapped: []byte("wrapped"), Batches: 1 << 20, Retired: 3000}, {ID: 3, Wrapped: []byte("another")}}
	f.Add(s.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := stream.DecodeStream(b)
		if err != nil {
			return
		}
		again, err := stream.DecodeStream(s.AppendBinary(nil))
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Error(diff)
		}
	})
}
