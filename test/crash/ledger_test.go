package crash

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const tagKey = "count"

// ledger is what the clients know: what they tried and what was acknowledged.
type ledger struct {
	mu           sync.Mutex
	counts       [writers]int // the last record that each writer tried
	acknowledged map[string]place

	// Of the stream itself: the last acknowledged value, and the one tried
	// last, which differs while a change is in flight. One worker changes each,
	// and verify runs between lives.
	tag, tagTried       int
	shards, shardsTried int

	// Records without an acknowledgement, as last verified.
	lost, survived int
}

// place is where a record is.
type place struct{ shard, number string }

func newLedger() *ledger {
	return &ledger{acknowledged: make(map[string]place), shards: fewShards, shardsTried: fewShards}
}

// attempt returns the name of the writer's next record.
func (l *ledger) attempt(writer int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[writer]++
	return recordName(writer, l.counts[writer])
}

func recordName(writer, count int) string { return fmt.Sprintf("%d/%d", writer, count) }

// recordData returns the data of a record: its name, and padding of a length
// that it also names.
func recordData(id string, padding int) []byte {
	return fmt.Appendf(nil, "%s %d %s", id, padding, strings.Repeat("x", padding))
}

// parseData takes apart what recordData made, and nothing else.
func parseData(data string) (id string, writer, count int, ok bool) {
	id, rest, _ := strings.Cut(data, " ")
	if n, err := fmt.Sscanf(id, "%d/%d", &writer, &count); n != 2 || err != nil {
		return id, 0, 0, false
	}
	size, padding, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(size)
	return id, writer, count, err == nil && padding == strings.Repeat("x", n)
}

func (l *ledger) acknowledge(e types.PutRecordsRequestEntry, shard, number *string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, _, _ := strings.Cut(string(e.Data), " ")
	l.acknowledged[id] = place{shard: *shard, number: *number}
}

// verify compares the server's whole content with the ledger.
func (l *ledger) verify(t *testing.T, client *kinesis.Client) {
	t.Helper()
	shards := listShards(t, client)
	found := make(map[string]place)
	for _, s := range shards {
		for _, wrong := range l.wrongIn(readShard(t, client, *s.ShardId), *s.ShardId, found) {
			t.Error(wrong)
		}
	}
	missing := 0
	for id, want := range l.acknowledged {
		if have, ok := found[id]; !ok {
			missing++
		} else if have != want {
			t.Errorf("record %s was acknowledged at %v and is at %v", id, want, have)
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d acknowledged records are gone", missing, len(l.acknowledged))
	}
	tried := 0
	for _, n := range l.counts {
		tried += n
	}
	l.survived = len(found) + missing - len(l.acknowledged)
	l.lost = tried - len(found) - missing
	l.verifyStream(t, client, shards)
}

// wrongIn adds one shard's records to those found and says what is wrong with
// them: numbers must ascend, none may be repeated there or elsewhere, none
// invented, and each writer's are in the order of its calls.
func (l *ledger) wrongIn(records []types.Record, shard string, found map[string]place) (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	var last string
	var lastCount [writers]int
	for _, r := range records {
		id, writer, count, ok := parseData(string(r.Data))
		if !ok || writer >= writers || count > l.counts[writer] {
			complain("%s holds a record that nobody wrote: %.100q", shard, r.Data)
			continue
		}
		if before, ok := found[id]; ok {
			complain("record %s is at %v and at %s of %s", id, before, *r.SequenceNumber, shard)
		}
		found[id] = place{shard: shard, number: *r.SequenceNumber}
		// Numbers have one length, so they compare as texts.
		if *r.SequenceNumber <= last {
			complain("%s: number %s follows %s", shard, *r.SequenceNumber, last)
		}
		if count <= lastCount[writer] {
			complain("%s: record %s follows %s", shard, id, recordName(writer, lastCount[writer]))
		}
		last, lastCount[writer] = *r.SequenceNumber, count
	}
	return wrong
}

// verifyStream checks tags and shards, and takes over a change that was in
// flight if it was made.
func (l *ledger) verifyStream(t *testing.T, client *kinesis.Client, shards []types.Shard) {
	t.Helper()
	tags, err := client.ListTagsForStream(t.Context(), &kinesis.ListTagsForStreamInput{StreamName: aws.String(streamName)})
	if err != nil {
		t.Fatal(err)
	}
	tag := 0
	for _, pair := range tags.Tags {
		if tag, err = strconv.Atoi(*pair.Value); err != nil {
			t.Fatal(err)
		}
	}
	if tag != l.tag && tag != l.tagTried {
		t.Errorf("the tag is %d, acknowledged was %d, tried %d", tag, l.tag, l.tagTried)
	}
	l.tag = tag

	open := slices.DeleteFunc(slices.Clone(shards), func(s types.Shard) bool {
		return s.SequenceNumberRange.EndingSequenceNumber != nil
	})
	if len(open) != l.shards && len(open) != l.shardsTried {
		t.Errorf("%d shards are open, acknowledged were %d, tried %d", len(open), l.shards, l.shardsTried)
	}
	l.shards = len(open)
	verifyCover(t, open)
}

// verifyCover checks that the ranges meet without gap or overlap.
func verifyCover(t *testing.T, open []types.Shard) {
	t.Helper()
	number := func(s *string) *big.Int {
		n, ok := new(big.Int).SetString(*s, 10)
		if !ok {
			t.Fatalf("hash key %q", *s)
		}
		return n
	}
	slices.SortFunc(open, func(a, b types.Shard) int {
		return number(a.HashKeyRange.StartingHashKey).Cmp(number(b.HashKeyRange.StartingHashKey))
	})
	next := new(big.Int)
	for _, s := range open {
		if start := number(s.HashKeyRange.StartingHashKey); start.Cmp(next) != 0 {
			t.Errorf("%s begins at %v, the shard before it ends before %v", *s.ShardId, start, next)
		}
		next.Add(number(s.HashKeyRange.EndingHashKey), big.NewInt(1))
	}
	if end := new(big.Int).Lsh(big.NewInt(1), 128); next.Cmp(end) != 0 {
		t.Errorf("the open shards end before %v, not before 2^128", next)
	}
}

// listShards returns all shards, closed ones included.
func listShards(t *testing.T, client *kinesis.Client) []types.Shard {
	t.Helper()
	var shards []types.Shard
	in := &kinesis.ListShardsInput{StreamName: aws.String(streamName)}
	for {
		page, err := client.ListShards(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		shards = append(shards, page.Shards...)
		if page.NextToken == nil {
			return shards
		}
		in = &kinesis.ListShardsInput{NextToken: page.NextToken}
	}
}

// readShard returns all records of a shard.
func readShard(t *testing.T, client *kinesis.Client, shard string) []types.Record {
	t.Helper()
	start, err := client.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamName:        aws.String(streamName),
		ShardId:           &shard,
		ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	var records []types.Record
	for position := start.ShardIterator; position != nil; {
		page, err := client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: position})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, page.Records...)
		if *page.MillisBehindLatest == 0 && len(page.Records) == 0 {
			break
		}
		position = page.NextShardIterator
	}
	return records
}
