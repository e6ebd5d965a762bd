package crash

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// The shard counts between which the stream is scaled.
const fewShards, manyShards = 2, 4

// load is what goes on until the server is gone.
type load struct {
	acknowledged chan struct{} // closed by the first acknowledgement
	workers      sync.WaitGroup
	once         sync.Once
}

// startLoad starts the writers, and one worker each that changes tags and the
// number of shards. Every worker ends with its first error: the server's end.
func startLoad(ctx context.Context, client *kinesis.Client, book *ledger, rng *rand.Rand) *load {
	l := &load{acknowledged: make(chan struct{})}
	derived := func() *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) }
	for w := range writers {
		rng := derived()
		l.repeat(func() error { return putOnce(ctx, client, book, w, rng) })
	}
	rngOfScales := derived()
	l.repeat(func() error { return tagOnce(ctx, client, book) })
	l.repeat(func() error {
		// Every change leaves closed shards that each verification has to read.
		<-time.After(upTo(rngOfScales, longestLife/2))
		return scaleOnce(ctx, client, book)
	})
	return l
}

func (l *load) repeat(work func() error) {
	l.workers.Go(func() {
		for work() == nil {
			l.once.Do(func() { close(l.acknowledged) })
		}
	})
}

func (l *load) wait() { l.workers.Wait() }

// putOnce puts one record or several, of which some are large.
func putOnce(ctx context.Context, client *kinesis.Client, book *ledger, writer int, rng *rand.Rand) error {
	if rng.IntN(2) == 0 {
		e := newEntry(book, writer, rng)
		out, err := client.PutRecord(ctx, &kinesis.PutRecordInput{
			StreamName: aws.String(streamName), PartitionKey: e.PartitionKey, Data: e.Data,
		})
		if err != nil {
			return err
		}
		book.acknowledge(e, out.ShardId, out.SequenceNumber)
		return nil
	}
	entries := make([]types.PutRecordsRequestEntry, 1+rng.IntN(40))
	for i := range entries {
		entries[i] = newEntry(book, writer, rng)
	}
	out, err := client.PutRecords(ctx, &kinesis.PutRecordsInput{
		StreamName: aws.String(streamName), Records: entries,
	})
	if err != nil {
		return err
	}
	for i, r := range out.Records {
		if r.ErrorCode == nil {
			book.acknowledge(entries[i], r.ShardId, r.SequenceNumber)
		}
	}
	return nil
}

// newEntry returns a record like no other: its writer, the writer's count, and
// a random amount of padding.
func newEntry(book *ledger, writer int, rng *rand.Rand) types.PutRecordsRequestEntry {
	id := book.attempt(writer)
	size := rng.IntN(200)
	if rng.IntN(50) == 0 {
		size = rng.IntN(300 << 10)
	}
	return types.PutRecordsRequestEntry{
		PartitionKey: aws.String(strconv.FormatUint(rng.Uint64(), 36)),
		Data:         recordData(id, size),
	}
}

// tagOnce counts in a tag.
func tagOnce(ctx context.Context, client *kinesis.Client, book *ledger) error {
	next := book.tag + 1
	book.tagTried = next
	_, err := client.AddTagsToStream(ctx, &kinesis.AddTagsToStreamInput{
		StreamName: aws.String(streamName), Tags: map[string]string{tagKey: strconv.Itoa(next)},
	})
	if err == nil {
		book.tag = next
	}
	return err
}

// scaleOnce changes between few shards and many.
func scaleOnce(ctx context.Context, client *kinesis.Client, book *ledger) error {
	next := fewShards + manyShards - book.shards
	book.shardsTried = next
	_, err := client.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{
		StreamName:       aws.String(streamName),
		TargetShardCount: aws.Int32(int32(next)),
		ScalingType:      types.ScalingTypeUniformScaling,
	})
	if err == nil {
		book.shards = next
	}
	return err
}
