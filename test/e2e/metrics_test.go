package e2e

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestScrape reads the metrics as Prometheus does, after puts that succeed and
// one that fails.
func TestScrape(t *testing.T) {
	t.Parallel()
	s := serve(t, "--data-dir", t.TempDir())
	c := s.client(t)
	create(t, c, "orders", 1)
	const puts = 3
	for range puts {
		put(t, c, "orders", "key", "data")
	}
	missing, key := "missing", "key"
	_, err := c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &missing, PartitionKey: &key, Data: []byte("data")})
	wantCode(t, "a stream that is not there", err, "ResourceNotFoundException")

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Timeout: eventTimeout}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("answered %d: %v", resp.StatusCode, err)
	}
	value := func(name string, labels ...string) float64 {
	series:
		for _, m := range families[name].GetMetric() {
			if len(m.GetLabel()) != len(labels) {
				continue
			}
			for i, l := range m.GetLabel() {
				if l.GetValue() != labels[i] {
					continue series
				}
			}
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
		return -1
	}
	for _, tt := range []struct {
		name   string
		labels []string
		want   float64
	}{
		{"leat_requests_total", []string{"OK", "PutRecord", "kinesis"}, puts},
		{"leat_requests_total", []string{"ResourceNotFoundException", "PutRecord", "kinesis"}, 1},
		{"leat_requests_total", []string{"OK", "CreateStream", "kinesis"}, 1},
		{"leat_request_duration_seconds", []string{"PutRecord", "kinesis"}, puts + 1},
		{"leat_requests_in_flight", nil, 1},
		{"leat_accepts_writes", nil, 1},
	} {
		if got := value(tt.name, tt.labels...); got != tt.want {
			t.Errorf("%s %q is %v, want %v", tt.name, tt.labels, got, tt.want)
		}
	}
	// The puts waited for each other; metadata has frames as well.
	for _, name := range []string{"leat_journal_frames_total", "leat_journal_fsyncs_total", "leat_journal_batches_total"} {
		if got := value(name); got < puts {
			t.Errorf("%s is %v after %d puts", name, got, puts)
		}
	}
}
