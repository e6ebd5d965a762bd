package kinesis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

func withRates(c *kinesis.Config) { c.EnforceRates = true }

func TestPutRecordsRoutes(t *testing.T) {
	f := newFixture(t)
	f.create("s", 3)
	explicit := entry("ignored", "e3")
	explicit.ExplicitHashKey = some("340282366920938463463374607431768211455")
	out := f.putRecords("s", entry("a", "e0"), entry("b", "e1"), entry("e", "e2"), explicit, entry("a", "e4"))
	if out.FailedRecordCount != some(int32(0)) {
		t.Errorf("FailedRecordCount %v", out.FailedRecordCount)
	}
	var shards []string
	for _, r := range out.Records {
		shards = append(shards, strings.TrimLeft(strings.TrimPrefix(r.ShardId.V, "shardId-"), "0"))
	}
	if got, want := shards, []string{"", "1", "2", "2", ""}; !slices.Equal(got, want) {
		t.Errorf("shards %q, want %q", got, want)
	}
	p := f.get(f.horizon("s", shard0), 0)
	wantData(t, p.data, "e0", "e4")
	if want := []string{out.Records[0].SequenceNumber.V, out.Records[4].SequenceNumber.V}; !slices.Equal(p.seqs, want) {
		t.Errorf("numbers read %q, numbers answered %q", p.seqs, want)
	}
}

// Records of one request that do not fit one batch keep their order.
func TestPutRecordsOfManyBatches(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	var entries []api.PutRecordsRequestEntry
	var want []string
	for i := range 40 {
		data := fmt.Sprintf("%02d%s", i, strings.Repeat("x", 50_000*(i%5)))
		entries, want = append(entries, entry("k", data)), append(want, data)
	}
	f.putRecords("s", entries...)
	got := f.get(f.horizon("s", shard0), 0)
	if !slices.Equal(got.data, want) || !slices.IsSorted(got.seqs) {
		t.Error("the records are not what was put, or not in order")
	}
}

func TestPutErrors(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	put := func(change func(*api.PutRecordInput)) *api.PutRecordInput {
		in := putInput("s", "k", "x")
		change(in)
		return in
	}
	f.fails("PutRecord", putInput("other", "k", "x"), api.ResourceNotFound, "Stream other under account 000000000000 not found.")
	f.fails("PutRecord", put(func(in *api.PutRecordInput) { in.ExplicitHashKey = some("340282366920938463463374607431768211456") }),
		api.InvalidArgument, "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was 340282366920938463463374607431768211456")
	f.fails("PutRecord", put(func(in *api.PutRecordInput) { in.Data = some(api.RawBlob(make([]byte, 1<<20))) }),
		api.Validation, "1 validation error detected: Value at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576")
	f.fails("PutRecord", put(func(in *api.PutRecordInput) { in.PartitionKey = api.Opt[string]{} }),
		api.Validation, "1 validation error detected: Value null at 'partitionKey' failed to satisfy constraint: Member must not be null")
	future := stream.SequenceNumber{Created: testStart.Second(), Time: testStart.Second() + 1}.String()
	f.fails("PutRecord", put(func(in *api.PutRecordInput) { in.SequenceNumberForOrdering = some(future) }),
		api.InvalidArgument, "ExclusiveMinimumSequenceNumber "+future+" used in PutRecord on stream s under account 000000000000 is invalid.")
	now := stream.SequenceNumber{Created: testStart.Second(), Time: testStart.Second()}.String()
	f.call("PutRecord", put(func(in *api.PutRecordInput) { in.SequenceNumberForOrdering = some(now) }))

	big := strings.Repeat("x", 1<<20-1)
	eleven := make([]api.PutRecordsRequestEntry, 11)
	for i := range eleven {
		eleven[i] = entry("k", big)
	}
	f.fails("PutRecords", &api.PutRecordsInput{StreamName: some("s"), Records: some(eleven)},
		api.InvalidArgument, "Records size exceeds 10 MB limit")
	f.putRecords("s", eleven[:10]...)
	f.fails("PutRecords", &api.PutRecordsInput{StreamName: some("s"), Records: some([]api.PutRecordsRequestEntry{entry("k", "x"), entry("kk", big)})},
		api.Validation, "1 validation error detected: Value at 'records.2.member.data' failed to satisfy constraint: Member must have length less than or equal to 1048576")
}

func TestWriteRates(t *testing.T) {
	f := newFixture(t)
	f.open(withRates)
	f.create("s", 1)
	const rateText = "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000."
	half := strings.Repeat("x", 500)
	for range 2 {
		for range 2 { // a second's worth of records
			entries := make([]api.PutRecordsRequestEntry, 500)
			for i := range entries {
				entries[i] = entry("k", half)
			}
			if out := f.putRecords("s", entries...); out.FailedRecordCount.V != 0 {
				t.Fatalf("%d of 500 records failed", out.FailedRecordCount.V)
			}
		}
		f.fails("PutRecord", putInput("s", "k", "x"), api.ProvisionedThroughputExceeded, rateText)
		out := f.putRecords("s", entry("k", "x"))
		want := api.PutRecordsResultEntry{
			ErrorCode: some("ProvisionedThroughputExceededException"), ErrorMessage: some(rateText),
		}
		if out.FailedRecordCount.V != 1 || out.Records[0] != want {
			t.Errorf("answer %+v", out)
		}
		f.advance(time.Second)
	}
	f.advance(time.Second)
	f.put("s", "k", strings.Repeat("x", 1<<20-1))
	f.fails("PutRecord", putInput("s", "k", "xx"), api.ProvisionedThroughputExceeded, rateText)
	f.advance(time.Millisecond) // 1,048 bytes
	f.put("s", "k", "xx")
}

func TestReadRates(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	for range 10 {
		f.put("s", "k", strings.Repeat("x", 1<<20-1))
	}
	it := f.horizon("s", shard0)
	f.open(withRates)
	const rateText = "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000."
	get := &api.GetRecordsInput{ShardIterator: some(it), Limit: some(int32(1))}
	for range 2 { // each reads 1 MiB of the 2 there are
		f.call("GetRecords", get)
	}
	f.fails("GetRecords", get, api.ProvisionedThroughputExceeded, rateText)
	f.advance(time.Second)
	f.get(it, 0) // 10 MiB: in debt for 4 s
	for range 4 {
		f.fails("GetRecords", get, api.ProvisionedThroughputExceeded, rateText)
		f.advance(time.Second)
	}
	f.fails("GetRecords", get, api.ProvisionedThroughputExceeded, rateText)
	f.advance(time.Second)
	f.call("GetRecords", get)

	f.advance(time.Minute)
	empty := f.get(it, 0).next
	f.advance(time.Minute)
	for range 5 {
		f.get(empty, 0)
	}
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(empty)}, api.ProvisionedThroughputExceeded, rateText)
	for range 5 {
		f.horizon("s", shard0)
	}
	f.fails("GetShardIterator", &api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("LATEST"),
	}, api.ProvisionedThroughputExceeded, rateText)
}

func TestDryRunDoesNothing(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	in := putInput("s", "k", "x")
	in.DryRun = some(true)
	const text = "Request would have succeeded, but DryRun flag is set."
	f.fails("PutRecord", in, api.DryRunOperation, text)
	f.fails("PutRecords", &api.PutRecordsInput{
		StreamName: some("s"), DryRun: some(true), Records: some([]api.PutRecordsRequestEntry{entry("k", "x")}),
	}, api.DryRunOperation, text)
	it := f.horizon("s", shard0)
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(it), DryRun: some(true)}, api.DryRunOperation, text)
	f.fails("GetShardIterator", &api.GetShardIteratorInput{
		StreamName: some("s"), ShardId: some(shard0), ShardIteratorType: some("LATEST"), DryRun: some(true),
	}, api.DryRunOperation, text)
	wantData(t, f.read(it))
}

// Puts that race with resharding are never refused, and each key's records stay
// in order across the shards.
func TestPutsDuringResharding(t *testing.T) {
	f := newFixture(t)
	f.create("s", 2)
	const writers, each = 8, 150
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				in := putInput("s", fmt.Sprint("key-", w), fmt.Sprint(i))
				if _, err := f.do(caller, "PutRecord", in); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	for _, target := range []int32{4, 3, 5, 10, 6} {
		f.scale("s", target)
	}
	wg.Wait()

	last := map[string]int{}
	total := 0
	for _, shard := range f.allShards("s") {
		it := f.horizon("s", shard.ShardId)
		for it != "" {
			r := f.getKeys(it)
			for i, key := range r.keys {
				var n int
				if _, err := fmt.Sscan(r.data[i], &n); err != nil {
					t.Fatal(err)
				}
				if last[key] != n {
					t.Errorf("%s: record %d where %d was next", key, n, last[key])
				}
				last[key] = n + 1
				total++
			}
			if it = r.next; len(r.data) == 0 {
				break
			}
		}
	}
	if total != writers*each {
		t.Errorf("%d records were read, %d acknowledged", total, writers*each)
	}
}

// allShards lists the shards of a stream in the order of their ids: parents
// before children.
func (f *fixture) allShards(name string) []api.Shard {
	f.t.Helper()
	return f.call("ListShards", &api.ListShardsInput{StreamName: some(name)}).(*api.ListShardsOutput).Shards.V
}

// keyedPage is a page with the records' keys.
type keyedPage struct {
	pageReader
	keys []string
}

func (r *keyedPage) String(s string) {
	if r.key == "PartitionKey" {
		r.keys = append(r.keys, strings.Clone(s))
	}
	r.pageReader.String(s)
}

func (f *fixture) getKeys(iterator string) *keyedPage {
	f.t.Helper()
	out := f.call("GetRecords", &api.GetRecordsInput{ShardIterator: some(iterator)})
	r := new(keyedPage)
	out.Encode(r)
	out.(api.Releaser).Release()
	return r
}

// refusing is an engine that refuses calls.
type refusing struct {
	engine.Engine
	mu      sync.Mutex
	appends error // of every batch
	after   int   // changes that still succeed; then change is what they fail with
	change  error
}

func (e *refusing) Append(ctx context.Context, batches []engine.Batch) []engine.Result {
	e.mu.Lock()
	err := e.appends
	e.mu.Unlock()
	if err == nil && batches[0].Close {
		err = e.allow()
	}
	if err == nil {
		return e.Engine.Append(ctx, batches)
	}
	results := make([]engine.Result, len(batches))
	for i := range results {
		results[i].Err = err
	}
	return results
}

// allow counts a change down.
func (e *refusing) allow() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.change == nil {
		return nil
	}
	if e.after--; e.after >= 0 {
		return nil
	}
	return e.change
}

func (e *refusing) Create(ctx context.Context, logs []engine.LogID) error {
	if err := e.allow(); err != nil {
		return err
	}
	return e.Engine.Create(ctx, logs)
}

func (e *refusing) Delete(ctx context.Context, logs []engine.LogID) error {
	if err := e.allow(); err != nil {
		return err
	}
	return e.Engine.Delete(ctx, logs)
}

func (e *refusing) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	if err := e.allow(); err != nil {
		return 0, err
	}
	return e.Engine.Write(ctx, changes)
}

func TestEngineRefusals(t *testing.T) {
	for _, tt := range []struct {
		err    error
		code   api.Code
		status int
	}{
		{engine.ErrFull, api.ServiceUnavailable, 503},
		{engine.ErrFailed, api.InternalFailure, 500},
		{engine.ErrUnknown, api.InternalFailure, 500},
	} {
		f := newFixture(t)
		f.create("s", 1)
		f.put("s", "k", "before")
		e := &refusing{Engine: f.engine, appends: tt.err}
		f.engine = e
		f.open()
		for name, in := range map[string]api.Input{
			"PutRecord":  putInput("s", "k", "x"),
			"PutRecords": &api.PutRecordsInput{StreamName: some("s"), Records: some([]api.PutRecordsRequestEntry{entry("k", "x")})},
		} {
			_, err := f.do(caller, name, in)
			var got *api.Error
			if !errors.As(err, &got) || got.Code != string(tt.code) || got.Status != tt.status {
				t.Errorf("%s with %v: %v", name, tt.err, err)
			}
		}
		wantData(t, f.read(f.horizon("s", shard0)), "before")
	}
}

// Every change of a stream is made of steps; an interruption between any two
// is finished by the next start, or, where the server goes on, by who meets it.
func TestInterruptedChangesAreFinished(t *testing.T) {
	changes := map[string]api.Input{
		"CreateStream": &api.CreateStreamInput{StreamName: some("new"), ShardCount: some(int32(2))},
		"DeleteStream": &api.DeleteStreamInput{StreamName: some("s")},
		"SplitShard":   &api.SplitShardInput{StreamName: some("s"), ShardToSplit: some("0"), NewStartingHashKey: some("5")},
		"MergeShards":  &api.MergeShardsInput{StreamName: some("s"), ShardToMerge: some("0"), AdjacentShardToMerge: some("1")},
		"UpdateShardCount": &api.UpdateShardCountInput{
			StreamName: some("s"), TargetShardCount: some(int32(3)), ScalingType: some("UNIFORM_SCALING"),
		},
	}
	for name, in := range changes {
		for after := range 5 {
			for _, restart := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%d/%v", name, after, restart), func(t *testing.T) {
					f := newFixture(t)
					e := &refusing{Engine: f.engine}
					f.engine = e
					f.open()
					f.create("s", 2)
					f.put("s", "a", "x")
					e.change, e.after = engine.ErrFull, after
					_, err := f.do(caller, name, in)
					e.change = nil
					if after == 4 && err != nil {
						t.Fatalf("%d steps were not enough: %v", after, err)
					}
					if restart {
						f.open()
					} else if err := f.Sweep(context.Background()); err != nil {
						t.Fatal(err)
					}
					f.checkConsistent()
				})
			}
		}
	}
}

// checkConsistent checks that every stream is active, has all its logs and no
// others exist, and that records can be put and read everywhere.
func (f *fixture) checkConsistent() {
	f.t.Helper()
	names := f.call("ListStreams", &api.ListStreamsInput{}).(*api.ListStreamsOutput).StreamNames
	shards := 0
	for _, name := range names {
		d := f.describe(name)
		if d.StreamStatus != "ACTIVE" {
			f.t.Errorf("stream %s is %s", name, d.StreamStatus)
		}
		shards += len(d.Shards)
		for _, shard := range d.Shards {
			if !shard.SequenceNumberRange.EndingSequenceNumber.Set {
				in := putInput(name, "k", "check")
				in.ExplicitHashKey = some(shard.HashKeyRange.StartingHashKey)
				if out := f.call("PutRecord", in).(*api.PutRecordOutput); out.ShardId != shard.ShardId {
					f.t.Errorf("a record for %s went to %s", shard.ShardId, out.ShardId)
				}
				if got := f.read(f.horizon(name, shard.ShardId)); !slices.Contains(got, "check") {
					f.t.Errorf("%s holds %q", shard.ShardId, got)
				}
				continue
			}
			f.drain(f.horizon(name, shard.ShardId))
		}
		if name == "s" {
			if first := f.read(f.horizon(name, shard0)); len(first) == 0 || first[0] != "x" {
				f.t.Errorf("the acknowledged record is gone: %q", first)
			}
		}
	}
	logs, err := f.engine.Logs(context.Background(), 0)
	if err != nil {
		f.t.Fatal(err)
	}
	if len(logs) != shards {
		f.t.Errorf("%d logs for %d shards", len(logs), shards)
	}
}

// leaving is an engine whose caller's client goes away after the first change.
type leaving struct {
	engine.Engine
	leave context.CancelFunc
}

func (e *leaving) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	rev, err := e.Engine.Write(ctx, changes)
	e.leave()
	return rev, err
}

// A change that has been begun is carried through, whether anybody waits for it
// or not.
func TestChangesOutliveTheirClients(t *testing.T) {
	for name, in := range map[string]api.Input{
		"CreateStream": &api.CreateStreamInput{StreamName: some("new")},
		"DeleteStream": &api.DeleteStreamInput{StreamName: some("s")},
		"SplitShard":   &api.SplitShardInput{StreamName: some("s"), ShardToSplit: some("0"), NewStartingHashKey: some("5")},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			ctx, cancel := context.WithCancel(context.Background())
			e := &leaving{Engine: f.engine, leave: func() {}}
			f.engine = e
			f.open()
			f.create("s", 1)
			f.put("s", "a", "x")
			e.leave = cancel
			if _, err := f.ops[name].Call(ctx, caller, in); err != nil {
				t.Errorf("the change ends with %v", err)
			}
			f.checkConsistent()
		})
	}
}
