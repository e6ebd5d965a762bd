package dynamo

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sample is a definition with everything.
func sample() definition {
	return definition{
		Number: 7, ID: "id", Created: 1_700_000_000_123,
		Attributes: []attribute{{"a", "S"}, {"b", "N"}, {"c", "B"}},
		Key:        keySchema{"a", "b"},
		Indexes: []index{
			{Number: 1, Name: "one", Local: true, Key: keySchema{"a", "c"}, Projection: projectKeys},
			{Number: 3, Name: "three", Key: keySchema{"c", ""}, Projection: projectIncluded, Included: []string{"d"}, Throughput: throughput{Read: 1, Write: 2}},
		},
		Billing:    billing{Mode: payPerRequest, Shown: true, OnDemandSince: 5},
		Throughput: throughput{Increased: 3}, OnDemand: &onDemand{Read: 9}, Class: &tableClass{Name: "STANDARD"},
		Protected: true, Tags: map[string]string{"k": "v"}, TimeToLive: "ttl", Recovery: recovery{Enabled: true, Days: 35},
	}
}

func TestDefinitionRoundTrip(t *testing.T) {
	want := sample()
	got, err := decodeDefinition(want.encode())
	if err != nil {
		t.Fatal(err)
	}
	want.Version = definitionVersion
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-stored +read)\n%s", diff)
	}
	if n := got.nextIndex(); n != 4 {
		t.Errorf("the next index is %d", n)
	}
}

func TestDefinitionsThatAreRefused(t *testing.T) {
	for name, b := range map[string]string{
		"a later version":     `{"version":2}`,
		"an unknown member":   `{"version":1,"color":"red"}`,
		"something behind":    string(sample().encode()) + "x",
		"no key":              `{"version":1}`,
		"a key without type":  `{"version":1,"key":{"partition":"a"},"attributes":[{"name":"a","type":"BOOL"}]}`,
		"an index twice":      `{"version":1,"key":{"partition":"a"},"attributes":[{"name":"a","type":"S"}],"indexes":[{"number":1,"name":"x","key":{"partition":"a"}},{"number":1,"name":"y","key":{"partition":"a"}}]}`,
		"an index of nothing": `{"version":1,"key":{"partition":"a"},"attributes":[{"name":"a","type":"S"}],"indexes":[{"number":1,"name":"x","key":{"partition":"b"}}]}`,
	} {
		if _, err := decodeDefinition([]byte(b)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func FuzzDecodeDefinition(f *testing.F) {
	f.Add(sample().encode())
	f.Add([]byte(`{"version":1,"key":{"partition":"a"},"attributes":[{"name":"a","type":"S"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := decodeDefinition(b)
		if err != nil {
			return
		}
		again, err := decodeDefinition(d.encode())
		if err != nil {
			t.Fatalf("%q is read and not written: %v", b, err)
		}
		if diff := cmp.Diff(d.encode(), again.encode()); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzLoadItem reads stored values: of items, and of entries.
func FuzzLoadItem(f *testing.F) {
	f.Add(stored(3, []byte{1, 0}))
	f.Add(stored(300_000, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		it, size, err := loadItem(b)
		if err != nil {
			return
		}
		if got := stored(size, it.AppendBinary(nil)); string(got) != string(b) && len(got) >= len(b) {
			t.Errorf("%x is written %x", b, got)
		}
	})
}
