package dynamo

import "time"

// The limits of DynamoDB, but for the one on all items, which is ours.
const (
	minNameBytes = 3   // of tables and indexes
	maxNameBytes = 255 // of tables and indexes

	maxPartitionKeyBytes = 2048
	maxSortKeyBytes      = 1024

	maxGlobalIndexes      = 20
	maxLocalIndexes       = 5
	maxIncludedAttributes = 100 // over all indexes of a table
	maxThroughput         = 1_000_000_000_000
	maxTags               = 50
	maxListedTables       = 100
	maxTables             = 2500 // of an account in a region

	maxPageBytes = 1 << 20 // of items that a Query or a Scan evaluates
	// maxPageItems is how many items that may be. It is ours: only items of ten
	// bytes and less come to so many.
	maxPageItems = 100_000
	// maxPageWork is how many parts of a filter are evaluated for a page, all
	// items together, and maxReadBytes how large the items are together that are
	// read for one. They are ours: a page that has less than it could does no harm.
	maxPageWork  = 10_000_000
	maxReadBytes = 16 << 20

	maxBatchGets     = 100
	maxBatchGetBytes = 16 << 20
	// maxBatchGetMemory is how much memory the items of a BatchGetItem may take. It
	// is ours: the smallest values take much more than DynamoDB counts.
	maxBatchGetMemory  = 64 << 20
	maxBatchWrites     = 25
	maxBatchWriteBytes = 16 << 20

	maxTransactionBytes = 4 << 20
	tokenTTL            = 10 * time.Minute

	// maxStoredBytes is how large all items of the server may be together. The
	// KV is in memory, and written whole with each checkpoint.
	maxStoredBytes = 1 << 30
)

const (
	// listEntries is how many entries are taken from the KV at a time.
	listEntries = 256
	// writeEntries is how many entries are written to the KV at a time, where
	// they need not be written together.
	writeEntries = 1024
)
