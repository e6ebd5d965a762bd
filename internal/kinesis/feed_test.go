package kinesis_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/kinesis"
	"leat/internal/stream"
)

// watcher is a subscriber as the front door is one: it has each event encoded in
// a form, or encodes it itself.
type watcher struct {
	form   string
	start  int           // the first of the stream's records that it is due
	pause  time.Duration // how long its client takes for an event
	leave  context.CancelFunc
	events []page
	err    error
	ended  chan struct{}
}

// encodes counts the events that were encoded.
type encodes struct{ alone, shared atomic.Int64 }

// message is an event in a form of these tests.
type message struct {
	Form         string
	Data, Seqs   []string
	Keys, Childs []string
	Continuation string
	Behind       int64
}

func (n *encodes) encode(form string, event api.Output) []byte {
	r := new(pageReader)
	event.Encode(r)
	text, err := json.Marshal(message{form, r.data, r.seqs, r.keys, r.childs, r.continuation, r.behind})
	if err != nil {
		panic(err)
	}
	return text
}

// message returns an event as its client gets it.
func (n *encodes) message(form string, event api.Output) []byte {
	text := event.(api.Shared).Encoded(form, func(dst []byte) []byte {
		n.shared.Add(1)
		return append(dst, n.encode(form, event)...)
	})
	if text == nil {
		n.alone.Add(1)
		text = n.encode(form, event)
	}
	return text
}

// watcherKey is that of a watcher in its context.
type watcherKey struct{}

// follow starts a watcher.
func (f *fixture) follow(n *encodes, in *api.SubscribeToShardInput, w *watcher) *watcher {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.WithValue(f.t.Context(), watcherKey{}, w))
	events, err := f.ops["SubscribeToShard"].Stream(ctx, caller, in)
	if err != nil {
		f.t.Fatal(err)
	}
	w.leave, w.ended = cancel, make(chan struct{})
	go func() {
		defer close(w.ended)
		defer cancel()
		for event, err := range events {
			if err != nil {
				w.err = err
				return
			}
			w.take(n, event)
		}
	}()
	return w
}

// take takes an event. What it has is looked at before and after the client's
// pause: nobody may use its memory meanwhile.
func (w *watcher) take(n *encodes, event api.Output) {
	text := n.message(w.form, event)
	before := string(text)
	if w.pause > 0 {
		pass(w.pause)
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil || before != string(text) || m.Form != w.form {
		panic(fmt.Sprintf("a message in form %q for %q: %v", m.Form, w.form, err))
	}
	event.(api.Releaser).Release()
	w.events = append(w.events, page{
		data: m.Data, seqs: m.Seqs, keys: m.Keys, childs: m.Childs, continuation: m.Continuation, behind: m.Behind,
	})
}

// countingEngine counts what is read.
type countingEngine struct {
	engine.Engine
	reads atomic.Int64
}

func (e *countingEngine) Read(ctx context.Context, log engine.LogID, from stream.Position, b engine.Budget) (engine.Page, error) {
	e.reads.Add(1)
	return e.Engine.Read(ctx, log, from, b)
}

func TestSubscribersShareEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		counting := &countingEngine{Engine: f.engine}
		f.engine = counting
		f.open()
		var n encodes
		const each = 8
		var watchers []*watcher
		for i := range 2 * each {
			w := &watcher{form: []string{"json", "cbor"}[i%2]}
			arn := f.register("s", fmt.Sprint("app", i)).ConsumerARN
			watchers = append(watchers, f.follow(&n, subscribeInput(arn, shard0, "LATEST", ""), w))
		}
		synctest.Wait()
		counting.reads.Store(0)
		const puts = 10
		for i := range puts {
			f.put("s", "k", fmt.Sprint(i))
			synctest.Wait()
		}
		if n.shared.Load() != 2*puts || n.alone.Load() != 0 || counting.reads.Load() != puts {
			t.Errorf("%d puts were read %d times and encoded %d times, and %d times for one subscriber",
				puts, counting.reads.Load(), n.shared.Load(), n.alone.Load())
		}
		if feeds, events, bytes := kinesis.FeedsForTest(f.Service); feeds != 1 || events != 0 || bytes != 0 {
			t.Errorf("%d feeds keep %d events of %d bytes that all have taken", feeds, events, bytes)
		}
		for _, w := range watchers[1:] {
			w.leave()
			<-w.ended
		}
		f.put("s", "k", "last")
		synctest.Wait()
		if n.shared.Load() != 2*puts || n.alone.Load() != 1 {
			t.Error("an event for one subscriber is kept for others")
		}
		if got := len(watchers[0].events); got != puts+1 {
			t.Errorf("%d events, want %d", got, puts+1)
		}
	})
}

// What nobody takes is forgotten, and never more than a bound is kept.
func TestSharedEventsAreForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		var n encodes
		stalled := f.follow(&n, subscribeInput(f.register("s", "stalled").ConsumerARN, shard0, "LATEST", ""), &watcher{pause: time.Minute})
		f.follow(&n, subscribeInput(f.register("s", "app").ConsumerARN, shard0, "LATEST", ""), new(watcher))
		synctest.Wait()
		for range 30 {
			f.put("s", "k", strings.Repeat("x", 1<<20-1))
			synctest.Wait()
			if _, events, bytes := kinesis.FeedsForTest(f.Service); events > 8 || bytes > 8<<20 {
				t.Fatalf("%d events of %d bytes are kept", events, bytes)
			}
		}
		if _, events, bytes := kinesis.FeedsForTest(f.Service); events == 0 || bytes == 0 {
			t.Error("nothing is kept for the stalled subscriber")
		}
		pass(10 * time.Second)
		if _, events, bytes := kinesis.FeedsForTest(f.Service); events != 0 || bytes != 0 {
			t.Errorf("%d events of %d bytes are kept", events, bytes)
		}
		stalled.leave()
		<-stalled.ended
	})
}

// Whoever waits for another subscription's read does not wait in vain.
func TestReaderThatLeaves(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		stalling := &stallingEngine{Engine: f.engine, reader: make(chan *watcher, 1)}
		f.engine = stalling
		f.open()
		var n encodes
		var watchers []*watcher
		for i := range 3 {
			arn := f.register("s", fmt.Sprint("app", i)).ConsumerARN
			watchers = append(watchers, f.follow(&n, subscribeInput(arn, shard0, "LATEST", ""), new(watcher)))
		}
		synctest.Wait()
		f.put("s", "k", "x")
		synctest.Wait()
		if reads := stalling.reads.Load(); reads != 1 {
			t.Fatalf("%d subscriptions read", reads)
		}
		reader := <-stalling.reader
		reader.leave()
		<-reader.ended
		synctest.Wait()
		for _, w := range watchers {
			want := 1
			if w == reader {
				want = 0
			}
			if len(w.events) != want {
				t.Errorf("%d events, want %d", len(w.events), want)
			}
		}
	})
}

// stallingEngine has the first read wait for the end of its context, and tells
// whose it is.
type stallingEngine struct {
	engine.Engine
	reads  atomic.Int64
	reader chan *watcher
}

func (e *stallingEngine) Read(ctx context.Context, log engine.LogID, from stream.Position, b engine.Budget) (engine.Page, error) {
	if e.reads.Add(1) > 1 {
		return e.Engine.Read(ctx, log, from, b)
	}
	e.reader <- ctx.Value(watcherKey{}).(*watcher)
	<-ctx.Done()
	return engine.Page{}, ctx.Err()
}

// feedStep is a put, a new subscriber, or time that passes.
type feedStep struct {
	put       int // a record of so many bytes, if positive
	subscribe bool
	form      string
	kind      string
	start     int           // of the records there are, modulo
	pause     time.Duration // of the subscriber
	pass      time.Duration
	settle    bool // everybody gets as far as possible
}

var feedSteps = rapid.Custom(func(rt *rapid.T) feedStep {
	step := feedStep{settle: rapid.Bool().Draw(rt, "settle")}
	switch rapid.SampledFrom([]string{"put", "put", "put", "subscribe", "pass"}).Draw(rt, "step") {
	case "put":
		step.put = rapid.SampledFrom([]int{1, 20, 20, 3000, 300 << 10}).Draw(rt, "size")
	case "subscribe":
		step.subscribe = true
		step.form = rapid.SampledFrom([]string{"json", "cbor"}).Draw(rt, "form")
		step.kind = rapid.SampledFrom([]string{"TRIM_HORIZON", "LATEST", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"}).Draw(rt, "kind")
		step.start = rapid.IntRange(0, 40).Draw(rt, "start")
		step.pause = rapid.SampledFrom([]time.Duration{0, 0, time.Millisecond, 150 * time.Millisecond, 6 * time.Second}).Draw(rt, "pause")
	default:
		step.pass = time.Duration(rapid.IntRange(0, 60).Draw(rt, "ms")) * time.Millisecond
	}
	return step
})

// feedModel is a stream whose subscribers come, take their time and go.
type feedModel struct {
	*fixture
	err      error
	seqs     []string
	data     []string
	watchers []*watcher
	encodes  encodes
}

func (m *feedModel) step(step feedStep) {
	switch {
	case step.put > 0:
		data := fmt.Sprint(len(m.data), strings.Repeat("x", step.put))
		m.seqs = append(m.seqs, m.put("s", "k", data).SequenceNumber)
		m.data = append(m.data, data)
	case step.subscribe && len(m.watchers) < 10:
		m.subscribe(step)
	default:
		pass(step.pass)
	}
	if step.settle {
		synctest.Wait()
	}
}

func (m *feedModel) subscribe(step feedStep) {
	w := &watcher{form: step.form, pause: step.pause}
	number := ""
	switch {
	case step.kind == "TRIM_HORIZON":
	case step.kind == "LATEST" || len(m.seqs) == 0:
		step.kind, w.start = "LATEST", len(m.seqs)
	default:
		w.start = step.start % len(m.seqs)
		number = m.seqs[w.start]
	}
	if step.kind == "AFTER_SEQUENCE_NUMBER" {
		w.start++
	}
	arn := m.register("s", fmt.Sprint("app", len(m.watchers))).ConsumerARN
	m.watchers = append(m.watchers, m.follow(&m.encodes, subscribeInput(arn, shard0, step.kind, number), w))
}

// check checks what a watcher got: a prefix of its records, or all.
func (m *feedModel) check(w *watcher, all bool) {
	next := w.start
	for i, event := range w.events {
		for j, seq := range event.seqs {
			if next == len(m.seqs) || seq != m.seqs[next] || event.data[j] != m.data[next] || event.keys[j] != "k" {
				m.fail("event %d, record %d is %s, want record %d", i, j, seq, next)
				return
			}
			next++
		}
		if len(event.seqs) > 0 {
			m.checkContinuation(event)
		}
		// What the steps and this client took.
		if late := 3*time.Second + time.Duration(i+1)*w.pause; event.behind < 0 || event.behind > late.Milliseconds() {
			m.fail("event %d is %d ms behind", i, event.behind)
		}
	}
	if all && next != len(m.seqs) {
		m.fail("%d records came, want %d", next-w.start, len(m.seqs)-w.start)
	}
}

func (m *feedModel) checkContinuation(event page) {
	number, _, err := stream.ParseSequenceNumber(event.continuation)
	last, _, err2 := stream.ParseSequenceNumber(event.seqs[len(event.seqs)-1])
	if err := errors.Join(err, err2); err != nil {
		m.fail("%w", err)
		return
	}
	if number.Position != last.Position+1 || number.Shard != last.Shard || number.Time != 0 {
		m.fail("continuation %+v behind %+v", number, last)
	}
}

// finish ends the stream, or the subscriptions, and checks what was pushed.
func (m *feedModel) finish(end string) {
	children := []string{"shardId-000000000001", "shardId-000000000002"}
	if end == "split" {
		m.split("s", shard0)
	}
	if end != "delete" {
		pass(3 * time.Minute)
	}
	switch end {
	case "delete":
		m.call("DeleteStream", &api.DeleteStreamInput{StreamName: some("s"), EnforceConsumerDeletion: some(true)})
	case "leave":
		for _, w := range m.watchers {
			w.leave()
		}
	}
	for _, w := range m.watchers {
		<-w.ended
		m.check(w, end != "delete")
		var e *api.Error
		switch {
		case end == "delete" && (!errors.As(w.err, &e) || e.Code != string(api.ResourceNotFound)):
			m.fail("the deletion ended a subscription with %v", w.err)
		case end != "delete" && w.err != nil:
			m.fail("%w", w.err)
		case end == "split" && !slices.Equal(w.events[len(w.events)-1].childs, children):
			m.fail("the last event is %+v", w.events[len(w.events)-1])
		}
	}
	if feeds, events, bytes := kinesis.FeedsForTest(m.Service); feeds != 0 || events != 0 || bytes != 0 {
		m.fail("%d feeds keep %d events of %d bytes", feeds, events, bytes)
	}
}

// Subscribers get what they would get alone, whenever they come and however slow
// they are.
func TestSharedEventsAreThoseOfOneAlone(t *testing.T) {
	var shared, alone int64
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(feedSteps, 1, 40).Draw(rt, "steps")
		end := rapid.SampledFrom([]string{"leave", "split", "delete"}).Draw(rt, "end")
		m := new(feedModel)
		inBubble(t, func(_ *testing.T, f *fixture) {
			m.fixture = f
			for _, step := range steps {
				m.step(step)
			}
			m.finish(end)
		})
		if m.err != nil {
			rt.Fatal(m.err)
		}
		shared += m.encodes.shared.Load()
		alone += m.encodes.alone.Load()
	})
	if shared == 0 || alone == 0 {
		t.Errorf("%d events were shared and %d were not", shared, alone)
	}
}

// fail keeps what is wrong until the bubble has ended.
func (m *feedModel) fail(format string, args ...any) {
	m.err = errors.Join(m.err, fmt.Errorf(format, args...))
}
