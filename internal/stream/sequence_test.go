package stream_test

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/stream"
)

// sequenceNumbers draws numbers as a server may issue them.
func sequenceNumbers() *rapid.Generator[stream.SequenceNumber] {
	seconds := rapid.OneOf(rapid.Int64Range(0, 16025174999), rapid.SampledFrom([]int64{0, 1, 16025174999, 1764000000}))
	return rapid.Custom(func(t *rapid.T) stream.SequenceNumber {
		return stream.SequenceNumber{
			Created:  stream.Second(seconds.Draw(t, "created")),
			Shard:    stream.ShardID(rapid.Uint32Max(uint32(stream.MaxShardID)).Draw(t, "shard")),
			Position: stream.Position(rapid.Int64Min(0).Draw(t, "position")),
			Time:     stream.Second(seconds.Draw(t, "time")),
		}
	})
}

func TestSequenceNumberGolden(t *testing.T) {
	const text = "49674026002850188218576229259473476449429298564223254594"
	want := stream.SequenceNumber{Created: 1777319237, Shard: 3076, Position: 0x50ccb9d26, Time: 1777320018}
	got, version, err := stream.ParseSequenceNumber(text)
	if err != nil || version != 2 || got != want {
		t.Fatalf("parsed as %+v, version %d, %v", got, version, err)
	}
	if got.String() != text {
		t.Errorf("String = %s", got)
	}
}

func TestSequenceNumberOfNeighbours(t *testing.T) {
	shards := stream.NewShards(2, 1777319237, 1777319237000)
	a, _ := new(big.Int).SetString(shards[0].StartingSequenceNumber().String(), 10)
	b, _ := new(big.Int).SetString(shards[1].StartingSequenceNumber().String(), 10)
	if got := b.Sub(b, a).String(); got != "22300745198530623141535718272648361505980432" {
		t.Errorf("neighbours' numbers are %s apart", got)
	}
}

func TestSequenceNumberRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := sequenceNumbers().Draw(t, "n")
		s := n.String()
		if len(s) != stream.SequenceNumberDigits || s != string(n.AppendTo(nil)) {
			t.Fatalf("String = %q", s)
		}
		back, version, err := stream.ParseSequenceNumber(s)
		if err != nil || version != 2 || back != n {
			t.Fatalf("%+v came back as %+v, version %d, %v", n, back, version, err)
		}
	})
}

func TestSequenceNumbersOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := sequenceNumbers().Draw(t, "a"), sequenceNumbers().Draw(t, "b")
		if rapid.Bool().Draw(t, "same time of creation") {
			b.Created = a.Created
		}
		x, _ := new(big.Int).SetString(a.String(), 10)
		y, _ := new(big.Int).SetString(b.String(), 10)
		if got, want := a.Compare(b), x.Cmp(y); got != want {
			t.Fatalf("%+v and %+v compare as %d, want %d", a, b, got, want)
		}
		b.Created, b.Shard = a.Created, a.Shard
		if a.Position < b.Position && a.String() >= b.String() {
			t.Fatalf("%+v and %+v are not ordered like their positions", a, b)
		}
	})
}

func fromHex(t *testing.T, hex string) string {
	t.Helper()
	n, ok := new(big.Int).SetString(hex, 16)
	if !ok {
		t.Fatalf("%q is not hexadecimal", hex)
	}
	return n.String()
}

func TestParseSequenceNumberVersions(t *testing.T) {
	for hex, want := range map[string]struct {
		number  stream.SequenceNumber
		version stream.Version
	}{
		"0":                                {stream.SequenceNumber{}, 0},
		"5":                                {stream.SequenceNumber{Shard: 5}, 0},
		"f3bb2cc3d7ff7fffffffffffffff0000": {stream.SequenceNumber{Created: 16025174999}, 0},
		"20000000000000000000000000000000000000000000001": {stream.SequenceNumber{}, 1},
		"200000000a7000123456789abcdef012345678000000171": {stream.SequenceNumber{Created: 10, Shard: 0x17, Time: 0x012345678}, 1},
		"20000000000000000000000000000000000000000000002": {stream.SequenceNumber{}, 2},
		"20000000000000000000000000000000000000800000002": {stream.SequenceNumber{Shard: 1 << 31}, 2},
		"2000000010f7fffffffffffffff00000000002000000ff2": {stream.SequenceNumber{Created: 0x10, Shard: 0xff, Position: stream.PositionAfter, Time: 2}, 2},
	} {
		got, version, err := stream.ParseSequenceNumber(fromHex(t, hex))
		if err != nil || version != want.version || got != want.number {
			t.Errorf("%s is %+v, version %d, %v; want %+v", hex, got, version, err, want)
		}
	}
}

func TestParseSequenceNumberRefuses(t *testing.T) {
	for name, hex := range map[string]string{
		"first digit 1":        "1ffffffffff7fffffffffffffff000000000007fffffff2",
		"first digit 1 of 47":  "10000000000000000000000000000000000000000000002",
		"first digit 3":        "30000000000000000000000000000000000000000000001",
		"version 0 of 47":      "20000000000000000000000000000000000000000000000",
		"version 3":            "20000000000000000000000000000000000000000000003",
		"version 4":            "20000000000000000000000000000000000000000000004",
		"index of 64 bits":     "20000000000800000000000000000000000000000000002",
		"wrong shard digit":    "20000000001000000000000000000000000000000000002",
		"wrong digit, old":     "20000000001000000000000000000000000000000000001",
		"something in the gap": "20000000000000000000000000001000000000000000002",
		"late creation":        "23bb2cc3d80000000000000000000000000000000000002",
		"late creation, old":   "13bb2cc3d80000000000000000000000",
		"between versions":     "400000000000000000000000000000000",
	} {
		if got, version, err := stream.ParseSequenceNumber(fromHex(t, hex)); !errors.Is(err, stream.ErrSequenceNumber) {
			t.Errorf("%s: parsed as %+v, version %d", name, got, version)
		}
	}
	huge := new(big.Int).Lsh(big.NewInt(1), 192).String()
	for _, s := range []string{"", "00", "-1", "12x", " 1", huge, huge + "000000000000000000"} {
		if got, _, err := stream.ParseSequenceNumber(s); !errors.Is(err, stream.ErrSequenceNumber) {
			t.Errorf("%q: parsed as %+v", s, got)
		}
	}
}

func TestSequenceNumberInFuture(t *testing.T) {
	for _, c := range []struct {
		created, time, now stream.Second
		want               bool
	}{
		{created: 0, time: 102, now: 100, want: true},
		{created: 0, time: 100, now: 100, want: false},
		{created: 102, time: 102, now: 100, want: false},
		{created: 102, time: 103, now: 100, want: true},
	} {
		n := stream.SequenceNumber{Created: c.created, Time: c.time}
		if got := n.InFuture(c.now); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func FuzzParseSequenceNumber(f *testing.F) {
	for _, s := range []string{
		"0", "5", "49674026002850188218576229259473476449429298564223254594",
		"49039857135554801377223402090444283466252943358082481154",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, version, err := stream.ParseSequenceNumber(s)
		switch {
		case err != nil:
			if n != (stream.SequenceNumber{}) {
				t.Errorf("%q: an error and %+v", s, n)
			}
		case version == 2 && n.String() != s:
			t.Errorf("%q came back as %s", s, n)
		case version < 0 || version > 2:
			t.Errorf("%q has version %d", s, version)
		}
	})
}

func BenchmarkSequenceNumberAppendTo(b *testing.B) {
	n := stream.SequenceNumber{Created: 1777319237, Shard: 3076, Position: 0x50ccb9d26, Time: 1777320018}
	var buf [stream.SequenceNumberDigits]byte
	b.ReportAllocs()
	for b.Loop() {
		n.AppendTo(buf[:0])
	}
}
