package kinesis

import (
	"maps"
	"slices"

	"leat/internal/api"
	"leat/internal/stream"
)

// This file is how streams and shards look in answers.

// shard returns a shard of the stream that has not expired.
func (sn *snapshot) shard(id stream.ShardID, now stream.Millis) (stream.Shard, bool) {
	shard, ok := sn.Shards.Find(id)
	if !ok || shard.HasExpired(sn.Expiry(now)) {
		return stream.Shard{}, false
	}
	return shard, true
}

// visibleShards returns the shards that have not expired.
func (sn *snapshot) visibleShards(now stream.Millis) stream.Shards {
	expired := sn.Shards.Expired(sn.Expiry(now))
	if len(expired) == 0 {
		return sn.Shards
	}
	return sn.Shards.Without(expired)
}

// created is the stream's creation as answers show it: in whole seconds.
func (sn *snapshot) created() api.Timestamp { return api.Timestamp(sn.CreatedSecond.Start()) }

func (sn *snapshot) modeDetails() api.Opt[api.StreamModeDetails] {
	return api.Some(api.StreamModeDetails{StreamMode: api.Some(sn.Mode.String())})
}

// enhancedMonitoring is the list of one element that answers have.
func (sn *snapshot) enhancedMonitoring() []api.EnhancedMetrics {
	return []api.EnhancedMetrics{{ShardLevelMetrics: api.Some(sn.Metrics.Names())}}
}

// encryptionKMS and encryptionNone are the encryption types of the API.
const (
	encryptionKMS  = "KMS"
	encryptionNone = "NONE"
)

// encryption is the stream's encryption type, and its key if it has one.
func (sn *snapshot) encryption() (kind, key api.Opt[string]) {
	if sn.Encrypted() {
		return api.Some(encryptionKMS), api.Some(sn.KeyID)
	}
	return api.Some(encryptionNone), api.Opt[string]{}
}

// recordEncryption is the encryption type of records, which only encrypted ones
// have.
func recordEncryption(encrypted bool) api.Opt[string] {
	if encrypted {
		return api.Some(encryptionKMS)
	}
	return api.Opt[string]{}
}

// warmThroughput is what only streams show that have, or just had, one.
func (sn *snapshot) warmThroughput(now stream.Millis) api.Opt[api.WarmThroughputObject] {
	target, former := sn.Warm.TargetMiBps, sn.Warm.FormerMiBps
	if sn.status(now) != stream.Updating {
		former = target
	}
	if target == 0 && former == 0 {
		return api.Opt[api.WarmThroughputObject]{}
	}
	return viewWarm(target, former)
}

func viewWarm(target, current int) api.Opt[api.WarmThroughputObject] {
	return api.Some(api.WarmThroughputObject{
		TargetMiBps: api.Some(int32(target)), CurrentMiBps: api.Some(int32(current)),
	})
}

// viewTags returns tags in the order of their keys.
func viewTags(tags map[string]string) []api.Tag {
	out := make([]api.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, api.Tag{Key: key, Value: api.Some(tags[key])})
	}
	return out
}

// view shows the page's records, of the shard. They are in the page's memory,
// and valid until it is released.
func (p *readPage) view(shard stream.Shard) []api.Record {
	p.numbers = slices.Grow(p.numbers[:0], len(p.records)*stream.SequenceNumberDigits)
	p.shown = slices.Grow(p.shown[:0], len(p.records))[:len(p.records)]
	for i := range p.records {
		r := &p.records[i]
		number := stream.SequenceNumber{Created: shard.Created, Shard: shard.ID, Position: r.position, Time: r.at.Second()}
		begin := len(p.numbers)
		p.numbers = number.AppendTo(p.numbers)
		p.shown[i] = api.Record{
			SequenceNumber:              api.Alias(p.numbers[begin:]),
			ApproximateArrivalTimestamp: api.Some(api.Timestamp(r.at)),
			Data:                        api.RawBlob(r.data),
			PartitionKey:                api.Alias(r.key),
			EncryptionType:              recordEncryption(r.encrypted),
		}
	}
	return p.shown
}

// encodedSize returns about how many bytes an answer with the page takes:
// base64, the members of each record, and those of the answer.
func (p *readPage) encodedSize() int {
	const record, answer = 200, 2048
	return (p.bytes+2)/3*4 + len(p.records)*record + answer
}

func viewShards(shards stream.Shards) []api.Shard {
	out := make([]api.Shard, len(shards))
	for i, shard := range shards {
		out[i] = viewShard(shard)
	}
	return out
}

func viewShard(shard stream.Shard) api.Shard {
	out := api.Shard{
		ShardId:      shard.ID.String(),
		HashKeyRange: viewRange(shard.Range),
		SequenceNumberRange: api.SequenceNumberRange{
			StartingSequenceNumber: shard.StartingSequenceNumber().String(),
		},
	}
	if shard.Parent != stream.NoShard {
		out.ParentShardId = api.Some(shard.Parent.String())
	}
	if shard.AdjacentParent != stream.NoShard {
		out.AdjacentParentShardId = api.Some(shard.AdjacentParent.String())
	}
	if !shard.IsOpen() {
		out.SequenceNumberRange.EndingSequenceNumber = api.Some(shard.EndingSequenceNumber().String())
	}
	return out
}

func viewRange(r stream.HashRange) api.HashKeyRange {
	return api.HashKeyRange{StartingHashKey: r.Start.String(), EndingHashKey: r.End.String()}
}

// childShards is what a reader at the end of a shard is told to go on with.
func childShards(sn *snapshot, parent stream.ShardID) []api.ChildShard {
	children := sn.Shards.Children(parent)
	out := make([]api.ChildShard, len(children))
	for i, child := range children {
		out[i] = api.ChildShard{
			ShardId:      child.ID.String(),
			ParentShards: []string{child.Parent.String()},
			HashKeyRange: viewRange(child.Range),
		}
		if child.AdjacentParent != stream.NoShard {
			out[i].ParentShards = append(out[i].ParentShards, child.AdjacentParent.String())
		}
	}
	return out
}
