package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrStreamEncoding says that bytes are not an encoded stream.
var ErrStreamEncoding = errors.New("malformed stream encoding")

// streamVersion is the version of the encoding that is written. All versions up
// to it can be read.
const streamVersion = 1

// The optional fields at the end of an encoded stream.
const (
	fieldIntent       = 1
	fieldMaxRecordKiB = 2
	fieldDistribution = 3
	fieldNumber       = 4
	fieldFloor        = 5
	fieldKeyID        = 6
	fieldMetrics      = 7
	fieldWarm         = 8
	fieldPolicy       = 9
	fieldChanges      = 10
	fieldDataKeys     = 11
)

// Flags of an encoded shard.
const (
	flagParent   = 1 << iota // has a parent
	flagAdjacent             // has an adjacent parent
	flagClosed               // has a close time; of a planned shard: will be closed
	flagsKnown   = 1<<iota - 1
)

// The least that list entries take, in bytes.
const (
	minTagBytes     = 2
	minShardBytes   = 1 + 1 + rangeBytes + 1 + 1
	minPlannedBytes = 1 + 1 + rangeBytes
	rangeBytes      = 32
)

// AppendBinary appends the encoded stream to dst. The package documentation
// draws the encoding.
func (s Stream) AppendBinary(dst []byte) []byte {
	dst = append(dst, streamVersion)
	dst = appendText(dst, s.Account)
	dst = appendText(dst, s.Region)
	dst = appendText(dst, s.Name)
	dst = binary.AppendVarint(dst, int64(s.Created))
	dst = binary.AppendVarint(dst, int64(s.CreatedSecond))
	dst = append(dst, byte(s.Status), byte(s.Mode))
	dst = binary.AppendVarint(dst, int64(s.BusyUntil))
	dst = binary.AppendVarint(dst, int64(s.RetentionHours))
	dst = appendTags(dst, s.Tags)
	dst = binary.AppendUvarint(dst, uint64(s.NextShard))
	dst = s.appendShards(dst)
	return s.appendFields(dst)
}

func (s Stream) appendShards(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.Shards)))
	before := NoShard // one before 0, in 32 bits
	for _, shard := range s.Shards {
		dst = appendLineage(dst, before, shard.ID, shard.Parent, shard.AdjacentParent, !shard.IsOpen())
		dst = appendRange(dst, shard.Range)
		dst = binary.AppendVarint(dst, int64(shard.Created-s.CreatedSecond))
		dst = binary.AppendVarint(dst, int64(shard.Opened-s.Created))
		if !shard.IsOpen() {
			dst = binary.AppendVarint(dst, int64(shard.Closed-shard.Opened))
		}
		before = shard.ID
	}
	return dst
}

// appendLineage appends a shard's flags, its distance from the one before it,
// and its distances from its parents, which are older.
func appendLineage(dst []byte, before, id, parent, adjacent ShardID, closed bool) []byte {
	var flags byte
	if parent != NoShard {
		flags |= flagParent
	}
	if adjacent != NoShard {
		flags |= flagAdjacent
	}
	if closed {
		flags |= flagClosed
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(id-before))
	if parent != NoShard {
		dst = binary.AppendUvarint(dst, uint64(id-parent))
	}
	if adjacent != NoShard {
		dst = binary.AppendUvarint(dst, uint64(id-adjacent))
	}
	return dst
}

func appendRange(dst []byte, r HashRange) []byte {
	for _, v := range [...]uint64{r.Start.Hi, r.Start.Lo, r.End.Hi, r.End.Lo} {
		dst = binary.BigEndian.AppendUint64(dst, v)
	}
	return dst
}

// appendFields appends the fields that are not zero, each with its tag and its
// length, in the order of their tags.
func (s Stream) appendFields(dst []byte) []byte {
	field := func(tag byte, value []byte) {
		dst = append(dst, tag)
		dst = binary.AppendUvarint(dst, uint64(len(value)))
		dst = append(dst, value...)
	}
	if s.Intent != nil {
		field(fieldIntent, s.Intent.appendTo(nil))
	}
	if s.MaxRecordKiB != 0 {
		field(fieldMaxRecordKiB, binary.AppendVarint(nil, int64(s.MaxRecordKiB)))
	}
	if s.Distribution != 0 {
		field(fieldDistribution, []byte{byte(s.Distribution)})
	}
	if s.Number != 0 {
		field(fieldNumber, binary.AppendUvarint(nil, s.Number))
	}
	if s.Floor != 0 {
		field(fieldFloor, binary.AppendVarint(nil, int64(s.Floor)))
	}
	if s.KeyID != "" {
		field(fieldKeyID, []byte(s.KeyID))
	}
	if s.Metrics != 0 {
		field(fieldMetrics, []byte{byte(s.Metrics)})
	}
	if s.Warm != (WarmThroughput{}) {
		field(fieldWarm, s.Warm.appendTo(nil))
	}
	if s.Policy != "" {
		field(fieldPolicy, []byte(s.Policy))
	}
	if !s.Changes.isEmpty() {
		field(fieldChanges, s.Changes.appendTo(nil))
	}
	if len(s.DataKeys) > 0 {
		field(fieldDataKeys, s.DataKeys.appendTo(nil))
	}
	return dst
}

func (r Reshard) appendTo(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(r.Parents)))
	for _, id := range r.Parents {
		dst = binary.AppendUvarint(dst, uint64(id))
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.New)))
	before := NoShard
	for _, p := range r.New {
		dst = appendLineage(dst, before, p.ID, p.Parent, p.AdjacentParent, p.Closes)
		dst = appendRange(dst, p.Range)
		before = p.ID
	}
	return dst
}

// DecodeStream reads what AppendBinary wrote. The error is
// ErrStreamEncoding, or one that says that a newer program wrote the stream.
func DecodeStream(b []byte) (Stream, error) {
	d := decoder{rest: b}
	if version := d.byte(); version > streamVersion {
		return Stream{}, fmt.Errorf("stream encoding version %d is newer than this program's %d", version, streamVersion)
	} else if version != streamVersion {
		return Stream{}, ErrStreamEncoding
	}
	s := Stream{Account: d.text(), Region: d.text(), Name: d.text()}
	s.Created = Millis(d.varint())
	s.CreatedSecond = Second(d.varint())
	s.Status, s.Mode = Status(d.byte()), Mode(d.byte())
	s.BusyUntil = Millis(d.varint())
	s.RetentionHours = int(d.varint())
	s.Tags = d.tags()
	s.NextShard = d.shardID()
	s.Shards = d.shards(s.CreatedSecond, s.Created)
	err := s.decodeFields(&d)
	switch {
	case err != nil:
		return Stream{}, err
	case d.err != nil || s.Status.String() == "" || s.Mode.String() == "" || s.Distribution.String() == "" || s.Metrics > AllMetrics:
		return Stream{}, ErrStreamEncoding
	}
	return s, nil
}

// decodeFields reads what appendFields wrote, to the end.
func (s *Stream) decodeFields(d *decoder) error {
	last := byte(0)
	for len(d.rest) > 0 {
		tag := d.byte()
		value := decoder{rest: d.take(d.count(1))}
		if tag <= last {
			return ErrStreamEncoding
		}
		last = tag
		switch tag {
		case fieldIntent:
			s.Intent = value.reshard()
		case fieldMaxRecordKiB:
			s.MaxRecordKiB = int(value.varint())
		case fieldDistribution:
			s.Distribution = Distribution(value.byte())
		case fieldNumber:
			s.Number = value.uvarint()
		case fieldFloor:
			s.Floor = Millis(value.varint())
		case fieldKeyID:
			s.KeyID = value.all()
		case fieldMetrics:
			s.Metrics = Metrics(value.byte())
		case fieldWarm:
			s.Warm = value.warmThroughput()
		case fieldPolicy:
			s.Policy = value.all()
		case fieldChanges:
			s.Changes = value.dailyChanges()
		case fieldDataKeys:
			s.DataKeys = value.dataKeys()
		default:
			return fmt.Errorf("stream encoding has field %d of a newer program", tag)
		}
		if value.err != nil || len(value.rest) > 0 {
			return ErrStreamEncoding
		}
	}
	return nil
}

func (d *decoder) tags() map[string]string {
	n := d.count(minTagBytes)
	if n == 0 {
		return nil
	}
	tags := make(map[string]string, n)
	for range n {
		key := d.text()
		tags[key] = d.text()
	}
	if len(tags) != n {
		d.fail()
	}
	return tags
}

func (d *decoder) shardID() ShardID {
	v := d.uvarint()
	if v >= uint64(NoShard) {
		d.fail()
		return NoShard
	}
	return ShardID(v)
}

func (d *decoder) shards(created Second, opened Millis) Shards {
	n := d.count(minShardBytes)
	if n == 0 {
		return nil
	}
	shards := make(Shards, n)
	before := NoShard
	for i := range shards {
		s := &shards[i]
		var closed bool
		s.ID, s.Parent, s.AdjacentParent, closed = d.lineage(before)
		s.Range = d.hashRange()
		s.Created = created + Second(d.varint())
		s.Opened = opened + Millis(d.varint())
		if closed {
			s.Closed = s.Opened + Millis(d.varint())
		}
		if s.IsOpen() == closed {
			d.fail()
		}
		before = s.ID
	}
	return shards
}

// lineage reads what appendLineage wrote. Ids ascend, and parents have
// smaller ones than their children.
func (d *decoder) lineage(before ShardID) (id, parent, adjacent ShardID, closed bool) {
	flags := d.byte()
	distance := d.uvarint()
	if flags > flagsKnown || distance == 0 || distance > uint64(NoShard-(before+1)) {
		d.fail()
		return NoShard, NoShard, NoShard, false
	}
	id = before + ShardID(distance)
	parent, adjacent = NoShard, NoShard
	if flags&flagParent != 0 {
		parent = d.ancestor(id)
	}
	if flags&flagAdjacent != 0 {
		adjacent = d.ancestor(id)
	}
	return id, parent, adjacent, flags&flagClosed != 0
}

// ancestor reads the id of a shard that is older than the given one.
func (d *decoder) ancestor(of ShardID) ShardID {
	distance := d.uvarint()
	if distance == 0 || distance > uint64(of) {
		d.fail()
		return NoShard
	}
	return of - ShardID(distance)
}

func (d *decoder) hashRange() HashRange {
	b := d.take(rangeBytes)
	if b == nil {
		return HashRange{}
	}
	return HashRange{
		Start: HashKey{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])},
		End:   HashKey{binary.BigEndian.Uint64(b[16:]), binary.BigEndian.Uint64(b[24:])},
	}
}

func (d *decoder) reshard() *Reshard {
	r := &Reshard{}
	if n := d.count(1); n > 0 {
		r.Parents = make([]ShardID, n)
		for i := range r.Parents {
			r.Parents[i] = d.shardID()
		}
	}
	n := d.count(minPlannedBytes)
	if n == 0 {
		return r
	}
	r.New = make([]PlannedShard, n)
	before := NoShard
	for i := range r.New {
		p := &r.New[i]
		p.ID, p.Parent, p.AdjacentParent, p.Closes = d.lineage(before)
		p.Range = d.hashRange()
		before = p.ID
	}
	return r
}
