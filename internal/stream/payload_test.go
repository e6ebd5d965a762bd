package stream_test

import (
	"bytes"
	"errors"
	"testing"

	"leat/internal/stream"
)

func sealerOf(tb testing.TB, number uint64, id stream.DataKeyID, key byte) *stream.PayloadSealer {
	tb.Helper()
	s, err := stream.NewPayloadSealer(number, id, [32]byte{key})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// sealedBatch seals records for a shard, in one piece of memory of room bytes.
func sealedBatch(s *stream.PayloadSealer, shard stream.ShardID, room int, records ...record) []byte {
	b := s.Begin(make([]byte, 0, room), [stream.NonceBytes]byte{1, 2, 3})
	for _, r := range records {
		b = append(stream.AppendRecordHeader(b, r.key, len(r.data)), r.data...)
	}
	return s.Seal(b, shard)
}

func TestSealedPayload(t *testing.T) {
	s := sealerOf(t, 7, 3, 1)
	r := record{"partition", []byte("the data of a record")}
	room := stream.SealedOverhead + stream.RecordSize(r.key, len(r.data))
	for _, room := range []int{room, 0} { // in place, or in memory that grows
		sealed := sealedBatch(s, 2, room, r)
		if id, ok := stream.SealedBy(sealed); !ok || id != 3 {
			t.Errorf("sealed by %d, %v", id, ok)
		}
		if bytes.Contains(sealed, r.data) || bytes.Contains(sealed, []byte(r.key)) {
			t.Errorf("%x shows the record", sealed)
		}
		it, err := sealerOf(t, 7, 3, 1).Open(sealed, 2)
		if err != nil || !it.Encrypted() {
			t.Fatalf("opened with %v", err)
		}
		key, data, ok := it.Next()
		if !ok || string(key) != r.key || !bytes.Equal(data, r.data) {
			t.Errorf("%q %q %v", key, data, ok)
		}
		if _, _, ok := it.Next(); ok || it.Err() != nil {
			t.Errorf("more than one record, or %v", it.Err())
		}
	}
	b := s.Begin(make([]byte, 0, room), [stream.NonceBytes]byte{})
	b = append(b, "in place"...)
	if sealed := s.Seal(b, 2); &sealed[0] != &b[0] || len(sealed) != len(b)+16 {
		t.Error("sealed elsewhere although there is room")
	}
}

// A payload opens with its own key, in its own shard of its own stream, and
// unchanged, and otherwise not at all.
func TestSealedPayloadElsewhere(t *testing.T) {
	sealed := sealedBatch(sealerOf(t, 7, 3, 1), 2, 0, record{"k", []byte("data")})
	for name, open := range map[string]func([]byte) (stream.RecordIter, error){
		"another key":    func(b []byte) (stream.RecordIter, error) { return sealerOf(t, 7, 3, 2).Open(b, 2) },
		"another stream": func(b []byte) (stream.RecordIter, error) { return sealerOf(t, 8, 3, 1).Open(b, 2) },
		"another shard":  func(b []byte) (stream.RecordIter, error) { return sealerOf(t, 7, 3, 1).Open(b, 1) },
	} {
		if _, err := open(bytes.Clone(sealed)); !errors.Is(err, stream.ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := sealerOf(t, 7, 3, 1)
	if _, err := sealerOf(t, 7, 4, 1).Open(bytes.Clone(sealed), 2); !errors.Is(err, stream.ErrPayload) {
		t.Errorf("another id: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := s.Open(changed, 2); err == nil {
			t.Errorf("opens with byte %d changed", i)
		}
		if _, err := s.Open(bytes.Clone(sealed[:i]), 2); err == nil {
			t.Errorf("opens with %d bytes", i)
		}
	}
	if _, err := s.Open(sealed, 2); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

func FuzzPayloadOpen(f *testing.F) {
	s := sealerOf(f, 7, 3, 1)
	good := sealedBatch(s, 2, 0, record{"key", []byte("data")})
	f.Add(good)
	f.Add(good[:stream.SealedOverhead])
	f.Add([]byte{3})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := s.Open(bytes.Clone(b), 2); err == nil && !bytes.Equal(b, good) {
			t.Errorf("%x opens", b)
		}
	})
}

func TestDataKeys(t *testing.T) {
	const day = 24 * 60 * 60 * 1000
	var none stream.DataKeys
	if none.Current() != nil || none.NextID() != 1 || len(none.Retire(1, 0)) != 0 {
		t.Error("no keys are some")
	}
	keys := stream.DataKeys{{ID: 1, Retired: 10}, {ID: 2, Retired: 20}, {ID: 3, Batches: 5}}
	if keys.Current().ID != 3 || keys.NextID() != 4 {
		t.Errorf("%+v is in use, %d is next", keys.Current(), keys.NextID())
	}
	if got := keys.Grant(7); got.Current().Batches != 12 || keys.Current().Batches != 5 {
		t.Errorf("granted %v from %v", got, keys)
	}
	for _, tt := range []struct {
		expiry stream.Millis
		want   int // keys that stay
	}{{0, 3}, {10 + day, 3}, {11 + day, 2}, {20 + day, 2}, {21 + day, 1}, {1000 * day, 1}} {
		got := keys.Retire(30, tt.expiry)
		if len(got) != tt.want || got.Current() != nil || got[len(got)-1].Retired != 30 || got.NextID() != 4 {
			t.Errorf("expiry %d: %+v, want %d", tt.expiry, got, tt.want)
		}
	}
	if keys.Current() == nil {
		t.Error("retiring changed the original")
	}
	if again := keys.Retire(30, 0).Retire(40, 0); again[2].Retired != 30 {
		t.Errorf("retired again: %+v", again)
	}
}
