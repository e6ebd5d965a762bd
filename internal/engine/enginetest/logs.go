package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"leat/internal/engine"
	"leat/internal/stream"
)

func logScripts() []script {
	return []script{
		{"CreateAndList", createAndList},
		{"EmptyLog", emptyLog},
		{"UnknownLog", unknownLog},
		{"AppendGivesPositions", appendGivesPositions},
		{"BatchesStandForThemselves", batchesStandForThemselves},
		{"BatchLimits", batchLimits},
		{"PayloadIsNotKept", payloadIsNotKept},
		{"IfTip", ifTip},
		{"IfTipWithinACall", ifTipWithinACall},
		{"CloseMark", closeMark},
		{"CloseMarkWithinACall", closeMarkWithinACall},
		{"CloseMarkOnCondition", closeMarkOnCondition},
		{"Delete", deleteLogs},
		{"CancelledContext", cancelledContext},
		{"ConcurrentAppends", concurrentAppends},
		{"Health", health},
	}
}

func (v *env) wantLogs(streamNumber uint64, want ...engine.LogID) {
	v.t.Helper()
	got, err := v.e.Logs(v.ctx, streamNumber)
	v.must(err)
	v.check(slices.Equal(got, want), "the logs of stream %d are %v, not %v", streamNumber, want, got)
}

func createAndList(v *env) {
	v.wantLogs(0)
	a, b, c, d := logID(2, 0), logID(2, 1), logID(2, 10), logID(1, 7)
	v.must(v.e.Create(v.ctx, []engine.LogID{c, a, b, d, a}))
	v.wantLogs(2, a, b, c)
	v.wantLogs(1, d)
	v.wantLogs(0, d, a, b, c)
	v.wantLogs(3)

	r := v.put(batch(a, 1, "a"))
	v.must(v.e.Create(v.ctx, []engine.LogID{a, logID(3, 0)}))
	v.check(v.tip(a).Last == r.First, "creating a log that exists leaves it as it is")
	v.wantLogs(3, logID(3, 0))
	v.must(v.e.Create(v.ctx, nil))
}

func emptyLog(v *env) {
	id := v.log()
	tip := v.tip(id)
	v.check(tip == engine.Tip{First: 1}, "an empty log's tip is {First: 1}, not %+v", tip)
	for _, from := range []stream.Position{stream.PositionBefore, 1, 5, stream.PositionAfter} {
		v.wantPage(id, from, engine.Budget{Bytes: 1 << 20}, false)
		p, err := v.e.SeekTime(v.ctx, id, stream.Millis(from))
		v.must(err)
		v.check(p == 1, "SeekTime in an empty log is the position after the tip, not %d", p)
	}
}

func unknownLog(v *env) {
	v.log()
	for _, id := range []engine.LogID{logID(1, 1), logID(2, 0)} {
		v.refuse(batch(id, 1, "x"), engine.ErrNotFound)
		v.refuse(mark(id), engine.ErrNotFound)
		v.wantGone(id)
	}
}

// wantGone checks that no method finds a log.
func (v *env) wantGone(id engine.LogID) {
	v.t.Helper()
	_, err := v.e.Read(v.ctx, id, 0, engine.Budget{Bytes: 1})
	v.wantErr(err, engine.ErrNotFound)
	v.wantErr(v.e.Wait(v.ctx, id, 0), engine.ErrNotFound)
	_, err = v.e.Tip(v.ctx, id)
	v.wantErr(err, engine.ErrNotFound)
	_, err = v.e.SeekTime(v.ctx, id, 0)
	v.wantErr(err, engine.ErrNotFound)
	v.wantErr(v.e.Trim(v.ctx, id, 1), engine.ErrNotFound)
}

func appendGivesPositions(v *env) {
	ids := v.logs(2)
	results := v.append(batch(ids[0], 3, "abc"), batch(ids[1], 1, "x"), batch(ids[0], 2, "de"))
	for _, r := range results {
		v.must(r.Err)
		v.check(r.Time == v.clock.now(), "the time is the clock's, not %d", r.Time)
	}
	v.check(results[0].First > stream.PositionBefore, "positions are above %d", stream.PositionBefore)
	v.check(results[2].First >= results[0].First+3, "%d is after the 3 records at %d", results[2].First, results[0].First)
	tip := v.tip(ids[0])
	want := engine.Tip{First: results[0].First, Last: results[2].First + 1, Time: results[2].Time}
	v.check(tip == want, "the tip is %+v, not %+v", want, tip)
	v.check(len(v.append()) == 0, "a call without batches has no results")
}

func batchesStandForThemselves(v *env) {
	ids := v.logs(5)
	v.put(mark(ids[2]))
	var batches []engine.Batch
	for _, id := range ids {
		batches = append(batches, batch(id, 1, "one"))
	}
	wrong := stream.Position(1 << 40)
	batches = append(batches,
		batch(logID(9, 9), 1, "no such log"),
		batch(ids[0], 0, "no records"),
		engine.Batch{Log: ids[1], Records: 1, Payload: []byte("not there"), IfTip: &wrong},
		batch(ids[0], 1, "two"))
	want := []error{nil, nil, engine.ErrClosed, nil, nil, engine.ErrNotFound, engine.ErrInvalid, engine.ErrTip, nil}
	for i, r := range v.append(batches...) {
		v.check(errors.Is(r.Err, want[i]), "batch %d ends with %v, not %v", i, want[i], r.Err)
	}
	v.wantPayloads(ids[0], "one", "two")
	v.wantPayloads(ids[1], "one")
	v.wantPayloads(ids[2])
	v.wantPayloads(ids[4], "one")
}

func batchLimits(v *env) {
	id := v.log()
	bytesOf := func(n int) string { return strings.Repeat("x", n) }
	withPayload, withRecords := mark(id), mark(id)
	withPayload.Payload, withRecords.Records = []byte("x"), 1
	for _, b := range []engine.Batch{
		batch(id, 0, "x"),
		batch(id, -1, "x"),
		batch(id, engine.MaxBatchRecords+1, "x"),
		batch(id, 2, bytesOf(engine.MaxBatchBytes+1)),
		batch(id, 1, bytesOf(engine.MaxRecordBatchBytes+1)),
		withPayload,
		withRecords,
	} {
		v.refuse(b, engine.ErrInvalid)
	}
	v.check(v.tip(id).Last == 0, "nothing invalid was written")

	largest := []string{bytesOf(engine.MaxBatchBytes), bytesOf(engine.MaxRecordBatchBytes), ""}
	v.put(batch(id, engine.MaxBatchRecords, largest[0]))
	v.put(batch(id, 1, largest[1]))
	v.put(batch(id, 2, largest[2]))
	v.wantPayloads(id, largest...)
}

func payloadIsNotKept(v *env) {
	id := v.log()
	b := batch(id, 1, "before")
	v.put(b)
	copy(b.Payload, "after.")
	v.wantPayloads(id, "before")
}

func ifTip(v *env) {
	id := v.log()
	at := func(p stream.Position) engine.Batch {
		b := batch(id, 2, fmt.Sprint("at ", p))
		b.IfTip = &p
		return b
	}
	v.refuse(at(1), engine.ErrTip)
	first := v.put(at(0))
	v.refuse(at(0), engine.ErrTip)
	v.refuse(at(first.First), engine.ErrTip)
	second := v.put(at(first.First + 1))
	v.check(v.tip(id).Last == second.First+1, "only what met the tip was written")
}

func ifTipWithinACall(v *env) {
	id := v.log()
	before := v.put(batch(id, 1, "0")).First
	stale, next := batch(id, 1, "stale"), batch(id, 1, "next")
	predicted := before + 3 // if positions are consecutive between batches, too
	stale.IfTip, next.IfTip = &before, &predicted
	fine := batch(id, 3, "1")
	fine.IfTip = &before
	results := v.append(fine, stale, next)
	v.must(results[0].Err)
	v.wantErr(results[1].Err, engine.ErrTip)
	if results[0].First == before+1 {
		v.must(results[2].Err)
	} else {
		v.wantErr(results[2].Err, engine.ErrTip)
	}
}

func closeMark(v *env) {
	id := v.log()
	last := v.put(batch(id, 3, "abc"))
	v.clock.step(5)
	closed := v.put(mark(id))
	v.check(closed.First >= last.First+3, "the mark has a position after all records, not %d", closed.First)
	want := engine.Tip{First: last.First, Last: closed.First, Time: closed.Time, Closed: true}
	v.check(v.tip(id) == want, "the tip is %+v, not %+v", want, v.tip(id))

	anywhere := stream.Position(1 << 40)
	conditional := batch(id, 1, "x")
	conditional.IfTip = &anywhere
	for _, b := range []engine.Batch{batch(id, 1, "x"), mark(id), conditional} {
		v.refuse(b, engine.ErrClosed)
	}
	v.must(v.e.Create(v.ctx, []engine.LogID{id}))
	v.check(v.tip(id) == want, "refused batches and creating again leave the tip, not %+v", v.tip(id))
	v.wantPayloads(id, "abc")
}

func closeMarkWithinACall(v *env) {
	ids := v.logs(2)
	results := v.append(batch(ids[0], 1, "in time"), mark(ids[0]), batch(ids[0], 1, "late"), mark(ids[0]), batch(ids[1], 1, "x"))
	want := []error{nil, nil, engine.ErrClosed, engine.ErrClosed, nil}
	for i, r := range results {
		v.check(errors.Is(r.Err, want[i]), "batch %d ends with %v, not %v", i, want[i], r.Err)
	}
	v.wantPayloads(ids[0], "in time")
}

func closeMarkOnCondition(v *env) {
	id := v.log()
	wrong, right := stream.Position(7), v.put(batch(id, 1, "x")).First
	m := mark(id)
	m.IfTip = &wrong
	v.refuse(m, engine.ErrTip)
	v.check(!v.tip(id).Closed, "a refused mark does not close")
	m.IfTip = &right
	m.NotBefore = v.clock.now() + 1000
	v.put(m)
	tip := v.tip(id)
	v.check(tip.Closed && tip.Time == m.NotBefore, "closed not before %d: %+v", m.NotBefore, tip)
}

func deleteLogs(v *env) {
	ids := v.logs(4)
	for _, id := range ids {
		v.put(batch(id, 1, "x"))
	}
	v.put(mark(ids[1]))
	v.must(v.e.Delete(v.ctx, []engine.LogID{ids[0], ids[1], logID(8, 8), ids[0]}))
	for _, id := range ids[:2] {
		v.refuse(batch(id, 1, "x"), engine.ErrNotFound)
		v.wantGone(id)
	}
	v.wantLogs(1, ids[2], ids[3])
	v.wantPayloads(ids[2], "x")
	v.must(v.e.Delete(v.ctx, ids[:2]))
	v.must(v.e.Delete(v.ctx, nil))
}

func cancelledContext(v *env) {
	id := v.log()
	ctx, cancel := context.WithCancel(v.ctx)
	cancel()
	r := v.e.Append(ctx, []engine.Batch{batch(id, 1, "x")})[0]
	v.check(r.Err == nil || errors.Is(r.Err, context.Canceled), "a cancelled Append is written or ends with the context's error, not %v", r.Err)
	v.check((v.tip(id).Last != 0) == (r.Err == nil), "what ended with the context's error was not written")

	key := engine.NewKey("k")
	_, err := v.e.Write(ctx, []engine.Change{{Key: key, Expect: engine.Absent}})
	v.check(err == nil || errors.Is(err, context.Canceled), "a cancelled Write is made or ends with the context's error, not %v", err)
	_, getErr := v.e.Get(v.ctx, key)
	v.check((getErr == nil) == (err == nil), "what ended with the context's error was not written")
	v.wantErr(v.e.Wait(ctx, id, 10), context.Canceled)
}

// concurrentAppends appends from many goroutines, to one log that all share
// and one for each two, while a reader of each log follows.
func concurrentAppends(v *env) {
	const writers, rounds = 8, 50
	ids := v.logs(1 + writers/2)
	var wg sync.WaitGroup
	followed := make([][]string, len(ids))
	for i, id := range ids {
		wg.Go(func() { followed[i] = v.follow(id) })
	}
	var appends sync.WaitGroup
	for w := range writers {
		appends.Go(func() {
			for i := range rounds {
				payload := fmt.Sprintf("%d:%d", w, i)
				for _, r := range v.e.Append(v.ctx, []engine.Batch{batch(ids[0], 1+i%3, payload), batch(ids[1+w/2], 1, payload)}) {
					if r.Err != nil {
						v.t.Errorf("append: %v", r.Err)
					}
				}
			}
		})
	}
	appends.Wait()
	for _, id := range ids {
		v.put(mark(id))
	}
	wg.Wait()
	for i, got := range followed {
		sharing := 2
		if i == 0 {
			sharing = writers
		}
		v.check(len(got) == sharing*rounds, "log %d has %d batches, not %d", i, sharing*rounds, len(got))
		v.checkOrders(got)
	}
}

// checkOrders checks that each writer's batches, "writer:number", are there in
// the order of their numbers.
func (v *env) checkOrders(payloads []string) {
	v.t.Helper()
	next := map[string]int{}
	for _, p := range payloads {
		writer, number, _ := strings.Cut(p, ":")
		v.check(number == fmt.Sprint(next[writer]), "writer %s: %d is next, not %s", writer, next[writer], number)
		next[writer]++
	}
}

func health(v *env) { v.must(v.e.Health()) }

// follow reads a log until it is closed and returns its payloads. It runs in a
// goroutine of its own.
func (v *env) follow(id engine.LogID) []string {
	var payloads []string
	var from stream.Position
	var buf []byte
	for {
		if err := v.e.Wait(v.ctx, id, from); err != nil {
			v.t.Errorf("wait: %v", err)
			return payloads
		}
		page, err := v.e.Read(v.ctx, id, from, engine.Budget{Bytes: 100, Buf: buf})
		for _, b := range page.Batches {
			payloads = append(payloads, string(bytes.Clone(b.Payload)))
		}
		from, buf = page.Next, page.Buf
		if err != nil {
			if !isEOF(err) {
				v.t.Errorf("read: %v", err)
			}
			return payloads
		}
	}
}
