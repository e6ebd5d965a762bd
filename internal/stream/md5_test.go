package stream_test

import (
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"leat/internal/stream"
)

// checkHashes compares the hash keys of keys with their MD5 sums.
func checkHashes(t *testing.T, keys []string) {
	t.Helper()
	hashes := make([]stream.HashKey, len(keys))
	stream.HashPartitionKeys(hashes, keys)
	for i, key := range keys {
		sum := md5.Sum([]byte(key))
		want := stream.HashKey{Hi: binary.BigEndian.Uint64(sum[:8]), Lo: binary.BigEndian.Uint64(sum[8:])}
		if hashes[i] != want {
			t.Fatalf("key %d of %d, %q: %v, want %v", i, len(keys), key, hashes[i], want)
		}
	}
}

// randomKey returns a key of n bytes.
func randomKey(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func TestHashPartitionKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for length := range 130 {
		for count := range 20 {
			keys := make([]string, count)
			for i := range keys {
				keys[i] = randomKey(r, length)
			}
			checkHashes(t, keys)
		}
	}
	for range 200 {
		keys := make([]string, r.IntN(50))
		for i := range keys {
			keys[i] = randomKey(r, r.IntN(80))
		}
		checkHashes(t, keys)
	}
}

func TestHashPartitionKeysAllocatesNothing(t *testing.T) {
	keys := strings.Split(strings.Repeat("a key,", 50)+strings.Repeat("k", stream.MaxPartitionKeyBytes), ",")
	hashes := make([]stream.HashKey, len(keys))
	if n := testing.AllocsPerRun(100, func() { stream.HashPartitionKeys(hashes, keys) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzHashPartitionKeys cuts a text into keys whose lengths another one says.
func FuzzHashPartitionKeys(f *testing.F) {
	f.Add("", []byte{0, 0, 0, 0})
	f.Add("orders", []byte{1, 2, 3})
	f.Add(strings.Repeat("0123456789", 70), []byte{55, 56, 63, 64, 54, 3, 2, 1, 0, 55, 55, 55, 55, 55, 16})
	f.Fuzz(func(t *testing.T, text string, lengths []byte) {
		keys := make([]string, len(lengths))
		for i, n := range lengths {
			n := min(int(n), len(text))
			keys[i], text = text[:n], text[n:]
		}
		checkHashes(t, keys)
	})
}

// BenchmarkHashPartitionKeys compares the keys of a request together and one by
// one.
func BenchmarkHashPartitionKeys(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, count := range []int{2, 3, 500} {
		keys, hashes := make([]string, count), make([]stream.HashKey, count)
		for i := range keys {
			keys[i] = randomKey(r, 16)
		}
		b.Run(fmt.Sprintf("%d/together", count), func(b *testing.B) {
			for b.Loop() {
				stream.HashPartitionKeys(hashes, keys)
			}
		})
		b.Run(fmt.Sprintf("%d/one by one", count), func(b *testing.B) {
			for b.Loop() {
				for i, key := range keys {
					hashes[i] = stream.HashPartitionKey(key)
				}
			}
		})
	}
}
