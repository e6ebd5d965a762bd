package stream_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/stream"
)

var testKey = [32]byte{1, 2, 3}

func newSealer(tb testing.TB, key [32]byte) *stream.Sealer {
	tb.Helper()
	s, err := stream.NewSealer(key)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func iterators() *rapid.Generator[stream.Iterator] {
	return rapid.Custom(func(t *rapid.T) stream.Iterator {
		return stream.Iterator{
			Account:  rapid.StringMatching(`[0-9]{12}`).Draw(t, "account"),
			Region:   rapid.StringMatching(`[a-z0-9-]{1,63}`).Draw(t, "region"),
			Name:     rapid.StringMatching(`[a-zA-Z0-9_.-]{1,128}`).Draw(t, "name"),
			Stream:   rapid.Uint64().Draw(t, "stream"),
			Shard:    stream.ShardID(rapid.Uint32().Draw(t, "shard")),
			Type:     stream.IteratorType(rapid.IntRange(1, 5).Draw(t, "type")),
			Position: stream.Position(rapid.Int64Min(0).Draw(t, "position")),
			Time:     stream.Millis(rapid.Int64().Draw(t, "time")),
			Issued:   stream.Millis(rapid.Int64().Draw(t, "issued")),
		}
	})
}

func nonces() *rapid.Generator[[stream.NonceBytes]byte] {
	return rapid.Custom(func(t *rapid.T) (n [stream.NonceBytes]byte) {
		copy(n[:], rapid.SliceOfN(rapid.Byte(), len(n), len(n)).Draw(t, "nonce"))
		return n
	})
}

func TestIteratorRoundTrips(t *testing.T) {
	sealer := newSealer(t, testKey)
	rapid.Check(t, func(t *rapid.T) {
		it := iterators().Draw(t, "iterator")
		text := sealer.Seal(it, nonces().Draw(t, "nonce"))
		got, err := sealer.Open(text)
		if err != nil || got != it {
			t.Fatalf("%+v came back as %+v, %v", it, got, err)
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || base64.StdEncoding.EncodeToString(raw) != text {
			t.Fatalf("%s is not strict base64", text)
		}
		if len(text) > 504 || (len(raw)-152)%16 != 0 || len(raw) < 152 || !strings.HasPrefix(text, "AAAAAAAAAA") {
			t.Fatalf("%d bytes: %s", len(raw), text)
		}
	})
}

func longest() stream.Iterator {
	return stream.Iterator{
		Account: strings.Repeat("9", stream.AccountDigits),
		Region:  strings.Repeat("r", stream.MaxRegionBytes),
		Name:    strings.Repeat("n", stream.MaxNameBytes),
		Type:    stream.Latest,
	}
}

func TestIteratorOfTheLongestNames(t *testing.T) {
	sealer := newSealer(t, testKey)
	if text := sealer.Seal(longest(), [12]byte{}); len(text) > 504 {
		t.Errorf("%d characters", len(text))
	}
	defer func() {
		if recover() == nil {
			t.Error("an iterator that cannot be given out was sealed")
		}
	}()
	it := longest()
	it.Name += strings.Repeat("n", 128)
	sealer.Seal(it, [12]byte{})
}

func TestIteratorsDifferByNonce(t *testing.T) {
	sealer := newSealer(t, testKey)
	a, b := sealer.Seal(longest(), [12]byte{1}), sealer.Seal(longest(), [12]byte{2})
	if a == b {
		t.Error("two nonces, one text")
	}
}

func TestIteratorOpenRefuses(t *testing.T) {
	sealer := newSealer(t, testKey)
	text := sealer.Seal(stream.Iterator{Account: "000000000000", Region: "us-east-1", Name: "orders", Type: stream.TrimHorizon}, [12]byte{9})
	refused := func(what, s string) {
		t.Helper()
		if it, err := sealer.Open(s); !errors.Is(err, stream.ErrIterator) {
			t.Errorf("%s: opened as %+v", what, it)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 0x40
		refused("a changed byte", base64.StdEncoding.EncodeToString(raw))
		raw[i] ^= 0x40
		refused("cut bytes", base64.StdEncoding.EncodeToString(raw[:i]))
	}
	refused("line break", text[:76]+"\n"+text[76:])
	refused("carriage return", text+"\r")
	refused("space", " "+text)
	refused("quoted", `"`+text+`"`)
	refused("doubled", text+text)
	refused("empty", "")
	refused("too long", strings.Repeat("A", 516))
	refused("invalid type", sealer.Seal(stream.Iterator{Type: 77}, [12]byte{}))
	refused("a page token", sealer.SealToken("", 1, [12]byte{1}, "orders"))
	if it, err := newSealer(t, [32]byte{4}).Open(text); !errors.Is(err, stream.ErrIterator) {
		t.Errorf("another key: opened as %+v", it)
	}
	if _, err := newSealer(t, testKey).Open(text); err != nil {
		t.Errorf("the same key, another sealer: %v", err)
	}
}

func TestIteratorTypeNames(t *testing.T) {
	for it := stream.TrimHorizon; it <= stream.AtTimestamp; it++ {
		if got, ok := stream.ParseIteratorType(it.String()); !ok || got != it {
			t.Errorf("%v is parsed as %v, %v", it, got, ok)
		}
	}
	if got, ok := stream.ParseIteratorType("OLDEST"); ok {
		t.Errorf("OLDEST is parsed as %v", got)
	}
}

func TestTokens(t *testing.T) {
	sealer := newSealer(t, testKey)
	for _, want := range [][]string{nil, {""}, {"orders"}, {"000000000000", "", strings.Repeat("x", 300)}} {
		text := sealer.SealToken("shards", 42, [12]byte{7}, want...)
		got, issued, err := sealer.OpenToken("shards", text)
		if err != nil || issued != 42 {
			t.Errorf("issued %v, %v", issued, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if _, _, err := sealer.OpenToken("streams", text); !errors.Is(err, stream.ErrToken) {
			t.Errorf("opened as another kind: %v", err)
		}
		if _, _, err := sealer.OpenToken("shards", text[:len(text)-4]); !errors.Is(err, stream.ErrToken) {
			t.Errorf("opened in part: %v", err)
		}
	}
	for name, text := range map[string]string{
		"empty":        "",
		"not base64":   "****",
		"an iterator":  sealer.Seal(longest(), [12]byte{}),
		"line break":   sealer.SealToken("shards", 1, [12]byte{}, "a") + "\n",
		"short base64": "AAAA",
	} {
		if _, _, err := sealer.OpenToken("shards", text); !errors.Is(err, stream.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	sealer := newSealer(f, testKey)
	f.Add(sealer.Seal(longest(), [12]byte{}))
	f.Add(sealer.SealToken("shards", 1, [12]byte{}, "orders"))
	f.Add("AAAAAAAAAAE=")
	f.Fuzz(func(t *testing.T, s string) {
		if it, err := sealer.Open(s); err != nil && it != (stream.Iterator{}) {
			t.Errorf("an error and %+v", it)
		}
		if fields, issued, err := sealer.OpenToken("shards", s); err != nil && (fields != nil || issued != 0) {
			t.Errorf("an error and %v, %v", fields, issued)
		}
	})
}
