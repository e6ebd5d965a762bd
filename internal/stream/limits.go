package stream

import "time"

// Names.
const (
	// MaxNameBytes is the longest stream name, in bytes (API model).
	MaxNameBytes = 128
	// AccountDigits is the length of an account id (API model).
	AccountDigits = 12
	// MaxRegionBytes is the longest region name, in bytes. AWS's have at most
	// 25; the bound keeps shard iterators within the API's 512 characters.
	MaxRegionBytes = 63
)

// Records and requests.
const (
	// MaxPartitionKeyChars is the longest partition key, in characters (API model).
	MaxPartitionKeyChars = 256
	// MaxPartitionKeyBytes is the longest partition key, in bytes: four for
	// each character in UTF-8.
	MaxPartitionKeyBytes = 4 * MaxPartitionKeyChars
	// MaxDataBytes is the most data of one record (API model).
	MaxDataBytes = 10 << 20
	// DefaultMaxRecordKiB is the largest record of a new stream, data and
	// partition key, in KiB (CreateStream).
	DefaultMaxRecordKiB = 1024
	// MinMaxRecordKiB is the least that a stream's largest record can be set
	// to, in KiB (UpdateMaxRecordSize).
	MinMaxRecordKiB = 1024
	// MaxMaxRecordKiB is the most, in KiB (UpdateMaxRecordSize).
	MaxMaxRecordKiB = 10240
	// MaxPutRecords is the most records of one PutRecords (API model).
	MaxPutRecords = 500
	// MaxPutBytes is the most data and partition keys of one PutRecords, in
	// bytes (API reference).
	MaxPutBytes = 10 << 20
	// MaxGetRecords is the most records of one GetRecords (API model).
	MaxGetRecords = 10000
	// MaxGetBytes is the most data and partition keys of one GetRecords, in
	// bytes (API reference).
	MaxGetBytes = 10 << 20
)

// Streams.
const (
	// DefaultShards is how many shards a stream gets whose creator does not
	// say (recorded).
	DefaultShards = 4
	// MaxShards is the most shards of a stream, with closed ones that have not
	// expired (recorded as the bound of CreateStream). They are stored as one
	// value.
	MaxShards = 100000
	// MaxScaleTarget is the most shards that UpdateShardCount takes (API reference).
	MaxScaleTarget = 10000
	// DefaultRetentionHours, in hours, is also the least (API reference).
	DefaultRetentionHours = 24
	// MinRetentionHours is the shortest retention, in hours
	// (DecreaseStreamRetentionPeriod).
	MinRetentionHours = 24
	// MaxRetentionHours is the longest, in hours
	// (IncreaseStreamRetentionPeriod).
	MaxRetentionHours = 8760
	// MaxWarmMiBps is the most warm throughput of a stream, in MiB per second
	// (UpdateStreamWarmThroughput).
	MaxWarmMiBps = 10 << 10
	// MaxPolicyBytes is the longest resource policy, in bytes: it is kept
	// within the stream's object.
	MaxPolicyBytes = 20 << 10
	// MinCommitment is how long an account's agreement to a minimum of
	// throughput lasts at least (UpdateAccountSettings).
	MinCommitment = day
	// MaxTags is the most tags of a stream (developer guide; messages say 10).
	MaxTags = 50
	// MaxTagKeyChars is in characters (API model).
	MaxTagKeyChars = 128
	// MaxTagValueChars is in characters (API model).
	MaxTagValueChars = 256
	// MaxTransitions is the most streams of an account that are being created
	// or deleted at a time (CreateStream).
	MaxTransitions = 5
	// MaxOnDemandStreams is the most on-demand streams of an account and
	// region (DescribeLimits).
	MaxOnDemandStreams = 50
	// MaxConsumers is the most consumers of a stream (RegisterStreamConsumer).
	MaxConsumers = 20
	// MaxAdvantageConsumers is the same for on-demand streams of an account with
	// an agreed minimum of throughput (developer guide, quotas).
	MaxAdvantageConsumers = 50
	// MaxCreatingConsumers is the most consumers of a stream that are being
	// created at a time (RegisterStreamConsumer).
	MaxCreatingConsumers = 5
)

// Encryption.
const (
	// MaxKeyBatches is the most batches that are sealed with one data key. It
	// keeps the odds of two with the same random nonce below one in 2^37.
	MaxKeyBatches = 1 << 30
	// MaxDataKeys is the most data keys of a stream, with old ones: they are
	// stored within its object.
	MaxDataKeys = 10000
)

// Pages of listings, whatever larger limit a request has (API reference).
const (
	MaxDescribeStreamShards = 100
	MaxListStreams          = 100
	MaxListShards           = 1000
	MaxListConsumers        = 100
)

// Iterators and page tokens.
const (
	// IteratorTTL is how long a shard iterator is good (API reference).
	IteratorTTL = 5 * time.Minute
	// TokenTTL is how long a page token is good (ListShards).
	TokenTTL = 5 * time.Minute
	// MaxIteratorChars is the longest shard iterator, in characters (API model).
	MaxIteratorChars = 512
)

// Subscriptions (SubscribeToShard).
const (
	// SubscriptionTTL is how long a subscription lives.
	SubscriptionTTL = 5 * time.Minute
	// TakeoverAfter is how long a subscription is safe from the next one of
	// its consumer to its shard.
	TakeoverAfter = 5 * time.Second
	// MaxEventBytes is the most data and partition keys of an event with more
	// than one record, in bytes.
	MaxEventBytes = 1 << 20
)

// On-demand streams (developer guide).
const (
	// OnDemandSplitBytes is the bytes per second above which a shard is split:
	// half of what it takes.
	OnDemandSplitBytes = 500_000
	// OnDemandSplitRecords is the same in records per second.
	OnDemandSplitRecords = WriteRecordsPerSecond / 2
	// OnDemandMemory is how long the most that was written counts.
	OnDemandMemory = 30 * day
	// OnDemandInterval is the least time between two changes of a stream.
	OnDemandInterval = 15 * time.Minute
)

// Rates of one shard (developer guide, quotas).
const (
	// WriteBytesPerSecond counts data and partition keys.
	WriteBytesPerSecond = 1 << 20
	// WriteRecordsPerSecond is in records.
	WriteRecordsPerSecond = 1000
	// ReadBytesPerSecond is shared by all GetRecords callers.
	ReadBytesPerSecond = 2 << 20
	// ReadCallsPerSecond is in calls of GetRecords.
	ReadCallsPerSecond = 5
	// IteratorCallsPerSecond is in calls of GetShardIterator.
	IteratorCallsPerSecond = 5
	// PushBytesPerSecond is for each consumer of a shard.
	PushBytesPerSecond = 2 << 20
	// SubscribeCallsPerSecond is in calls of SubscribeToShard, for each
	// consumer of a shard.
	SubscribeCallsPerSecond = 1
)

// day is the time that changes are counted in.
const day = 24 * time.Hour

// Limit returns how many changes of the kind a stream may undergo in 24 hours
// (API reference).
func (d DailyChange) Limit() int {
	return [dailyChangeKinds]int{ShardCountChange: 10, ModeChange: 2, EncryptionStart: 25, EncryptionStop: 25}[d]
}

// OnDemandShards returns the most open shards that a stream in ON_DEMAND mode
// grows to by itself: one for each MB per second that it may be written to
// (developer guide, quotas).
func OnDemandShards(region string) int {
	switch region {
	case "us-east-1", "us-west-2", "eu-west-1":
		return 10 << 10
	default:
		return 200
	}
}

// ShardQuota returns the default quota of open shards of an account's
// provisioned streams in a region (developer guide, quotas).
func ShardQuota(region string) int {
	switch region {
	case "us-east-1", "us-west-2", "eu-west-1":
		return 20000
	default:
		return 1000
	}
}
