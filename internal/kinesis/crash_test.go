package kinesis_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"leat/internal/api"
	"leat/internal/engine/disk"
	"leat/internal/keyring"
	"leat/internal/kinesis"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// TestCrashAnywhere cuts the power at every write, sync and change of a
// directory that a script of changes and puts makes, between all steps of a
// split, a merge, a deletion and a creation under the same name. After each cut
// everything acknowledged is there, once and in order, and what was not is
// there wholly or not at all.
func TestCrashAnywhere(t *testing.T) { crashEverywhere(t, (*crashRun).script) }

// crashEverywhere runs a script without a cut, and then with one at each place.
func crashEverywhere(t *testing.T, script func(*crashRun)) {
	t.Helper()
	total := runCrash(t, script, -1, nil)
	t.Logf("%d cuts", total)
	if total < 50 {
		t.Fatalf("the script makes %d changes of files only", total)
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for cut := 1; cut <= total; cut += step {
		for seed := range uint64(4) {
			runCrash(t, script, cut, rand.New(rand.NewPCG(uint64(cut), seed)))
			if t.Failed() {
				t.Fatalf("cut after %d of %d changes, seed %d", cut, total, seed)
			}
		}
	}
}

// crashRun is a script under way, and what it was told.
type crashRun struct {
	*fixture
	fs      *vfs.Mem
	disk    *disk.Engine
	streams map[string]*expected
	// doubt is what the change that failed would have made of the stream.
	doubtName string
	doubt     *expected
	failed    bool
	records   int
}

// expected is what a stream must be like.
type expected struct {
	open      int // open shards
	retention int32
	tags      string
	consumers string
	key       string            // of encryption, "" for none
	records   map[string]string // data by sequence number
	unsure    []string          // data of puts that were not acknowledged
}

func (e *expected) clone() *expected {
	c := *e
	c.records, c.unsure = maps.Clone(e.records), slices.Clone(e.unsure)
	return &c
}

// runCrash runs a script, with the power cut after some changes of files,
// and returns how many it makes. Negative cut: none.
func runCrash(t *testing.T, script func(*crashRun), cut int, rng *rand.Rand) int {
	t.Helper()
	r := &crashRun{fixture: &fixture{t: t}, fs: vfs.NewMem(), streams: map[string]*expected{}}
	r.clock.Store(int64(testStart))
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	before := r.fs.Ops()
	if cut >= 0 {
		r.fs.CutAfter(before + cut)
	}
	script(r)
	ops := r.fs.Ops() - before
	if cut < 0 {
		if r.failed {
			t.Fatal("the script fails without a cut")
		}
		r.verify()
		r.stop()
		return ops
	}
	r.fs.Cut()
	r.stop()
	for range 2 { // a crash right after recovery changes nothing
		r.fs = r.fs.Crash(rng)
		if err := r.start(); err != nil {
			t.Fatalf("start after the crash: %v", err)
		}
		if t.Failed() {
			break
		}
		r.fs.Cut()
		r.stop()
	}
	r.fs = r.fs.Crash(rng)
	if err := r.start(); err != nil {
		t.Fatalf("start after the crash: %v", err)
	}
	r.verify()
	r.stop()
	return ops
}

func (r *crashRun) start() error {
	e, err := disk.Open(r.fs, disk.Options{
		Now: r.now, JournalFileBytes: 64 << 10, JournalMaxBytes: 8 << 20, CheckpointBytes: 1 << 20,
		SegmentBytes: 16 << 10, SweepEvery: 1000 * time.Hour, FreeReserve: 1,
	})
	if err != nil {
		return err
	}
	r.disk, r.engine = e, e
	if r.keys, err = keyring.OpenLocal(r.fs); err != nil {
		return err
	}
	r.open(func(c *kinesis.Config) {
		c.OnDemand = kinesis.OnDemand{SplitAt: 20, Memory: time.Minute, Interval: time.Minute}
	})
	return nil
}

// stop ends the engine. After a cut its last words fail.
func (r *crashRun) stop() { _ = r.disk.Close() }

// change performs one change of a stream. after is what it makes of it; nil if
// the stream goes.
func (r *crashRun) change(name, op string, in api.Input, after *expected) {
	if r.failed {
		return
	}
	if _, err := r.do(caller, op, in); err != nil {
		r.failed, r.doubtName, r.doubt = true, name, after
		return
	}
	if after == nil {
		delete(r.streams, name)
		return
	}
	r.streams[name] = after
}

func (r *crashRun) createStream(name string, shards int32) {
	r.change(name, "CreateStream", &api.CreateStreamInput{StreamName: some(name), ShardCount: some(shards)},
		&expected{open: int(shards), retention: 24, records: map[string]string{}})
}

// puts puts some records, alone and in batches.
func (r *crashRun) puts(name string) {
	for n := range 3 {
		if r.failed {
			return
		}
		var entries []api.PutRecordsRequestEntry
		var data []string
		for range 1 + 3*n {
			r.records++
			data = append(data, fmt.Sprint("record ", r.records, strings.Repeat(".", 700*n)))
			entries = append(entries, entry(fmt.Sprint("key ", r.records%5), data[len(data)-1]))
		}
		r.putBatch(name, entries, data)
	}
}

func (r *crashRun) putBatch(name string, entries []api.PutRecordsRequestEntry, data []string) {
	want := r.streams[name]
	out, err := r.do(caller, "PutRecords", &api.PutRecordsInput{StreamName: some(name), Records: some(entries)})
	if err != nil {
		r.failed = true
		want.unsure = append(want.unsure, data...)
		return
	}
	for i, e := range kinesis.PutRecordsOutputForTest(out).Records {
		if e.ErrorCode.Set {
			r.failed = true
			want.unsure = append(want.unsure, data[i])
			continue
		}
		want.records[e.SequenceNumber.V] = data[i]
	}
}

func (r *crashRun) reshape(name, op string, in api.Input, open int) {
	if r.failed {
		return
	}
	after := r.streams[name].clone()
	after.open = open
	r.change(name, op, in, after)
}

// reconsume changes the consumers of a stream.
func (r *crashRun) reconsume(name, op string, in api.Input, consumers string) {
	if r.failed {
		return
	}
	after := r.streams[name].clone()
	after.consumers = consumers
	r.change(name, op, in, after)
}

// encrypt starts encryption with a key, or for none stops it.
func (r *crashRun) encrypt(name, key string) {
	if r.failed {
		return
	}
	after := r.streams[name].clone()
	after.key = key
	if key == "" {
		r.change(name, "StopStreamEncryption", &api.StopStreamEncryptionInput{
			StreamName: some(name), EncryptionType: some("KMS"), KeyId: some("alias/any"),
		}, after)
		return
	}
	r.change(name, "StartStreamEncryption", &api.StartStreamEncryptionInput{
		StreamName: some(name), EncryptionType: some("KMS"), KeyId: some(key),
	}, after)
}

// scatter puts many records all over the shards of a stream, so that all of
// them are hot if it is an on-demand stream.
func (r *crashRun) scatter(name string) {
	if r.failed {
		return
	}
	var entries []api.PutRecordsRequestEntry
	var data []string
	for i := range 64 {
		r.records++
		data = append(data, fmt.Sprintf("record %d %0100d", r.records, 0))
		e := entry("k", data[i])
		e.ExplicitHashKey = some(stream.HashKey{Hi: uint64(i) << 58}.String())
		entries = append(entries, e)
	}
	r.putBatch(name, entries, data)
}

// scale fits the on-demand stream to what was written to it.
func (r *crashRun) scale(name string, open int) {
	if r.failed {
		return
	}
	after := r.streams[name].clone()
	after.open = open
	if err := r.Scale(context.Background()); err != nil {
		r.failed, r.doubtName, r.doubt = true, name, after
		return
	}
	r.streams[name] = after
}

func (r *crashRun) checkpoint() {
	if r.failed {
		return
	}
	r.failed = r.disk.Checkpoint(context.Background()) != nil
}

func (r *crashRun) script() {
	r.createStream("a", 2)
	r.createStream("b", 1)
	r.puts("a")
	r.reshape("a", "SplitShard", &api.SplitShardInput{StreamName: some("a"), ShardToSplit: some("0"), NewStartingHashKey: some("1000000")}, 3)
	r.reconsume("a", "RegisterStreamConsumer", registerInput("a", "app"), "[app ACTIVE]")
	r.puts("a")
	r.puts("b")
	r.reconsume("b", "RegisterStreamConsumer", registerInput("b", "app"), "[app ACTIVE]")
	r.checkpoint()
	r.reconsume("b", "RegisterStreamConsumer", registerInput("b", "other"), "[app ACTIVE other ACTIVE]")
	r.reconsume("b", "DeregisterStreamConsumer",
		&api.DeregisterStreamConsumerInput{StreamARN: some(arnOf("b")), ConsumerName: some("app")}, "[other ACTIVE]")
	r.puts("a")
	r.reshape("a", "MergeShards", &api.MergeShardsInput{StreamName: some("a"), ShardToMerge: some("3"), AdjacentShardToMerge: some("1")}, 2)
	r.puts("a")
	if !r.failed {
		tagged := r.streams["b"].clone()
		tagged.tags = "[{k {v true}}]"
		r.change("b", "AddTagsToStream", &api.AddTagsToStreamInput{StreamName: some("b"), Tags: some(map[string]string{"k": "v"})}, tagged)
	}
	if !r.failed {
		longer := r.streams["b"].clone()
		longer.retention = 48
		r.change("b", "IncreaseStreamRetentionPeriod", &api.IncreaseStreamRetentionPeriodInput{StreamName: some("b"), RetentionPeriodHours: some(int32(48))}, longer)
	}
	r.change("d", "CreateStream", &api.CreateStreamInput{StreamName: some("d"), StreamModeDetails: mode("ON_DEMAND")},
		&expected{open: 4, retention: 24, records: map[string]string{}})
	r.scatter("d")
	r.scale("d", 5)
	r.scatter("d")
	r.advance(time.Minute)
	r.scale("d", 6)
	r.checkpoint()
	r.scatter("d")
	r.advance(10 * time.Minute)
	r.scale("d", 5)
	r.change("a", "DeleteStream", &api.DeleteStreamInput{StreamName: some("a"), EnforceConsumerDeletion: some(true)}, nil)
	r.createStream("a", 1)
	r.puts("a")
	r.checkpoint()
	r.reshape("b", "UpdateShardCount", &api.UpdateShardCountInput{
		StreamName: some("b"), TargetShardCount: some(int32(2)), ScalingType: some("UNIFORM_SCALING"),
	}, 2)
	r.puts("b")
	r.checkpoint()
	r.puts("b")
}

// TestCrashWhileEncrypting is TestCrashAnywhere with a script that starts, changes
// and stops encryption: a record is never without the key that sealed it.
func TestCrashWhileEncrypting(t *testing.T) {
	script := func(r *crashRun) {
		r.createStream("a", 2)
		r.puts("a")
		r.encrypt("a", "alias/one")
		r.puts("a")
		r.encrypt("a", "alias/two") // a new master key and a new data key
		r.puts("a")
		r.reshape("a", "SplitShard", &api.SplitShardInput{StreamName: some("a"), ShardToSplit: some("0"), NewStartingHashKey: some("1000000")}, 3)
		r.puts("a")
		r.checkpoint()
		r.encrypt("a", "")
		r.puts("a")
		r.encrypt("a", "alias/one") // a new data key under the old master key
		r.puts("a")
		r.checkpoint()
	}
	crashEverywhere(t, script)
}

// verify compares the streams with what must be there.
func (r *crashRun) verify() {
	r.t.Helper()
	names := r.call("ListStreams", &api.ListStreamsInput{}).(*api.ListStreamsOutput).StreamNames
	for name, want := range r.streams {
		there := slices.Contains(names, name)
		switch {
		case there && name == r.doubtName && r.doubt != nil && r.matches(name, r.doubt):
		case there:
			if !r.matches(name, want) {
				r.t.Errorf("stream %s is neither as acknowledged nor as asked for: %+v", name, r.describe(name))
			}
		case name != r.doubtName || r.doubt != nil:
			r.t.Errorf("stream %s is gone", name)
			continue
		default:
			continue
		}
		r.verifyRecords(name, want)
	}
	for _, name := range names {
		if r.streams[name] == nil && name != r.doubtName {
			r.t.Errorf("stream %s is there again", name)
		}
	}
	r.verifyShards(names)
}

// matches reports whether a stream's settings are as expected.
func (r *crashRun) matches(name string, want *expected) bool {
	d := r.describe(name)
	tags := r.call("ListTagsForStream", &api.ListTagsForStreamInput{StreamName: some(name)}).(*api.ListTagsForStreamOutput).Tags
	got := ""
	if len(tags) > 0 {
		got = fmt.Sprint(tags)
	}
	consumers := ""
	if list := r.consumers(name); len(list) > 0 {
		consumers = fmt.Sprint(list)
	}
	return consumers == want.consumers && d.KeyId.V == want.key && d.StreamStatus == "ACTIVE" && len(openShards(d)) == want.open && d.RetentionPeriodHours == want.retention && got == want.tags
}

// verifyRecords reads a stream, parents before children.
func (r *crashRun) verifyRecords(name string, want *expected) {
	r.t.Helper()
	got := map[string]string{}
	for _, shard := range r.allShards(name) {
		last := shard.SequenceNumberRange.StartingSequenceNumber
		for it := r.horizon(name, shard.ShardId); it != ""; {
			p := r.get(it, 0)
			for i, seq := range p.seqs {
				if seq <= last {
					r.t.Errorf("%s: %s follows %s", name, seq, last)
				}
				got[seq], last = p.data[i], seq
			}
			if it = p.next; len(p.seqs) == 0 {
				break
			}
		}
	}
	for seq, data := range want.records {
		if got[seq] != data {
			r.t.Errorf("%s: the acknowledged %.12q is lost; %s holds %.12q", name, data, seq, got[seq])
		}
		delete(got, seq)
	}
	for seq, data := range got {
		if !slices.Contains(want.unsure, data) {
			r.t.Errorf("%s: %s holds %.12q, which nobody put there", name, seq, data)
		}
		want.unsure = slices.DeleteFunc(want.unsure, func(s string) bool { return s == data })
	}
}

// verifyShards checks that the open shards of each stream cover all hash keys
// and take records, and that there are no logs but those of shards.
func (r *crashRun) verifyShards(names []string) {
	r.t.Helper()
	shards := 0
	for _, name := range names {
		all := r.allShards(name)
		shards += len(all)
		next := stream.HashKey{}
		var open []api.Shard
		for _, s := range all {
			if !s.SequenceNumberRange.EndingSequenceNumber.Set {
				open = append(open, s)
			}
		}
		for range open {
			i := slices.IndexFunc(open, func(s api.Shard) bool { return s.HashKeyRange.StartingHashKey == next.String() })
			if i < 0 {
				r.t.Fatalf("%s: no open shard begins at %s", name, next)
			}
			end, err := stream.ParseHashKey(open[i].HashKeyRange.EndingHashKey)
			if err != nil {
				r.t.Fatal(err)
			}
			next = end.Next()
			in := putInput(name, "k", "after the crash")
			in.ExplicitHashKey = some(end.String())
			if out := r.call("PutRecord", in).(*api.PutRecordOutput); out.ShardId != open[i].ShardId {
				r.t.Errorf("%s: a record for %s went to %s", name, open[i].ShardId, out.ShardId)
			}
		}
		if next != (stream.HashKey{}) {
			r.t.Errorf("%s: the open shards end at %s", name, next)
		}
	}
	if n := r.logs(); n != shards {
		r.t.Errorf("%d logs for %d shards", n, shards)
	}
}
