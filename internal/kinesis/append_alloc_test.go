package kinesis

import (
	"testing"

	"leat/internal/api"
	"leat/internal/stream"
)

// Hashing the keys of a request costs no memory, once an appender has some.
func TestHashingCostsNoMemory(t *testing.T) {
	sn := &snapshot{Stream: stream.Stream{MaxRecordKiB: 1}}
	entries := make([]api.PutRecordsRequestEntry, 500)
	for i := range entries {
		entries[i].PartitionKey, entries[i].Data = api.Some("key"), api.Some(api.RawBlob([]byte("data")))
	}
	a := new(appender)
	add := func() {
		if err := a.addEntries(sn, entries); err != nil {
			t.Fatal(err)
		}
		a.hashKeys()
		a.records = a.records[:0]
	}
	add()
	if n := testing.AllocsPerRun(10, add); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if want := stream.HashPartitionKey("key"); a.records[:500][499].hash != want {
		t.Errorf("%v, want %v", a.records[:500][499].hash, want)
	}
}
