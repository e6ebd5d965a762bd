package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// world is an engine together with what it must hold: every test of crashes
// and faults works on one.
type world struct {
	t   testing.TB
	mem *vfs.Mem
	e   *Engine
	now *atomic.Int64

	logs    map[engine.LogID]*wantLog
	keys    map[engine.Key]string
	maybe   map[engine.Key]string // changes of unknown outcome; "" for a deletion
	appends int                   // so far, to make payloads differ
}

// wantLog is what is known of a log. Each batch has one record, so its position
// is its index plus one.
type wantLog struct {
	acked       []wantBatch
	maybe       []wantBatch // of unknown outcome, after all that are acked
	trimmed     stream.Position
	closed      bool
	maybeClosed bool
	// A creation or a deletion of unknown outcome.
	maybeAbsent bool
}

type wantBatch struct {
	payload []byte
	time    stream.Millis // 0: not known
}

func tiny() Options {
	o := small()
	o.JournalFileBytes = 16 << 10
	o.SegmentBytes = 4 << 10
	return o
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		t: tb, mem: vfs.NewMem(), now: new(atomic.Int64),
		logs: map[engine.LogID]*wantLog{}, keys: map[engine.Key]string{}, maybe: map[engine.Key]string{},
	}
	w.now.Store(1_700_000_000_000)
	return w
}

func (w *world) options() Options {
	o := tiny()
	o.Now = func() stream.Millis { return stream.Millis(w.now.Load()) }
	return o
}

// open opens the engine on what is in mem.
func (w *world) open() error {
	e, err := Open(w.mem, w.options())
	if err == nil {
		w.e = e
	}
	return err
}

func (w *world) mustOpen() {
	w.t.Helper()
	if err := w.open(); err != nil {
		w.t.Fatalf("open: %v", err)
	}
}

func (w *world) step(d time.Duration) { w.now.Add(d.Milliseconds()) }

func ctxBackground() context.Context { return context.Background() }

// unknown reports an error after which a change may have happened.
func unknown(err error) bool { return errors.Is(err, engine.ErrUnknown) }

// log returns what is known of a log, or something to be thrown away if it does
// not exist.
func (w *world) log(id engine.LogID) *wantLog {
	if l := w.logs[id]; l != nil {
		return l
	}
	return &wantLog{}
}

func (w *world) create(ids ...engine.LogID) error {
	err := w.e.Create(ctxBackground(), ids)
	for _, id := range ids {
		if w.logs[id] == nil && (err == nil || unknown(err)) {
			w.logs[id] = &wantLog{maybeAbsent: err != nil}
		}
	}
	return err
}

func (w *world) remove(ids ...engine.LogID) error {
	err := w.e.Delete(ctxBackground(), ids)
	for _, id := range ids {
		switch {
		case err == nil:
			delete(w.logs, id)
		case unknown(err) && w.logs[id] != nil:
			w.logs[id].maybeAbsent = true
		}
	}
	return err
}

// append makes one call with a batch of that size for each log.
func (w *world) append(size int, ids ...engine.LogID) error {
	batches := make([]engine.Batch, len(ids))
	for i, id := range ids {
		w.appends++
		head := fmt.Sprintf("batch %d of %v ", w.appends, id)
		payload := []byte(head + strings.Repeat("x", max(0, size-len(head))))
		batches[i] = engine.Batch{Log: id, Records: 1, Payload: payload}
	}
	var first error
	for i, r := range w.e.Append(ctxBackground(), batches) {
		l := w.log(ids[i])
		switch {
		case r.Err == nil:
			l.acked = append(l.acked, wantBatch{batches[i].Payload, r.Time})
			if int(r.First) != len(l.acked) {
				w.t.Errorf("batch %d of %v got position %d", len(l.acked), ids[i], r.First)
			}
		case unknown(r.Err):
			l.maybe = append(l.maybe, wantBatch{batches[i].Payload, 0})
		}
		if r.Err != nil && first == nil {
			first = r.Err
		}
	}
	return first
}

func (w *world) closeLog(id engine.LogID) error {
	err := w.e.Append(ctxBackground(), []engine.Batch{{Log: id, Close: true}})[0].Err
	l := w.log(id)
	l.closed = l.closed || err == nil
	l.maybeClosed = unknown(err)
	return err
}

func (w *world) trim(id engine.LogID, before stream.Position) error {
	l := w.log(id)
	l.trimmed = max(l.trimmed, before)
	return w.e.Trim(ctxBackground(), id, before)
}

// write sets keys; an empty value deletes.
func (w *world) write(pairs ...string) error {
	var changes []engine.Change
	for i := 0; i < len(pairs); i += 2 {
		changes = append(changes, engine.Change{
			Key: engine.NewKey(pairs[i]), Value: []byte(pairs[i+1]), Delete: pairs[i+1] == "", Expect: engine.Any,
		})
	}
	_, err := w.e.Write(ctxBackground(), changes)
	into := w.keys
	if unknown(err) {
		into = w.maybe
	} else if err != nil {
		return err
	}
	for i := range changes {
		into[changes[i].Key] = string(changes[i].Value)
	}
	return err
}

// verify compares the engine with what is known and takes over what was found
// where the outcome was not known.
func (w *world) verify() {
	w.t.Helper()
	ids, err := w.e.Logs(ctxBackground(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[engine.LogID]bool{}
	for _, id := range ids {
		found[id] = true
		if w.logs[id] == nil {
			w.t.Fatalf("log %v is there and should not be", id)
		}
		w.verifyLog(id, w.logs[id])
	}
	for id, l := range w.logs {
		if !found[id] && !l.maybeAbsent {
			w.t.Fatalf("log %v is gone", id)
		}
		if !found[id] {
			delete(w.logs, id)
			continue
		}
		l.maybeAbsent = false
	}
	w.verifyKeys()
}

func (w *world) verifyLog(id engine.LogID, l *wantLog) {
	w.t.Helper()
	tip, err := w.e.Tip(ctxBackground(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	if tip.Closed != l.closed && !l.maybeClosed {
		w.t.Fatalf("log %v: closed is %v", id, tip.Closed)
	}
	l.closed, l.maybeClosed = tip.Closed, false
	all := append(slices.Clip(l.acked), l.maybe...)
	last := int(tip.Last)
	if tip.Closed {
		last--
	}
	if last < len(l.acked) || last > len(all) {
		w.t.Fatalf("log %v ends at %d, %d batches were acknowledged and %d not known", id, last, len(l.acked), len(l.maybe))
	}
	if tip.First > max(l.trimmed, 1) && int(tip.First) <= last {
		w.t.Fatalf("log %v begins at %d, trimmed was %d", id, tip.First, l.trimmed)
	}
	got, err := w.readAll(id)
	if err != nil {
		w.t.Fatalf("log %v: %v", id, err)
	}
	if want := last - int(min(tip.First, stream.Position(last+1))) + 1; len(got) != want && int(tip.First) <= last {
		w.t.Fatalf("log %v has %d batches instead of %d", id, len(got), want)
	}
	for _, b := range got {
		want := &all[b.First-1]
		if !bytes.Equal(b.Payload, want.payload) || want.time != 0 && b.Time != want.time {
			w.t.Fatalf("log %v has at %d %.40q of %d, not %.40q of %d", id, b.First, b.Payload, b.Time, want.payload, want.time)
		}
		want.time = b.Time
	}
	l.acked, l.maybe = all[:last:last], nil
}

// readAll reads a log from its beginning to its end.
func (w *world) readAll(id engine.LogID) ([]engine.StoredBatch, error) {
	var all []engine.StoredBatch
	for from := stream.Position(0); ; {
		page, err := w.e.Read(ctxBackground(), id, from, engine.Budget{Bytes: 5000})
		all = append(all, page.Batches...)
		if err != nil || len(page.Batches) == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
		from = page.Next
	}
}

func (w *world) verifyKeys() {
	w.t.Helper()
	list, err := w.e.List(ctxBackground(), "", "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	got := map[engine.Key]string{}
	for _, e := range list {
		got[e.Key] = string(e.Value)
	}
	// Changes of one write are made together.
	applied := 0
	for k, v := range w.maybe {
		if got[k] == v && w.keys[k] != v {
			applied++
		}
	}
	if applied > 0 {
		maps.Copy(w.keys, w.maybe)
	}
	clear(w.maybe)
	for k, v := range w.keys {
		if got[k] != v {
			w.t.Fatalf("key %v is %q instead of %q", k, got[k], v)
		}
		delete(got, k)
	}
	if len(got) > 0 {
		w.t.Fatalf("keys that nobody wrote: %v", got)
	}
}

// verifySound has Check look at a copy of the files.
func (w *world) verifySound() {
	w.t.Helper()
	if _, begun := w.mem.Files()[formatFile]; !begun {
		return
	}
	report, err := Check(w.mem.CrashKeepAll(), nil)
	if err != nil || len(report.Damage) > 0 {
		w.t.Fatalf("check finds %v, %v", report.Damage, err)
	}
}
