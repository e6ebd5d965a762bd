package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"sync"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/disk/segment"
	"leat/internal/stream"
)

// pager fills a page.
type pager struct {
	page   engine.Page
	budget engine.Budget
	from   stream.Position
	bytes  int // of all payloads
	buf    []byte
	full   bool
	window *entry.Window
}

// windows are re-used: most reads are small.
var windows = sync.Pool{New: func() any { return new(entry.Window) }}

// Read implements engine.Log.
func (e *Engine) Read(ctx context.Context, id engine.LogID, from stream.Position, budget engine.Budget) (engine.Page, error) {
	p := &pager{budget: budget, from: from, buf: budget.Buf[:0]}
	p.page.Next = from
	l := e.lookup(id)
	if l == nil {
		return p.page, engine.ErrNotFound
	}
	if err := e.beginRead(); err != nil {
		return p.page, err
	}
	defer e.endRead()
	p.window = windows.Get().(*entry.Window)
	err := e.fill(ctx, l, p)
	p.window.Forget()
	windows.Put(p.window)
	p.page.Buf = p.buf
	if _, damaged := errors.AsType[*engine.CorruptError](err); damaged && len(p.page.Batches) > 0 {
		return p.page, nil // the page ends before it
	}
	if err == nil && l.ended(p.page.Next) {
		return p.page, io.EOF
	}
	return p.page, err
}

// fill reads batches until the page is full or there are none.
func (e *Engine) fill(ctx context.Context, l *log, p *pager) error {
	for !p.full {
		if err := ctx.Err(); err != nil {
			return err
		}
		at, err := l.locate(p.page.Next)
		if err != nil || at.none {
			return err
		}
		if at.segment != nil {
			err = e.readSegment(l, p, at)
		} else {
			err = e.readHead(l, p, at)
		}
		// What has moved on since it was located is looked for again.
		if err != nil && !e.moved(l, at, err) {
			return err
		}
	}
	return nil
}

// moved reports that a read failed because its place was given up meanwhile.
func (e *Engine) moved(l *log, at place, err error) bool {
	if errors.Is(err, journal.ErrMoved) {
		return true
	}
	if at.segment == nil {
		return false
	}
	again, located := l.locate(at.from)
	return located != nil || again.segment == nil || again.segment.First != at.segment.First
}

// add reads a batch into the page.
func (p *pager) add(h *entry.Header, src entry.Source, off, end int64) error {
	payload := p.room(h.PayloadBytes)
	if err := p.window.Read(payload, h, src, off, end); err != nil {
		return err
	}
	p.buf = p.buf[:len(p.buf)+len(payload)]
	p.page.Batches = append(p.page.Batches, engine.StoredBatch{
		First: h.First, Records: h.Records, Time: h.Time, Payload: payload,
	})
	p.page.Next = h.Last() + 1
	p.bytes += len(payload)
	records := int64(p.page.Next - max(p.from, p.page.Batches[0].First))
	p.full = p.budget.Records > 0 && records >= int64(p.budget.Records)
	return nil
}

// firstBufBytes is the least that a buffer gets.
const firstBufBytes = 4 << 10

// room returns memory behind the payloads there are. If the buffer is too
// short they stay in it, and a new one begins that would have held all, and twice
// as much as the old one, unless that is more than a page can take.
func (p *pager) room(n int) []byte {
	if cap(p.buf)-len(p.buf) < n {
		twice := min(2*cap(p.buf), p.budget.Bytes)
		p.buf = make([]byte, 0, max(p.bytes+n, twice, firstBufBytes))
	}
	return p.buf[len(p.buf):][:n:n]
}

// fits reports whether a batch goes into the page, and ends the page if not.
func (p *pager) fits(h *entry.Header) bool {
	if len(p.page.Batches) > 0 && p.bytes+h.PayloadBytes > p.budget.Bytes {
		p.full = true
	}
	return !p.full
}

// readHead reads batches from the journal.
func (e *Engine) readHead(l *log, p *pager, at place) error {
	var file *journal.File
	for i, b := range at.head {
		last := at.last
		if i+1 < len(at.head) {
			last = at.head[i+1].first - 1
		}
		f, err := e.journal.File(b.ref)
		if err != nil {
			return err
		}
		if file == nil || f.Name() != file.Name() || f.Salt() != file.Salt() {
			file = f // only another file is another source to the window
		}
		h, err := e.headHeader(l, p.window, file, b, last)
		if err != nil {
			return err
		}
		if !p.fits(&h) {
			return nil
		}
		if err := p.add(&h, file, b.ref.Offset(), file.Bytes()); err != nil || p.full {
			return err
		}
	}
	return nil
}

// headHeader reads the header of a batch in the journal and compares it with
// what memory knows.
func (e *Engine) headHeader(l *log, w *entry.Window, f *journal.File, b headBatch, last stream.Position) (entry.Header, error) {
	h, err := w.Header(f, b.ref.Offset(), f.Bytes())
	if err != nil {
		return h, err
	}
	if h.Log != l.id || h.First != b.first || h.Last() != last {
		return h, &engine.CorruptError{File: f.Name(), Offset: b.ref.Offset(), Reason: "another batch is where this one was written"}
	}
	return h, nil
}

// readSegment reads batches from a segment.
func (e *Engine) readSegment(l *log, p *pager, at place) error {
	return e.walkSegment(l, *at.segment, func(r *segment.Reader) (int64, error) {
		return r.Seek(*at.segment, at.from)
	}, func(r *segment.Reader, h *entry.Header, off int64) (bool, error) {
		if h.Last() < at.from {
			return true, nil
		}
		if !p.fits(h) {
			return false, nil
		}
		if h.Kind != entry.Batch {
			return false, &engine.CorruptError{File: r.Name(), Offset: off, Reason: "batch was damaged before it was moved here"}
		}
		err := p.add(h, r, off, at.segment.Length)
		return !p.full, err
	}, p.window)
}

// walkSegment shows the entries of a segment from the offset that seek returns
// until visit has seen enough.
func (e *Engine) walkSegment(l *log, info segment.Info, seek func(*segment.Reader) (int64, error),
	visit func(*segment.Reader, *entry.Header, int64) (more bool, err error), w *entry.Window,
) error {
	r, release, err := e.cache.open(l.id, info.First)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return &engine.CorruptError{File: segment.Name(l.id, info.First), Reason: "file is missing"}
		}
		return err
	}
	defer release()
	off, err := seek(r)
	if err != nil {
		return err
	}
	next := stream.Position(0) // of the entry at off, once that is known
	for off < info.Length {
		h, err := w.Header(r, off, info.Length)
		if err != nil {
			return err
		}
		if h.Log != l.id || next != 0 && h.First != next {
			return &engine.CorruptError{File: r.Name(), Offset: off, Reason: fmt.Sprintf("position %d of log %d/%d is not expected here", h.First, h.Log.Stream, h.Log.Shard)}
		}
		more, err := visit(r, &h, off)
		if err != nil || !more {
			return err
		}
		next = h.Last() + 1
		off += int64(h.Size())
	}
	return nil
}

// SeekTime implements engine.Log.
func (e *Engine) SeekTime(ctx context.Context, id engine.LogID, t stream.Millis) (stream.Position, error) {
	l := e.lookup(id)
	if l == nil {
		return 0, engine.ErrNotFound
	}
	if err := e.beginRead(); err != nil {
		return 0, err
	}
	defer e.endRead()
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		at, err := l.locateTime(t)
		if err != nil || at.none {
			return at.from, err
		}
		pos, err := e.seekPlace(l, at, t)
		if err == nil {
			return max(pos, at.from), nil
		}
		if !e.moved(l, at, err) {
			return 0, err
		}
	}
}

// locateTime finds where the first record of a time is: from is the oldest
// position there, or, with none, the position after the tip.
func (l *log) locateTime(t stream.Millis) (place, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone() {
		return place{}, engine.ErrNotFound
	}
	p := place{from: l.base}
	if t > l.tip.time || l.base > l.lastRecord() {
		p.none, p.from = true, l.tip.last+1
		return p, nil
	}
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].LastTime >= t })
	if i < len(l.segments) {
		info := l.segments[i]
		p.segment, p.from = &info, max(p.from, info.First)
		return p, nil
	}
	head := l.records()
	if len(head) == 0 { // only the mark is as late
		p.none, p.from = true, l.tip.last+1
		return p, nil
	}
	i = floorBatch(head, l.base)
	p.head, p.last, p.from = head[i:], l.lastRecord(), max(l.base, head[i].first)
	return p, nil
}

func (e *Engine) seekPlace(l *log, at place, t stream.Millis) (stream.Position, error) {
	w := &entry.Window{}
	if at.segment == nil {
		return e.seekHead(l, at, t, w)
	}
	found := at.segment.Last + 1
	err := e.walkSegment(l, *at.segment, func(r *segment.Reader) (int64, error) {
		return r.SeekTime(*at.segment, t)
	}, func(_ *segment.Reader, h *entry.Header, _ int64) (bool, error) {
		if h.Time < t {
			return true, nil
		}
		found = h.First
		return false, nil
	}, w)
	return found, err
}

// seekHead searches the head; times are only in the journal.
func (e *Engine) seekHead(l *log, at place, t stream.Millis, w *entry.Window) (stream.Position, error) {
	var failure error
	i := sort.Search(len(at.head), func(i int) bool {
		if failure != nil {
			return true
		}
		last := at.last
		if i+1 < len(at.head) {
			last = at.head[i+1].first - 1
		}
		f, err := e.journal.File(at.head[i].ref)
		var h entry.Header
		if err == nil {
			h, err = e.headHeader(l, w, f, at.head[i], last)
		}
		failure = err
		return err != nil || h.Time >= t
	})
	switch {
	case failure != nil:
		return 0, failure
	case i == len(at.head): // only the mark, which is next, is as late
		return at.last + 2, nil
	default:
		return at.head[i].first, nil
	}
}
