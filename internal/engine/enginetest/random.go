package enginetest

import (
	"cmp"
	"encoding/binary"
	"errors"
	"flag"
	"math/rand/v2"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
)

// seeds is for long runs: each seed is another sequence of operations.
var seeds = flag.Uint64("enginetest.seeds", 8, "how many random sequences the engines' conformance suite runs")

const (
	randomSteps = 300
	maxLogs     = 8
)

func compareLogs(a, b engine.LogID) int {
	return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Shard, b.Shard))
}

// randomOperations makes operations one after the other and compares the
// engine with the model after each.
func randomOperations(v *env, seed uint64) {
	r := &random{env: v, rng: rand.New(rand.NewPCG(seed, 1)), m: newModel()}
	for step := range randomSteps {
		r.step()
		r.checkSome()
		if step%50 == 49 {
			r.checkAll()
		}
	}
}

func (r *random) step() {
	r.t.Helper()
	durable, ok := r.store.(Durable)
	switch n := r.rng.IntN(100); {
	case n < 2 && ok:
		r.reopen()
		r.m.restart()
		r.checkAll()
	case n < 6 && ok:
		r.crashInDoubt()
		r.checkAll()
	case n < 11 && ok:
		durable.Maintain(r.t, r.e)
		r.checkAll()
	case n < 18:
		r.stepClock()
	default:
		r.change()
	}
}

// change makes one change of the engine.
func (r *random) change() {
	r.t.Helper()
	switch n := r.rng.IntN(100); {
	case n < 60:
		r.append()
	case n < 85:
		r.write()
	case n < 91:
		r.create()
	case n < 94:
		r.delete()
	default:
		r.trim()
	}
}

func (r *random) stepClock() {
	r.m.newest = max(r.m.newest, r.clock.now()) // the engine may have looked
	d := time.Duration(r.rng.IntN(2000)) * time.Millisecond
	switch r.rng.IntN(10) {
	case 0:
		d = -d
	case 1:
		d += time.Duration(r.rng.IntN(48)) * time.Hour
	}
	r.clock.step(d)
}

// settled reports whether a change has its outcome. Where the power may fail
// an error leaves it in doubt, anywhere else it fails the test.
func (r *random) settled(err error) bool {
	r.t.Helper()
	if err == nil {
		return true
	}
	if !r.cutting {
		r.t.Fatal(err)
	}
	r.failed = true
	return false
}

func (r *random) create() {
	r.t.Helper()
	var ids []engine.LogID
	if len(r.m.logs) < maxLogs {
		r.streams++
		for shard := range 1 + r.rng.IntN(3) {
			ids = append(ids, logID(r.streams, stream.ShardID(shard)))
		}
	}
	if existing := r.logIDs(); len(existing) > 0 {
		ids = append(ids, existing[r.rng.IntN(len(existing))])
	}
	if !r.settled(r.e.Create(r.ctx, ids)) {
		r.doubt.created = ids
		return
	}
	for _, id := range ids {
		if _, ok := r.m.logs[id]; !ok {
			r.m.logs[id] = &modelLog{}
		}
	}
}

func (r *random) delete() {
	r.t.Helper()
	ids := []engine.LogID{r.anyLog(), r.anyLog()}
	if !r.settled(r.e.Delete(r.ctx, ids)) {
		r.doubt.deleted = ids
		return
	}
	for _, id := range ids {
		delete(r.m.logs, id)
	}
}

func (r *random) trim() {
	r.t.Helper()
	id := r.anyLog()
	l, ok := r.m.logs[id]
	if !ok {
		r.wantErr(r.e.Trim(r.ctx, id, 1), engine.ErrNotFound)
		return
	}
	before := stream.Position(r.rng.Int64N(int64(l.tip.Last) + 3))
	l.trimmed = max(l.trimmed, before)
	r.settled(r.e.Trim(r.ctx, id, before))
}

// anyLog returns a log that mostly exists.
func (r *random) anyLog() engine.LogID {
	ids := r.logIDs()
	if n := r.rng.IntN(len(ids) + 1); n < len(ids) {
		return ids[n]
	}
	return logID(1+r.rng.Uint64N(3), stream.ShardID(r.rng.IntN(4)))
}

func (r *random) append() {
	r.t.Helper()
	batches := make([]engine.Batch, 1+r.rng.IntN(5))
	for i := range batches {
		batches[i] = r.anyBatch()
	}
	r.m.tick(r.clock.now())
	doubtful := map[engine.LogID]bool{} // logs with a batch of this call in doubt
	for i, result := range r.env.append(batches...) {
		b := batches[i]
		want := r.m.refusal(b)
		switch {
		case result.Err == nil:
			r.check(want == nil && !doubtful[b.Log], "batch %d, %+v, is refused with %v", i, b, want)
			r.accepted(b, result)
		case r.cutting && errors.Is(result.Err, engine.ErrUnknown):
			r.doubt.batches = append(r.doubt.batches, b)
			doubtful[b.Log], r.failed = true, true
		case r.cutting && errors.Is(result.Err, engine.ErrFailed):
			doubtful[b.Log], r.failed = true, true
		case doubtful[b.Log]:
			// Judged after a batch that nobody knows of.
		default:
			r.check(want != nil && errors.Is(result.Err, want), "batch %d, %+v, ends with %v, not %v", i, b, want, result.Err)
		}
	}
}

// accepted checks a batch's position and time and adds it to the model.
func (r *random) accepted(b engine.Batch, result engine.Result) {
	r.t.Helper()
	l := r.m.logs[b.Log]
	r.check(result.First > l.tip.Last, "%v goes on after %d, not at %d", b.Log, l.tip.Last, result.First)
	bound := max(b.NotBefore, l.tip.Time)
	earliest, latest := max(r.m.now, bound), max(r.m.newest, bound)
	r.check(earliest <= result.Time && result.Time <= latest, "the time is between %d and %d, not %d", earliest, latest, result.Time)
	if result.Time > bound { // so it is the engine's
		r.m.now, r.m.durable = result.Time, result.Time
	}
	l.accept(b, result.First, result.Time)
}

func (r *random) anyBatch() engine.Batch {
	b := engine.Batch{Log: r.anyLog(), Records: 1 + r.rng.IntN(4), Payload: r.anyPayload()}
	if r.rng.IntN(40) == 0 {
		b = mark(b.Log)
	}
	if r.rng.IntN(40) == 0 {
		b.Records = []int{0, engine.MaxBatchRecords + 1}[r.rng.IntN(2)]
		b.Payload = append(b.Payload, 'x') // so that a mark is invalid, too
	}
	if r.rng.IntN(10) == 0 {
		b.NotBefore = r.clock.now() + stream.Millis(r.rng.IntN(2000)-1000)
	}
	if r.rng.IntN(5) == 0 {
		tip := stream.Position(r.rng.IntN(3))
		if l, ok := r.m.logs[b.Log]; ok {
			tip += l.tip.Last
		}
		b.IfTip = &tip
	}
	return b
}

func (r *random) anyPayload() []byte {
	n := r.rng.IntN(300)
	switch r.rng.IntN(200) {
	case 0:
		n = 100_000
	case 1, 2, 3, 4, 5, 6:
		n = 5000
	}
	p := make([]byte, 0, n+8)
	for len(p) < n {
		p = binary.LittleEndian.AppendUint64(p, r.rng.Uint64())
	}
	return p[:n]
}

func (r *random) write() {
	r.t.Helper()
	var changes []engine.Change
	seen := map[engine.Key]bool{}
	for range 1 + r.rng.IntN(3) {
		c := engine.Change{Key: r.anyKey(), Value: r.anyPayload(), Delete: r.rng.IntN(4) == 0, Expect: engine.Any}
		if seen[c.Key] {
			continue
		}
		seen[c.Key] = true
		switch r.rng.IntN(6) {
		case 0:
			c.Expect = engine.Absent
		case 1:
			c.Expect = max(1, r.m.revision)
		case 2, 3:
			c.Expect = r.m.kv[c.Key].Revision
		}
		changes = append(changes, c)
	}
	r.m.tick(r.clock.now())
	revision, err := r.e.Write(r.ctx, changes)
	if r.m.conflicts(changes) && (err == nil || !r.cutting) {
		r.wantErr(err, engine.ErrConflict)
		return
	}
	if !r.settled(err) {
		if errors.Is(err, engine.ErrUnknown) {
			r.doubt.changes = changes
		}
		return
	}
	r.check(revision > r.m.revision, "revisions grow, not from %d to %d", r.m.revision, revision)
	r.m.durable = r.m.now // the write may be about it
	r.m.write(changes, revision)
}

var keyParts = []string{"", "a", "b", "a\x00", "a/b", "\xff", "\x00\x01"}

func (r *random) anyKey() engine.Key {
	k := engine.NewKey(keyParts[r.rng.IntN(len(keyParts))])
	for r.rng.IntN(2) == 0 {
		k = k.Child(keyParts[r.rng.IntN(len(keyParts))])
	}
	return k
}

// anyPrefix returns a key or the zero key.
func (r *random) anyPrefix() engine.Key {
	if r.rng.IntN(2) == 0 {
		return ""
	}
	return r.anyKey()
}
