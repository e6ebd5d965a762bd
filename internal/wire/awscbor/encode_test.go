package awscbor

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"leat/internal/api"
)

func encode(out api.Output) string { return string(Encode(nil, out)) }

// TestEncodeAnswers has answers byte by byte.
func TestEncodeAnswers(t *testing.T) {
	for _, tc := range []struct {
		out  api.Output
		want string
	}{
		{
			&api.PutRecordOutput{ShardId: "shardId-000000000000", SequenceNumber: strings.Repeat("4", 56)},
			"\xbf\x67ShardId\x74shardId-000000000000\x6eSequenceNumber\x78\x38" + strings.Repeat("4", 56) + "\xff",
		},
		{
			&api.PutRecordsOutput{
				FailedRecordCount: api.Some[int32](500),
				Records: []api.PutRecordsResultEntry{
					{SequenceNumber: api.Some("1"), ShardId: api.Some("s")},
					{ErrorCode: api.Some("InternalFailure"), ErrorMessage: api.Some("")},
				},
			},
			"\xbf\x71FailedRecordCount\x19\x01\xf4\x67Records\x9f\xbf\x6eSequenceNumber\x611\x67ShardId\x61s\xff" +
				"\xbf\x69ErrorCode\x6fInternalFailure\x6cErrorMessage\x60\xff\xff\xff",
		},
		{
			&api.GetRecordsOutput{
				Records: []api.Record{
					{
						SequenceNumber: "1", ApproximateArrivalTimestamp: api.Some[api.Timestamp](1548118964772),
						Data: api.RawBlob([]byte("ab\xff")), PartitionKey: "kä",
					},
					{SequenceNumber: "2", Data: api.Base64Blob([]byte("YQ==")), PartitionKey: ""},
				},
				MillisBehindLatest: api.Some[int64](0),
			},
			"\xbf\x67Records\x9f\xbf\x6eSequenceNumber\x611\x78\x1bApproximateArrivalTimestamp\xc1\x1b\x00\x00\x01\x68\x73\x14\xba\x24" +
				"\x64Data\x43ab\xff\x6cPartitionKey\x63kä\xff\xbf\x6eSequenceNumber\x612\x64Data\x41a\x6cPartitionKey\x60\xff\xff" +
				"\x72MillisBehindLatest\x00\xff",
		},
		{&api.GetRecordsOutput{}, "\xbf\x67Records\x9f\xff\xff"},
		{&api.ListStreamsOutput{}, "\xbf\x6bStreamNames\x9f\xff\x6eHasMoreStreams\xf4\xff"},
		{&api.ListStreamsOutput{HasMoreStreams: true, StreamNames: []string{"a"}}, "\xbf\x6bStreamNames\x9f\x61a\xff\x6eHasMoreStreams\xf5\xff"},
		{&api.ListShardsOutput{}, "\xbf\xff"},
		{api.Errorf(api.UnknownOperation, ""), "\xbf\x66__type\x78\x19UnknownOperationException\xff"},
		{api.Errorf(api.ResourceInUse, "é\xff"), "\xbf\x66__type\x76ResourceInUseException\x67message\x65é\ufffd\xff"},
		{api.Errorf(api.Serialization, "x"), "\xbf\x66__type\x76SerializationException\x67Message\x61x\xff"},
	} {
		got := encode(tc.out)
		if got != tc.want {
			t.Errorf("got\n%x\nwant\n%x", got, tc.want)
		}
		if err := cbor.Wellformed([]byte(got)); err != nil {
			t.Error(err)
		}
	}
}

func TestEncodeAppends(t *testing.T) {
	e := NewEncoder([]byte("before"))
	(&api.GetShardIteratorOutput{ShardIterator: api.Some("AAA")}).Encode(e)
	if got := string(e.Bytes()); got != "before\xbf\x6dShardIterator\x63AAA\xff" {
		t.Errorf("%x", got)
	}
	if got := string(Encode([]byte("before"), api.Errorf(api.Validation, ""))); got != "before\xbf\x66__type\x73ValidationException\xff" {
		t.Errorf("%x", got)
	}
}

func TestEncodeHeads(t *testing.T) {
	for n, want := range map[int64]string{
		0: "\x00", 23: "\x17", 24: "\x18\x18", 255: "\x18\xff", 256: "\x19\x01\x00", 65535: "\x19\xff\xff", 65536: "\x1a\x00\x01\x00\x00",
		math.MaxUint32: "\x1a\xff\xff\xff\xff", math.MaxUint32 + 1: "\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
		-1: "\x20", -24: "\x37", -25: "\x38\x18", math.MinInt64: "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff",
	} {
		e := NewEncoder(nil)
		e.Int(n)
		e.Timestamp(api.Timestamp(n))
		if got := string(e.Bytes()); got != want+"\xc1"+want {
			t.Errorf("%d is %x, want %x", n, got, want)
		}
	}
}

// TestEncodeRoundTrip reads with the library what has been written.
func TestEncodeRoundTrip(t *testing.T) {
	type values struct {
		S string
		N int64
		B bool
		D []byte
		L []string
	}
	rapid.Check(t, func(t *rapid.T) {
		v := values{
			S: rapid.String().Draw(t, "s"), N: rapid.Int64().Draw(t, "n"), B: rapid.Bool().Draw(t, "b"),
			D: make([]byte, rapid.SampledFrom([]int{0, 1, 23, 24, 255, 256, 65535, 65536}).Draw(t, "d")), L: rapid.SliceOf(rapid.String()).Draw(t, "l"),
		}
		e := NewEncoder(nil)
		e.BeginStruct()
		e.Key("S")
		e.String(v.S)
		e.Key("N")
		e.Int(v.N)
		e.Key("B")
		e.Bool(v.B)
		e.Key("D")
		e.Blob(api.RawBlob(v.D))
		e.Key("L")
		e.BeginList(len(v.L))
		for _, s := range v.L {
			e.String(s)
		}
		e.EndList()
		e.EndStruct()
		var got values
		if err := cbor.Unmarshal(e.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(v.D, got.D) {
			t.Errorf("%d bytes have become %d, or others", len(v.D), len(got.D))
		}
		v.D, got.D = nil, nil
		if diff := cmp.Diff(v, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEncodeCostsNoMemory(t *testing.T) {
	out := &api.GetRecordsOutput{Records: make([]api.Record, 1000)}
	for i := range out.Records {
		out.Records[i] = api.Record{
			SequenceNumber: strings.Repeat("4", 56), PartitionKey: "key",
			Data: api.RawBlob([]byte("data")), ApproximateArrivalTimestamp: api.Some[api.Timestamp](1),
		}
	}
	buf := make([]byte, 0, 1<<20)
	cost := testing.AllocsPerRun(10, func() { out.Encode(NewEncoder(buf)) })
	if cost > 1 {
		t.Errorf("1000 records cost %v allocations, want that of the encoder", cost)
	}
}
