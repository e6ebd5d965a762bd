package item

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestKeyOrder proves that key forms have the order of their values, whatever
// follows them.
func TestKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]Type{TypeS, TypeN, TypeB}).Draw(t, "type")
		a, b := drawKey(t, typ), drawKey(t, typ)
		want, _ := a.Compare(b)
		more := rapid.SliceOfN(rapid.Byte(), 0, 3)
		ka, kb := AppendKey(nil, a), AppendKey(nil, b)
		if want != 0 {
			ka, kb = append(ka, more.Draw(t, "more a")...), append(kb, more.Draw(t, "more b")...)
		}
		if got := bytes.Compare(ka, kb); got != want {
			t.Fatalf("%v, %v: keys %x, %x compare as %d, want %d", a, b, ka, kb, got, want)
		}
	})
}

func TestKeyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]Type{TypeS, TypeN, TypeB}).Draw(t, "type")
		v := drawKey(t, typ)
		more := rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "more")
		back, rest, err := DecodeKey(append(AppendKey([]byte{9}, v), more...)[1:], typ)
		if err != nil || !back.Equal(v) || !bytes.Equal(rest, more) {
			t.Fatalf("%v comes back as %v, %x, %v", v, back, rest, err)
		}
	})
}

func TestKeyPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefix, more := drawText(t), drawText(t)
		if !bytes.HasPrefix(AppendKey(nil, S(prefix+more)), AppendKeyPrefix(nil, prefix)) {
			t.Fatalf("the key of %q does not begin with the prefix of %q", prefix+more, prefix)
		}
	})
}

func TestNumberKeysInOrder(t *testing.T) {
	var keys [][]byte
	for _, text := range []string{
		"-9.9e125", "-100", "-12", "-11.5", "-1.01", "-1", "-0.5", "-1e-130",
		"0", "1e-130", "0.5", "1", "1.01", "11.5", "12", "100", "9.9e125",
	} {
		keys = append(keys, AppendKey(nil, N(mustParse(t, text))))
	}
	if !slices.IsSortedFunc(keys, bytes.Compare) {
		t.Errorf("not in order: %x", keys)
	}
}

// FuzzDecodeKey proves that what decodes is what AppendKey makes.
func FuzzDecodeKey(f *testing.F) {
	f.Add([]byte{0x03, 0x82, 0x0d, 0x00})
	f.Add([]byte("a\x00\xffb\x00\x01more"))
	f.Add([]byte{0x01, 0x7d, 0xf2, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, typ := range []Type{TypeS, TypeN, TypeB} {
			v, rest, err := DecodeKey(b, typ)
			if err != nil {
				continue
			}
			if again := AppendKey(nil, v); cmp.Compare(string(again)+string(rest), string(b)) != 0 {
				t.Errorf("%x decodes as %v, whose key is %x", b, v, again)
			}
		}
	})
}
