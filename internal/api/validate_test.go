package api

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// message returns what Validate says, without the prefix that counts.
func message(t *testing.T, in Input, s *Structure) []string {
	t.Helper()
	err := Validate(in, s)
	if err == nil {
		return nil
	}
	if err.Code != "ValidationException" || err.Status != 400 {
		t.Errorf("got %s with status %d", err.Code, err.Status)
	}
	_, list, _ := strings.Cut(err.Message, " detected: ")
	return strings.Split(list, "; ")
}

func TestValidateMessages(t *testing.T) {
	long := strings.Repeat("k", 129)
	const failed = " failed to satisfy constraint: "
	for name, tc := range map[string]struct {
		in     Input
		schema *Structure
		want   []string
	}{
		"all that is required": {
			&GetShardIteratorInput{}, GetShardIteratorSchema,
			[]string{
				"Value null at 'shardId'" + failed + "Member must not be null",
				"Value null at 'shardIteratorType'" + failed + "Member must not be null",
			},
		},
		"an empty name": {
			&CreateStreamInput{StreamName: Some("")}, CreateStreamSchema,
			[]string{
				"Value '' at 'streamName'" + failed + "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
				"Value '' at 'streamName'" + failed + "Member must have length greater than or equal to 1",
			},
		},
		"a long name": {
			&DeleteStreamInput{StreamName: Some(long)}, DeleteStreamSchema,
			[]string{"Value '" + long + "' at 'streamName'" + failed + "Member must have length less than or equal to 128"},
		},
		"an ARN that is none": {
			&DeleteStreamInput{StreamARN: Some("arn:aws:s3:::b")}, DeleteStreamSchema,
			[]string{"Value 'arn:aws:s3:::b' at 'streamARN'" + failed +
				`Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\d{12}:stream/\S+`},
		},
		"a number too small": {
			&CreateStreamInput{StreamName: Some("s"), ShardCount: Some[int32](0)}, CreateStreamSchema,
			[]string{"Value '0' at 'shardCount'" + failed + "Member must have value greater than or equal to 1"},
		},
		"a number too large": {
			&GetRecordsInput{ShardIterator: Some("i"), Limit: Some[int32](10001)}, GetRecordsSchema,
			[]string{"Value '10001' at 'limit'" + failed + "Member must have value less than or equal to 10000"},
		},
		"an unknown iterator type": {
			&GetShardIteratorInput{ShardId: Some("s"), ShardIteratorType: Some("MIDDLE")}, GetShardIteratorSchema,
			[]string{"Value 'MIDDLE' at 'shardIteratorType'" + failed + "Member must satisfy enum value set: " +
				"[AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]"},
		},
		"a nested structure": {
			&CreateStreamInput{StreamName: Some("s"), StreamModeDetails: Some(StreamModeDetails{})}, CreateStreamSchema,
			[]string{"Value null at 'streamModeDetails.streamMode'" + failed + "Member must not be null"},
		},
		"a nested structure that is required": {
			&UpdateAccountSettingsInput{}, UpdateAccountSettingsSchema,
			[]string{"Value null at 'minimumThroughputBillingCommitment'" + failed + "Member must not be null"},
		},
		"tag keys": {
			&RemoveTagsFromStreamInput{TagKeys: Some([]string{"a", ""})}, RemoveTagsFromStreamSchema,
			[]string{"Value '[a, ]' at 'tagKeys'" + failed + "Member must satisfy constraint: " +
				"[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"},
		},
		"no tag keys": {
			&RemoveTagsFromStreamInput{TagKeys: Some([]string{})}, RemoveTagsFromStreamSchema,
			[]string{"Value '[]' at 'tagKeys'" + failed + "Member must have length greater than or equal to 1"},
		},
		"a key and a value of a map": {
			&AddTagsToStreamInput{Tags: Some(map[string]string{long: "", "a": strings.Repeat("v", 257)})}, AddTagsToStreamSchema,
			[]string{
				"Value '{a=" + strings.Repeat("v", 257) + ", " + long + "=}' at 'tags'" + failed + "Map keys must satisfy constraint: " +
					"[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
				"Value '{a=" + strings.Repeat("v", 257) + ", " + long + "=}' at 'tags'" + failed + "Map value must satisfy constraint: " +
					"[Member must have length less than or equal to 256, Member must have length greater than or equal to 0]",
			},
		},
		"an empty map": {
			&AddTagsToStreamInput{Tags: Some(map[string]string{})}, AddTagsToStreamSchema,
			[]string{"Value '{}' at 'tags'" + failed + "Member must have length greater than or equal to 1"},
		},
		"an unknown metric": {
			&EnableEnhancedMonitoringInput{ShardLevelMetrics: Some([]string{"ALL", "None"})}, EnableEnhancedMonitoringSchema,
			[]string{"Value '[ALL, None]' at 'shardLevelMetrics'" + failed + "Member must satisfy constraint: " +
				"[Member must satisfy enum value set: [IncomingBytes, IncomingRecords, OutgoingBytes, OutgoingRecords, " +
				"WriteProvisionedThroughputExceeded, ReadProvisionedThroughputExceeded, IteratorAgeMilliseconds, ALL]]"},
		},
		"data too long": {
			&PutRecordInput{PartitionKey: Some("k"), Data: Some(RawBlob(make([]byte, 10485761)))}, PutRecordSchema,
			[]string{"Value at 'data'" + failed + "Member must have length less than or equal to 10485760"},
		},
		"no records": {
			&PutRecordsInput{Records: Some([]PutRecordsRequestEntry{})}, PutRecordsSchema,
			[]string{"Value at 'records'" + failed + "Member must have length greater than or equal to 1"},
		},
		"members of a record": {
			&PutRecordsInput{Records: Some([]PutRecordsRequestEntry{
				{Data: Some(RawBlob(nil))},
				{ExplicitHashKey: Some("01"), PartitionKey: Some("")},
			})},
			PutRecordsSchema,
			[]string{
				"Value null at 'records.2.member.data'" + failed + "Member must not be null",
				"Value '01' at 'records.2.member.explicitHashKey'" + failed + `Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})`,
				"Value '' at 'records.2.member.partitionKey'" + failed + "Member must have length greater than or equal to 1",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := message(t, tc.in, tc.schema); !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestValidateCounts(t *testing.T) {
	in := &PutRecordsInput{Records: Some(make([]PutRecordsRequestEntry, 501))}
	for n, want := range map[int]string{
		1:   "1 validation error detected: Value null at 'records.1.member.data' failed",
		2:   "2 validation errors detected: Value null at 'records.1.member.data' failed",
		501: "10 validation errors detected: Value at 'records' failed",
	} {
		in.Records.V = in.Records.V[:n]
		err := Validate(in, PutRecordsSchema)
		if err == nil || !strings.HasPrefix(err.Message, want) {
			t.Errorf("%d bad records: %v", n, err)
		}
		in.Records.V = in.Records.V[:cap(in.Records.V)]
	}
	if got := len(message(t, in, PutRecordsSchema)); got != maxViolations {
		t.Errorf("%d violations are listed", got)
	}
}

func TestBlobText(t *testing.T) {
	in := &PutRecordInput{Data: Some(RawBlob(make([]byte, 3)))}
	schema := &Structure{{Name: "Data", Value: Constraint{Max: Some[int64](2)}}}
	want := []string{"Value 'java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]' at 'data' failed to satisfy constraint: " +
		"Member must have length less than or equal to 2"}
	if got := message(t, in, schema); !slices.Equal(got, want) {
		t.Error(got)
	}
}

func TestVeryLongTextIsNotMatched(t *testing.T) {
	for n, want := range map[int]int{129: 2, maxShownBytes: 2, maxShownBytes + 1: 1} {
		in := &DescribeStreamSummaryInput{StreamName: Some(strings.Repeat("!", n))}
		if got := message(t, in, DescribeStreamSummarySchema); len(got) != want {
			t.Errorf("%d bytes have %d violations, want %d", n, len(got), want)
		}
	}
}

func validPutRecords() *PutRecordsInput {
	entry := PutRecordsRequestEntry{
		Data: Some(RawBlob([]byte("data"))), PartitionKey: Some("käse-€-😀"),
		ExplicitHashKey: Some("340282366920938463463374607431768211455"),
	}
	return &PutRecordsInput{
		Records:    Some(slices.Repeat([]PutRecordsRequestEntry{entry}, 500)),
		StreamName: Some("orders"),
		StreamARN:  Some("arn:aws:kinesis:us-east-1:000000000000:stream/orders"),
	}
}

func TestValidateCostsNoMemory(t *testing.T) {
	in := validPutRecords()
	cost := testing.AllocsPerRun(10, func() {
		if err := Validate(in, PutRecordsSchema); err != nil {
			t.Fatal(err)
		}
	})
	if cost != 0 {
		t.Errorf("a valid request costs %v allocations", cost)
	}
}

func BenchmarkValidatePutRecords(b *testing.B) {
	in := validPutRecords()
	b.ReportAllocs()
	for b.Loop() {
		if err := Validate(in, PutRecordsSchema); err != nil {
			b.Fatal(err)
		}
	}
}

func TestUTF16Len(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if got, want := utf16Len(s), len(utf16.Encode([]rune(s))); got != int64(want) {
			t.Errorf("%q has %d code units, got %d", s, want, got)
		}
	})
	key := strings.Repeat("😀", 129)
	in := &PutRecordInput{Data: Some(Blob{}), PartitionKey: Some(key)}
	if Validate(in, PutRecordSchema) == nil {
		t.Error("a key of 258 code units is accepted")
	}
	in.PartitionKey = Some(key[:4*128])
	if err := Validate(in, PutRecordSchema); err != nil {
		t.Error(err)
	}
}

// TestQuickChecks compares the quick checks with the expressions: they accept
// nothing more, and what the data plane sees at once.
func TestQuickChecks(t *testing.T) {
	samples := []string{
		"", "0", "00", "01", "-1", "1", "9a", "orders", "a.b_c-D9", "ö", "a b", "a\n",
		strings.Repeat("9", 39), strings.Repeat("9", 40), strings.Repeat("1", 129), strings.Repeat("1", 130),
		"arn:aws:kinesis:us-east-1:000000000000:stream/s", "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/a.b",
		"arn:aws:kinesis:us-east-1:00000000000:stream/s", "arn:aws:kinesis:us-east-1:000000000000:stream/",
		"arn:aws:kinesis::000000000000:stream/s", "arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1",
		"arn:aws:kinesis:us-east-1:000000000000:table/s", "arn:awsx:y:kinesis:r:000000000000:stream/s", "xarn:aws:kinesis",
		"arn:aws:kinesis:us\n:000000000000:stream/s",
	}
	for text, quick := range quickChecks {
		expression := regexp.MustCompile(`\A(?:` + text + `)\z`)
		for _, s := range samples {
			if quick(s) && !expression.MatchString(s) {
				t.Errorf("%s: %q is accepted", text, s)
			}
			if got := NewPattern(text).Match(s); got != expression.MatchString(s) {
				t.Errorf("%s: %q matches: %t", text, s, got)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			if s := rapid.StringMatching(text).Draw(t, "s"); quick(s) && !expression.MatchString(s) {
				t.Errorf("%s: %q is accepted", text, s)
			}
		})
	}
	for p, s := range map[*Pattern]string{
		patternStreamName: "orders", patternHashKey: "170141183460469231731687303715884105728",
		patternSequenceNumber: "49674026002850188218576229259473476449429298564223254594",
		patternStreamARN:      "arn:aws:kinesis:us-east-1:000000000000:stream/orders", patternShardId: "shardId-000000000000",
	} {
		if p.quick == nil || !p.quick(s) {
			t.Errorf("%s needs a regular expression for %q", p, s)
		}
	}
}

func TestPatternsMatch(t *testing.T) {
	consumer := "arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c:1548118964"
	for s, want := range map[string]bool{consumer: true, consumer + "x": false, "x" + consumer: false} {
		if got := patternConsumerARN.Match(s); got != want {
			t.Errorf("%q matches: %t", s, got)
		}
	}
	if patternStreamId.Match("abcdefghijklmnopqrst-abcd") || !patternStreamId.Match("abcdefghijklmnopqrst-abc") {
		t.Error("a pattern is not matched whole")
	}
	used := slices.Collect(maps.Keys(quickChecks))
	for _, p := range []*Pattern{patternStreamName, patternHashKey, patternSequenceNumber, patternStreamARN} {
		used = slices.DeleteFunc(used, func(text string) bool { return text == p.text })
	}
	if len(used) > 0 {
		t.Errorf("quick checks for patterns that the model does not have: %q", used)
	}
}

// A value is not repeated at whatever length, in valid text.
func TestLongValuesAreCut(t *testing.T) {
	long := strings.Repeat("€", 1<<20)
	in := &DescribeStreamInput{StreamName: Some(long)}
	for _, violation := range message(t, in, DescribeStreamSchema) {
		if len(violation) > 2*maxShownBytes || !utf8.ValidString(violation) ||
			!strings.HasPrefix(violation, "Value '€€€") || !strings.Contains(violation, "€...' at 'streamName' failed") {
			t.Errorf("a violation of %d bytes: %.100q", len(violation), violation)
		}
	}
	if _, err := ParseBool(long); err == nil || len(err.Message) > 2*maxShownBytes {
		t.Errorf("a message of %d bytes", len(err.Message))
	}
	if short := strings.Repeat("a", maxShownBytes); Shown(short) != short {
		t.Error("what is short enough is cut")
	}
}
