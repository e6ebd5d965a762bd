package kinesis

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// PutRecords writes up to 500 records, each with an outcome of its own.
//
// Order of checks: stream, total size, each record's size, every
// ExplicitHashKey (one that is out of range fails the call), rates. Records of
// one shard keep the request's order. An entry that failed has an ErrorCode and
// no sequence number. When the server could store none of them because its
// disk is full or failed, the call fails as a whole, so that every client
// retries it.

func (s *Service) putRecords(ctx context.Context, c service.Caller, in *api.PutRecordsInput) (*putRecordsOutput, error) {
	a := getAppender()
	if err := s.putAll(ctx, c, in, a); err != nil {
		a.release()
		return nil, err
	}
	return &a.output, nil
}

// putAll writes the records and leaves the answer in a.output.
func (s *Service) putAll(ctx context.Context, c service.Caller, in *api.PutRecordsInput, a *appender) error {
	begun := time.Now()
	sn, err := s.lookupWritable(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return err
	}
	if err := checkRequestSize(in.Records.V); err != nil {
		return err
	}
	if err := a.addEntries(sn, in.Records.V); err != nil {
		return err
	}
	if in.DryRun.V {
		return errDryRun()
	}
	a.hashKeys()
	err = s.append(ctx, sn, a)
	s.countPutRecords(sn, a, begun, err)
	if err != nil {
		return err
	}
	return a.answer(sn)
}

// checkRequestSize refuses a request whose data and keys are too large
// together.
func checkRequestSize(entries []api.PutRecordsRequestEntry) error {
	total := 0
	for i := range entries {
		total += entries[i].Data.V.Len() + len(entries[i].PartitionKey.V)
	}
	if total <= stream.MaxPutBytes {
		return nil
	}
	return api.Errorf(api.InvalidArgument, "Records size exceeds %d MB limit", stream.MaxPutBytes>>20)
}

// addEntries checks the entries and adds them to the request. hashKeys has still to
// be called.
func (a *appender) addEntries(sn *snapshot, entries []api.PutRecordsRequestEntry) error {
	for i := range entries {
		e := &entries[i]
		if err := checkEntry(sn, i, e); err != nil {
			return err
		}
		if sn.hashesPartitionKey(e.ExplicitHashKey) {
			a.addUnhashed(e.PartitionKey.V, e.Data.V)
			continue
		}
		hash, err := sn.ownHashKey(e.ExplicitHashKey)
		if err != nil {
			return err
		}
		a.add(e.PartitionKey.V, e.Data.V, hash)
	}
	return nil
}

// checkEntry refuses an entry without a key or too large.
func checkEntry(sn *snapshot, i int, e *api.PutRecordsRequestEntry) error {
	if (e.PartitionKey.Set || !sn.needsKey()) && e.Data.V.Len()+len(e.PartitionKey.V) <= sn.MaxRecordBytes() {
		return nil
	}
	return checkRecord(sn, "records."+strconv.Itoa(i+1)+".member.", e.PartitionKey, e.Data.V)
}

// putRecordsOutput is the answer, in memory of an appender that it gives back once
// it has been encoded.
type putRecordsOutput struct {
	api.PutRecordsOutput
	appender *appender
	numbers  []byte // the texts of all sequence numbers
}

// Release implements api.Releaser.
func (o *putRecordsOutput) Release() { o.appender.release() }

// begin makes room for the answers to n records.
func (o *putRecordsOutput) begin(a *appender, n int) {
	o.appender = a
	o.Records = slices.Grow(o.Records, n)[:n]
	o.numbers = slices.Grow(o.numbers, n*stream.SequenceNumberDigits)
}

// clear empties the answer and keeps its memory.
func (o *putRecordsOutput) clear() {
	clear(o.Records)
	*o = putRecordsOutput{
		PutRecordsOutput: api.PutRecordsOutput{Records: o.Records[:0]},
		numbers:          o.numbers[:0],
	}
}

// addNumber returns the text of a sequence number.
func (o *putRecordsOutput) addNumber(n stream.SequenceNumber) string {
	from := len(o.numbers)
	o.numbers = n.AppendTo(o.numbers)
	return api.Alias(o.numbers[from:])
}

// answer makes the answer from the records' outcomes.
func (a *appender) answer(sn *snapshot) error {
	out := &a.output
	out.begin(a, len(a.records))
	var failed, refused int32
	var refusal error
	for i := range a.records {
		r, entry := &a.records[i], &out.Records[i]
		if r.err == nil {
			entry.ShardId = api.Some(r.shardName)
			entry.SequenceNumber = api.Some(out.addNumber(r.seq))
			continue
		}
		failed++
		if errors.Is(r.err, errThrottled) {
			entry.ErrorCode = api.Some(string(api.ProvisionedThroughputExceeded))
			entry.ErrorMessage = api.Some(rateExceeded(sn.state.ref, r.shard.ID))
			continue
		}
		refused, refusal = refused+1, r.err
		entry.ErrorCode = api.Some(string(api.InternalFailure))
		entry.ErrorMessage = api.Some("Internal Service Failure")
	}
	if int(refused) == len(a.records) {
		if errors.Is(refusal, engine.ErrNotFound) {
			return errStreamNotFound(sn.state.ref)
		}
		return refusal
	}
	out.FailedRecordCount = api.Some(failed)
	out.EncryptionType = recordEncryption(a.encrypted)
	return nil
}
