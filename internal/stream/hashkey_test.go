package stream_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/stream"
)

// hashKeys draws keys that are often near the ends and the middle.
func hashKeys() *rapid.Generator[stream.HashKey] {
	limb := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 1<<64 - 1, 1 << 63}))
	return rapid.Custom(func(t *rapid.T) stream.HashKey {
		return stream.HashKey{Hi: limb.Draw(t, "hi"), Lo: limb.Draw(t, "lo")}
	})
}

func bigKey(k stream.HashKey) *big.Int {
	n := new(big.Int).SetUint64(k.Hi)
	return n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(k.Lo))
}

func mustKey(t *testing.T, s string) stream.HashKey {
	t.Helper()
	k, err := stream.ParseHashKey(s)
	if err != nil {
		t.Fatalf("ParseHashKey(%q): %v", s, err)
	}
	return k
}

func TestHashKeyIsTheNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, o := hashKeys().Draw(t, "k"), hashKeys().Draw(t, "o")
		a, b := bigKey(k), bigKey(o)
		if got := k.String(); got != a.String() {
			t.Fatalf("String = %s, want %s", got, a)
		}
		if back, err := stream.ParseHashKey(k.String()); err != nil || back != k {
			t.Fatalf("ParseHashKey(%v) = %v, %v", k, back, err)
		}
		if k.Compare(o) != a.Cmp(b) || k.Less(o) != (a.Cmp(b) < 0) {
			t.Fatalf("%v and %v are in the wrong order", k, o)
		}
		if next := k.Next(); next.Prev() != k || k != stream.MaxHashKey && bigKey(next).Cmp(a.Add(a, big.NewInt(1))) != 0 {
			t.Fatalf("Next(%v) = %v", k, next)
		}
	})
}

func TestParseHashKeyRefuses(t *testing.T) {
	limit := new(big.Int).Lsh(big.NewInt(1), 128).String()
	for _, s := range []string{
		"", "00", "01", "-1", "+1", " 1", "1 ", "1e3", "0x1", "a", "1_0", limit,
		"999999999999999999999999999999999999999", strings.Repeat("9", 200),
	} {
		if k, err := stream.ParseHashKey(s); !errors.Is(err, stream.ErrInvalidHashKey) {
			t.Errorf("ParseHashKey(%q) = %v, %v", s, k, err)
		}
	}
	if k := mustKey(t, "340282366920938463463374607431768211455"); k != stream.MaxHashKey {
		t.Errorf("2^128-1 is %v", k)
	}
}

// TestHashKeyDigits compares keys of every length with what math/big makes of them.
func TestHashKeyDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		n.Rsh(n, uint(rapid.IntRange(0, 128).Draw(t, "shift")))
		key := stream.HashKey{Hi: new(big.Int).Rsh(n, 64).Uint64(), Lo: n.Uint64()}
		if got := key.String(); got != n.String() {
			t.Errorf("%x is %s, want %s", n, got, n)
		}
	})
}

func TestHashPartitionKey(t *testing.T) {
	for key, want := range map[string]string{
		"a": "16955237001963240173058271559858726497",
		"b": "195289424170611159128911017612795795343",
		"f": "190917122200326810055233066464581373159",
	} {
		if got := stream.HashPartitionKey(key).String(); got != want {
			t.Errorf("HashPartitionKey(%q) = %s, want %s", key, got, want)
		}
	}
	long := strings.Repeat("k", stream.MaxPartitionKeyBytes)
	if n := testing.AllocsPerRun(100, func() { stream.HashPartitionKey(long) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestEvenRanges(t *testing.T) {
	wantEnds := map[int][]string{
		1: {"340282366920938463463374607431768211455"},
		3: {
			"113427455640312821154458202477256070484",
			"226854911280625642308916404954512140969",
			"340282366920938463463374607431768211455",
		},
	}
	for n, ends := range wantEnds {
		for i, r := range stream.EvenRanges(n) {
			if got := r.End.String(); got != ends[i] {
				t.Errorf("range %d of %d ends at %s, want %s", i, n, got, ends[i])
			}
		}
	}
	if got := stream.EvenRanges(4)[1].Start.String(); got != "85070591730234615865843651857942052864" {
		t.Errorf("a quarter is %s", got)
	}
	for _, n := range []int{1, 2, 3, 7, 10000} {
		checkCover(t, stream.NewShards(n, 1, 1))
	}
}

func TestHashRange(t *testing.T) {
	r := stream.HashRange{Start: stream.HashKey{Lo: 5}, End: stream.HashKey{Lo: 9}}
	for lo, want := range map[uint64]bool{4: false, 5: true, 9: true, 10: false} {
		if r.Contains(stream.HashKey{Lo: lo}) != want {
			t.Errorf("Contains(%d) = %v", lo, !want)
		}
	}
	next := stream.HashRange{Start: stream.HashKey{Lo: 10}, End: stream.MaxHashKey}
	if !r.Adjacent(next) || next.Adjacent(r) || r.Adjacent(r) {
		t.Error("only the next range is adjacent")
	}
	if first := (stream.HashRange{End: r.Start}); next.Adjacent(first) {
		t.Error("the ring is not closed")
	}
}

func FuzzParseHashKey(f *testing.F) {
	for _, s := range []string{"0", "340282366920938463463374607431768211455", "340282366920938463463374607431768211456", "007"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if k, err := stream.ParseHashKey(s); err == nil && k.String() != s {
			t.Errorf("ParseHashKey(%q) = %v", s, k)
		}
	})
}
