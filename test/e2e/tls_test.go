package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"leat/internal/leattest"
)

// TestTLS puts, gets and subscribes over HTTP/2 and HTTP/1.1 in TLS, with a client that
// trusts the authority in the data directory.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, "--data-dir", dir, "--stream", "orders:1", "--limits", "off")
	authority, err := os.ReadFile(filepath.Join(dir, "tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate in %q", authority)
	}
	var want []string
	for _, http2 := range []bool{true, false} {
		var protocols http.Protocols
		protocols.SetHTTP1(!http2)
		protocols.SetHTTP2(http2)
		transport := &http.Transport{Protocols: &protocols, TLSClientConfig: &tls.Config{RootCAs: pool}}
		defer transport.CloseIdleConnections()
		c := kinesis.New(kinesis.Options{
			BaseEndpoint: aws.String("https" + strings.TrimPrefix(s.URL, "http")),
			Region:       "us-east-1",
			Credentials:  credentials.NewStaticCredentialsProvider("any", "any", ""),
			Retryer:      aws.NopRetryer{},
			HTTPClient:   &http.Client{Transport: leattest.Transport{Base: transport}, Timeout: eventTimeout},
		})
		body := strings.Repeat("x", 1<<19) + protocols.String()
		want = append(want, body)
		out := put(t, c, "orders", "a", body)
		records, _ := drain(t, c, oldest(t, c, "orders", *out.ShardId))
		if got := data(records); len(got) != len(want) || got[len(got)-1] != body {
			t.Errorf("%v: %d records, want %d", protocols, len(got), len(want))
		}
		if got := pushed(t, c, "orders", *out.ShardId, protocols.String(), len(want)); !slices.Equal(got, want) {
			t.Errorf("%v: %d records pushed, want %d", protocols, len(got), len(want))
		}
	}
}

// pushed subscribes a new consumer to a shard and returns the first records.
func pushed(t *testing.T, c *kinesis.Client, stream, shard, consumer string, count int) (got []string) {
	t.Helper()
	summary, err := c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &stream})
	if err != nil {
		t.Fatal(err)
	}
	registered, err := c.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{
		StreamARN: summary.StreamDescriptionSummary.StreamARN, ConsumerName: aws.String("c" + strings.Trim(consumer, "{}")),
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{
		ConsumerARN: registered.Consumer.ConsumerARN, ShardId: &shard,
		StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
	})
	if err != nil {
		t.Fatal(err)
	}
	events := out.GetStream()
	defer func() { _ = events.Close() }()
	for len(got) < count {
		e, ok := (<-events.Events()).(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
		if !ok {
			t.Fatalf("the subscription has ended: %v", events.Err())
		}
		got = append(got, data(e.Value.Records)...)
	}
	return got
}
