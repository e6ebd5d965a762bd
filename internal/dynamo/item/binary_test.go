package item

import (
	"bytes"
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"
)

func TestStoredRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t, 3)
		b := it.AppendBinary([]byte("before"))
		back, err := Decode(b[len("before"):])
		if err != nil || !back.Equal(it) {
			t.Fatalf("%v comes back as %v, %v", it, back, err)
		}
		if again := back.AppendBinary([]byte("before")); !bytes.Equal(again, b) {
			t.Fatalf("%x is stored again as %x", b, again)
		}
	})
}

// TestStoredForm holds the form still: items on disk are read by later versions.
func TestStoredForm(t *testing.T) {
	it := Item{
		"b":  BOOL(true),
		"l":  L(NULL(), S("x")),
		"m":  M(Item{"k": B([]byte{0, 0xff})}),
		"n":  N(Int(-120)),
		"s":  S("é"),
		"ss": SS("b", "a"),
		"z":  NS(Int(0), mustParse(t, "1.5")),
	}
	const want = "01" + "07" +
		"0162" + "0401" +
		"016c" + "07" + "02" + "05" + "010178" +
		"016d" + "06" + "01" + "016b" + "030200ff" +
		"016e" + "02" + "058412" +
		"0173" + "01" + "02c3a9" +
		"027373" + "08" + "02" + "0162" + "0161" +
		"017a" + "09" + "02" + "00" + "048215"
	if got := hex.EncodeToString(it.AppendBinary(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                "",
		"another version":        "0200",
		"bytes left":             "010000",
		"cut name":               "01010561",
		"a long count":           "018000",
		"a huge count":           "01ffffffff0f",
		"no type":                "010101610001",
		"an unknown type":        "010101610b",
		"names out of order":     "0102016205016105",
		"names twice":            "0102016105016105",
		"a bool of 2":            "01010161" + "0402",
		"an empty set":           "01010161" + "0800",
		"a set with duplicates":  "01010161" + "0802" + "0178" + "0178",
		"a digit above 9":        "01010161" + "02" + "0282a0",
		"a leading zero":         "01010161" + "02" + "048201",
		"a trailing zero":        "01010161" + "02" + "048210",
		"half a byte that is no": "01010161" + "02" + "028211",
		"39 digits":              "01010161" + "02" + "4e82" + "1111111111111111111111111111111111111110",
	} {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(name, err)
		}
		if it, err := Decode(b); err == nil {
			t.Errorf("%s: %v", name, it)
		}
	}
}

func TestDecodeBoundsDepth(t *testing.T) {
	nested := func(depth int) Item {
		v := S("leaf")
		for range depth {
			v = L(v)
		}
		return Item{"a": v}
	}
	if _, err := Decode(nested(maxDepth - 1).AppendBinary(nil)); err != nil {
		t.Error(err)
	}
	if _, err := Decode(nested(maxDepth).AppendBinary(nil)); err == nil {
		t.Error("deeper than values can be")
	}
}

// FuzzDecode proves that what decodes is what AppendBinary makes.
func FuzzDecode(f *testing.F) {
	f.Add(Item{"a": N(Int(1)), "b": L(S("x"), M(Item{"c": NULL()})), "d": SS("e", "f")}.AppendBinary(nil))
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := Decode(b)
		if err != nil {
			return
		}
		if again := it.AppendBinary(nil); !bytes.Equal(again, b) {
			t.Errorf("%x decodes as %v, which is stored as %x", b, it, again)
		}
	})
}
