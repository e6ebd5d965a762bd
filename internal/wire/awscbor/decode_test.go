package awscbor

import (
	"bytes"
	"encoding/binary"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"leat/internal/api"
)

// sameInputs compares inputs with their blobs as the wire had them.
var sameInputs = cmp.Options{cmp.AllowUnexported(api.Blob{}), cmpopts.EquateEmpty()}

func blob(s string) api.Opt[api.Blob] { return api.Some(api.RawBlob([]byte(s))) }

type (
	putRecord  = api.PutRecordInput
	putRecords = api.PutRecordsInput
	addTags    = api.AddTagsToStreamInput
	removeTags = api.RemoveTagsFromStreamInput
	iterator   = api.GetShardIteratorInput
	create     = api.CreateStreamInput
	getRecords = api.GetRecordsInput
)

// decodeTests has bodies and what they say. Keys are written as text with a head
// of one byte: \x60 and the length.
var decodeTests = []struct {
	name string
	body string
	want api.Input
}{
	{
		"as Java writes it", "\xbf\x6aStreamName\x66orders\x67Records\x9f" +
			"\xbf\x64Data\x43\x00\xff\x80\x6cPartitionKey\x63k\xc3\xa4\xff" +
			"\xbf\x64Data\x40\x6cPartitionKey\x61b\x6fExplicitHashKey\x610\xff\xff\xff",
		&putRecords{StreamName: api.Some("orders"), Records: api.Some([]api.PutRecordsRequestEntry{
			{Data: blob("\x00\xff\x80"), PartitionKey: api.Some("kä")},
			{Data: blob(""), PartitionKey: api.Some("b"), ExplicitHashKey: api.Some("0")},
		})},
	},
	{
		"with lengths", "\xa2\x6aStreamName\x66orders\x67Records\x82" +
			"\xa2\x64Data\x41a\x6cPartitionKey\x61a\xa1\x64Data\x59\x00\x01b",
		&putRecords{StreamName: api.Some("orders"), Records: api.Some([]api.PutRecordsRequestEntry{
			{Data: blob("a"), PartitionKey: api.Some("a")}, {Data: blob("b")},
		})},
	},
	{"empty", "\xa0", &putRecord{}},
	{"empty and open", "\xbf\xff", &putRecord{}},
	{
		"lengths in all sizes", "\xbb\x00\x00\x00\x00\x00\x00\x00\x03\x78\x0aStreamName\x79\x00\x01s" +
			"\x7a\x00\x00\x00\x04Data\x5a\x00\x00\x00\x01d\x7b\x00\x00\x00\x00\x00\x00\x00\x0cPartitionKey\x7b\x00\x00\x00\x00\x00\x00\x00\x01k",
		&putRecord{StreamName: api.Some("s"), Data: blob("d"), PartitionKey: api.Some("k")},
	},
	{
		"chunks", "\xbf\x7f\x62St\x60\x68reamName\xff\x7f\x62k\xc3\x62\xa4s\xff\x64Data\x5f\x41a\x42bc\x40\xff\x6cPartitionKey\x7f\xff\xff",
		&putRecord{StreamName: api.Some("käs"), Data: blob("abc"), PartitionKey: api.Some("")},
	},
	{
		"tags", "\xd9\xd9\xf7\xa2\xc5\x6aStreamName\xd8\x20\xc0\x61s\xc1\x66DryRun\xc6\xf5",
		&putRecord{StreamName: api.Some("s"), DryRun: api.Some(true)},
	},
	{"unknown members", "\xb0\x61a\x00\x61b\x39\xff\xff\x61c\x5f\x41a\xff\x61d\x7f\x61a\xff\x61e\x82\x9f\x01\xff\xa0\x61f\xbf\x6aStreamName\x61x\xff" +
		"\x61g\xc1\x1a\x00\x00\x00\x00\x61h\xf4\x61i\xf6\x61j\xf7\x61k\xe0\x61l\xf8\xff\x61m\xf9\x7e\x00\x61n\xfa\x00\x00\x00\x00\x61o\xfb\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x6aStreamName\x61s", &putRecord{StreamName: api.Some("s")}},
	{"null and undefined are absent", "\xa3\x6aStreamName\xf6\x64Data\xf7\x66DryRun\xf6", &putRecord{}},
	{
		"the last one counts", "\xa6\x6aStreamName\x61a\x6aStreamName\x61b\x66DryRun\xf5\x66DryRun\xf6\x64Data\x41a\x64Data\xc1\xf6",
		&putRecord{StreamName: api.Some("b")},
	},
	{"text that is true", "\xa1\x66DryRun\x63Yes", &putRecord{DryRun: api.Some(true)}},
	{"text that is false", "\xa1\x66DryRun\x7f\x61N\x61o\xff", &putRecord{DryRun: api.Some(false)}},
	{"text that is no UTF-8", "\xa1\x6cPartitionKey\x66a\xff\xe2\x82b\xed", &putRecord{PartitionKey: api.Some("a\ufffd\ufffd\ufffdb\ufffd")}},
	{
		"nulls in lists", "\xa1\x67Records\x82\xf6\xa1\x6cPartitionKey\x61k",
		&putRecords{Records: api.Some([]api.PutRecordsRequestEntry{{}, {PartitionKey: api.Some("k")}})},
	},
	{
		"a shorter list later", "\xa2\x67Records\x82\xa1\x6cPartitionKey\x61a\xa0\x67Records\x9f\xa0\xff",
		&putRecords{Records: api.Some([]api.PutRecordsRequestEntry{{}})},
	},
	{"no list later", "\xa2\x67Records\x81\xa0\x67Records\xf6", &putRecords{}},
	{"strings", "\xa1\x67TagKeys\x9f\x61a\xf6\x7f\x61b\x61c\xff\xff", &removeTags{TagKeys: api.Some([]string{"a", "", "bc"})}},
	{"no strings", "\xa1\x67TagKeys\x80", &removeTags{TagKeys: api.Some([]string{})}},
	{"a map", "\xa1\x64Tags\xbf\x61a\x611\x61b\xf6\x61c\x612\x61c\xf6\x61d\x60\xff", &addTags{Tags: api.Some(map[string]string{"a": "1", "d": ""})}},
	{"another map later", "\xa2\x64Tags\xa1\x61a\x611\x64Tags\xa0", &addTags{Tags: api.Some(map[string]string{})}},
	{
		"a structure", "\xa2\x6aStreamName\x61s\x71StreamModeDetails\xbf\x6aStreamMode\x69ON_DEMAND\xff",
		&create{StreamName: api.Some("s"), StreamModeDetails: api.Some(api.StreamModeDetails{StreamMode: api.Some("ON_DEMAND")})},
	},
	{
		"another structure later", "\xa2\x71StreamModeDetails\xa1\x6aStreamMode\x61a\x71StreamModeDetails\xa0",
		&create{StreamModeDetails: api.Some(api.StreamModeDetails{})},
	},
}

// newLike returns an empty input of the same shape.
func newLike(t *testing.T, in api.Input) api.Input {
	t.Helper()
	switch in.(type) {
	case *putRecord:
		return new(putRecord)
	case *putRecords:
		return new(putRecords)
	case *addTags:
		return new(addTags)
	case *removeTags:
		return new(removeTags)
	case *create:
		return new(create)
	}
	t.Fatalf("no shape like %T", in)
	return nil
}

func TestDecode(t *testing.T) {
	for _, tc := range decodeTests {
		t.Run(tc.name, func(t *testing.T) {
			in := newLike(t, tc.want)
			if err := Decode([]byte(tc.body), in); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, in, sameInputs); diff != "" {
				t.Error(diff)
			}
			if !Valid([]byte(tc.body)) {
				t.Error("is not valid")
			}
		})
	}
}

func TestDecodeNumbers(t *testing.T) {
	float := func(f float64) string {
		return "\xfb" + string(binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
	}
	for item, want := range map[string]int32{
		"\x00": 0, "\x17": 23, "\x18\x18": 24, "\x18\x05": 5, "\x19\x03\xe8": 1000, "\x1a\x7f\xff\xff\xff": math.MaxInt32,
		"\x1a\x80\x00\x00\x00": math.MaxInt32, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff": math.MaxInt32,
		"\x20": -1, "\x38\x63": -100, "\x3a\x7f\xff\xff\xff": math.MinInt32, "\x3b\xff\xff\xff\xff\xff\xff\xff\xff": math.MinInt32,
		"\xf9\x3c\x00": 1, "\xf9\xc4\x00": -4, "\xf9\x3e\x00": 1, "\xf9\x00\x01": 0, "\xf9\x80\x01": -1, "\xf9\x7b\xff": 65504,
		"\xf9\x7c\x00": math.MaxInt32, "\xf9\xfc\x00": math.MinInt32, "\xf9\x7e\x00": 0,
		"\xfa\x41\x4b\x33\x33": 12, "\xfa\x7f\x80\x00\x00": math.MaxInt32, "\xfa\x7f\xc0\x00\x00": 0,
		float(12.7): 12, float(-0.5): -1, float(1e300): math.MaxInt32, float(-1e300): math.MinInt32, "\xc1\x05": 5,
	} {
		in := new(getRecords)
		if err := Decode([]byte("\xa1\x65Limit"+item), in); err != nil || in.Limit != api.Some(want) {
			t.Errorf("%x is %v, %v, want %d", item, in.Limit, err, want)
		}
	}
	for item, want := range map[string]api.Timestamp{
		"\xc1\x1b\x00\x00\x01\x68\x73\x85\xb4\xe4": 0x0168_7385_b4e4, "\x1b\x00\x00\x01\x68\x73\x85\xb4\xe4": 0x0168_7385_b4e4,
		"\xc1\x00": 0, "\xc1\x20": -1, "\xc1" + float(1548118964772): 1548118964772, float(1.5): 2, float(-1e300): -maxTimestamp,
		"\xc1\x1b\xff\xff\xff\xff\xff\xff\xff\xff": maxTimestamp, "\xc1\x3b\xff\xff\xff\xff\xff\xff\xff\xff": -maxTimestamp, "\xf9\x7e\x00": 0,
	} {
		in := new(iterator)
		if err := Decode([]byte("\xa1\x69Timestamp"+item), in); err != nil || in.Timestamp != api.Some(want) {
			t.Errorf("%x is %v, %v, want %d", item, in.Timestamp, err, want)
		}
	}
}

// maxTimestamp is the last timestamp that there is.
const maxTimestamp = 1 << 53

// limits is an input with a member of type long, which no request has yet.
type limits struct{ Long api.Opt[int64] }

func (in *limits) Member(name string) any {
	if name == "Long" {
		return &in.Long
	}
	return nil
}

func TestDecodeLong(t *testing.T) {
	for item, want := range map[string]int64{
		"\x1b\x00\x00\x00\x01\x00\x00\x00\x00": 1 << 32, "\x1b\x7f\xff\xff\xff\xff\xff\xff\xff": math.MaxInt64,
		"\x1b\x80\x00\x00\x00\x00\x00\x00\x00": math.MaxInt64, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff": math.MinInt64,
		"\x3b\x80\x00\x00\x00\x00\x00\x00\x00": math.MinInt64, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xfe": -math.MaxInt64,
	} {
		in := new(limits)
		if err := Decode([]byte("\xa1\x64Long"+item), in); err != nil || in.Long != api.Some(want) {
			t.Errorf("%x is %v, %v, want %d", item, in.Long, err, want)
		}
	}
	err := Decode([]byte("\xa1\x64Long\x611"), new(limits))
	if err == nil || err.Message != "class java.lang.String can not be converted to an Long" {
		t.Error(err)
	}
}

func TestDecodeMismatches(t *testing.T) {
	const (
		boolean = "class java.lang.Boolean can not be converted to "
		number  = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to "
		text    = "class java.lang.String can not be converted to "
		bytes   = "class java.nio.HeapByteBuffer can not be converted to "
		list    = "Start of list found where not expected"
		object  = "Start of structure or map found where not expected."
	)
	for _, tc := range []struct {
		in         api.Input
		body, want string
	}{
		{&putRecord{}, "\xa1\x6aStreamName\xf5", boolean + "an String"},
		{&putRecord{}, "\xa1\x6aStreamName\x17", number + "an String"},
		{&putRecord{}, "\xa1\x6aStreamName\xf9\x00\x00", number + "an String"},
		{&putRecord{}, "\xa1\x6aStreamName\x41s", bytes + "an String"},
		{&putRecord{}, "\xa1\x6aStreamName\x81\xa0", list},
		{&putRecord{}, "\xa1\x6aStreamName\xbf\x61a\x01\xff", object},
		{&getRecords{}, "\xa1\x65Limit\x611", text + "an Integer"},
		{&getRecords{}, "\xa1\x65Limit\xf4", boolean + "an Integer"},
		{&getRecords{}, "\xa1\x65Limit\xe5", number + "an Integer"},
		{&getRecords{}, "\xa1\x65Limit\xc2\x41\x01", bytes + "an Integer"},
		{&getRecords{}, "\xa1\x65Limit\x9f\xff", list},
		{&putRecord{}, "\xa1\x66DryRun\x63abc", "'ABC' can not be converted to an Boolean"},
		{&putRecord{}, "\xa1\x66DryRun\x01", number + "an Boolean"},
		{&iterator{}, "\xa1\x69Timestamp\xc0\x641970", text + "milliseconds since epoch"},
		{&iterator{}, "\xa1\x69Timestamp\xf4", boolean + "milliseconds since epoch"},
		{&putRecord{}, "\xa1\x64Data\x64YQ==", text + "a Blob"},
		{&putRecord{}, "\xa1\x64Data\xf5", boolean + "a Blob"},
		{&putRecord{}, "\xa1\x64Data\x80", list},
		{&putRecords{}, "\xa1\x67Records\x61a", "Expected list or null"},
		{&putRecords{}, "\xa1\x67Records\xa0", object},
		{&putRecords{}, "\xa1\x67Records\x81\x01", "Expected null"},
		{&putRecords{}, "\xa1\x67Records\x81\x81\x01", list},
		{&putRecords{}, "\xa1\x67Records\x81\xa1\x64Data\x05", number + "a Blob"},
		{&removeTags{}, "\xa1\x67TagKeys\x41a", "Expected list or null"},
		{&removeTags{}, "\xa1\x67TagKeys\x81\x01", number + "an String"},
		{&addTags{}, "\xa1\x64Tags\x01", "Expected map or null"},
		{&addTags{}, "\xa1\x64Tags\x80", list},
		{&addTags{}, "\xa1\x64Tags\xa1\x61a\x01", number + "an String"},
		{&create{}, "\xa1\x71StreamModeDetails\x61a", "Expected null"},
		{&create{}, "\xa1\x71StreamModeDetails\x80", list},
		{&putRecord{}, "\x80", list},
		{&putRecord{}, "\x9f\xa1\x6aStreamName\x01\xff", list},
		// The first one counts.
		{&putRecord{}, "\xa2\x64Data\x01\x6aStreamName\xf5", number + "a Blob"},
		{&putRecord{}, "\xa2\x6aStreamName\xf5\x64Data\x01", boolean + "an String"},
	} {
		want := &api.Error{Code: "SerializationException", Message: tc.want, Status: 400}
		if diff := cmp.Diff(want, Decode([]byte(tc.body), tc.in)); diff != "" {
			t.Errorf("%x: %s", tc.body, diff)
		}
	}
}

// nested returns a map with arrays within each other, n deep.
func nested(n int) string { return "\xa1\x61a" + strings.Repeat("\x81", n) + "\x00" }

func TestDecodeUnparsable(t *testing.T) {
	huge := "\xff\xff\xff\xff\xff\xff\xff\xff"
	bodies := []string{
		"", "\x00", "\x61a", "\x41a", "\xf6", "\xf5", "\xff", "\xc1", "{}", "\xa1", "\xbf", "\x81", "\x9f", "\xa0\x00", "\xbf\xff\xff", "\x80\x80",
		"\xa1\x61a", "\xa2\x61a\x01", "\xbf\x61a", "\xbf\x61a\xff", "\xbf\x61a\x01", "\xa1\x61a\xff", "\xa1\x61a\xc1", "\xa1\x61a\xc1\xff",
		// Keys that are not text.
		"\xa1\x01\x01", "\xa1\x41a\x01", "\xa1\xf6\x01", "\xa1\x80\x01", "\xa1\x61a\xa1\x01\x01",
		// Heads that there are not.
		"\xa1\x61a\x1c", "\xa1\x61a\x1f", "\xa1\x61a\x3f", "\xa1\x61a\xdf\x00", "\xa1\x61a\xfc", "\xa1\x61a\xf8\x1f", "\xa1\x61a\xf8\x14", "\xa1\x61a\x7e",
		// What is cut off.
		"\xa1\x61a\x18", "\xa1\x61a\x19\x00", "\xa1\x61a\x1a\x00\x00\x00", "\xa1\x61a\x1b\x00", "\xa1\x61a\xf8", "\xa1\x61a\xf9\x00", "\xa1\x61a\xfb\x00",
		"\xa1\x62a", "\xa1\x6aStreamName\x62s", "\xa1\x64Data\x42s", "\xa1\x64Data\x5f\x41a", "\xa1\x64Data\x5f\x42a", "\xa1\x64Data\x5f",
		// Chunks of another type, or open.
		"\xa1\x64Data\x5f\x61a\xff", "\xa1\x6aStreamName\x7f\x41a\xff", "\xa1\x64Data\x5f\x5f\x41a\xff\xff", "\xa1\x64Data\x5f\xc1\x41a\xff", "\xa1\x61a\x7f\x01\xff",
		// Lengths that are lies.
		"\xbb" + huge, "\x9b" + huge, "\xa1\x7b" + huge, "\xa1\x64Data\x5b" + huge, "\xa1\x67Records\x9b" + huge + "\xa0", "\xa1\x67TagKeys\x9b" + huge,
		"\xa1\x64Data\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "\xa1\x61a\xbb\x80\x00\x00\x00\x00\x00\x00\x00",
		// A body that is no CBOR is that, whatever else was wrong before.
		"\xa1\x6aStreamName\x01\x00", "\xa2\x6aStreamName\x01", "\x81",
		nested(maxDepth), strings.Repeat("\x9f", 1<<20), strings.Repeat("\xa1\x64Data", 1<<18), strings.Repeat("\xc1", 1<<20),
	}
	for _, body := range bodies {
		for _, in := range []api.Input{new(putRecord), new(putRecords), new(removeTags), new(addTags)} {
			err := Decode([]byte(body), in)
			if diff := cmp.Diff(&api.Error{Code: "SerializationException", Status: 400}, err); diff != "" {
				t.Errorf("%.40x: %s", body, diff)
			}
		}
		if Valid([]byte(body)) {
			t.Errorf("%.40x is valid", body)
		}
	}
	if err := Decode([]byte(nested(maxDepth-1)), new(putRecord)); err != nil {
		t.Error(err)
	}
}

// TestDecodeBoundsEntries has bodies with as many entries as they hold bytes.
func TestDecodeBoundsEntries(t *testing.T) {
	nulls := strings.Repeat("\xf6", 100*api.MaxEntries) + "\xff\xff"
	records, keys := new(putRecords), new(removeTags)
	if err := Decode([]byte("\xbf\x67Records\x9f"+nulls), records); err != nil || len(records.Records.V) != api.MaxEntries {
		t.Errorf("%d records, %v", len(records.Records.V), err)
	}
	if err := Decode([]byte("\xbf\x67TagKeys\x9f"+nulls), keys); err != nil || len(keys.TagKeys.V) != api.MaxEntries {
		t.Errorf("%d keys, %v", len(keys.TagKeys.V), err)
	}
	body := []byte("\xbf\x64Tags\xbf")
	for i := range 2 * api.MaxEntries {
		body = binary.BigEndian.AppendUint32(append(body, 0x64), uint32(i))
		body = append(body, 0x60)
	}
	tags := new(addTags)
	if err := Decode(append(body, "\xff\xff"...), tags); err != nil || len(tags.Tags.V) != api.MaxEntries {
		t.Errorf("%d tags, %v", len(tags.Tags.V), err)
	}
}

// putRecordsBody returns a request as Java writes it.
func putRecordsBody(records, size int) []byte {
	e := NewEncoder(nil)
	e.BeginStruct()
	e.Key("StreamName")
	e.String("orders")
	e.Key("Records")
	e.BeginList(records)
	for i := range records {
		e.BeginStruct()
		e.Key("Data")
		e.Blob(api.RawBlob(make([]byte, size)))
		e.Key("PartitionKey")
		e.String(strings.Repeat("k", 1+i%20))
		e.EndStruct()
	}
	e.EndList()
	e.EndStruct()
	return e.Bytes()
}

func TestDecodeCostsNoMemory(t *testing.T) {
	body := putRecordsBody(500, 100)
	in := new(putRecords)
	decode := func() {
		in.Reset()
		if err := Decode(body, in); err != nil || len(in.Records.V) != 500 {
			t.Fatalf("%d records, %v", len(in.Records.V), err)
		}
	}
	decode()
	if cost := testing.AllocsPerRun(10, decode); cost != 0 {
		t.Errorf("a request of 500 records costs %v allocations", cost)
	}
}

func TestDecodeCopiesNothing(t *testing.T) {
	const before = "\xa2\x64Data\x43"
	body := []byte(before + "abc\x6cPartitionKey\x63\xe2\x82\xac")
	in := new(putRecord)
	if err := Decode(body, in); err != nil {
		t.Fatal(err)
	}
	copy(body[len(before):], "xyz")
	if got, err := in.Data.V.AppendTo(nil); err != nil || string(got) != "xyz" {
		t.Errorf("the blob has %q, %v: it does not refer to the body", got, err)
	}
	copy(body[len(body)-3:], "abc")
	if in.PartitionKey.V != "abc" {
		t.Errorf("the key is %q: it does not refer to the body", in.PartitionKey.V)
	}
}

func BenchmarkDecodePutRecords(b *testing.B) {
	body, in := putRecordsBody(500, 1024), new(putRecords)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		in.Reset()
		if err := Decode(body, in); err != nil {
			b.Fatal(err)
		}
	}
}

// Invalid text takes no more memory than what it becomes.
func TestRepairsCostLittle(t *testing.T) {
	const size = 1 << 20
	body := append(binary.BigEndian.AppendUint32([]byte("\xa1\x6aStreamName\x7a"), size), bytes.Repeat([]byte{0xff}, size)...)
	want := strings.Repeat("\uFFFD", size)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	in := new(api.DescribeStreamInput)
	if err := Decode(body, in); err != nil || in.StreamName.V != want {
		t.Fatalf("%d bytes, %v", len(in.StreamName.V), err)
	}
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 4*size {
		t.Errorf("%d bytes cost %d", size, cost)
	}
}
