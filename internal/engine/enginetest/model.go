package enginetest

import (
	"math/rand/v2"
	"slices"
	"strings"

	"leat/internal/engine"
	"leat/internal/stream"
)

// model is what an engine must hold, in the plainest form: nothing is ever
// forgotten, everything is searched from the start.
type model struct {
	logs map[engine.LogID]*modelLog
	kv   map[engine.Key]engine.Entry

	revision engine.Revision // of the last write
	now      stream.Millis   // what the engine's time is at least when it is asked next
	durable  stream.Millis   // what it is at least after a restart
	newest   stream.Millis   // what it may be, if nothing of an earlier run was lost
}

type modelLog struct {
	batches []engine.StoredBatch
	tip     engine.Tip      // First is what the engine said last
	trimmed stream.Position // what may be forgotten
}

func newModel() *model {
	return &model{logs: map[engine.LogID]*modelLog{}, kv: map[engine.Key]engine.Entry{}}
}

// tick notes what the clock is before a call.
func (m *model) tick(clock stream.Millis) {
	m.now = max(m.now, clock)
	m.newest = max(m.newest, m.now)
}

// restart notes that the engine has been opened again.
func (m *model) restart() {
	m.now = m.durable
	for _, l := range m.logs {
		l.tip.First = 0 // what was trimmed may have come back
	}
}

// end returns the position after the last record.
func (l *modelLog) end() stream.Position {
	if len(l.batches) == 0 {
		return stream.PositionBefore
	}
	return batchEnd(l.batches[len(l.batches)-1])
}

func batchEnd(b engine.StoredBatch) stream.Position { return b.First + stream.Position(b.Records) }

// accept adds a batch with the position and time that it got.
func (l *modelLog) accept(b engine.Batch, first stream.Position, t stream.Millis) {
	l.tip.Last, l.tip.Time = first, t
	if b.Close {
		l.tip.Closed = true
		return
	}
	l.tip.Last += stream.Position(b.Records) - 1
	l.batches = append(l.batches, engine.StoredBatch{First: first, Records: b.Records, Time: t, Payload: slices.Clone(b.Payload)})
}

// refusal returns the error that a batch must get, or nil.
func (m *model) refusal(b engine.Batch) error {
	l, ok := m.logs[b.Log]
	switch {
	case b.Validate() != nil:
		return engine.ErrInvalid
	case !ok:
		return engine.ErrNotFound
	case l.tip.Closed:
		return engine.ErrClosed
	case b.IfTip != nil && *b.IfTip != l.tip.Last:
		return engine.ErrTip
	}
	return nil
}

// page returns what a Read must return.
func (l *modelLog) page(from stream.Position, budget engine.Budget) (found []engine.StoredBatch, eof bool) {
	bytes, records, last := 0, 0, true
	for _, b := range l.batches {
		if batchEnd(b) <= max(from, l.tip.First) {
			continue
		}
		enough := budget.Records > 0 && records >= budget.Records
		if len(found) > 0 && (enough || bytes+len(b.Payload) > budget.Bytes) {
			last = false
			break
		}
		found = append(found, b)
		bytes += len(b.Payload)
		records += int(batchEnd(b) - max(from, b.First))
	}
	return found, last && l.tip.Closed
}

// seek returns what SeekTime must return.
func (l *modelLog) seek(t stream.Millis) stream.Position {
	for _, b := range l.batches {
		if b.Time >= t && batchEnd(b) > l.tip.First {
			return max(b.First, l.tip.First)
		}
	}
	return l.tip.Last + 1
}

// conflicts reports whether an expectation of changes does not hold.
func (m *model) conflicts(changes []engine.Change) bool {
	return slices.ContainsFunc(changes, func(c engine.Change) bool {
		return c.Expect != engine.Any && c.Expect != m.kv[c.Key].Revision
	})
}

func (m *model) write(changes []engine.Change, r engine.Revision) {
	m.revision = r
	for _, c := range changes {
		delete(m.kv, c.Key)
		if !c.Delete {
			m.kv[c.Key] = engine.Entry{Key: c.Key, Value: slices.Clone(c.Value), Revision: r}
		}
	}
}

// list returns what List must return.
func (m *model) list(prefix, after engine.Key, limit int) []engine.Entry {
	var list []engine.Entry
	for k, e := range m.kv {
		if k > after && len(k) > len(prefix) && strings.HasPrefix(string(k), string(prefix)) {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b engine.Entry) int { return strings.Compare(string(a.Key), string(b.Key)) })
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list
}

// listBack returns what ListBack must return.
func (m *model) listBack(prefix, before engine.Key, limit int) []engine.Entry {
	list := m.list(prefix, "", 0)
	list = slices.DeleteFunc(list, func(e engine.Entry) bool { return before != "" && e.Key >= before })
	slices.Reverse(list)
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list
}

// checkAll compares the whole engine with the model.
func (r *random) checkAll() {
	r.t.Helper()
	r.must(r.e.Health())
	ids := r.logIDs()
	r.wantLogs(0, ids...)
	for _, id := range ids {
		r.checkTip(id)
		r.checkRead(id, 0, plenty)
	}
	r.checkList("", "", 0)
}

// checkSome compares what a few random reads return.
func (r *random) checkSome() {
	r.t.Helper()
	r.m.tick(r.clock.now())
	now := r.e.Now()
	r.check(r.m.now <= now && now <= r.m.newest, "the time is between %d and %d, not %d", r.m.now, r.m.newest, now)
	r.m.now = now
	if ids := r.logIDs(); len(ids) > 0 {
		id := ids[r.rng.IntN(len(ids))]
		l := r.m.logs[id]
		r.checkTip(id)
		from := stream.Position(r.rng.Int64N(int64(l.tip.Last) + 3))
		r.checkRead(id, from, engine.Budget{Bytes: r.rng.IntN(2000), Records: r.rng.IntN(5)})
		t := r.clock.now() - stream.Millis(r.rng.Int64N(5000))
		p, err := r.e.SeekTime(r.ctx, id, t)
		r.must(err)
		r.check(p == l.seek(t), "SeekTime(%v, %d) is %d, not %d", id, t, l.seek(t), p)
	}
	r.checkList(r.anyPrefix(), r.anyPrefix(), r.rng.IntN(5))
}

func (r *random) checkTip(id engine.LogID) {
	r.t.Helper()
	l, tip := r.m.logs[id], r.tip(id)
	oldest := tip.Last + 1
	if len(l.batches) > 0 {
		oldest = l.batches[0].First
	}
	lowest := max(oldest, l.tip.First)
	highest := max(lowest, l.trimmed)
	if l.trimmed >= l.end() {
		highest = tip.Last + 1
	}
	r.check(lowest <= tip.First && tip.First <= highest, "%v begins between %d and %d, not at %d", id, lowest, highest, tip.First)
	l.tip.First = tip.First
	r.check(tip == l.tip, "%v has the tip %+v, not %+v", id, l.tip, tip)
}

func (r *random) checkRead(id engine.LogID, from stream.Position, budget engine.Budget) {
	r.t.Helper()
	page, eof := r.read(id, from, budget)
	want, wantEOF := r.m.logs[id].page(from, budget)
	r.check(eof == wantEOF, "reading %v at %d meets the end: %v", id, from, wantEOF)
	r.check(len(page.Batches) == len(want), "reading %v at %d with %+v gives %d batches, not %d", id, from, budget, len(want), len(page.Batches))
	for i, b := range page.Batches {
		r.checkBatch(id, b, want[i])
	}
}

func (r *random) checkBatch(id engine.LogID, got, want engine.StoredBatch) {
	r.t.Helper()
	r.check(got.First == want.First && got.Records == want.Records && got.Time == want.Time,
		"%v has %d records of %d at %d, not %d of %d at %d", id, want.Records, want.Time, want.First, got.Records, got.Time, got.First)
	r.check(string(got.Payload) == string(want.Payload), "%v has its payload at %d", id, got.First)
}

func (r *random) checkList(prefix, after engine.Key, limit int) {
	r.t.Helper()
	got, err := r.e.List(r.ctx, prefix, after, limit)
	r.must(err)
	want := r.m.list(prefix, after, limit)
	r.check(slices.EqualFunc(got, want, equalEntries), "List(%q, %q, %d) is %v, not %v", prefix, after, limit, want, got)
	back, err := r.e.ListBack(r.ctx, prefix, after, limit)
	r.must(err)
	want = r.m.listBack(prefix, after, limit)
	r.check(slices.EqualFunc(back, want, equalEntries), "ListBack(%q, %q, %d) is %v, not %v", prefix, after, limit, want, back)
}

func equalEntries(a, b engine.Entry) bool {
	return a.Key == b.Key && string(a.Value) == string(b.Value) && a.Revision == b.Revision && a.Deleted == b.Deleted
}

// random makes random operations.
type random struct {
	*env

	rng     *rand.Rand
	m       *model
	streams uint64 // how many stream numbers are taken
	// cutting: the power may fail, so that a change may fail, too. What may
	// then be there or not is in doubt.
	cutting bool
	failed  bool // a change has failed
	doubt   doubt
}

func (r *random) logIDs() []engine.LogID {
	ids := make([]engine.LogID, 0, len(r.m.logs))
	for id := range r.m.logs {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, compareLogs)
	return ids
}
