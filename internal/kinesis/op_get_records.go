package kinesis

import (
	"context"
	"errors"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// GetRecords returns the records from a shard iterator on: at most Limit, at
// most 10 MiB of data and keys, and at least one if there is one.
//
// The page with the last record of a closed shard still has a
// NextShardIterator; the page after it is empty, has none, and names the child
// shards. An iterator in double quotes is accepted, as AWS does.
//
// MillisBehindLatest is 0 when nothing is left behind the page in an open
// shard; else the age of the page's last record; in a drained closed shard the
// time since it was closed.
//
// A page ends before records whose key cannot be used, and one that would begin
// with them fails.
//
// Differs: a page is empty only at the tip and at a shard's end, where AWS returns
// empty ones now and then.

func (s *Service) getRecords(ctx context.Context, c service.Caller, in *api.GetRecordsInput) (*recordsOutput, error) {
	begun := time.Now()
	it, err := s.openIterator(c, in.ShardIterator.V)
	if err != nil {
		return nil, err
	}
	now := s.engine.Now()
	sn, shard, err := s.iteratorShard(it, now)
	if err != nil {
		return nil, err
	}
	if in.StreamARN.Set {
		if r, err := (target{arn: in.StreamARN}).ref(c); err != nil {
			return nil, err
		} else if r != sn.state.ref {
			return nil, api.Errorf(api.InvalidArgument, "StreamARN %s is not the stream of the ShardIterator.", in.StreamARN.V)
		}
	}
	if in.DryRun.V {
		return nil, errDryRun()
	}
	rates := s.rates(sn, shard.ID)
	if !rates.admitRead(now) {
		s.countFailedRead(sn, shard.ID, true, begun)
		return nil, errShardRate(sn.state.ref, shard.ID)
	}
	limits := readLimits{
		records: int(in.Limit.Or(stream.MaxGetRecords)),
		bytes:   stream.MaxGetBytes,
	}
	page, err := s.read(ctx, sn, shard.ID, iteratorCursor(it), limits)
	if err != nil {
		s.countFailedRead(sn, shard.ID, false, begun)
	}
	if errors.Is(err, engine.ErrNotFound) {
		return nil, errShardMissing(sn.state.ref, shard.ID)
	}
	if err != nil {
		return nil, err
	}
	rates.chargeRead(page.bytes)
	s.countRead(sn, shard.ID, page, page.millisBehind(now), begun)
	if page.drained() {
		if sn, err = s.settled(ctx, sn.state); err != nil {
			page.release()
			return nil, err
		}
	}
	return s.recordsOutput(sn, shard, it, page, now), nil
}

// recordsOutput is a GetRecords answer that gives its memory back once it has
// been sent.
type recordsOutput struct {
	api.GetRecordsOutput
	page *readPage
}

// Release implements api.Releaser.
func (o *recordsOutput) Release() { o.page.release() }

// EncodedSize implements api.Sizer.
func (o *recordsOutput) EncodedSize() int { return o.page.encodedSize() }

func (s *Service) recordsOutput(
	sn *snapshot, shard stream.Shard, it stream.Iterator, page *readPage, now stream.Millis,
) *recordsOutput {
	out := &recordsOutput{page: page}
	out.Records = page.view(shard)
	out.MillisBehindLatest = api.Some(page.millisBehind(now))
	if page.drained() {
		out.ChildShards = api.Some(childShards(sn, shard.ID))
		return out
	}
	next := it
	if page.next > it.Position {
		next.Type, next.Position, next.Time = stream.AtSequenceNumber, page.next, 0
	}
	out.NextShardIterator = api.Some(s.sealIterator(next, now))
	return out
}

// millisBehind returns how far the page's end is behind the shard's tip.
func (p *readPage) millisBehind(now stream.Millis) int64 {
	switch {
	case p.drained():
		return max(0, int64(now-p.closed))
	case p.ended || p.behind:
		if n := len(p.records); n > 0 {
			return max(0, int64(now-p.records[n-1].at))
		}
	}
	return 0
}

// openIterator returns what a shard iterator holds that the caller may use.
func (s *Service) openIterator(c service.Caller, text string) (stream.Iterator, error) {
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' {
		text = text[1 : n-1]
	}
	it, err := s.sealer.Open(text)
	if err != nil || it.Account != c.Account && !c.CrossAccount || it.Region != c.Region {
		return it, api.Errorf(api.InvalidArgument, "Invalid ShardIterator.")
	}
	return it, nil
}

// javaDate is how Java prints a date.
const javaDate = "Mon Jan 02 15:04:05 MST 2006"

// iteratorShard returns the stream and shard that an iterator is for.
func (s *Service) iteratorShard(it stream.Iterator, now stream.Millis) (*snapshot, stream.Shard, error) {
	if now.Sub(it.Issued) > s.cfg.IteratorTTL {
		return nil, stream.Shard{}, api.Errorf(api.ExpiredIterator,
			"Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future "+
				"than the tolerated delay of %d milliseconds.",
			it.Issued.Time().Format(javaDate), now.Time().Format(javaDate), s.cfg.IteratorTTL/time.Millisecond)
	}
	r := iteratorRef(it)
	sn := s.find(r)
	if sn == nil || sn.Number != it.Stream || !sn.readable(now) {
		return nil, stream.Shard{}, errShardMissing(r, it.Shard)
	}
	shard, ok := sn.shard(it.Shard, now)
	if !ok {
		return nil, stream.Shard{}, errShardMissing(r, it.Shard)
	}
	return sn, shard, nil
}

// iteratorRef returns the stream that an iterator is for.
func iteratorRef(it stream.Iterator) ref { return ref{it.Account, it.Region, it.Name} }

func iteratorCursor(it stream.Iterator) cursor {
	return cursor{
		position: it.Position,
		after:    it.Type == stream.AfterSequenceNumber,
		second:   it.Time.Second(),
	}
}

// sealIterator returns the text of an iterator issued now.
func (s *Service) sealIterator(it stream.Iterator, now stream.Millis) string {
	it.Issued = now
	return s.sealer.Seal(it, nonce())
}
