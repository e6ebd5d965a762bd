package kinesis

import (
	"slices"
	"sync"
	"sync/atomic"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/stream"
)

// This file is how the subscriptions to a shard have their events in common.
//
// Subscriptions at the tip of a shard are due the same event at the same moment.
// The first one reads it, the others wait for that, and the first answer in a
// wire form encodes it for all. None waits for another's client.
//
//	feed of a log        its last events, oldest first
//	+-----------------+    +-----------+-----------+-----------+
//	| subscriptions 3 |--->| from 100  | from 140  | from 150  |
//	+-----------------+    | next 140  | next 150  | being read|
//	                       | awaited 1 | awaited 2 | awaited 3 |
//	                       +-----------+-----------+-----------+
//
// A feed keeps an event until every subscription has taken it, for sharedMillis, and
// within bounds. A subscription that finds no event from its position on reads
// one: so who is too slow reads larger events, and is with the others again at the
// tip. A shard with one subscription shares nothing.

const (
	// sharedMillis is how old an event gets that is shared. MillisBehindLatest says
	// how it was when the event was read, and may be too small by that.
	sharedMillis = 100
	// What one feed keeps at most, and what all keep together.
	maxFeedEvents = 8
	maxFeedBytes  = 8 << 20
	maxFeedsBytes = 64 << 20
	// maxSpareBytes is how much memory an event keeps for the next one.
	maxSpareBytes = 2 << 20
)

// feeds are the feeds of the shards that have subscriptions. The zero value is
// ready for use.
type feeds struct {
	mu    sync.Mutex // taken before that of a feed
	byLog map[engine.LogID]*feed
	bytes atomic.Int64 // what all feeds keep
}

// feed is what the subscriptions to a shard share.
type feed struct {
	all *feeds
	log engine.LogID
	// subscriptions is how many there are. It changes with the mutex of all feeds
	// held.
	subscriptions atomic.Int32

	mu     sync.Mutex     // guards the fields below
	events []*sharedEvent // oldest first
	bytes  int            // of events
}

// sharedEvent is an event of several subscriptions. Whoever holds it may use what
// it has, and releases it; the feed is one of them.
type sharedEvent struct {
	from stream.Position
	// ready is closed when the event has been read, or could not be. The fields
	// up to the next blank line do not change from then on.
	ready   chan struct{}
	read    bool // whether there is an event
	content api.SubscribeToShardEvent
	next    stream.Position // that of the subscriptions behind the event
	bytes   int             // of its records
	size    int             // of its memory, about

	// Of the feed, with its mutex.
	kept    bool          // whether it is one of the feed's
	awaited int           // how many subscriptions have not taken it
	made    stream.Millis // when it was read; 0 until then

	// holders counts who uses the event, and encoders those of them that may
	// still need the page. Neither gets to zero while the feed keeps the event.
	holders, encoders atomic.Int32
	page              *readPage

	encoding sync.Mutex // guards the fields below
	forms    []encodedForm
	spare    []byte
}

// encodedForm is an event in a wire form.
type encodedForm struct {
	name    string
	message []byte
}

var sharedEvents = sync.Pool{New: func() any { return new(sharedEvent) }}

// join returns the feed of a log for a subscription, which is to leave it.
func (fs *feeds) join(log engine.LogID) *feed {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.byLog[log]
	if f == nil {
		f = &feed{all: fs, log: log}
		if fs.byLog == nil {
			fs.byLog = make(map[engine.LogID]*feed)
		}
		fs.byLog[log] = f
	}
	f.subscriptions.Add(1)
	return f
}

// leave ends what a subscription has with its feed. Where no two are left,
// nothing is kept.
func (fs *feeds) leave(f *feed) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	left := f.subscriptions.Add(-1)
	if left == 0 {
		delete(fs.byLog, f.log)
	}
	if left <= 1 {
		f.mu.Lock()
		defer f.mu.Unlock()
		for len(f.events) > 0 {
			f.remove(0)
		}
	}
}

// isShared reports whether the shard has several subscriptions.
func (f *feed) isShared() bool { return f.subscriptions.Load() > 1 }

// take returns the event from a position on, which the caller then holds. The
// first one that asks for it reads it, and settles the event in any case; others
// wait until it is ready.
func (f *feed) take(from stream.Position, now stream.Millis) (e *sharedEvent, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(now)
	for i, e := range f.events {
		if e.from != from {
			continue
		}
		e.hold()
		if e.awaited--; e.awaited <= 0 {
			f.remove(i)
		}
		return e, false
	}
	if len(f.events) == maxFeedEvents {
		f.remove(0)
	}
	e = sharedEvents.Get().(*sharedEvent)
	e.from, e.ready, e.awaited = from, make(chan struct{}), int(f.subscriptions.Load())-1
	e.hold() // by the caller
	if e.awaited > 0 {
		e.hold() // by the feed
		e.kept = true
		f.events = append(f.events, e)
	}
	return e, true
}

// settle makes an event ready. The feed forgets one that was not read.
func (f *feed) settle(e *sharedEvent, now stream.Millis) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer close(e.ready)
	e.made = now
	switch {
	case !e.kept:
	case !e.read:
		f.remove(slices.Index(f.events, e))
	default:
		f.bytes += e.size
		f.all.bytes.Add(int64(e.size))
		for len(f.events) > 0 && (f.bytes > maxFeedBytes || f.all.bytes.Load() > maxFeedsBytes) {
			f.remove(0)
		}
	}
}

// trim forgets what has become too old.
func (f *feed) trim(now stream.Millis) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expire(now)
}

// expire looks at all events: one that is older may still be being read.
func (f *feed) expire(now stream.Millis) {
	for i, e := range slices.Backward(f.events) {
		if e.made != 0 && now-e.made > sharedMillis {
			f.remove(i)
		}
	}
}

// remove forgets an event of the feed. Who holds it still has it.
func (f *feed) remove(i int) {
	e := f.events[i]
	f.events = slices.Delete(f.events, i, i+1)
	if e.made != 0 {
		f.bytes -= e.size
		f.all.bytes.Add(-int64(e.size))
	}
	e.kept = false
	e.release(false)
}

func (e *sharedEvent) hold() {
	e.holders.Add(1)
	e.encoders.Add(1)
}

// release ends a hold. Encoded is whether its holder has had the event encoded.
func (e *sharedEvent) release(encoded bool) {
	if !encoded {
		e.releasePage()
	}
	if e.holders.Add(-1) > 0 {
		return
	}
	var spare []byte
	if len(e.forms) > 0 && cap(e.forms[0].message) <= maxSpareBytes {
		spare = e.forms[0].message[:0]
	}
	clear(e.forms)
	*e = sharedEvent{forms: e.forms[:0], spare: spare}
	sharedEvents.Put(e)
}

// releasePage is for a holder that does not need the page any more.
func (e *sharedEvent) releasePage() {
	if e.encoders.Add(-1) == 0 && e.page != nil {
		e.page.release()
		e.page = nil
	}
}

// fill is for the one who has read the event.
func (e *sharedEvent) fill(event *subscriptionEvent, next stream.Position) {
	e.read, e.content, e.page = true, event.SubscribeToShardEvent, event.page
	e.bytes, e.next = event.bytes, next
	e.size = event.page.memory() + max(cap(e.spare), event.page.encodedSize())
}

// encoded returns the event in a form. It calls encode for the first in each form.
func (e *sharedEvent) encoded(form string, encode func(dst []byte) []byte) []byte {
	e.encoding.Lock()
	defer e.encoding.Unlock()
	for i := range e.forms {
		if e.forms[i].name == form {
			return e.forms[i].message
		}
	}
	message := encode(slices.Grow(e.spare[:0], e.page.encodedSize()))
	e.spare = nil
	e.forms = append(e.forms, encodedForm{form, message})
	return message
}
