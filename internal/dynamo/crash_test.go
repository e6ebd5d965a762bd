package dynamo_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"leat/internal/engine/disk"
	"leat/internal/vfs"
)

// TestCrashAnywhere cuts the power at every write, sync and change of a directory
// that a script of changes of tables and items makes. After each cut everything
// acknowledged is there, what was not is there wholly or not at all, and indexes
// agree with items.
func TestCrashAnywhere(t *testing.T) {
	total := runCrash(t, -1, nil)
	t.Logf("%d cuts", total)
	if total < 50 {
		t.Fatalf("the script makes %d changes of files only", total)
	}
	step := 1
	if testing.Short() {
		step = 7
	}
	for cut := 1; cut <= total; cut += step {
		for seed := range uint64(2) {
			runCrash(t, cut, rand.New(rand.NewPCG(uint64(cut), seed)))
			if t.Failed() {
				t.Fatalf("cut after %d of %d changes, seed %d", cut, total, seed)
			}
		}
	}
}

// crashState is what there must be: owners by lease, by table, and which tables have
// the index.
type crashState struct {
	tables  map[string]map[string]string
	indexed map[string]bool
}

func (c crashState) clone() crashState {
	out := crashState{map[string]map[string]string{}, maps.Clone(c.indexed)}
	for name, leases := range c.tables {
		out.tables[name] = maps.Clone(leases)
	}
	return out
}

// crashRun is a script under way, and what it was told.
type crashRun struct {
	*fixture
	fs   *vfs.Mem
	disk *disk.Engine
	// acknowledged is the state after the last step that was answered, doubt that
	// after the one that failed.
	acknowledged, doubt crashState
	failed              bool
}

// runCrash runs the script, with the power cut after some changes of files, and
// returns how many it makes. Negative cut: none.
func runCrash(t *testing.T, cut int, rng *rand.Rand) int {
	t.Helper()
	empty := crashState{map[string]map[string]string{}, map[string]bool{}}
	r := &crashRun{fixture: &fixture{t: t}, fs: vfs.NewMem(), acknowledged: empty, doubt: empty}
	r.clock.Store(int64(testStart))
	r.start()
	before := r.fs.Ops()
	if cut >= 0 {
		r.fs.CutAfter(before + cut)
	}
	r.script()
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
	for range 2 { // a crash while the server starts changes nothing
		r.fs = r.fs.Crash(rng)
		r.start()
		r.fs.Cut()
		r.stop()
	}
	r.fs = r.fs.Crash(rng)
	r.start()
	r.verify()
	r.stop()
	return ops
}

func (r *crashRun) start() {
	r.t.Helper()
	e, err := disk.Open(r.fs, disk.Options{
		Now: r.now, JournalFileBytes: 64 << 10, JournalMaxBytes: 8 << 20, CheckpointBytes: 1 << 20,
		SegmentBytes: 16 << 10, SweepEvery: 1000 * time.Hour, FreeReserve: 1,
	})
	if err != nil {
		r.t.Fatalf("start: %v", err)
	}
	r.disk, r.engine = e, e
	r.open()
}

// stop ends the engine. After a cut its last words fail.
func (r *crashRun) stop() { _ = r.disk.Close() }

// step performs a call, which changes the state as change says.
func (r *crashRun) step(op, body string, change func(crashState)) {
	if r.failed {
		return
	}
	r.doubt = r.acknowledged.clone()
	change(r.doubt)
	if _, err := r.do(caller, op, body); err != nil {
		r.failed = true
		return
	}
	r.acknowledged = r.doubt
}

func (r *crashRun) createTable(name string) {
	r.step("CreateTable", `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST",`+leaseTable+`}`,
		func(c crashState) { c.tables[name], c.indexed[name] = map[string]string{}, false })
}

func (r *crashRun) deleteTable(name string) {
	r.step("DeleteTable", `{"TableName":"`+name+`"}`, func(c crashState) { delete(c.tables, name) })
}

func (r *crashRun) own(name, lease, owner string) {
	r.step("UpdateItem", `{"TableName":"`+name+`","Key":{"leaseKey":{"S":"`+lease+`"}},"UpdateExpression":"SET leaseOwner = :o",
		"ExpressionAttributeValues":{":o":{"S":"`+owner+`"}}}`, func(c crashState) { c.tables[name][lease] = owner })
}

func (r *crashRun) remove(name, lease string) {
	r.step("DeleteItem", `{"TableName":"`+name+`","Key":{"leaseKey":{"S":"`+lease+`"}}}`, func(c crashState) { delete(c.tables[name], lease) })
}

// move changes the owners of leases in two tables in one transaction.
func (r *crashRun) move(one, other, lease, owner string) {
	put := func(name string) string {
		return `{"Put":{"TableName":"` + name + `","Item":{"leaseKey":{"S":"` + lease + `"},"leaseOwner":{"S":"` + owner + `"}}}}`
	}
	r.step("TransactWriteItems", `{"ClientRequestToken":"`+lease+owner+`","TransactItems":[`+put(one)+`,`+put(other)+`]}`,
		func(c crashState) { c.tables[one][lease], c.tables[other][lease] = owner, owner })
}

func (r *crashRun) makeIndex(name string) {
	r.step("UpdateTable", `{"TableName":"`+name+`",`+ownerIndex+`}`, func(c crashState) { c.indexed[name] = true })
}

func (r *crashRun) dropIndex(name string) {
	r.step("UpdateTable", `{"TableName":"`+name+`","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"LeaseOwnerToLeaseKeyIndex"}}]}`,
		func(c crashState) { c.indexed[name] = false })
}

func (r *crashRun) checkpoint() {
	if !r.failed {
		r.failed = r.disk.Checkpoint(r.t.Context()) != nil
	}
}

func (r *crashRun) script() {
	r.createTable("app")
	r.createTable("bpp")
	for i := range 6 {
		r.own("app", fmt.Sprint("shard-", i), fmt.Sprint("w", i%2))
	}
	r.makeIndex("app")
	r.own("app", "shard-0", "w1")
	r.move("app", "bpp", "shard-1", "w2")
	r.remove("app", "shard-2")
	r.checkpoint()
	r.move("bpp", "app", "shard-9", "w0")
	r.dropIndex("app")
	r.own("app", "shard-3", "w3")
	r.makeIndex("app")
	r.makeIndex("bpp")
	r.own("bpp", "shard-1", "w1")
	r.deleteTable("app")
	r.createTable("app")
	r.own("app", "shard-0", "w0")
	r.checkpoint()
	r.makeIndex("app")
	r.move("app", "bpp", "shard-7", "w7")
	r.deleteTable("bpp")
	r.own("app", "shard-7", "w8")
}

// verify compares what there is with what was acknowledged, and with what it would
// be after the step that failed.
func (r *crashRun) verify() {
	r.t.Helper()
	got := crashState{map[string]map[string]string{}, map[string]bool{}}
	names, _ := r.get(r.call("ListTables", `{}`), "TableNames").([]any)
	items, entries := 0, 0
	for _, name := range names {
		name := name.(string)
		list, _ := r.pages("Scan", name, "")
		leases := map[string]string{}
		for _, it := range list {
			leases[r.texts([]any{it}, "leaseKey")[0]] = r.texts([]any{it}, "leaseOwner")[0]
		}
		got.tables[name] = leases
		indexes, _ := r.get(r.call("DescribeTable", `{"TableName":"`+name+`"}`), "Table", "GlobalSecondaryIndexes").([]any)
		got.indexed[name] = len(indexes) > 0
		items += len(leases)
		if got.indexed[name] {
			entries += len(leases)
			r.verifyIndex(name, leases)
		}
	}
	if !got.equal(r.acknowledged) && !got.equal(r.doubt) {
		r.t.Errorf("there is %v, which is neither\n%v as acknowledged nor\n%v as asked for", got, r.acknowledged, r.doubt)
	}
	if n := r.entries("item"); n != items {
		r.t.Errorf("%d entries for %d items", n, items)
	}
	if n := r.entries("index"); n != entries {
		r.t.Errorf("%d entries of indexes, want %d", n, entries)
	}
}

// verifyIndex compares an index with the items.
func (r *crashRun) verifyIndex(name string, leases map[string]string) {
	r.t.Helper()
	list, _ := r.pages("Scan", name, `,"IndexName":"LeaseOwnerToLeaseKeyIndex"`)
	indexed := map[string]string{}
	for _, it := range list {
		indexed[r.texts([]any{it}, "leaseKey")[0]] = r.texts([]any{it}, "leaseOwner")[0]
	}
	if !maps.Equal(indexed, leases) {
		r.t.Errorf("the index of %s has %v, the table %v", name, indexed, leases)
	}
}

func (c crashState) equal(other crashState) bool {
	if !slices.Equal(slices.Sorted(maps.Keys(c.tables)), slices.Sorted(maps.Keys(other.tables))) {
		return false
	}
	for name, leases := range c.tables {
		if !maps.Equal(leases, other.tables[name]) || c.indexed[name] != other.indexed[name] {
			return false
		}
	}
	return true
}
