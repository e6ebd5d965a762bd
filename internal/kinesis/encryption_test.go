package kinesis_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/keyring"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

const (
	keyOne   = "1234abcd-12ab-34cd-56ef-000000000001"
	keyTwo   = "1234abcd-12ab-34cd-56ef-000000000002"
	aliasARN = "arn:aws:kms:us-east-1:000000000000:alias/k"
)

func (f *fixture) stopEncryption() {
	f.t.Helper()
	f.call("StopStreamEncryption", &api.StopStreamEncryptionInput{StreamName: some("s"), EncryptionType: some("KMS"), KeyId: some("alias/any")})
}

// object returns the stored object of the stream s, and its revision.
func (f *fixture) object() (stream.Stream, engine.Revision) {
	f.t.Helper()
	entry, err := f.engine.Get(context.Background(), objectKey)
	if err != nil {
		f.t.Fatal(err)
	}
	obj, err := stream.DecodeStream(entry.Value)
	if err != nil {
		f.t.Fatal(err)
	}
	return obj, entry.Revision
}

var objectKey = engine.NewKey("stream", caller.Account, caller.Region, "s")

// changeObject changes the stored object of the stream s, as another program
// would, and restarts.
func (f *fixture) changeObject(change func(*stream.Stream)) {
	f.t.Helper()
	obj, revision := f.object()
	change(&obj)
	_, err := f.engine.Write(context.Background(), []engine.Change{{Key: objectKey, Value: obj.AppendBinary(nil), Expect: revision}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.open()
}

// wantRead reads the stream s from its beginning.
func (f *fixture) wantRead(want ...string) {
	f.t.Helper()
	wantData(f.t, f.all(), want...)
}

// all returns the data of all records of the stream s.
func (f *fixture) all() (data []string) {
	f.t.Helper()
	for it := f.horizon("s", shard0); ; {
		p := f.get(it, 0)
		if len(p.data) == 0 {
			return data
		}
		data, it = append(data, p.data...), p.next
	}
}

// keyringFile is a keyring in a file that a test changes.
type keyringFile struct {
	t    *testing.T
	path string
	keys *keyring.Keys
	ring *keyring.Ring
}

func newKeyringFile(t *testing.T, names ...string) *keyringFile {
	t.Helper()
	keys, _, err := keyring.None().Add(names...)
	if err != nil {
		t.Fatal(err)
	}
	k := &keyringFile{t: t, path: filepath.Join(t.TempDir(), "keyring.json")}
	k.write(keys)
	if k.ring, err = keyring.OpenFile(t.Context(), k.path, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *keyringFile) write(keys *keyring.Keys) {
	k.t.Helper()
	b, err := keys.Encode()
	if err == nil {
		err = os.WriteFile(k.path, b, 0o600)
	}
	if err != nil {
		k.t.Fatal(err)
	}
	k.keys = keys
}

// set puts other keys in force.
func (k *keyringFile) set(keys *keyring.Keys, err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
	k.write(keys)
	if err := k.ring.Refresh(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
}

// newKeyringFixture is a fixture with a stream and the keys of a file: one.
func newKeyringFixture(t *testing.T) (*fixture, *keyringFile) {
	t.Helper()
	k := newKeyringFile(t, keyOne, "alias/k")
	f := newFixture(t)
	f.keys = k.ring
	f.open()
	f.create("s", 1)
	return f, k
}

func startInput(key string) *api.StartStreamEncryptionInput {
	return &api.StartStreamEncryptionInput{StreamName: some("s"), EncryptionType: some("KMS"), KeyId: some(key)}
}

func TestUnknownKeys(t *testing.T) {
	f, k := newKeyringFixture(t)
	f.put("s", "k", "before")
	f.fails("StartStreamEncryption", startInput("alias/none"), api.KMSNotFound,
		"Alias arn:aws:kms:us-east-1:000000000000:alias/none is not found.")
	f.fails("StartStreamEncryption", startInput(keyTwo), api.KMSNotFound,
		"Key 'arn:aws:kms:us-east-1:000000000000:key/"+keyTwo+"' does not exist")
	if d := f.describe("s"); d.EncryptionType != some("NONE") {
		t.Errorf("a refused start leaves %v", d.EncryptionType)
	}
	f.startEncryption(aliasARN)
	f.put("s", "k", "sealed")

	// The key is lost: what does not need it goes on.
	with := k.keys
	k.set(keyring.None(), nil)
	const noAlias = "Alias " + aliasARN + " is not found."
	f.fails("PutRecord", putInput("s", "k", "x"), api.KMSNotFound, noAlias)
	f.fails("PutRecords", &api.PutRecordsInput{StreamName: some("s"), Records: some([]api.PutRecordsRequestEntry{entry("k", "x")})},
		api.KMSNotFound, noAlias)
	p := f.get(f.horizon("s", shard0), 0)
	wantData(t, p.data, "before")
	const noKey = "Key 'arn:aws:kms:us-east-1:000000000000:key/" + keyOne + "' does not exist"
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(p.next)}, api.KMSNotFound, noKey)
	f.open()
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(p.next)}, api.KMSNotFound, noKey)
	f.stopEncryption()
	f.put("s", "k", "after")
	k.set(with, nil)
	f.wantRead("before", "sealed", "after")
}

func TestDisabledKeys(t *testing.T) {
	f, k := newKeyringFixture(t)
	f.put("s", "k", "before")
	f.startEncryption("alias/k")
	f.put("s", "k", "sealed")
	k.set(k.keys.SetDisabled(keyOne, true))
	const disabled = "arn:aws:kms:us-east-1:000000000000:alias/k is disabled."
	f.fails("StartStreamEncryption", startInput("alias/k"), api.KMSDisabled, disabled)
	f.fails("PutRecord", putInput("s", "k", "x"), api.KMSDisabled, disabled)
	f.fails("PutRecords", &api.PutRecordsInput{StreamName: some("s"), Records: some([]api.PutRecordsRequestEntry{entry("k", "x")})},
		api.KMSDisabled, disabled)
	p := f.get(f.horizon("s", shard0), 0)
	wantData(t, p.data, "before")
	f.fails("GetRecords", &api.GetRecordsInput{ShardIterator: some(p.next)}, api.KMSDisabled,
		"arn:aws:kms:us-east-1:000000000000:key/"+keyOne+" is disabled.")
	k.set(k.keys.SetDisabled(keyOne, false))
	f.put("s", "k", "enabled")
	f.wantRead("before", "sealed", "enabled")
}

// A subscription ends at records that it may not read.
func TestSubscriptionMeetsADisabledKey(t *testing.T) {
	k := newKeyringFile(t, keyOne, "alias/k")
	inBubble(t, func(_ *testing.T, f *fixture) {
		f.startEncryption("alias/k")
		f.put("s", "k", "sealed")
		k.set(k.keys.SetDisabled("alias/k", true))
		sub := f.subscribe(f.register("s", "app").ConsumerARN, "TRIM_HORIZON", "")
		sub.wantEnd(api.KMSDisabled, "arn:aws:kms:us-east-1:000000000000:key/"+keyOne+" is disabled.")
	}, func(c *kinesis.Config) { c.Keys = k.ring })
}

// Each of these begins a new data key; what the old ones sealed stays readable.
func TestDataKeysAreReplaced(t *testing.T) {
	f, k := newKeyringFixture(t)
	withTwo, _, err := k.keys.Add(keyTwo)
	k.set(withTwo, err)
	var want []string
	put := func(keys int) {
		t.Helper()
		want = append(want, fmt.Sprint("record ", len(want)))
		f.put("s", "k", want[len(want)-1])
		if obj, _ := f.object(); len(obj.DataKeys) != keys {
			t.Errorf("%d data keys, want %d", len(obj.DataKeys), keys)
		}
		f.wantRead(want...)
		f.open()
		f.wantRead(want...)
	}
	f.startEncryption("alias/k")
	put(1)
	f.startEncryption(keyOne) // the same key
	put(1)
	f.startEncryption(keyTwo)
	put(2)
	k.set(k.keys.Rotate(keyTwo))
	put(3)
	f.stopEncryption()
	put(3)
	f.startEncryption(keyTwo)
	put(4)
	f.changeObject(func(obj *stream.Stream) { obj.DataKeys.Current().Batches = stream.MaxKeyBatches })
	put(5)
	// The alias moves to another key.
	f.startEncryption("alias/k")
	put(6)
	moved, _, err := keyring.None().Add("1234abcd-12ab-34cd-56ef-000000000003", "alias/k")
	k.write(moved)
	if err := errors.Join(err, k.ring.Refresh(t.Context())); err != nil {
		t.Fatal(err)
	}
	f.put("s", "k", "under the third")
	if obj, _ := f.object(); len(obj.DataKeys) != 7 {
		t.Errorf("%d data keys after the alias has moved", len(obj.DataKeys))
	}
}

// A data key goes when all that it may have sealed has expired.
func TestOldDataKeysAreForgotten(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.startEncryption("alias/a")
	f.put("s", "k", "old")
	f.startEncryption("alias/b")
	f.advance(47 * time.Hour)
	f.startEncryption("alias/c")
	if obj, _ := f.object(); len(obj.DataKeys) != 3 {
		t.Errorf("%d data keys, want all 3", len(obj.DataKeys))
	}
	f.advance(2 * time.Hour)
	f.startEncryption("alias/d")
	obj, _ := f.object()
	if len(obj.DataKeys) != 3 || obj.DataKeys[0].ID != 2 {
		t.Errorf("%d data keys from %d, want 2 to 4", len(obj.DataKeys), obj.DataKeys[0].ID)
	}
	f.put("s", "k", "new")
	f.wantRead("new")
}

func TestTooManyDataKeys(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.startEncryption("alias/a")
	f.changeObject(func(obj *stream.Stream) {
		last := *obj.DataKeys.Current()
		obj.DataKeys = nil
		for range stream.MaxDataKeys {
			last.Retired, last.ID = f.now(), last.ID+1
			obj.DataKeys = append(obj.DataKeys, last)
		}
	})
	f.fails("StartStreamEncryption", startInput("alias/b"), api.LimitExceeded,
		"Stream s under account 000000000000 has changed its encryption key too often within its retention period.")
}

// Nonces that may have been used are never counted as unused.
func TestBatchesAreGrantedBeforeTheyAreSealed(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.startEncryption("alias/a")
	granted := func() uint64 {
		obj, _ := f.object()
		return obj.DataKeys.Current().Batches
	}
	for restarts, want := range []uint64{1 << 20, 2 << 20, 3 << 20} {
		for range 3 {
			f.put("s", "k", "x")
			if got := granted(); got != want {
				t.Errorf("%d batches granted after %d restarts, want %d", got, restarts, want)
			}
		}
		f.open()
	}
}

// A stream that was encrypted in name only is encrypted from its first put on,
// and its records can be read.
func TestStreamsWithTheOldMark(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.changeObject(func(obj *stream.Stream) { obj.KeyID = "alias/k" })
	obj, _ := f.object()
	old := append(stream.AppendRecordHeader([]byte{2}, "k", 3), "old"...)
	res := f.engine.Append(t.Context(), []engine.Batch{{Log: engine.LogID{Stream: obj.Number}, Records: 1, Payload: old}})
	if res[0].Err != nil {
		t.Fatal(res[0].Err)
	}
	f.put("s", "k", "new")
	f.wantRead("old", "new")
	if got := f.encryptions("s"); !slices.Equal(got, []string{"KMS", "KMS"}) {
		t.Errorf("shown as %q", got)
	}
}

// tampered is an engine whose reads return changed payloads.
type tampered struct {
	engine.Engine
	change atomic.Pointer[func(payload []byte)]
}

func (e *tampered) Read(ctx context.Context, log engine.LogID, from stream.Position, budget engine.Budget) (engine.Page, error) {
	page, err := e.Engine.Read(ctx, log, from, budget)
	if change := e.change.Load(); change != nil {
		for _, b := range page.Batches {
			if _, sealed := stream.SealedBy(b.Payload); sealed {
				(*change)(b.Payload)
			}
		}
	}
	return page, err
}

// What was changed fails the read, with a message that says where and nothing of
// what is there. What is before it is read.
func TestTamperedRecords(t *testing.T) {
	f := newFixture(t)
	e := &tampered{Engine: f.engine}
	f.engine = e
	f.open()
	f.create("s", 1)
	f.put("s", "k", "before")
	f.startEncryption("alias/k")
	f.put("s", "the partition key", "the data")
	sealed := f.get(f.horizon("s", shard0), 1).next
	f.wantRead("before", "the data")
	for name, c := range map[string]struct {
		change func([]byte)
		want   string
	}{
		"data":  {func(b []byte) { b[len(b)-20] ^= 1 }, "fails authentication"},
		"nonce": {func(b []byte) { b[5] ^= 1 }, "fails authentication"},
		"tag":   {func(b []byte) { b[len(b)-1] ^= 1 }, "fails authentication"},
		"key":   {func(b []byte) { b[4] ^= 2 }, "no data key 3"},
	} {
		e.change.Store(&c.change)
		wantData(t, f.get(f.horizon("s", shard0), 0).data, "before")
		_, err := f.do(caller, "GetRecords", &api.GetRecordsInput{ShardIterator: some(sealed)})
		if err == nil {
			t.Fatalf("%s changed: no error", name)
		}
		if _, ok := errors.AsType[*api.Error](err); ok {
			t.Errorf("%s changed: the client is told %v", name, err)
		}
		for _, part := range []string{c.want, "stream s", shard0, "position 2"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s changed: %v, want %q in it", name, err, part)
			}
		}
		if strings.Contains(err.Error(), "the data") || strings.Contains(err.Error(), "the partition key") {
			t.Errorf("%s changed: the error tells what was put: %v", name, err)
		}
		e.change.Store(nil)
	}
	f.wantRead("before", "the data")
}

// Another secret under the same id opens nothing.
func TestWrongMasterKey(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.startEncryption(keyOne)
	f.put("s", "k", "sealed")
	f.keys = keyring.NewMemory()
	if _, err := f.keys.Ensure(keyOne); err != nil {
		t.Fatal(err)
	}
	f.open()
	for op, in := range map[string]api.Input{
		"GetRecords": &api.GetRecordsInput{ShardIterator: some(f.horizon("s", shard0))}, "PutRecord": putInput("s", "k", "x"),
	} {
		if _, err := f.do(caller, op, in); !errors.Is(err, keyring.ErrWrapped) || !strings.Contains(err.Error(), "data key 1 of stream s") {
			t.Errorf("%s: %v", op, err)
		}
	}
}

// The largest records and the fullest batches have room for what sealing adds.
func TestSealedSizes(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.call("UpdateMaxRecordSize", &api.UpdateMaxRecordSizeInput{StreamARN: some(arnOfS), MaxRecordSizeInKiB: some(int32(10240))})
	f.startEncryption("alias/k")
	var want []string
	for _, size := range []int{0, 1, engine.MaxBatchBytes - 40, engine.MaxBatchBytes, 10<<20 - 1} {
		want = append(want, strings.Repeat("x", size))
		f.put("s", "k", want[len(want)-1])
	}
	// These two would just fit into one batch without the room for sealing.
	var entries []api.PutRecordsRequestEntry
	for range 2 {
		size := engine.MaxBatchBytes/2 - stream.RecordSize("k", 0) - stream.BatchOverhead
		want = append(want, strings.Repeat("y", size))
		entries = append(entries, entry("k", want[len(want)-1]))
	}
	if out := f.putRecords("s", entries...); out.FailedRecordCount.V != 0 {
		t.Fatalf("%d failed", out.FailedRecordCount.V)
	}
	entries = nil
	for i := range 500 {
		want = append(want, strings.Repeat(string(rune('a'+i%26)), 1000+i))
		entries = append(entries, entry("k", want[len(want)-1]))
	}
	if out := f.putRecords("s", entries...); out.FailedRecordCount.V != 0 {
		t.Fatalf("%d failed", out.FailedRecordCount.V)
	}
	if got := f.all(); !slices.Equal(got, want) {
		t.Errorf("%d records are not the %d that were put", len(got), len(want))
	}
}

// While the key is started, stopped and changed, every put is acknowledged and
// read as it was acknowledged.
func TestEncryptionChangesWhileRecordsArePut(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	var mu sync.Mutex
	acknowledged := map[string]api.Opt[string]{}
	var stop atomic.Bool
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := 0; !stop.Load() && i < 1000; i++ {
				data := fmt.Sprint(n, " ", i)
				out, err := f.do(caller, "PutRecord", putInput("s", "k", data))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged[data] = out.(*api.PutRecordOutput).EncryptionType
				mu.Unlock()
			}
		})
	}
	for i := range 20 {
		f.startEncryption(fmt.Sprint("alias/", i%3))
		if i%4 == 3 {
			f.stopEncryption()
		}
		f.get(f.horizon("s", shard0), 0) // whatever is there can be read
	}
	stop.Store(true)
	wg.Wait()
	got := f.all()
	if len(got) != len(acknowledged) {
		t.Errorf("%d records are read and %d were put", len(got), len(acknowledged))
	}
	kinds := f.encryptions("s")
	for i, data := range got {
		if kind, ok := acknowledged[data]; !ok || kind.V != kinds[i] {
			t.Errorf("%q was put as %q (%v) and is %q", data, kind.V, ok, kinds[i])
		}
	}
}
