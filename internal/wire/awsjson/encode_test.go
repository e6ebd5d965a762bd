package awsjson

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

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
			&api.PutRecordOutput{ShardId: "shardId-000000000000", SequenceNumber: "4967"},
			`{"ShardId":"shardId-000000000000","SequenceNumber":"4967"}`,
		},
		{
			&api.PutRecordsOutput{
				FailedRecordCount: api.Some[int32](0),
				Records: []api.PutRecordsResultEntry{
					{SequenceNumber: api.Some("1"), ShardId: api.Some("s")},
					{ErrorCode: api.Some("InternalFailure"), ErrorMessage: api.Some("Internal Service Failure")},
				},
				EncryptionType: api.Some("KMS"),
			},
			`{"FailedRecordCount":0,"Records":[{"SequenceNumber":"1","ShardId":"s"},` +
				`{"ErrorCode":"InternalFailure","ErrorMessage":"Internal Service Failure"}],"EncryptionType":"KMS"}`,
		},
		{
			&api.GetRecordsOutput{
				Records: []api.Record{
					{
						SequenceNumber: "1", ApproximateArrivalTimestamp: api.Some[api.Timestamp](1548118964772),
						Data: api.RawBlob([]byte("ab?")), PartitionKey: "k",
					},
					{SequenceNumber: "2", Data: api.Base64Blob([]byte("YQ==")), PartitionKey: ""},
				},
				MillisBehindLatest: api.Some[int64](0),
				ChildShards: api.Some([]api.ChildShard{{
					ShardId: "c", ParentShards: []string{"a", "b"},
					HashKeyRange: api.HashKeyRange{StartingHashKey: "0", EndingHashKey: "9"},
				}}),
			},
			`{"Records":[{"SequenceNumber":"1","ApproximateArrivalTimestamp":1548118964.772,"Data":"YWI/","PartitionKey":"k"},` +
				`{"SequenceNumber":"2","Data":"YQ==","PartitionKey":""}],"MillisBehindLatest":0,` +
				`"ChildShards":[{"ShardId":"c","ParentShards":["a","b"],"HashKeyRange":{"StartingHashKey":"0","EndingHashKey":"9"}}]}`,
		},
		{&api.GetRecordsOutput{}, `{"Records":[]}`},
		{&api.ListStreamsOutput{}, `{"StreamNames":[],"HasMoreStreams":false}`},
		{&api.ListShardsOutput{}, `{}`},
		{&api.ListShardsOutput{Shards: api.Some([]api.Shard(nil))}, `{"Shards":[]}`},
		{
			&api.DescribeStreamOutput{StreamDescription: api.StreamDescription{
				StreamName: "s", StreamARN: "a", StreamStatus: "ACTIVE",
				StreamModeDetails:  api.Some(api.StreamModeDetails{StreamMode: api.Some("PROVISIONED")}),
				EnhancedMonitoring: []api.EnhancedMetrics{{ShardLevelMetrics: api.Some([]string{})}},
				HasMoreShards:      true, RetentionPeriodHours: 24, StreamCreationTimestamp: 1548118964000,
			}},
			`{"StreamDescription":{"StreamName":"s","StreamARN":"a","StreamStatus":"ACTIVE","StreamModeDetails":{"StreamMode":"PROVISIONED"},` +
				`"Shards":[],"HasMoreShards":true,"RetentionPeriodHours":24,"StreamCreationTimestamp":1548118964,` +
				`"EnhancedMonitoring":[{"ShardLevelMetrics":[]}]}}`,
		},
		{
			&api.SubscribeToShardEvent{Records: nil, MillisBehindLatest: 5, ContinuationSequenceNumber: api.Some("7")},
			`{"Records":[],"ContinuationSequenceNumber":"7","MillisBehindLatest":5}`,
		},
		{&api.SubscribeToShardEvent{}, `{"Records":[],"MillisBehindLatest":0}`},
	} {
		if got := encode(tc.out); got != tc.want {
			t.Errorf("got\n%s\nwant\n%s", got, tc.want)
		}
	}
}

func TestEncodeAppends(t *testing.T) {
	e := NewEncoder([]byte("before"))
	(&api.GetShardIteratorOutput{ShardIterator: api.Some("AAA")}).Encode(e)
	if got := string(e.Bytes()); got != `before{"ShardIterator":"AAA"}` {
		t.Error(got)
	}
	if got := string(Encode([]byte("before"), api.Errorf(api.UnknownOperation, ""))); got != `before{"__type":"UnknownOperationException"}` {
		t.Error(got)
	}
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

func TestTimestamps(t *testing.T) {
	for ms, want := range map[api.Timestamp]string{
		0: "0", 1: "0.001", 10: "0.01", 100: "0.1", 1000: "1", 1548118964772: "1548118964.772", 1548118964000: "1548118964",
		1548118964770: "1548118964.77", 1548118964072: "1548118964.072", -1: "-0.001", -1500: "-1.5", -1000: "-1",
	} {
		e := NewEncoder(nil)
		e.Timestamp(ms)
		if got := string(e.Bytes()); got != want {
			t.Errorf("%d is %s, want %s", ms, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(-maxTimestamp>>10, maxTimestamp>>10).Draw(t, "ms")
		if got := toTimestamp(appendSeconds(nil, ms)); got != api.Timestamp(ms) {
			t.Errorf("%d is read as %d", ms, got)
		}
	})
}

func TestEncodeError(t *testing.T) {
	for _, tc := range []struct {
		code    api.Code
		message string
		want    string
	}{
		{api.ResourceNotFound, `Stream "s" <&> not found.`, `{"__type":"ResourceNotFoundException","message":"Stream \"s\" <&> not found."}`},
		{api.Serialization, "Expected null", `{"__type":"SerializationException","Message":"Expected null"}`},
		{api.Serialization, "", `{"__type":"SerializationException"}`},
		{api.InternalFailure, "", `{"__type":"InternalFailure"}`},
		{api.Validation, "tab\tnewline\n\r\x01\\", `{"__type":"ValidationException","message":"tab\tnewline\n\r\u0001\\"}`},
	} {
		if got := string(Encode(nil, api.Errorf(tc.code, "%s", tc.message))); got != tc.want {
			t.Errorf("got %s, want %s", got, tc.want)
		}
	}
}

// TestPlainPrefix has every byte at every place of a word, beside what differs
// from it by a borrow.
func TestPlainPrefix(t *testing.T) {
	for _, filler := range []byte{' ', '!', '#', '[', ']', 'a', 0x7f} {
		for at := range 16 {
			for c := range 256 {
				text := []byte(strings.Repeat(string(filler), 20))
				text[at] = byte(c)
				want := 16
				if !plain[c] {
					want = at / 8 * 8
				}
				if got := plainPrefix(string(text)); got != want {
					t.Fatalf("%q has a plain prefix of %d bytes, want %d", text, got, want)
				}
			}
		}
	}
}

// TestTimestampsRepeat has what the encoder remembers of the last timestamp.
func TestTimestampsRepeat(t *testing.T) {
	e := NewEncoder(nil)
	e.BeginList(5)
	for _, ms := range []api.Timestamp{0, 0, 1500, 1500, 0} {
		e.Timestamp(ms)
	}
	e.EndList()
	if got := string(e.Bytes()); got != "[0,0,1.5,1.5,0]" {
		t.Error(got)
	}
}

// FuzzEncodeString checks that any string is written as valid JSON that has the
// string, bytes that are not UTF-8 replaced one by one.
func FuzzEncodeString(f *testing.F) {
	for _, s := range []string{
		"", "plain", "quote\" slash\\ /", "\x00\x1f\x7f", "käse €😀\u2028", "\xff\xe2\x82", "a\xed\xa0\x80b", "<&>",
		"0123456789abcde\x1f", "0123456\\89abcdef", "01234567\u007f!\"", "plain words of some length, käse",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString(nil, s)
		if !json.Valid(b) || !utf8.Valid(b) {
			t.Fatalf("%q is written as %q", s, b)
		}
		var got string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(s)); got != want {
			t.Errorf("%q is read as %q", want, got)
		}
		d := decoder{data: b}
		if own, ok := d.text(); !ok || own != got || !d.done() {
			t.Errorf("%q is read as %q, %t", b, own, ok)
		}
	})
}
