package leattest_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"leat/internal/leattest"
)

// watcher is somebody who looks at metrics, with the SDK that users have.
type watcher struct {
	*cloudwatch.Client
	t      *testing.T
	server *leattest.Server
}

func newWatcher(t *testing.T, s *leattest.Server) *watcher {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &watcher{t: t, server: s, Client: cloudwatch.New(cloudwatch.Options{
		BaseEndpoint: aws.String(s.URL()), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("any", "any", ""),
		HTTPClient:  &http.Client{Transport: transport},
	})}
}

func dimension(name, value string) cwtypes.Dimension {
	return cwtypes.Dimension{Name: &name, Value: &value}
}

// sum returns the sum of a metric of the last hour, and how many minutes have one.
func (w *watcher) sum(name string, unit cwtypes.StandardUnit, dimensions ...cwtypes.Dimension) (total float64, minutes int) {
	w.t.Helper()
	out, err := w.GetMetricStatistics(w.t.Context(), &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("AWS/Kinesis"), MetricName: &name, Dimensions: dimensions,
		StartTime: aws.Time(w.server.Now().Add(-time.Hour)), EndTime: aws.Time(w.server.Now().Add(time.Minute)),
		Period: aws.Int32(60), Statistics: []cwtypes.Statistic{cwtypes.StatisticSum},
	})
	if err != nil {
		w.t.Fatalf("GetMetricStatistics of %s: %v", name, err)
	}
	for _, p := range out.Datapoints {
		if p.Unit != unit {
			w.t.Errorf("%s is in %s", name, p.Unit)
		}
		total += *p.Sum
	}
	return total, len(out.Datapoints)
}

func putRecords(t *testing.T, client *kinesis.Client, keys ...string) {
	t.Helper()
	in := &kinesis.PutRecordsInput{StreamName: aws.String("orders")}
	for _, key := range keys {
		in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String(key), Data: []byte("data")})
	}
	if out, err := client.PutRecords(t.Context(), in); err != nil || *out.FailedRecordCount != 0 {
		t.Fatalf("PutRecords: %v", err)
	}
}

// What is put into a stream is in its metrics at once, survives a restart, and is
// gone after a day.
func TestMetricsOfStreams(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s := leattest.Start(t, leattest.WithStream("orders", 2), leattest.WithDisk(""), leattest.WithClock(start))
	w := newWatcher(t, s)
	of := dimension("StreamName", "orders")
	expect := func(name string, unit cwtypes.StandardUnit, total float64, minutes int, dimensions ...cwtypes.Dimension) {
		t.Helper()
		gotTotal, gotMinutes := w.sum(name, unit, dimensions...)
		if gotTotal != total || gotMinutes != minutes {
			t.Errorf("%s is %v in %d minutes, want %v in %d", name, gotTotal, gotMinutes, total, minutes)
		}
	}
	expect("IncomingRecords", cwtypes.StandardUnitCount, 0, 0, of)
	putRecords(t, s.Client(), "a", "b", "c")
	expect("IncomingRecords", cwtypes.StandardUnitCount, 3, 1, of)
	putRecords(t, s.Client(), "d")
	expect("IncomingRecords", cwtypes.StandardUnitCount, 4, 1, of)
	expect("IncomingBytes", cwtypes.StandardUnitBytes, 20, 1, of)

	s.Advance(time.Minute)
	shard := dimension("ShardId", "shardId-000000000000")
	if _, err := s.Client().EnableEnhancedMonitoring(t.Context(), &kinesis.EnableEnhancedMonitoringInput{
		StreamName: aws.String("orders"), ShardLevelMetrics: []types.MetricsName{types.MetricsNameIncomingRecords},
	}); err != nil {
		t.Fatal(err)
	}
	putRecords(t, s.Client(), "a", "b", "c", "d", "e", "f", "g", "h")
	expect("IncomingRecords", cwtypes.StandardUnitCount, 12, 2, of)
	other := dimension("ShardId", "shardId-000000000001")
	first, _ := w.sum("IncomingRecords", cwtypes.StandardUnitCount, shard, of)
	second, _ := w.sum("IncomingRecords", cwtypes.StandardUnitCount, of, other)
	if first+second != 8 || first == 8 || second == 8 {
		t.Errorf("%v records of one shard and %v of the other", first, second)
	}
	expect("IncomingBytes", cwtypes.StandardUnitBytes, 0, 0, of, shard)

	s.Restart()
	w = newWatcher(t, s)
	expect("IncomingRecords", cwtypes.StandardUnitCount, 12, 2, of)
	s.Advance(25 * time.Hour)
	if out, err := w.ListMetrics(t.Context(), nil); err != nil || len(out.Metrics) != 0 {
		t.Errorf("after a day %v: %v", out.Metrics, err)
	}
}

// Clients put metrics of their own, and none that look like the server's.
func TestMetricsOfClients(t *testing.T) {
	t.Parallel()
	s := leattest.Start(t, leattest.WithStream("orders", 1), leattest.WithDisk(""))
	w := newWatcher(t, s)
	putRecords(t, s.Client(), "a")
	datum := []cwtypes.MetricDatum{{
		MetricName: aws.String("Lag"), Dimensions: []cwtypes.Dimension{dimension("Worker", "w-1")}, Unit: cwtypes.StandardUnitMilliseconds,
		Values: []float64{10, 20, 1000}, Counts: []float64{50, 49, 1}, Timestamp: aws.Time(s.Now()),
	}}
	_, err := w.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/Kinesis"), MetricData: datum})
	var refusal interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}
	if !errors.As(err, &refusal) || refusal.ErrorCode() != "InvalidParameterValue" && refusal.ErrorCode() != "InvalidParameterValueException" ||
		refusal.ErrorMessage() != "The value AWS/ for parameter Namespace is invalid." {
		t.Errorf("AWS/Kinesis: %v", err)
	}
	if _, err := w.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("App"), MetricData: datum}); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	w = newWatcher(t, s)

	stat := func(id, name string) cwtypes.MetricDataQuery {
		return cwtypes.MetricDataQuery{Id: &id, MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{Namespace: aws.String("App"), MetricName: aws.String("Lag"), Dimensions: datum[0].Dimensions},
			Period: aws.Int32(60), Stat: &name,
		}}
	}
	out, err := w.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(s.Now().Add(-time.Hour)), EndTime: aws.Time(s.Now().Add(2 * time.Minute)),
		MetricDataQueries: []cwtypes.MetricDataQuery{
			stat("sum", "Sum"), stat("n", "SampleCount"), stat("p50", "p50"), stat("p100", "p100"),
			{Id: aws.String("mean"), Expression: aws.String("sum / n"), Label: aws.String("mean lag")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, r := range out.MetricDataResults {
		if len(r.Values) != 1 || len(r.Timestamps) != 1 || r.StatusCode != cwtypes.StatusCodeComplete {
			t.Fatalf("%s: %v at %v, %s", *r.Id, r.Values, r.Timestamps, r.StatusCode)
		}
		got[*r.Label+" "+*r.Id] = r.Values[0]
	}
	if p50 := got["Lag p50"]; p50 < 9.9 || p50 > 10.1 {
		t.Errorf("a median of %v", p50)
	}
	if got["Lag sum"] != 2480 || got["Lag n"] != 100 || got["Lag p100"] != 1000 || got["mean lag mean"] != 24.8 {
		t.Errorf("%v", got)
	}
	list, err := w.ListMetrics(t.Context(), &cloudwatch.ListMetricsInput{RecentlyActive: cwtypes.RecentlyActivePt3h})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list.Metrics {
		names = append(names, *m.Namespace+" "+*m.MetricName)
	}
	if !slices.Contains(names, "App Lag") || !slices.Contains(names, "AWS/Kinesis PutRecords.TotalRecords") || !slices.IsSorted(names) {
		t.Errorf("%q", names)
	}
}
