package enginetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
)

func durableScripts() []script {
	return []script{
		{"ReopenKeepsEverything", reopenKeepsEverything},
		{"CrashKeepsWhatIsAcknowledged", crashKeepsWhatIsAcknowledged},
		{"RestartsOfTheClock", restartsOfTheClock},
		{"RevisionsGrowOverRestarts", revisionsGrowOverRestarts},
		{"ManyCrashes", manyCrashes},
	}
}

// fillAndCheck writes something of each kind and returns a function that
// checks that it is there.
func fillAndCheck(v *env) (check func()) {
	v.t.Helper()
	ids := v.logs(4)
	at := threeBatches(v, ids[0])
	v.put(batch(ids[1], 2, "xy"))
	closed := v.put(mark(ids[1]))
	threeBatches(v, ids[2])
	v.put(mark(ids[2]))
	v.must(v.e.Delete(v.ctx, ids[3:]))
	one := v.write(put(keyA, "1", engine.Absent), put(keyB, "1", engine.Absent), put(keyC, "1", engine.Absent))
	two := v.write(put(keyB, "2", one), del(keyC, one))
	tips := []engine.Tip{v.tip(ids[0]), v.tip(ids[1]), v.tip(ids[2])}
	return func() {
		v.t.Helper()
		v.wantLogs(0, ids[:3]...)
		for i, tip := range tips {
			v.check(v.tip(ids[i]) == tip, "log %d has the tip %+v, not %+v", i, tip, v.tip(ids[i]))
		}
		v.wantPayloads(ids[0], "a", "bcd", "ef")
		v.wantPage(ids[0], at[1]+1, engine.Budget{Bytes: 3}, false, "bcd")
		v.wantPayloads(ids[1], "xy")
		v.wantPage(ids[1], closed.First, plenty, true)
		v.wantPayloads(ids[2], "a", "bcd", "ef")
		v.refuse(batch(ids[1], 1, "x"), engine.ErrClosed)
		v.wantGone(ids[3])
		v.wantEntry(keyA, "1", one)
		v.wantEntry(keyB, "2", two)
		v.wantAbsent(keyC)
	}
}

func reopenKeepsEverything(v *env) {
	check := fillAndCheck(v)
	for range 2 {
		v.reopen()
		check()
		v.store.(Durable).Maintain(v.t, v.e)
		check()
	}
	v.must(v.e.Trim(v.ctx, logID(1, 2), stream.PositionAfter))
	v.store.(Durable).Maintain(v.t, v.e)
	v.reopen()
	v.check(v.tip(logID(1, 2)).Closed, "closedness is not forgotten with the records")
	r := v.put(batch(logID(1, 0), 1, "g"))
	v.wantPayloads(logID(1, 0), "a", "bcd", "ef", "g")
	v.check(v.tip(logID(1, 0)).Last == r.First, "the log goes on")
}

func crashKeepsWhatIsAcknowledged(v *env) {
	rng := rand.New(rand.NewPCG(1, 0))
	check := fillAndCheck(v)
	for range 3 {
		v.crash(rng, func() {})
		check()
	}
	v.store.(Durable).Maintain(v.t, v.e)
	v.crash(rng, func() {})
	check()
}

func restartsOfTheClock(v *env) {
	ids := v.logs(2)
	now := v.e.Now()
	ahead := batch(ids[0], 1, "x")
	ahead.NotBefore = now + 60_000
	v.put(ahead)
	v.put(batch(ids[1], 1, "x"))
	v.clock.step(-time.Hour)
	rng := rand.New(rand.NewPCG(1, 0))
	for _, restart := range []func(){v.reopen, func() { v.crash(rng, func() {}) }} {
		restart()
		v.check(v.e.Now() >= now, "after a restart the time is not below that of a durable batch: %d", v.e.Now())
		v.check(v.tip(ids[0]).Time == ahead.NotBefore, "the tip is still of %d", ahead.NotBefore)
		for i, earliest := range []stream.Millis{ahead.NotBefore, now} {
			r := v.put(batch(ids[i], 1, "y"))
			v.check(r.Time >= earliest, "after a restart a batch is not older than the one before, %d: %d", earliest, r.Time)
		}
	}
}

func revisionsGrowOverRestarts(v *env) {
	rng := rand.New(rand.NewPCG(1, 0))
	var last engine.Revision
	for i := range 10 {
		v.write(put(keyA, "x", engine.Absent))
		r := v.write(del(keyA, engine.Any))
		v.check(r > last, "revisions grow, not from %d to %d", last, r)
		last = r
		switch i % 3 {
		case 0:
			v.store.(Durable).Maintain(v.t, v.e)
			v.reopen()
		case 1:
			v.crash(rng, func() {})
		default:
			v.reopen()
		}
	}
}

// manyCrashes crashes often, with little in between, so that recovery meets
// what recovery has left.
func manyCrashes(v *env) {
	for seed := range uint64(3) {
		v.t.Logf("seed %d", seed)
		r := &random{env: v, rng: rand.New(rand.NewPCG(seed, 2)), m: newModel(), streams: seed * 1000}
		r.adopt()
		for range 25 {
			for range r.rng.IntN(4) {
				r.change()
			}
			r.crashInDoubt()
			r.checkAll()
		}
	}
}

// adopt removes what an earlier model has left.
func (r *random) adopt() {
	r.t.Helper()
	ids, err := r.e.Logs(r.ctx, 0)
	r.must(err)
	r.must(r.e.Delete(r.ctx, ids))
	list, err := r.e.List(r.ctx, "", "", 0)
	r.must(err)
	for _, e := range list {
		r.m.revision = r.env.write(del(e.Key, engine.Any))
	}
	r.m.now, r.m.newest = r.e.Now(), r.e.Now()
}

// doubt is what may or may not have happened when the power failed. It is of
// one call, as the first change that fails is the last.
type doubt struct {
	created, deleted []engine.LogID
	batches          []engine.Batch
	changes          []engine.Change
}

// crashInDoubt cuts the power in the middle of changes and finds out which of
// those whose outcome is unknown have happened: each wholly or not at all, and
// in order.
func (r *random) crashInDoubt() {
	r.t.Helper()
	r.cutting, r.failed, r.doubt = true, false, doubt{}
	r.crash(r.rng, func() {
		for n := r.rng.IntN(20); n > 0 && !r.failed; n-- {
			r.change()
		}
	})
	r.cutting = false
	r.m.restart()
	r.resolveLogs()
	for id := range r.m.logs {
		r.resolveBatches(id)
	}
	r.resolveChanges()
}

func (r *random) resolveLogs() {
	r.t.Helper()
	found, err := r.e.Logs(r.ctx, 0)
	r.must(err)
	for _, id := range found {
		if _, ok := r.m.logs[id]; !ok && slices.Contains(r.doubt.created, id) {
			r.m.logs[id] = &modelLog{}
		}
	}
	for _, id := range r.doubt.deleted {
		if !slices.Contains(found, id) {
			delete(r.m.logs, id)
		}
	}
}

// resolveBatches takes what the log holds beyond the model into the model, if
// these are batches in doubt, in their order.
func (r *random) resolveBatches(id engine.LogID) {
	r.t.Helper()
	l, tip := r.m.logs[id], r.tip(id)
	page, _ := r.read(id, l.tip.Last+1, plenty)
	extra := page.Batches
	if r.t.Failed() {
		return
	}
	for _, b := range r.doubt.batches {
		switch {
		case b.Log != id || r.m.refusal(b) != nil:
		case b.Close && len(extra) == 0 && tip.Closed:
			r.settle(b, tip.Last, tip.Time)
		case !b.Close && len(extra) > 0 && sameBatch(b, extra[0]):
			r.settle(b, extra[0].First, extra[0].Time)
			extra = extra[1:]
		}
	}
	r.check(len(extra) == 0, "%v has nothing but what was appended, and not %s", id, describe(extra))
}

func sameBatch(b engine.Batch, s engine.StoredBatch) bool {
	return b.Records == s.Records && string(b.Payload) == string(s.Payload)
}

func describe(batches []engine.StoredBatch) string {
	var s strings.Builder
	for _, b := range batches {
		fmt.Fprintf(&s, "[%d records at %d: %.20q] ", b.Records, b.First, b.Payload)
	}
	return s.String()
}

// settle takes a batch that was in doubt into the model.
func (r *random) settle(b engine.Batch, first stream.Position, t stream.Millis) {
	r.t.Helper()
	l := r.m.logs[b.Log]
	r.check(first > l.tip.Last && t >= l.tip.Time && t >= b.NotBefore, "%v goes on at %d, %d: not at %d, %d", b.Log, l.tip.Last, l.tip.Time, first, t)
	l.accept(b, first, t)
}

// resolveChanges takes the write in doubt into the model if its first change
// has been made; checkAll then finds out whether the others have.
func (r *random) resolveChanges() {
	r.t.Helper()
	if len(r.doubt.changes) == 0 {
		return
	}
	list, err := r.e.List(r.ctx, "", "", 0)
	r.must(err)
	before := r.m.list("", "", 0)
	if slices.EqualFunc(list, before, equalEntries) {
		return
	}
	revision := r.m.revision + 1
	for _, e := range list {
		revision = max(revision, e.Revision)
	}
	r.m.write(r.doubt.changes, revision)
}
