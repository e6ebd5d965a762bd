package api

import (
	"math"
	"testing"
)

func TestListsAreBounded(t *testing.T) {
	in := new(PutRecordsInput)
	list := in.Member("Records").(List)
	list.Begin()
	for range MaxEntries {
		list.Grow()
	}
	in.Records.V[MaxEntries-1].PartitionKey = Some("last")
	in.Records.V[MaxEntries-2].PartitionKey = Some("the one before")
	if element := list.Grow().(*PutRecordsRequestEntry); element.PartitionKey.Set {
		t.Error("an element is not empty")
	}
	if list.Len() != MaxEntries || !in.Records.V[MaxEntries-2].PartitionKey.Set {
		t.Errorf("the list has %d elements", list.Len())
	}
}

func TestConversions(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for f, want := range map[float64]int64{
		1.9: 1, -1.1: -2, 1e300: math.MaxInt64, -1e300: math.MinInt64, 1 << 63: math.MaxInt64, -1 << 63: math.MinInt64,
		inf: math.MaxInt64, -inf: math.MinInt64, nan: 0,
	} {
		if got := FloorInt64(f); got != want {
			t.Errorf("FloorInt64(%g) is %d, want %d", f, got, want)
		}
	}
	for f, want := range map[float64]Timestamp{1.4: 1, 1.5: 2, -1.5: -2, inf: maxTimestamp, -inf: -maxTimestamp, nan: 0} {
		if got := RoundTimestamp(f); got != want {
			t.Errorf("RoundTimestamp(%g) is %d, want %d", f, got, want)
		}
	}
	for n, want := range map[int64]int32{5: 5, math.MaxInt64: math.MaxInt32, math.MinInt64: math.MinInt32} {
		if got := ClampInt32(n); got != want {
			t.Errorf("ClampInt32(%d) is %d, want %d", n, got, want)
		}
	}
}

func TestClear(t *testing.T) {
	in := &CreateStreamInput{
		StreamName: Some("s"), ShardCount: Some[int32](1), Tags: Some(map[string]string{}), StreamModeDetails: Some(StreamModeDetails{}),
	}
	for _, name := range []string{"StreamName", "ShardCount", "Tags", "StreamModeDetails"} {
		Clear(in.Member(name))
	}
	if in.StreamName.Set || in.ShardCount.Set || in.Tags.Set || in.StreamModeDetails.Set {
		t.Errorf("left are %+v", in)
	}
	Clear(nil)
}
