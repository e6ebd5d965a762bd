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

func drawSummary(t *rapid.T) (s summary) {
	value := rapid.OneOf(rapid.Float64Range(-1, 1e9), rapid.Map(rapid.IntRange(0, 3), func(n int) float64 { return float64(n) }))
	for range rapid.IntRange(1, 30).Draw(t, "values") {
		s.add(value.Draw(t, "value"), rapid.SampledFrom([]float64{1, 2, 0.5, 1e20}).Draw(t, "count"))
	}
	if rapid.Bool().Draw(t, "opaque") {
		s.sketch.blur()
	}
	return s
}

func drawStored(t *rapid.T) stored {
	r := stored{unit: unit(rapid.IntRange(0, len(units)-1).Draw(t, "unit"))}
	parts := rapid.SliceOfN(rapid.String(), nameParts, nameParts+2).Draw(t, "parts")
	r.key = []byte(engine.NewKey(parts[:len(parts)/2*2]...))
	sum := drawSummary(t)
	r.row = sum.appendTo(nil)
	return r
}

// appendTo appends the stored form.
func (r *stored) appendTo(dst []byte) []byte {
	return appendStored(dst, engine.Key(r.key), r.unit, r.row)
}

func TestSummariesRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawSummary(t)
		d := decoder{rest: want.appendTo(nil)}
		if got := d.summary(); d.failed || len(d.rest) > 0 || cmp.Diff(want, got, exported) != "" {
			t.Fatalf("failed %v, %d bytes are left, %s", d.failed, len(d.rest), cmp.Diff(want, got, exported))
		}
	})
}

// Counts and values that are small integers take little: a row is at most a few
// bytes for each of what it has.
func TestRowsAreShort(t *testing.T) {
	t.Parallel()
	var same, known summary
	same.add(60, 10)
	for v := range 40 {
		known.add(float64(v+10), 1)
	}
	differs := set(10, 600, 50, 70)
	for name, c := range map[string]struct {
		sum  summary
		most int
	}{"same": {same, 3}, "differs": {differs, 7}, "known": {known, 8 + 3*40}} {
		if got := len(c.sum.appendTo(nil)); got > c.most {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
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
	r := stored{key: []byte(metricKey(scope{"1", "r"}, "n", "m", nil)), unit: noUnit}
	var sum summary
	sum.add(3, 2)
	sum.add(4, 2)
	r.row = sum.appendTo(nil)
	body := r.appendTo(nil)
	good := pack(body)
	if _, err := unpack(good); err != nil {
		t.Fatal(err)
	}
	version := bytes.Clone(good)
	version[0]++
	size := bytes.Clone(good)
	size[4]++
	huge := binary.BigEndian.AppendUint32([]byte{formatVersion}, maxPartBytes+1)
	changed := func(i int, to byte) []byte {
		b := bytes.Clone(body)
		b[i] = to
		return pack(b)
	}
	at := len(body) - len(r.row)
	for name, object := range map[string][]byte{
		"empty": nil, "version": version, "size": size, "huge": huge,
		"cut": good[:len(good)-2], "cut inside": pack(body[:at-2]), "cut in a row": pack(body[:len(body)-1]),
		"a key": changed(at-2, 2), "a key of 3 parts": changed(at-6, 0xff),
		"a unit": changed(at-1, byte(len(units))), "flags": changed(at, allFlags+1),
		"no samples": changed(at+1, 0), "a long number": changed(at+2, 3),
	} {
		if got, err := unpack(object); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzUnpack: whatever is read can be written and read again, and is merged with
// anything.
func FuzzUnpack(f *testing.F) {
	r := stored{key: []byte(metricKey(scope{"1", "r"}, "n", "m", []Dimension{{"d", "v"}})), unit: noUnit}
	sum := new(summary)
	for _, v := range []float64{3, 0, 0.1} {
		sum.add(v, 2)
		r.row = sum.appendTo(nil)
		f.Add(r.appendTo(nil))
	}
	sum.sketch.blur()
	r.row = sum.appendTo(nil)
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
			one := decodeSummary(all[i].row)
			sum.merge(&one)
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
