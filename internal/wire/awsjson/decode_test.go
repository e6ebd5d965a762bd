package awsjson

import (
	"bytes"
	"encoding/base64"
	"fmt"
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

func base64Blob(text string) api.Opt[api.Blob] { return api.Some(api.Base64Blob([]byte(text))) }

// TestDecodeClients has requests spelled as the JSON writers of the clients do:
// Python with spaces and ASCII only, JavaScript and Go with neither, PHP with
// escaped slashes.
func TestDecodeClients(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want api.Input
	}{
		"CLI create-stream": {
			`{"StreamName": "orders", "ShardCount": 3}`,
			&api.CreateStreamInput{StreamName: api.Some("orders"), ShardCount: api.Some[int32](3)},
		},
		"CLI put-record": {
			`{"StreamName": "orders", "Data": "eyJvcmRlciI6IjEiLCJzdGF0dXMiOiJwbGFjZWQifQo=", "PartitionKey": "order-1"}`,
			&api.PutRecordInput{
				StreamName: api.Some("orders"), PartitionKey: api.Some("order-1"),
				Data: base64Blob("eyJvcmRlciI6IjEiLCJzdGF0dXMiOiJwbGFjZWQifQo="),
			},
		},
		"boto3 list_shards": {
			`{"StreamName": "orders", "ShardFilter": {"Type": "AT_TIMESTAMP", "Timestamp": 1548118964}}`,
			&api.ListShardsInput{
				StreamName:  api.Some("orders"),
				ShardFilter: api.Some(api.ShardFilter{Type: api.Some("AT_TIMESTAMP"), Timestamp: api.Some[api.Timestamp](1548118964000)}),
			},
		},
		"boto3 non-ASCII partition key": {
			`{"StreamName": "orders", "Records": [{"Data": "YQ==", "PartitionKey": "k\u00e4se \ud83d\ude00"}]}`,
			&api.PutRecordsInput{
				StreamName: api.Some("orders"),
				Records:    api.Some([]api.PutRecordsRequestEntry{{Data: base64Blob("YQ=="), PartitionKey: api.Some("käse 😀")}}),
			},
		},
		"JavaScript put records": {
			`{"Records":[{"Data":"YQ==","PartitionKey":"a"},{"Data":"","ExplicitHashKey":"0","PartitionKey":"ü"}],"StreamName":"orders"}`,
			&api.PutRecordsInput{
				StreamName: api.Some("orders"),
				Records: api.Some([]api.PutRecordsRequestEntry{
					{Data: base64Blob("YQ=="), PartitionKey: api.Some("a")},
					{Data: base64Blob(""), PartitionKey: api.Some("ü"), ExplicitHashKey: api.Some("0")},
				}),
			},
		},
		"JavaScript get shard iterator": {
			`{"ShardId":"shardId-000000000000","ShardIteratorType":"AT_TIMESTAMP","StreamName":"orders","Timestamp":1548118964.772}`,
			&api.GetShardIteratorInput{
				ShardId: api.Some("shardId-000000000000"), ShardIteratorType: api.Some("AT_TIMESTAMP"),
				StreamName: api.Some("orders"), Timestamp: api.Some[api.Timestamp](1548118964772),
			},
		},
		"Go add tags": {
			`{"StreamName":"orders","Tags":{"env":"test","empty":""}}`,
			&api.AddTagsToStreamInput{
				StreamName: api.Some("orders"), Tags: api.Some(map[string]string{"env": "test", "empty": ""}),
			},
		},
		"PHP slashes": {
			`{"StreamName":"orders","Data":"\/\/\/\/","PartitionKey":"a\/b"}`,
			&api.PutRecordInput{StreamName: api.Some("orders"), Data: base64Blob("////"), PartitionKey: api.Some("a/b")},
		},
		"Java retention": {
			`{"RetentionPeriodHours":48,"StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/orders"}`,
			&api.IncreaseStreamRetentionPeriodInput{
				RetentionPeriodHours: api.Some[int32](48),
				StreamARN:            api.Some("arn:aws:kinesis:us-east-1:000000000000:stream/orders"),
			},
		},
		"no input": {`{}`, &api.DescribeLimitsInput{}},
	} {
		t.Run(name, func(t *testing.T) {
			in := newLike(tc.want)
			if err := Decode([]byte(tc.body), in); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, in, sameInputs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// newLike returns an empty input of the same shape.
func newLike(in api.Input) api.Input {
	for _, name := range api.Operations {
		if other, _ := api.NewInput(name); fmt.Sprintf("%T", other) == fmt.Sprintf("%T", in) {
			return other
		}
	}
	panic(fmt.Sprintf("BUG: no operation has the input %T", in))
}

func TestDecodeForms(t *testing.T) {
	type putRecord = api.PutRecordInput
	for body, want := range map[string]api.Input{
		" \t\r\n{ \"StreamName\" : \"s\" , \"DryRun\" : true } \n": &putRecord{StreamName: api.Some("s"), DryRun: api.Some(true)},
		// Unknown members, of every kind.
		`{"X":{"StreamName":"x","Y":[1,{"Z":null}]},"StreamName":"s"}`:                          &putRecord{StreamName: api.Some("s")},
		`{"A":"\ud800","B":-1.5e-3,"C":true,"D":false,"E":null,"F":[],"G":{},"streamName":"s"}`: &putRecord{},
		// Null is absent, also after a value; otherwise the last one counts.
		`{"StreamName":null,"Data":null,"DryRun":null}`:                    &putRecord{},
		`{"StreamName":"a","StreamName":null,"Data":"YQ==","Data":null}`:   &putRecord{},
		`{"StreamName":"a","StreamName":"b","DryRun":true,"DryRun":false}`: &putRecord{StreamName: api.Some("b"), DryRun: api.Some(false)},
		// A name may have escapes.
		`{"Stream\u004eame":"s"}`: &putRecord{StreamName: api.Some("s")},
		// Strings that are booleans.
		`{"DryRun":"Yes"}`:   &putRecord{DryRun: api.Some(true)},
		`{"DryRun":"1"}`:     &putRecord{DryRun: api.Some(true)},
		`{"DryRun":"tRuE"}`:  &putRecord{DryRun: api.Some(true)},
		`{"DryRun":"0"}`:     &putRecord{DryRun: api.Some(false)},
		`{"DryRun":"no"}`:    &putRecord{DryRun: api.Some(false)},
		`{"DryRun":"FALSE"}`: &putRecord{DryRun: api.Some(false)},
		// Text.
		`{"PartitionKey":"\"\\\/\b\f\n\r\t\u0000"}`: &putRecord{PartitionKey: api.Some("\"\\/\b\f\n\r\t\x00")},
		`{"PartitionKey":"\ud83dx"}`:                &putRecord{PartitionKey: api.Some("\ufffdx")},
		`{"PartitionKey":"\ude00\ud83d"}`:           &putRecord{PartitionKey: api.Some("\ufffd\ufffd")},
		`{"PartitionKey":"\ud83d\ud83d\uDE00"}`:     &putRecord{PartitionKey: api.Some("\ufffd😀")},
		"{\"PartitionKey\":\"a\xffb\xe2\x82\"}":     &putRecord{PartitionKey: api.Some("a\ufffdb\ufffd\ufffd")},
		"{\"PartitionKey\":\"\x7f€\"}":              &putRecord{PartitionKey: api.Some("\x7f€")},
	} {
		in := new(putRecord)
		if err := Decode([]byte(body), in); err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if diff := cmp.Diff(want, api.Input(in), sameInputs); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestDecodeNullsAndRepetitions(t *testing.T) {
	for body, want := range map[string]api.Input{
		`{"Records":[null,{"PartitionKey":"k"}]}`: &api.PutRecordsInput{
			Records: api.Some([]api.PutRecordsRequestEntry{{}, {PartitionKey: api.Some("k")}}),
		},
		`{"Records":[{"PartitionKey":"a"},{}],"Records":[{}]}`: &api.PutRecordsInput{
			Records: api.Some([]api.PutRecordsRequestEntry{{}}),
		},
		`{"Records":[{}],"Records":null}`:        &api.PutRecordsInput{},
		`{"TagKeys":["a",null],"TagKeys":["b"]}`: &api.RemoveTagsFromStreamInput{TagKeys: api.Some([]string{"b"})},
		`{"TagKeys":["a",null]}`:                 &api.RemoveTagsFromStreamInput{TagKeys: api.Some([]string{"a", ""})},
		`{"TagKeys":[ ]}`:                        &api.RemoveTagsFromStreamInput{TagKeys: api.Some([]string{})},
		`{"TagKeys":["a"],"TagKeys":null}`:       &api.RemoveTagsFromStreamInput{},
		`{"Tags":{"a":"1","b":null,"c":"2","c":null}}`: &api.AddTagsToStreamInput{
			Tags: api.Some(map[string]string{"a": "1"}),
		},
		`{"Tags":{"a":"1"},"Tags":{ }}`:  &api.AddTagsToStreamInput{Tags: api.Some(map[string]string{})},
		`{"Tags":{"a":"1"},"Tags":null}`: &api.AddTagsToStreamInput{},
		`{"ShardCount":1,"ShardCount":null,"StreamModeDetails":{"StreamMode":"ON_DEMAND"},"StreamModeDetails":{}}`: &api.CreateStreamInput{
			StreamModeDetails: api.Some(api.StreamModeDetails{}),
		},
		`{"StreamModeDetails":{},"StreamModeDetails":null}`: &api.CreateStreamInput{},
		`{"Timestamp":1,"Timestamp":null}`:                  &api.GetShardIteratorInput{},
	} {
		in := newLike(want)
		if err := Decode([]byte(body), in); err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if diff := cmp.Diff(want, in, sameInputs); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

// maxTimestamp is the last timestamp that there is.
const maxTimestamp = 1 << 53

func TestDecodeNumbers(t *testing.T) {
	for token, want := range map[string]int32{
		"0": 0, "-0": 0, "12": 12, "-12": -12, "12.7": 12, "-0.5": -1, "1.5e1": 15, "15E-1": 1, "2e+2": 200,
		"2147483647": math.MaxInt32, "2147483648": math.MaxInt32, "9223372036854775808": math.MaxInt32,
		"-2147483649": math.MinInt32, "1e400": math.MaxInt32, "-1e400": math.MinInt32, "1e-400": 0,
	} {
		in := new(api.GetRecordsInput)
		if err := Decode([]byte(`{"Limit":`+token+`}`), in); err != nil || in.Limit != api.Some(want) {
			t.Errorf("%s is %v, %v, want %d", token, in.Limit, err, want)
		}
	}
	for token, want := range map[string]api.Timestamp{
		"0": 0, "1548118964": 1548118964000, "1548118964.772": 1548118964772, "1.548118964772E9": 1548118964772,
		"1548118964.7719": 1548118964772, "-1.5": -1500, "1e300": maxTimestamp, "-1e400": -maxTimestamp, "253402300799.999": 253402300799999,
	} {
		in := new(api.GetShardIteratorInput)
		if err := Decode([]byte(`{"Timestamp":`+token+`}`), in); err != nil || in.Timestamp != api.Some(want) {
			t.Errorf("%s is %v, %v, want %d", token, in.Timestamp, err, want)
		}
	}
}

func TestToInt64(t *testing.T) {
	for token, want := range map[string]int64{
		"9223372036854775807": math.MaxInt64, "9223372036854775808": math.MaxInt64, "-9223372036854775808": math.MinInt64,
		"-9.3e18": math.MinInt64, "1e18": 1e18, "1e99": math.MaxInt64,
	} {
		if got := toInt64([]byte(token)); got != want {
			t.Errorf("%s is %d, want %d", token, got, want)
		}
	}
}

// limits is an input with a member of type long, which no request has yet.
type limits struct{ Long api.Opt[int64] }

func (in *limits) Member(name string) any {
	if name == "Long" {
		return &in.Long
	}
	return nil
}

func TestDecodeLong(t *testing.T) {
	in := new(limits)
	if err := Decode([]byte(`{"Long":4294967296.5}`), in); err != nil || in.Long != api.Some[int64](1<<32) {
		t.Errorf("got %v, %v", in.Long, err)
	}
	if err := Decode([]byte(`{"Long":1,"Long":null}`), in); err != nil || in.Long.Set {
		t.Errorf("got %v, %v", in.Long, err)
	}
	if err := Decode([]byte(`{"Long":"1"}`), in); err == nil || err.Message != "class java.lang.String can not be converted to an Long" {
		t.Error(err)
	}
}

func TestDecodeMismatches(t *testing.T) {
	const (
		boolean = "class java.lang.Boolean can not be converted to "
		number  = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to "
		text    = "class java.lang.String can not be converted to "
		list    = "Start of list found where not expected"
		object  = "Start of structure or map found where not expected."
		blob    = " can not be converted to a Blob: "
	)
	for _, tc := range []struct {
		in         api.Input
		body, want string
	}{
		{&api.PutRecordInput{}, `{"StreamName":true}`, boolean + "an String"},
		{&api.PutRecordInput{}, `{"StreamName":23}`, number + "an String"},
		{&api.PutRecordInput{}, `{"StreamName":[{}]}`, list},
		{&api.PutRecordInput{}, `{"StreamName":{"a":1}}`, object},
		{&api.GetRecordsInput{}, `{"Limit":"23"}`, text + "an Integer"},
		{&api.GetRecordsInput{}, `{"Limit":false}`, boolean + "an Integer"},
		{&api.GetRecordsInput{}, `{"Limit":[]}`, list},
		{&api.GetRecordsInput{}, `{"Limit":{}}`, object},
		{&api.PutRecordInput{}, `{"DryRun":"abc"}`, "'ABC' can not be converted to an Boolean"},
		{&api.PutRecordInput{}, `{"DryRun":1}`, number + "an Boolean"},
		{&api.PutRecordInput{}, `{"DryRun":[]}`, list},
		{&api.PutRecordInput{}, `{"DryRun":{}}`, object},
		{&api.GetShardIteratorInput{}, `{"Timestamp":"1"}`, text + "milliseconds since epoch"},
		{&api.GetShardIteratorInput{}, `{"Timestamp":true}`, boolean + "milliseconds since epoch"},
		{&api.GetShardIteratorInput{}, `{"Timestamp":[]}`, list},
		{&api.PutRecordInput{}, `{"Data":true}`, boolean + "a Blob"},
		{&api.PutRecordInput{}, `{"Data":1}`, number + "a Blob"},
		{&api.PutRecordInput{}, `{"Data":[]}`, list},
		{&api.PutRecordInput{}, `{"Data":{}}`, object},
		{&api.PutRecordInput{}, `{"Data":"23456"}`, "'23456'" + blob + "Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
		{&api.PutRecordInput{}, `{"Data":"=+/="}`, "'=+/='" + blob + "Invalid Base64 character: '='"},
		{&api.PutRecordInput{}, `{"Data":"+/+="}`, "'+/+='" + blob + "Invalid last non-pad Base64 character dectected"},
		{&api.PutRecordInput{}, `{"Data":"+/=="}`, "'+/=='" + blob + "Invalid last non-pad Base64 character dectected"},
		{&api.PutRecordInput{}, `{"Data":"A==="}`, "'A==='" + blob + "Invalid Base64 character: '='"},
		{&api.PutRecordInput{}, `{"Data":"===="}`, "'===='" + blob + "Invalid Base64 character: '='"},
		{&api.PutRecordInput{}, `{"Data":"AA=A"}`, "'AA=A'" + blob + "Invalid Base64 character: '='"},
		{&api.PutRecordInput{}, `{"Data":"YQ\n="}`, "'YQ\n='" + blob + "Invalid Base64 character: '\n'"},
		{&api.PutRecordInput{}, `{"Data":"A-_A"}`, "'A-_A'" + blob + "Invalid Base64 character: '-'"},
		{&api.PutRecordInput{}, `{"Data":"€A"}`, "'€A'" + blob + "Invalid Base64 character: '€'"},
		{&api.PutRecordsInput{}, `{"Records":"a"}`, "Expected list or null"},
		{&api.PutRecordsInput{}, `{"Records":true}`, "Expected list or null"},
		{&api.PutRecordsInput{}, `{"Records":{}}`, object},
		{&api.PutRecordsInput{}, `{"Records":[1]}`, "Expected null"},
		{&api.PutRecordsInput{}, `{"Records":[[]]}`, list},
		{&api.PutRecordsInput{}, `{"Records":[{"Data":5}]}`, number + "a Blob"},
		{&api.RemoveTagsFromStreamInput{}, `{"TagKeys":"a"}`, "Expected list or null"},
		{&api.RemoveTagsFromStreamInput{}, `{"TagKeys":[1]}`, number + "an String"},
		{&api.RemoveTagsFromStreamInput{}, `{"TagKeys":{}}`, object},
		{&api.AddTagsToStreamInput{}, `{"Tags":1}`, "Expected map or null"},
		{&api.AddTagsToStreamInput{}, `{"Tags":[]}`, list},
		{&api.AddTagsToStreamInput{}, `{"Tags":{"a":1}}`, number + "an String"},
		{&api.CreateStreamInput{}, `{"StreamModeDetails":"ON_DEMAND"}`, "Expected null"},
		{&api.CreateStreamInput{}, `{"StreamModeDetails":[]}`, list},
		{&api.CreateStreamInput{}, `{"StreamModeDetails":{"StreamMode":1}}`, number + "an String"},
		{&api.PutRecordInput{}, `[]`, list},
		{&api.PutRecordInput{}, ` [{"StreamName":1}] `, list},
		// The first one counts.
		{&api.PutRecordInput{}, `{"Data":1,"StreamName":true}`, number + "a Blob"},
		{&api.PutRecordInput{}, `{"StreamName":true,"Data":1}`, boolean + "an String"},
	} {
		want := &api.Error{Code: "SerializationException", Message: tc.want, Status: 400}
		if diff := cmp.Diff(want, Decode([]byte(tc.body), tc.in)); diff != "" {
			t.Errorf("%s: %s", tc.body, diff)
		}
	}
}

func TestDecodeUnparsable(t *testing.T) {
	nested := func(n int) string {
		return `{"X":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`
	}
	bodies := []string{
		``, ` `, `null`, `true`, `1`, `"a"`, `{`, `[`, `{]`, `[}`, `{}}`, `{} x`, "{}\x00", "\x00", "\xef\xbb\xbf{}",
		`{"a"}`, `{"a":}`, `{"a" 1}`, `{"a":1,}`, `{,}`, `{a:1}`, `{'a':1}`, `{"a":1 "b":2}`, `[1,]`, `[1 2]`, `[,1]`,
		`{"a":"`, `{"a":"\`, `{"a":"\"`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, "{\"a\":\"\n\"}", "{\"a\":\"\\\n\"}",
		`{"a`, `{"a":"\u"}`, `{"a":"\u1234`, "{\"\x01\":1}",
		`{"a":01}`, `{"a":+1}`, `{"a":-}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":1e+}`, `{"a":0x1}`, `{"a":NaN}`, `{"a":-a}`,
		`{"a":tru}`, `{"a":True}`, `{"a":nul}`, `{"a":fals`, `{"Data":n}`, `{"Data":"YQ==`, `{"Data":"YQ`, `{"Data":"Y\"`,
		`{"Limit":-}`, `{"StreamName":"a`, `{"DryRun":t}`, `{"DryRun":fx}`, `{"DryRun":"a`,
		// A body that is no JSON is that, whatever else was wrong before.
		`{"StreamName":1,`, `[1`, `{"StreamName":true}}`,
		nested(maxDepth), strings.Repeat("[", 1<<20), strings.Repeat(`{"Data":`, 1<<18),
	}
	for _, body := range bodies {
		err := Decode([]byte(body), new(api.PutRecordInput))
		if diff := cmp.Diff(&api.Error{Code: "SerializationException", Status: 400}, err); diff != "" {
			t.Errorf("%.40q: %s", body, diff)
		}
		if Valid([]byte(body)) {
			t.Errorf("%.40q is valid", body)
		}
	}
	for _, body := range []string{`{}`, ` [] `, `[1,"\"",{"a":[null,true,false,-1.5E+7]}]`, nested(maxDepth - 1)} {
		if !Valid([]byte(body)) {
			t.Errorf("%.40q is not valid", body)
		}
	}
	if err := Decode([]byte(nested(maxDepth-1)), new(api.PutRecordInput)); err != nil {
		t.Error(err)
	}
}

func putRecordsBody(records, size int) []byte {
	data := base64.StdEncoding.EncodeToString(make([]byte, size))
	var b strings.Builder
	b.WriteString(`{"StreamName":"orders","Records":[`)
	for i := range records {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"Data":"%s","PartitionKey":"key-%d","ExplicitHashKey":"%d"}`, data, i, i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func TestDecodeCostsNoMemory(t *testing.T) {
	body := putRecordsBody(500, 100)
	in := new(api.PutRecordsInput)
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
	body := []byte(`{"Data":"YWJj","PartitionKey":"€"}`)
	in := new(api.PutRecordInput)
	if err := Decode(body, in); err != nil {
		t.Fatal(err)
	}
	copy(body[len(`{"Data":"`):], "eHl6")
	if got, err := in.Data.V.AppendTo(nil); err != nil || string(got) != "xyz" {
		t.Errorf("the blob has %q, %v: it does not refer to the body", got, err)
	}
	copy(body[len(`{"Data":"YWJj","PartitionKey":"`):], "abc")
	if in.PartitionKey.V != "abc" {
		t.Errorf("the key is %q: it does not refer to the body", in.PartitionKey.V)
	}
}

func BenchmarkDecodePutRecords(b *testing.B) {
	for _, size := range []int{100, 1024} {
		b.Run(fmt.Sprintf("500x%d", size), func(b *testing.B) {
			body, in := putRecordsBody(500, size), new(api.PutRecordsInput)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				in.Reset()
				if err := Decode(body, in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A blob that is none is not repeated at whatever length.
func TestLongFaultsAreCut(t *testing.T) {
	body := `{"Data":"` + strings.Repeat("ab!=", 1<<18) + `"}`
	if err := Decode([]byte(body), new(api.PutRecordInput)); err == nil || len(err.Message) > 64<<10 {
		t.Errorf("a message of %d bytes", len(err.Message))
	}
}

// Invalid text takes no more memory than what it becomes.
func TestRepairsCostLittle(t *testing.T) {
	const size = 1 << 20
	body := append([]byte(`{"StreamName":"`), bytes.Repeat([]byte{0xff}, size)...)
	body = append(body, `"}`...)
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
