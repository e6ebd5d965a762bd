package stream_test

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/stream"
)

type record struct {
	key  string
	data []byte
}

func payloadOf(records []record) []byte {
	return batchOf(records, false)
}

func batchOf(records []record, encrypted bool) []byte {
	b := stream.BeginBatch(nil)
	if encrypted {
		b[0] = 2
	}
	for _, r := range records {
		b = append(stream.AppendRecordHeader(b, r.key, len(r.data)), r.data...)
	}
	return b
}

// readAll returns copies of all records of a payload.
func readAll(payload []byte) ([]record, error) {
	it, err := stream.Records(payload)
	if err != nil {
		return nil, err
	}
	var out []record
	for {
		key, data, ok := it.Next()
		if !ok {
			return out, it.Err()
		}
		out = append(out, record{string(key), bytes.Clone(data)})
	}
}

func TestRecordsRoundTrip(t *testing.T) {
	records := rapid.SliceOf(rapid.Custom(func(t *rapid.T) record {
		return record{
			key:  rapid.StringN(0, 256, -1).Draw(t, "key"),
			data: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data"),
		}
	}))
	rapid.Check(t, func(t *rapid.T) {
		want := records.Draw(t, "records")
		payload := payloadOf(want)
		bound := stream.BatchOverhead
		for _, r := range want {
			bound += stream.RecordSize(r.key, len(r.data))
		}
		if len(payload) > bound {
			t.Fatalf("%d bytes, more than %d", len(payload), bound)
		}
		got, err := readAll(payload)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d records, %v", len(got), err)
		}
		for i := range want {
			if got[i].key != want[i].key || !bytes.Equal(got[i].data, want[i].data) {
				t.Fatalf("record %d is %v, want %v", i, got[i], want[i])
			}
		}
	})
}

func TestRecordsKnowThatTheyWereEncrypted(t *testing.T) {
	for _, want := range []bool{false, true} {
		it, err := stream.Records(batchOf([]record{{"k", []byte("d")}}, want))
		if err != nil || it.Encrypted() != want {
			t.Errorf("encrypted %v, %v, want %v", it.Encrypted(), err, want)
		}
	}
}

func TestRecordsDoNotShareTails(t *testing.T) {
	payload := payloadOf([]record{{"key", []byte("data")}})
	it, err := stream.Records(payload)
	if err != nil {
		t.Fatal(err)
	}
	key, data, _ := it.Next()
	_ = append(key, "overwritten"...)
	if string(data) != "data" {
		t.Errorf("data is %s", data)
	}
}

func TestRecordsRefuse(t *testing.T) {
	for name, payload := range map[string][]byte{
		"empty":            {},
		"format 0":         {0},
		"format 3":         {3, 0, 0}, // which is sealed
		"format 4":         {4, 0, 0},
		"no data length":   {1, 1},
		"half a length":    {1, 0x80},
		"no key":           {1, 1, 0},
		"short data":       {1, 1, 2, 'k', 'd'},
		"long length":      {1, 0x80, 0, 0},
		"length of 32 bit": {1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0},
		"length of 64 bit": {1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
		"endless length":   bytes.Repeat([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff}, 3),
		"second record":    append(payloadOf([]record{{"k", []byte("d")}}), 9),
	} {
		if got, err := readAll(payload); !errors.Is(err, stream.ErrPayload) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(payloadOf([]record{{"key", []byte("data")}, {"", nil}}))
	f.Add([]byte{1, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, payload []byte) {
		records, err := readAll(payload)
		if err != nil {
			return
		}
		it, err := stream.Records(payload)
		if err != nil {
			t.Fatal(err)
		}
		if again := batchOf(records, it.Encrypted()); !bytes.Equal(again, payload) {
			t.Errorf("%x came back as %x", payload, again)
		}
	})
}
