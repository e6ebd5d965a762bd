package kinesis_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/engine/memory"
	"leat/internal/keyring"
	"leat/internal/kinesis"
	"leat/internal/service"
	"leat/internal/stream"
)

// testStart is when test clocks begin.
const testStart stream.Millis = 1_700_000_000_123

var caller = service.Caller{Account: "000000000000", Region: "us-east-1"}

// fixture is a service over a memory engine with a clock that stands still.
type fixture struct {
	*kinesis.Service
	t      *testing.T
	engine engine.Engine
	clock  atomic.Int64
	keys   *keyring.Ring
	ops    map[string]kinesis.Operation
	// iterators is an iterator of each stream, in tests of every operation.
	iterators map[string]string
}

type option func(*kinesis.Config)

func newFixture(t *testing.T, opts ...option) *fixture {
	t.Helper()
	f := &fixture{t: t}
	f.clock.Store(int64(testStart))
	f.engine = memory.Open(memory.Options{Now: f.now})
	f.keys = keyring.NewMemory()
	f.open(opts...)
	return f
}

func (f *fixture) now() stream.Millis { return stream.Millis(f.clock.Load()) }

func (f *fixture) advance(d time.Duration) { f.clock.Add(d.Milliseconds()) }

// open opens the service, again if it was open, as after a restart.
func (f *fixture) open(opts ...option) {
	f.t.Helper()
	cfg := kinesis.Config{
		Engine: f.engine, Logger: slog.New(slog.DiscardHandler), ShardQuota: -1, IteratorTTL: stream.IteratorTTL,
		SubscriptionTTL: stream.SubscriptionTTL, Keys: f.keys,
	}
	for _, opt := range opts {
		opt(&cfg)
	}
	var err error
	if f.Service, err = kinesis.Open(context.Background(), cfg); err != nil {
		f.t.Fatal(err)
	}
	f.ops = make(map[string]kinesis.Operation)
	for _, op := range f.Operations() {
		f.ops[op.Name] = op
	}
}

// do validates and performs an operation, as the front door does. Of a stream of
// events it takes none.
func (f *fixture) do(c service.Caller, name string, in api.Input) (api.Output, error) {
	f.t.Helper()
	op, ok := f.ops[name]
	if !ok {
		f.t.Fatalf("there is no operation %s", name)
	}
	if err := api.Validate(in, op.Schema); err != nil {
		seen.note(name, in, err)
		return nil, err
	}
	if op.Stream != nil {
		return nil, f.begin(c, op, in)
	}
	out, err := op.Call(context.Background(), c, in)
	seen.note(name, in, err)
	return out, err
}

// begin begins a stream of events, and ends it.
func (f *fixture) begin(c service.Caller, op kinesis.Operation, in api.Input) error {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events, err := op.Stream(ctx, c, in)
	seen.note(op.Name, in, err)
	if err != nil {
		return err
	}
	cancel()
	for range events {
		f.t.Errorf("%s: an event after the end", op.Name)
	}
	return nil
}

// call performs an operation that must succeed.
func (f *fixture) call(name string, in api.Input) api.Output {
	f.t.Helper()
	out, err := f.do(caller, name, in)
	if err != nil {
		f.t.Fatalf("%s: %v", name, err)
	}
	return out
}

// fails performs an operation that must answer the error.
func (f *fixture) fails(name string, in api.Input, code api.Code, message string) {
	f.t.Helper()
	_, err := f.do(caller, name, in)
	var got *api.Error
	if !errors.As(err, &got) {
		f.t.Fatalf("%s: error %v, want %s", name, err, code)
	}
	if got.Code != string(code) || got.Message != message {
		f.t.Errorf("%s:\n got %s: %s\nwant %s: %s", name, got.Code, got.Message, code, message)
	}
}

func some[T any](v T) api.Opt[T] { return api.Some(v) }

func (f *fixture) create(name string, shards int32) {
	f.t.Helper()
	f.call("CreateStream", &api.CreateStreamInput{StreamName: some(name), ShardCount: some(shards)})
}

func (f *fixture) describe(name string) api.StreamDescription {
	f.t.Helper()
	out := f.call("DescribeStream", &api.DescribeStreamInput{StreamName: some(name)})
	return out.(*api.DescribeStreamOutput).StreamDescription
}

func (f *fixture) put(name, key, data string) *api.PutRecordOutput {
	f.t.Helper()
	return f.call("PutRecord", putInput(name, key, data)).(*api.PutRecordOutput)
}

func putInput(name, key, data string) *api.PutRecordInput {
	return &api.PutRecordInput{
		StreamName: some(name), PartitionKey: some(key), Data: some(api.RawBlob([]byte(data))),
	}
}

func entry(key, data string) api.PutRecordsRequestEntry {
	return api.PutRecordsRequestEntry{PartitionKey: some(key), Data: some(api.RawBlob([]byte(data)))}
}

func (f *fixture) putRecords(name string, entries ...api.PutRecordsRequestEntry) *api.PutRecordsOutput {
	f.t.Helper()
	in := &api.PutRecordsInput{StreamName: some(name), Records: some(entries)}
	return kinesis.PutRecordsOutputForTest(f.call("PutRecords", in))
}

func (f *fixture) iterator(in api.GetShardIteratorInput) string {
	f.t.Helper()
	return f.call("GetShardIterator", &in).(*api.GetShardIteratorOutput).ShardIterator.V
}

// horizon returns an iterator of type TRIM_HORIZON.
func (f *fixture) horizon(name, shard string) string {
	f.t.Helper()
	return f.iterator(api.GetShardIteratorInput{
		StreamName: some(name), ShardId: some(shard), ShardIteratorType: some("TRIM_HORIZON"),
	})
}

// page is a GetRecords answer that needs no release.
type page struct {
	data   []string
	seqs   []string
	keys   []string
	next   string // "" when there is no NextShardIterator
	behind int64
	childs []string
	// continuation is a ContinuationSequenceNumber, "" when there is none.
	continuation string
}

// pageReader picks out of an encoded answer what tests look at. It implements
// api.Encoder, so that it sees what a client would.
type pageReader struct {
	page
	key     string
	inChild bool
	depth   int
}

func (r *pageReader) BeginStruct()  {}
func (r *pageReader) EndStruct()    {}
func (r *pageReader) BeginList(int) { r.depth++; r.inChild = r.inChild || r.key == "ChildShards" }
func (r *pageReader) EndList() {
	if r.depth--; r.depth == 0 {
		r.inChild = false
	}
}
func (r *pageReader) Key(name string) { r.key = name }
func (r *pageReader) String(s string) {
	s = strings.Clone(s) // the page is read after its output is released
	switch {
	case r.inChild && r.key == "ShardId":
		r.childs = append(r.childs, s)
	case r.key == "PartitionKey":
		r.keys = append(r.keys, s)
	case r.key == "SequenceNumber":
		r.seqs = append(r.seqs, s)
	case r.key == "ContinuationSequenceNumber":
		r.continuation = s
	case r.key == "NextShardIterator":
		r.next = s
	}
}

func (r *pageReader) Int(n int64) {
	if r.key == "MillisBehindLatest" {
		r.behind = n
	}
}
func (r *pageReader) MapKey(string)           {}
func (r *pageReader) Float(float64)           {}
func (r *pageReader) Bool(bool)               {}
func (r *pageReader) Timestamp(api.Timestamp) {}
func (r *pageReader) Blob(b api.Blob) {
	data, _ := b.AppendTo(nil)
	r.data = append(r.data, string(data))
}

func (f *fixture) get(iterator string, limit int32) page {
	f.t.Helper()
	in := &api.GetRecordsInput{ShardIterator: some(iterator)}
	if limit > 0 {
		in.Limit = some(limit)
	}
	out := f.call("GetRecords", in)
	r := new(pageReader)
	out.Encode(r)
	out.(api.Releaser).Release()
	return r.page
}

// read returns the data of a page.
func (f *fixture) read(iterator string) []string {
	f.t.Helper()
	return f.get(iterator, 0).data
}

// drain reads a closed shard to its end.
func (f *fixture) drain(iterator string) (all page) {
	f.t.Helper()
	for range 1000 {
		p := f.get(iterator, 0)
		all.data = append(all.data, p.data...)
		all.seqs = append(all.seqs, p.seqs...)
		if p.next == "" {
			all.childs = p.childs
			return all
		}
		iterator = p.next
	}
	f.t.Fatal("the shard has no end")
	return all
}

func wantData(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}
