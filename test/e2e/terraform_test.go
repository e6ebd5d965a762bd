package e2e

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/google/go-cmp/cmp"

	"leat/internal/leattest"
)

// transitionDelay is how long changes of the stream take.
const transitionDelay = 10 * time.Second

// plan is what Terraform reads of a stream and compares with its configuration.
type plan struct {
	ARN        string
	Encryption types.EncryptionType
	KeyID      string
	RecordKiB  int32
	Retention  int32
	Shards     int32
	Metrics    []types.MetricsName
	Mode       types.StreamMode
	Tags       map[string]string
}

// terraform makes the calls of Terraform's resource aws_kinesis_stream, one by
// one, on a server that enforces rates and whose changes take a while by a clock
// that stands still.
type terraform struct {
	*testing.T
	s    *leattest.Server
	c    *kinesis.Client
	name *string
	arn  *string
}

// must fails the test unless the call before it succeeded.
func (tf *terraform) must(_ any, err error) {
	tf.Helper()
	if err != nil {
		tf.Fatal(err)
	}
}

// status returns the stream's status, or the error of asking for it.
func (tf *terraform) status() (types.StreamStatus, error) {
	out, err := tf.c.DescribeStreamSummary(tf.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: tf.name})
	if err != nil {
		return "", err
	}
	return out.StreamDescriptionSummary.StreamStatus, nil
}

// active polls until the stream is ACTIVE, which it is not at first.
func (tf *terraform) active(from types.StreamStatus) {
	tf.Helper()
	for _, want := range []types.StreamStatus{from, from, types.StreamStatusActive} {
		if got, err := tf.status(); err != nil || got != want {
			tf.Fatalf("the stream is %s, %v, instead of %s", got, err, want)
		}
		tf.s.Advance(transitionDelay / 2)
	}
}

// read returns what a plan reads.
func (tf *terraform) read() plan {
	tf.Helper()
	out, err := tf.c.DescribeStreamSummary(tf.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: tf.name})
	tf.must(out, err)
	s := out.StreamDescriptionSummary
	tf.arn = s.StreamARN
	tags, err := tf.c.ListTagsForStream(tf.Context(), &kinesis.ListTagsForStreamInput{StreamName: tf.name})
	tf.must(tags, err)
	p := plan{
		ARN: *s.StreamARN, Encryption: s.EncryptionType, KeyID: aws.ToString(s.KeyId), RecordKiB: *s.MaxRecordSizeInKiB,
		Retention: *s.RetentionPeriodHours, Shards: *s.OpenShardCount, Mode: s.StreamModeDetails.StreamMode, Tags: map[string]string{},
	}
	for _, m := range s.EnhancedMonitoring {
		p.Metrics = append(p.Metrics, m.ShardLevelMetrics...)
	}
	for _, tag := range tags.Tags {
		p.Tags[*tag.Key] = *tag.Value
	}
	return p
}

// expect compares two plans with what was configured.
func (tf *terraform) expect(want plan) {
	tf.Helper()
	for range 2 {
		if diff := cmp.Diff(want, tf.read()); diff != "" {
			tf.Errorf("a plan would change: %s", diff)
		}
	}
}

// TestTerraform replays the life of a stream under Terraform.
func TestTerraform(t *testing.T) {
	t.Parallel()
	tf := &terraform{T: t, name: aws.String("orders")}
	tf.s = leattest.Start(t, leattest.WithLimits(), leattest.WithTransitionDelay(transitionDelay),
		leattest.WithClock(time.Unix(1_700_000_000, 0)), leattest.WithoutRetries())
	tf.c = tf.s.Client()
	want := plan{
		ARN: "arn:aws:kinesis:us-east-1:000000000000:stream/orders", Encryption: types.EncryptionTypeKms, KeyID: "alias/aws/kinesis",
		RecordKiB: 2048, Retention: 24, Shards: 1, Mode: types.StreamModeProvisioned,
		Metrics: []types.MetricsName{types.MetricsNameIncomingBytes, types.MetricsNameOutgoingBytes},
		Tags:    map[string]string{"team": "shop"},
	}
	tf.create(want)
	tf.expect(want)
	tf.update()
	tf.expect(plan{
		ARN: want.ARN, Encryption: types.EncryptionTypeNone, RecordKiB: 1024, Retention: 36, Shards: 2, Mode: types.StreamModeProvisioned,
		Metrics: []types.MetricsName{types.MetricsNameIncomingBytes, types.MetricsNameIncomingRecords},
		Tags:    map[string]string{"stage": "test"},
	})
	tf.destroy()
}

// create is the first apply.
func (tf *terraform) create(p plan) {
	ctx, c, name := tf.Context(), tf.c, tf.name
	tf.must(c.DescribeLimits(ctx, &kinesis.DescribeLimitsInput{}))
	tf.must(c.CreateStream(ctx, &kinesis.CreateStreamInput{
		StreamName: name, ShardCount: &p.Shards, MaxRecordSizeInKiB: &p.RecordKiB, Tags: p.Tags,
		StreamModeDetails: &types.StreamModeDetails{StreamMode: p.Mode},
	}))
	tf.active(types.StreamStatusCreating)
	tf.must(c.IncreaseStreamRetentionPeriod(ctx, &kinesis.IncreaseStreamRetentionPeriodInput{
		StreamName: name, RetentionPeriodHours: &p.Retention,
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.EnableEnhancedMonitoring(ctx, &kinesis.EnableEnhancedMonitoringInput{StreamName: name, ShardLevelMetrics: p.Metrics}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{
		StreamName: name, EncryptionType: p.Encryption, KeyId: &p.KeyID,
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: name}))
}

// update is an apply that changes everything that can be changed.
func (tf *terraform) update() {
	ctx, c, name := tf.Context(), tf.c, tf.name
	for _, mode := range []types.StreamMode{types.StreamModeOnDemand, types.StreamModeProvisioned} {
		tf.must(c.UpdateStreamMode(ctx, &kinesis.UpdateStreamModeInput{
			StreamARN: tf.arn, StreamModeDetails: &types.StreamModeDetails{StreamMode: mode},
		}))
		tf.active(types.StreamStatusUpdating)
	}
	tf.must(c.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{
		StreamName: name, TargetShardCount: aws.Int32(2), ScalingType: types.ScalingTypeUniformScaling,
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.IncreaseStreamRetentionPeriod(ctx, &kinesis.IncreaseStreamRetentionPeriodInput{
		StreamName: name, RetentionPeriodHours: aws.Int32(48),
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.DecreaseStreamRetentionPeriod(ctx, &kinesis.DecreaseStreamRetentionPeriodInput{
		StreamName: name, RetentionPeriodHours: aws.Int32(36),
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.DisableEnhancedMonitoring(ctx, &kinesis.DisableEnhancedMonitoringInput{
		StreamName: name, ShardLevelMetrics: []types.MetricsName{types.MetricsNameOutgoingBytes},
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.EnableEnhancedMonitoring(ctx, &kinesis.EnableEnhancedMonitoringInput{
		StreamName: name, ShardLevelMetrics: []types.MetricsName{types.MetricsNameIncomingRecords},
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.StopStreamEncryption(ctx, &kinesis.StopStreamEncryptionInput{
		StreamName: name, EncryptionType: types.EncryptionTypeKms, KeyId: aws.String("alias/aws/kinesis"),
	}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.UpdateMaxRecordSize(ctx, &kinesis.UpdateMaxRecordSizeInput{StreamARN: tf.arn, MaxRecordSizeInKiB: aws.Int32(1024)}))
	tf.active(types.StreamStatusUpdating)
	tf.must(c.RemoveTagsFromStream(ctx, &kinesis.RemoveTagsFromStreamInput{StreamName: name, TagKeys: []string{"team"}}))
	tf.must(c.AddTagsToStream(ctx, &kinesis.AddTagsToStreamInput{StreamName: name, Tags: map[string]string{"stage": "test"}}))
}

// destroy deletes the stream and polls until it is gone.
func (tf *terraform) destroy() {
	tf.must(tf.c.DeleteStream(tf.Context(), &kinesis.DeleteStreamInput{StreamName: tf.name, EnforceConsumerDeletion: aws.Bool(true)}))
	if got, err := tf.status(); err != nil || got != types.StreamStatusDeleting {
		tf.Errorf("the stream is %s, %v", got, err)
	}
	tf.s.Advance(transitionDelay)
	got, err := tf.status()
	if _, gone := errors.AsType[*types.ResourceNotFoundException](err); !gone {
		tf.Errorf("the stream is %s, %v, instead of not found", got, err)
	}
}
