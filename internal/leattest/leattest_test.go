package leattest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"go.uber.org/goleak"

	"leat/internal/leattest"
	"leat/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// put puts a record and returns its sequence number.
func put(t *testing.T, c *kinesis.Client, stream, key, data string) string {
	t.Helper()
	out, err := c.PutRecord(t.Context(), &kinesis.PutRecordInput{
		StreamName: &stream, PartitionKey: &key, Data: []byte(data),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.SequenceNumber
}

// read returns the data of the records of a stream's first shard.
func read(t *testing.T, c *kinesis.Client, stream string) []string {
	t.Helper()
	it, err := c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamName: &stream, ShardId: aws.String("shardId-000000000000"),
		ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	if err != nil {
		t.Fatal(err)
	}
	var data []string
	for _, r := range out.Records {
		data = append(data, string(r.Data))
	}
	return data
}

func TestAdvanceExpiresRecords(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := leattest.Start(t, leattest.WithStream("orders", 1), leattest.WithClock(at))
	c := s.Client()
	put(t, c, "orders", "k", "old")
	s.Advance(23 * time.Hour)
	put(t, c, "orders", "k", "new")
	if got := read(t, c, "orders"); len(got) != 2 {
		t.Errorf("before the first record expires: %q", got)
	}
	s.Advance(2 * time.Hour)
	if got := read(t, c, "orders"); len(got) != 1 || got[0] != "new" {
		t.Errorf("after 25 hours: %q", got)
	}
	if want := at.Add(25 * time.Hour); !s.Now().Equal(want) {
		t.Errorf("it is %v, want %v", s.Now(), want)
	}
}

func TestRegionsAreApart(t *testing.T) {
	t.Parallel()
	s := leattest.Start(t, leattest.WithStream("orders", 1), leattest.WithoutRetries())
	put(t, s.Client(), "orders", "k", "here")
	_, err := s.Client("eu-west-1").DescribeStreamSummary(t.Context(),
		&kinesis.DescribeStreamSummaryInput{StreamName: aws.String("orders")})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Errorf("the stream is in another region: %v", err)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]func() leattest.Option{
		"directory":   func() leattest.Option { return leattest.WithDisk("") },
		"file system": func() leattest.Option { return leattest.WithFS(vfs.NewMem()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := leattest.Start(t, leattest.WithStream("orders", 1), opt())
			c := s.Client()
			first := put(t, c, "orders", "k", "one")
			s.Restart()
			// The client of before is still good.
			second := put(t, c, "orders", "k", "two")
			if got := read(t, c, "orders"); len(got) != 2 || got[0] != "one" || got[1] != "two" {
				t.Errorf("after the restart: %q", got)
			}
			if len(first) != len(second) || first >= second {
				t.Errorf("sequence numbers %s, %s", first, second)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := leattest.Start(t, leattest.WithStream("orders", 1), leattest.WithLimits(), leattest.WithoutRetries(),
		leattest.WithClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)))
	c := s.Client()
	for range 100 {
		_, err := c.PutRecord(t.Context(), &kinesis.PutRecordInput{
			StreamName: aws.String("orders"), PartitionKey: aws.String("k"), Data: make([]byte, 1<<20-1),
		})
		if _, ok := errors.AsType[*types.ProvisionedThroughputExceededException](err); ok {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Error("100 MiB went into one shard while the clock stood still")
}
