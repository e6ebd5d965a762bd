//go:build !amd64

package stream

// HashPartitionKeys sets hashes[i] to the hash key of keys[i], for all keys.
func HashPartitionKeys(hashes []HashKey, keys []string) {
	for i, key := range keys {
		hashes[i] = HashPartitionKey(key)
	}
}
