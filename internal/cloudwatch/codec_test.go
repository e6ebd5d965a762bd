package cloudwatch

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/engine"
)

var exported = cmp.AllowUnexported(stored{}, summary{}, sketch{}, bucket{})

func drawStored(t *rapid.T) stored {
	r := stored{unit: unit(rapid.IntRange(0, len(units)-1).Draw(t, "unit"))}
	parts := rapid.SliceOfN(rapid.String(), nameParts, nameParts+2).Draw(t, "parts")
	r.key = engine.NewKey(parts[:len(parts)/2*2]...)
	for range rapid.IntRange(1, 30).Draw(t, "values") {
		r.summary.add(rapid.Float64Range(0, 1e9).Draw(t, "value"), 1)
	}
	if rapid.Bool().Draw(t, "opaque") {
		r.summary.sketch.blur()
	}
	return r
}

func TestObjectsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(drawStored), 1, 20).Draw(t, "series")
		var b []byte
		for i := range want {
			b = want[i].appendTo(b)
		}
		got, err := unpack(pack(b))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, exported); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestObjectsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := stored{key: metricKey(scope{"1", "r"}, "n", "m", nil), unit: noUnit}
	r.summary.add(3, 2)
	good := pack(r.appendTo(nil))
	if _, err := unpack(good); err != nil {
		t.Fatal(err)
	}
	version := bytes.Clone(good)
	version[0]++
	size := bytes.Clone(good)
	size[4]++
	huge := binary.BigEndian.AppendUint32([]byte{formatVersion}, maxPartBytes+1)
	for name, object := range map[string][]byte{
		"empty": nil, "version": version, "size": size, "huge": huge,
		"cut": good[:len(good)-2], "a unit": pack(bytes.Replace(r.appendTo(nil), []byte{byte(noUnit), hasSketch}, []byte{99, 1}, 1)),
		"cut inside": pack(r.appendTo(nil)[:20]),
	} {
		if got, err := unpack(object); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzUnpack: whatever is read can be written and read again, and is merged with
// anything.
func FuzzUnpack(f *testing.F) {
	r := stored{key: metricKey(scope{"1", "r"}, "n", "m", []Dimension{{"d", "v"}}), unit: noUnit}
	r.summary.add(3, 2)
	r.summary.add(0, 1)
	f.Add(r.appendTo(nil))
	r.summary.sketch.blur()
	f.Add(append(r.appendTo(nil), r.appendTo(nil)...))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = unpack(body)
		if len(body) > maxPartBytes {
			return
		}
		all, err := unpack(pack(body))
		if err != nil {
			return
		}
		var again []byte
		var sum summary
		for i := range all {
			again = all[i].appendTo(again)
			sum.merge(&all[i].summary)
		}
		sum.percentile(50)
		if len(sum.sketch.buckets) > maxBuckets {
			t.Errorf("%d buckets", len(sum.sketch.buckets))
		}
		got, err := unpack(pack(again))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, got, exported); diff != "" {
			t.Error(diff)
		}
	})
}
