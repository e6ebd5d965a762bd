package kinesis_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"leat/internal/api"
	"leat/internal/stream"
)

// Every record goes to the shard of its own hash key, whatever keys the others of its
// request have, and whether or not a request before was refused half way.
func TestPutRecordsHashesEachKey(t *testing.T) {
	f := newFixture(t)
	const shards = 64
	f.create("s", shards)
	ranges := stream.EvenRanges(shards)
	beyond := entry("k", "x")
	beyond.ExplicitHashKey = some("340282366920938463463374607431768211456")
	refused := &api.PutRecordsInput{StreamName: some("s"), Records: some(append(slices.Repeat(
		[]api.PutRecordsRequestEntry{entry("k", "x")}, 40), beyond))}
	r := rand.New(rand.NewPCG(1, 2))
	for count := 1; count <= 40; count++ {
		entries, hashes := make([]api.PutRecordsRequestEntry, count), make([]stream.HashKey, count)
		for i := range entries {
			key := fmt.Sprintf("%d.%d%s", count, i, strings.Repeat("k", r.IntN(80)))
			entries[i], hashes[i] = entry(key, "x"), stream.HashPartitionKey(key)
			if r.IntN(4) == 0 {
				hashes[i] = stream.HashKey{Hi: r.Uint64(), Lo: r.Uint64()}
				entries[i].ExplicitHashKey = some(hashes[i].String())
			}
		}
		f.fails("PutRecords", refused, api.InvalidArgument,
			"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was "+beyond.ExplicitHashKey.V)
		for i, got := range f.putRecords("s", entries...).Records {
			id, ok := stream.ParseShardID(got.ShardId.V)
			if !ok || !ranges[id].Contains(hashes[i]) {
				t.Errorf("record %d of %d, %+v, is in %q", i, count, entries[i], got.ShardId.V)
			}
		}
	}
}
