package e2e

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"leat/internal/leattest"
)

// TestLargestRecords puts records of 10 MiB, alone and in a list, through the
// whole server and its disk, and reads them again after a restart.
func TestLargestRecords(t *testing.T) {
	t.Parallel()
	s := leattest.Start(t, leattest.WithDisk(""), leattest.WithStream("orders", 1), leattest.WithoutRetries())
	c := s.Client()
	key := aws.String("k")
	largest := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)[:10<<20-len(*key)]
	_, err := c.UpdateMaxRecordSize(t.Context(), &kinesis.UpdateMaxRecordSizeInput{
		StreamARN: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/orders"), MaxRecordSizeInKiB: aws.Int32(10 << 10),
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, c, "orders", *key, string(largest))
	out, err := c.PutRecords(t.Context(), &kinesis.PutRecordsInput{
		StreamName: aws.String("orders"), Records: []types.PutRecordsRequestEntry{{PartitionKey: key, Data: largest}},
	})
	if err != nil || *out.FailedRecordCount != 0 {
		t.Fatalf("PutRecords: %v", err)
	}
	s.Restart()
	it := oldest(t, c, "orders", firstShard)
	for i := range 2 {
		page, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Records) != 1 || !bytes.Equal(page.Records[0].Data, largest) {
			t.Fatalf("page %d has %d records, or other data than was put", i, len(page.Records))
		}
		it = page.NextShardIterator
	}
}
