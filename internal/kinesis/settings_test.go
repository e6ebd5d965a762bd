package kinesis_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/internal/api"
	"leat/internal/kinesis"
)

const arnOfS = "arn:aws:kinesis:us-east-1:000000000000:stream/s"

func (f *fixture) summary(name string) api.StreamDescriptionSummary {
	f.t.Helper()
	out := f.call("DescribeStreamSummary", &api.DescribeStreamSummaryInput{StreamName: some(name)})
	return out.(*api.DescribeStreamSummaryOutput).StreamDescriptionSummary
}

func (f *fixture) createOnDemand(name string) {
	f.t.Helper()
	f.call("CreateStream", &api.CreateStreamInput{StreamName: some(name), StreamModeDetails: mode("ON_DEMAND")})
}

func mode(name string) api.Opt[api.StreamModeDetails] {
	return some(api.StreamModeDetails{StreamMode: some(name)})
}

func TestEnhancedMonitoring(t *testing.T) {
	all := []string{
		"IncomingBytes", "OutgoingRecords", "IteratorAgeMilliseconds", "IncomingRecords",
		"ReadProvisionedThroughputExceeded", "WriteProvisionedThroughputExceeded", "OutgoingBytes",
	}
	f := newFixture(t)
	f.create("s", 1)
	steps := []struct {
		op            string
		names         []string
		before, after []string
	}{
		{"Enable", []string{"OutgoingBytes", "IncomingBytes"}, nil, []string{"IncomingBytes", "OutgoingBytes"}},
		{"Enable", []string{"IncomingBytes"}, []string{"IncomingBytes", "OutgoingBytes"}, []string{"IncomingBytes", "OutgoingBytes"}},
		{"Disable", []string{"IncomingBytes", "IncomingRecords"}, []string{"IncomingBytes", "OutgoingBytes"}, []string{"OutgoingBytes"}},
		{"Enable", []string{"ALL"}, []string{"OutgoingBytes"}, all},
		{"Disable", []string{"OutgoingBytes"}, all, all[:6]},
		{"Disable", []string{"ALL"}, all[:6], nil},
	}
	for _, s := range steps {
		var out api.Output
		if s.op == "Enable" {
			out = f.call("EnableEnhancedMonitoring", &api.EnableEnhancedMonitoringInput{StreamName: some("s"), ShardLevelMetrics: some(s.names)})
		} else {
			out = f.call("DisableEnhancedMonitoring", &api.DisableEnhancedMonitoringInput{StreamARN: some(arnOfS), ShardLevelMetrics: some(s.names)})
		}
		got := out.(*api.EnhancedMonitoringOutput)
		if got.StreamName.V != "s" || got.StreamARN.V != arnOfS ||
			!slices.Equal(got.CurrentShardLevelMetrics.V, s.before) || !slices.Equal(got.DesiredShardLevelMetrics.V, s.after) {
			t.Errorf("%s %q: %+v", s.op, s.names, got)
		}
		f.open()
		for _, shown := range [][]api.EnhancedMetrics{f.describe("s").EnhancedMonitoring, f.summary("s").EnhancedMonitoring} {
			if len(shown) != 1 || !slices.Equal(shown[0].ShardLevelMetrics.V, s.after) {
				t.Errorf("%s %q: described as %+v", s.op, s.names, shown)
			}
		}
	}
	f.fails("EnableEnhancedMonitoring", &api.EnableEnhancedMonitoringInput{StreamName: some("s"), ShardLevelMetrics: some([]string{"all"})},
		api.Validation, "1 validation error detected: Value '[all]' at 'shardLevelMetrics' failed to satisfy constraint: "+
			"Member must satisfy constraint: [Member must satisfy enum value set: [IncomingBytes, IncomingRecords, OutgoingBytes, OutgoingRecords, "+
			"WriteProvisionedThroughputExceeded, ReadProvisionedThroughputExceeded, IteratorAgeMilliseconds, ALL]]")
	f.fails("DisableEnhancedMonitoring", &api.DisableEnhancedMonitoringInput{StreamName: some("s"), ShardLevelMetrics: some([]string{})},
		api.Validation, "1 validation error detected: Value '[]' at 'shardLevelMetrics' failed to satisfy constraint: Member must have length greater than or equal to 1")
}

func (f *fixture) startEncryption(key string) {
	f.t.Helper()
	f.call("StartStreamEncryption", &api.StartStreamEncryptionInput{StreamName: some("s"), EncryptionType: some("KMS"), KeyId: some(key)})
}

// Records keep whether they were put encrypted, whatever the stream is now.
func TestEncryptionOfRecords(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	none := api.Opt[string]{}
	check := func(want api.Opt[string]) {
		t.Helper()
		if got := f.put("s", "k", "x").EncryptionType; got != want {
			t.Errorf("PutRecord says %v, want %v", got, want)
		}
		if got := f.putRecords("s", entry("k", "y")).EncryptionType; got != want {
			t.Errorf("PutRecords says %v, want %v", got, want)
		}
	}
	check(none)
	f.startEncryption("alias/aws/kinesis")
	check(some("KMS"))
	f.call("StopStreamEncryption", &api.StopStreamEncryptionInput{
		StreamARN: some(arnOfS), EncryptionType: some("KMS"), KeyId: some("alias/aws/kinesis"),
	})
	check(none)
	f.open()
	if got, want := f.encryptions("s"), []string{"", "", "KMS", "KMS", "", ""}; !slices.Equal(got, want) {
		t.Errorf("the records' types are %q, want %q", got, want)
	}
}

// encryptions returns the encryption type of each record of a stream's first
// shard.
func (f *fixture) encryptions(name string) []string {
	f.t.Helper()
	out := f.call("GetRecords", &api.GetRecordsInput{ShardIterator: some(f.horizon(name, shard0))})
	defer out.(api.Releaser).Release()
	r := new(recordReader)
	out.Encode(r)
	return r.encryptions
}

// recordReader picks the encryption types out of an encoded answer.
type recordReader struct {
	pageReader
	encryptions []string
}

func (r *recordReader) Key(name string) {
	if name == "SequenceNumber" {
		r.encryptions = append(r.encryptions, "")
	}
	r.pageReader.Key(name)
}

func (r *recordReader) String(s string) {
	if r.key == "EncryptionType" {
		r.encryptions[len(r.encryptions)-1] = s
	}
}

func TestEncryptionOfStreams(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	shows := func(kind string, key api.Opt[string]) {
		t.Helper()
		d, s := f.describe("s"), f.summary("s")
		if d.EncryptionType != some(kind) || d.KeyId != key || s.EncryptionType != some(kind) || s.KeyId != key {
			t.Errorf("shown as %v %v and %v %v, want %s %v", d.EncryptionType, d.KeyId, s.EncryptionType, s.KeyId, kind, key)
		}
	}
	for _, key := range []string{
		"alias/aws/kinesis", "alias/my_key-1", "1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab",
		"arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws-cn:kms:cn-north-1:123456789012:alias/k",
	} {
		f.startEncryption(key)
		f.open()
		shows("KMS", some(key))
	}
	stop := func(kind, key string) *api.StopStreamEncryptionInput {
		return &api.StopStreamEncryptionInput{StreamName: some("s"), EncryptionType: some(kind), KeyId: some(key)}
	}
	f.fails("StopStreamEncryption", stop("NONE", "alias/k"), api.InvalidArgument,
		"EncryptionType NONE is not supported. The only valid value is KMS.")
	f.fails("StopStreamEncryption", stop("KMS", "k"), api.KMSNotFound, "Invalid keyId k")
	f.fails("StopStreamEncryption", stop("AES", ""), api.Validation, "2 validation errors detected: "+
		"Value 'AES' at 'encryptionType' failed to satisfy constraint: Member must satisfy enum value set: [NONE, KMS]; "+
		"Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1")
	f.fails("StartStreamEncryption", &api.StartStreamEncryptionInput{StreamName: some("s"), EncryptionType: some("NONE"), KeyId: some("alias/k")},
		api.InvalidArgument, "EncryptionType NONE is not supported. The only valid value is KMS.")
	f.fails("StartStreamEncryption", &api.StartStreamEncryptionInput{StreamName: some("s"), EncryptionType: some("KMS"), KeyId: some("alias/")},
		api.KMSNotFound, "Invalid keyId alias/")
	f.call("StopStreamEncryption", stop("KMS", "alias/other"))
	shows("NONE", api.Opt[string]{})
}

// Records of 10 MiB can be put and read.
func TestMaxRecordSize(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	set := func(kib int32) {
		t.Helper()
		f.call("UpdateMaxRecordSize", &api.UpdateMaxRecordSizeInput{StreamARN: some(arnOfS), MaxRecordSizeInKiB: some(kib)})
		f.open()
		if got := f.summary("s").MaxRecordSizeInKiB; got != some(kib) {
			t.Errorf("MaxRecordSizeInKiB %v, want %d", got, kib)
		}
	}
	largest := strings.Repeat("x", 10<<20-1)
	const refused = "1 validation error detected: Value at '%sdata' failed to satisfy constraint: Member must have length less than or equal to %d"
	f.fails("PutRecord", putInput("s", "k", largest), api.Validation, fmt.Sprintf(refused, "", 1<<20))
	set(10240)
	f.put("s", "k", largest)
	if out := f.putRecords("s", entry("k", largest)); out.FailedRecordCount.V != 0 {
		t.Errorf("PutRecords refused %d records of 10 MiB", out.FailedRecordCount.V)
	}
	f.fails("PutRecord", putInput("s", "kk", largest), api.Validation, fmt.Sprintf(refused, "", 10<<20))
	f.put("s", "k", "small")
	set(1024)
	f.fails("PutRecord", putInput("s", "k", largest), api.Validation, fmt.Sprintf(refused, "", 1<<20))
	it := f.horizon("s", shard0)
	for i, want := range []string{largest, largest, "small"} {
		p := f.get(it, 0)
		if len(p.data) != 1 || p.data[0] != want {
			t.Fatalf("page %d has %d records", i, len(p.data))
		}
		it = p.next
	}
	for _, kib := range []int32{1023, 10241} {
		bound := map[bool]string{true: "greater than or equal to 1024", false: "less than or equal to 10240"}[kib < 1024]
		f.fails("UpdateMaxRecordSize", &api.UpdateMaxRecordSizeInput{StreamARN: some(arnOfS), MaxRecordSizeInKiB: some(kib)}, api.Validation,
			fmt.Sprintf("1 validation error detected: Value '%d' at 'maxRecordSizeInKiB' failed to satisfy constraint: Member must have value %s", kib, bound))
	}
	f.call("CreateStream", &api.CreateStreamInput{StreamName: some("large"), MaxRecordSizeInKiB: some(int32(2048))})
	f.put("large", "k", strings.Repeat("x", 2<<20-1))
}

func TestStreamMode(t *testing.T) {
	f := newFixture(t)
	f.create("s", 3)
	set := func(to string) *api.UpdateStreamModeInput {
		return &api.UpdateStreamModeInput{StreamARN: some(arnOfS), StreamModeDetails: mode(to)}
	}
	f.call("UpdateStreamMode", set("PROVISIONED"))
	f.call("UpdateStreamMode", set("ON_DEMAND"))
	f.open()
	if s := f.summary("s"); s.StreamModeDetails != mode("ON_DEMAND") || s.OpenShardCount != 3 || s.RecordDistributionStrategy != some("USER_PARTITION_KEY") {
		t.Errorf("described as %+v", s)
	}
	f.distribute("AUTO")
	f.fails("UpdateStreamMode", set("PROVISIONED"), api.InvalidArgument,
		"RecordDistributionStrategy of stream s must be USER_PARTITION_KEY before its mode can be PROVISIONED.")
	f.distribute("USER_PARTITION_KEY")
	f.call("UpdateStreamMode", set("PROVISIONED"))
	if s := f.summary("s"); s.StreamModeDetails != mode("PROVISIONED") || s.RecordDistributionStrategy != some("USER_PARTITION_KEY") {
		t.Errorf("described as %+v", s)
	}
	f.fails("UpdateStreamMode", set("BOTH"), api.Validation, "1 validation error detected: "+
		"Value 'BOTH' at 'streamModeDetails.streamMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, ON_DEMAND]")
}

func TestStreamModeQuotas(t *testing.T) {
	f := newFixture(t)
	f.open(func(c *kinesis.Config) { c.ShardQuota = 5 })
	f.create("s", 3)
	toOnDemand := &api.UpdateStreamModeInput{StreamARN: some(arnOfS), StreamModeDetails: mode("ON_DEMAND")}
	f.call("UpdateStreamMode", toOnDemand)
	f.create("t", 3)
	f.fails("UpdateStreamMode", &api.UpdateStreamModeInput{StreamARN: some(arnOfS), StreamModeDetails: mode("PROVISIONED")}, api.LimitExceeded,
		"This request would exceed the shard limit for the account 000000000000 in us-east-1. Current shard count for the account: 3. "+
			"Limit: 5. Number of additional shards that would have resulted from this request: 3. "+
			"Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "+
			"for current limits and how to request higher limits.")
	for i := range 49 {
		f.createOnDemand(fmt.Sprint("d", i))
	}
	const full = "The account 000000000000 has reached the limit on the number of on-demand streams. Limit: 50"
	f.fails("CreateStream", &api.CreateStreamInput{StreamName: some("d49"), StreamModeDetails: mode("ON_DEMAND")}, api.LimitExceeded, full)
	f.fails("UpdateStreamMode", &api.UpdateStreamModeInput{
		StreamARN: some("arn:aws:kinesis:us-east-1:000000000000:stream/t"), StreamModeDetails: mode("ON_DEMAND"),
	}, api.LimitExceeded, full)
}

func (f *fixture) distribute(strategy string) {
	f.t.Helper()
	f.call("UpdateStreamRecordDistributionStrategy", &api.UpdateStreamRecordDistributionStrategyInput{
		StreamARN: some(arnOfS), RecordDistributionStrategy: some(strategy),
	})
}

// Under AUTO one key's records go to all shards, and records need no key.
func TestRecordDistribution(t *testing.T) {
	f := newFixture(t)
	f.createOnDemand("s")
	shards := func(n int, e api.PutRecordsRequestEntry) map[string]int {
		t.Helper()
		count := make(map[string]int)
		for range n {
			count[f.putRecords("s", e).Records[0].ShardId.V]++
		}
		return count
	}
	if got := shards(10, entry("k", "x")); len(got) != 1 {
		t.Errorf("by key the records are in %v", got)
	}
	f.distribute("AUTO")
	f.open()
	pinned := entry("k", "x")
	pinned.ExplicitHashKey = some("0")
	for _, e := range []api.PutRecordsRequestEntry{entry("k", "x"), pinned, {Data: some(api.RawBlob([]byte("x")))}} {
		if got := shards(400, e); len(got) != 4 {
			t.Errorf("%v: the records are in %v", e, got)
		}
	}
	f.call("PutRecord", &api.PutRecordInput{StreamName: some("s"), Data: some(api.RawBlob([]byte("x")))})
	f.distribute("USER_PARTITION_KEY")
	if got := shards(10, entry("k", "x")); len(got) != 1 {
		t.Errorf("by key again the records are in %v", got)
	}

	f.fails("UpdateStreamRecordDistributionStrategy", &api.UpdateStreamRecordDistributionStrategyInput{
		StreamARN: some(arnOfS), RecordDistributionStrategy: some("auto"),
	}, api.Validation, "1 validation error detected: Value 'auto' at 'recordDistributionStrategy' failed to satisfy constraint: "+
		"Member must satisfy enum value set: [AUTO, USER_PARTITION_KEY]")

	f.create("p", 1)
	const arn = "arn:aws:kinesis:us-east-1:000000000000:stream/p"
	const refused = "RecordDistributionStrategy is only available for streams in ON_DEMAND mode, which stream p is not."
	set := &api.UpdateStreamRecordDistributionStrategyInput{StreamARN: some(arn), RecordDistributionStrategy: some("AUTO")}
	f.fails("UpdateStreamRecordDistributionStrategy", set, api.InvalidArgument, refused)
	f.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("p")})
	in := &api.CreateStreamInput{StreamName: some("p"), RecordDistributionStrategy: some("AUTO")}
	f.fails("CreateStream", in, api.InvalidArgument, refused)
	in.StreamModeDetails = mode("ON_DEMAND")
	f.call("CreateStream", in)
	if got := f.summary("p").RecordDistributionStrategy; got != some("AUTO") {
		t.Errorf("created with %v", got)
	}
}

// Settings outlive a restart of a server on the same engine, and each other.
func TestSettingsAreKeptApart(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.startEncryption("alias/k")
	f.call("EnableEnhancedMonitoring", &api.EnableEnhancedMonitoringInput{StreamName: some("s"), ShardLevelMetrics: some([]string{"IncomingBytes"})})
	f.call("PutResourcePolicy", &api.PutResourcePolicyInput{ResourceARN: some(arnOfS), Policy: some(openPolicy)})
	f.scale("s", 2)
	f.setRetention("IncreaseStreamRetentionPeriod", 48)
	f.open()
	s := f.summary("s")
	policy := f.call("GetResourcePolicy", &api.GetResourcePolicyInput{ResourceARN: some(arnOfS)}).(*api.GetResourcePolicyOutput).Policy
	if s.KeyId != some("alias/k") || !slices.Equal(s.EnhancedMonitoring[0].ShardLevelMetrics.V, []string{"IncomingBytes"}) ||
		s.OpenShardCount != 2 || s.RetentionPeriodHours != 48 || policy != openPolicy {
		t.Errorf("described as %+v, policy %s", s, policy)
	}
}
