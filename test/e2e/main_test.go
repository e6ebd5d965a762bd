// Package e2e drives the built binary with the AWS SDK for Go, as a user does.
package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"leat/internal/leattest"
	"leat/test/proc"
)

// eventTimeout bounds every wait.
const eventTimeout = 30 * time.Second

var binary string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "leat-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if binary, err = proc.Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// server is a leat serve that ends with its test.
type server struct {
	*proc.Process
	running bool
}

// serve starts leat serve on a free port.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "warn"}, args...)
	// The end of the test's context would kill the server before its cleanup
	// stops it.
	p, err := proc.Start(context.WithoutCancel(t.Context()), binary, args...)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Process: p, running: true}
	t.Cleanup(func() { s.stop(t) })
	return s
}

// stop ends the server with SIGTERM.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if !s.running {
		return
	}
	s.running = false
	if err := s.Stop(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}

// kill ends the server with kill -9.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.running = false
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
}

// client returns an SDK client that does not retry.
func (s *server) client(t *testing.T) *kinesis.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String(s.URL),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("any", "any", ""),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   &http.Client{Transport: leattest.Transport{Base: transport}, Timeout: eventTimeout},
	})
}

// create creates a stream and waits until it is there.
func create(t *testing.T, c *kinesis.Client, name string, shards int32) {
	t.Helper()
	_, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards})
	if err != nil {
		t.Fatal(err)
	}
	active(t, c, name)
}

// active waits until a stream is ACTIVE.
func active(t *testing.T, c *kinesis.Client, name string) {
	t.Helper()
	w := kinesis.NewStreamExistsWaiter(c, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 100*time.Millisecond, 500*time.Millisecond
	})
	if err := w.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, eventTimeout); err != nil {
		t.Fatal(err)
	}
}

// put puts a record and returns where it went.
func put(t *testing.T, c *kinesis.Client, stream, key, data string) *kinesis.PutRecordOutput {
	t.Helper()
	out, err := c.PutRecord(t.Context(), &kinesis.PutRecordInput{
		StreamName: &stream, PartitionKey: &key, Data: []byte(data),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// iterator returns a shard iterator.
func iterator(t *testing.T, c *kinesis.Client, in *kinesis.GetShardIteratorInput) *string {
	t.Helper()
	out, err := c.GetShardIterator(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out.ShardIterator
}

// oldest returns an iterator at the oldest record of a shard.
func oldest(t *testing.T, c *kinesis.Client, stream, shard string) *string {
	t.Helper()
	return iterator(t, c, &kinesis.GetShardIteratorInput{
		StreamName: &stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
}

// drain reads from an iterator to the tip, or to the end of a closed shard,
// whose children it returns then.
func drain(t *testing.T, c *kinesis.Client, it *string) (records []types.Record, children []types.ChildShard) {
	t.Helper()
	for it != nil {
		out, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, out.Records...)
		if len(out.Records) == 0 && out.NextShardIterator != nil && *out.MillisBehindLatest == 0 {
			return records, nil
		}
		it, children = out.NextShardIterator, out.ChildShards
	}
	return records, children
}

// data returns the data of records.
func data(records []types.Record) []string {
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = string(r.Data)
	}
	return out
}
