package kinesis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"unsafe"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/stream"
)

// cursor is a place in a shard to read on from: what an iterator holds.
//
// Sequence numbers that clients send are compared whole, position first and
// then time. So a cursor made from one may have to pass over the record at its
// very position.
type cursor struct {
	position stream.Position
	// after: a record at position whose time is second or earlier comes before
	// the cursor; otherwise one whose time is earlier than second does.
	after  bool
	second stream.Second
}

// passes reports whether the cursor is behind a record, so that it is not read.
func (c cursor) passes(position stream.Position, at stream.Second) bool {
	if position != c.position {
		return position < c.position
	}
	return at < c.second || c.after && at == c.second
}

// readRecord is one record as it is read. Key and data refer to page memory.
type readRecord struct {
	position stream.Position
	at       stream.Millis
	key      []byte
	data     []byte
	// encrypted is whether the record was put as an encrypted one.
	encrypted bool
}

// readPage is the result of one read.
type readPage struct {
	records []readRecord
	next    stream.Position
	bytes   int           // data and keys of the records
	behind  bool          // durable records are left behind this page
	ended   bool          // the shard is closed and nothing is left behind this page
	closed  stream.Millis // if ended, when the shard was closed
	buf     []byte
	opened  bool         // buf has records that were decrypted
	small   bool         // it is one of smallPages
	shown   []api.Record // what view has returned
	numbers []byte       // of shown
}

// pages are the memory that records are read into, and smallPages that of reads that
// are bound to an event's size: those may be kept for long, and many at a time, so that
// they must not have the memory of a large read.
var (
	pages      = sync.Pool{New: func() any { return new(readPage) }}
	smallPages = sync.Pool{New: func() any { return &readPage{small: true} }}
)

// maxSmallPage is the largest memory that one of smallPages keeps.
const maxSmallPage = 2 * stream.MaxEventBytes

// newPage returns an empty page for a read within limits.
func newPage(limits readLimits) *readPage {
	if limits.bytes <= stream.MaxEventBytes {
		return smallPages.Get().(*readPage)
	}
	return pages.Get().(*readPage)
}

// drained reports whether nothing will ever be read from here on.
func (p *readPage) drained() bool { return p.ended && len(p.records) == 0 }

// release gives the page's memory to other reads. What was decrypted is wiped
// out: it would stay there until then.
func (p *readPage) release() {
	clear(p.records)
	clear(p.shown)
	if p.opened {
		clear(p.buf[:cap(p.buf)])
	}
	if p.small && cap(p.buf) > maxSmallPage {
		p.buf = nil // a record may be larger than what was asked for
	}
	*p = readPage{records: p.records[:0], buf: p.buf, shown: p.shown[:0], numbers: p.numbers[:0], small: p.small}
	if p.small {
		smallPages.Put(p)
		return
	}
	pages.Put(p)
}

// memory returns how many bytes of memory the page's records are in.
func (p *readPage) memory() int {
	return cap(p.buf) + cap(p.numbers) + cap(p.records)*int(unsafe.Sizeof(readRecord{})) + cap(p.shown)*int(unsafe.Sizeof(api.Record{}))
}

// readLimits bound one page.
type readLimits struct {
	records int
	bytes   int // data and keys; the first record is read whatever its size
}

// framingSlack is how many more bytes than its data and keys a page's payloads
// may have, so that framing does not cost a page its last record.
const framingSlack = 64 << 10

// scan is what a read looks for.
type scan struct {
	sn      *snapshot
	shard   stream.ShardID
	from    cursor
	horizon stream.Millis // what is older has expired
	limits  readLimits
}

// read returns the records of a shard from the cursor on that have not
// expired: at least one, if there is one. The page is to be released.
func (s *Service) read(
	ctx context.Context, sn *snapshot, shard stream.ShardID, from cursor, limits readLimits,
) (*readPage, error) {
	p := newPage(limits)
	p.next = from.position
	sc := scan{sn, shard, from, sn.Horizon(s.engine.Now()), limits}
	if err := s.fill(ctx, p, &sc); err != nil {
		p.release()
		return nil, fmt.Errorf("read %v: %w", shard, err)
	}
	return p, nil
}

// fill reads into a page until it has a record or there is nothing to read.
func (s *Service) fill(ctx context.Context, p *readPage, sc *scan) error {
	log := sc.sn.logID(sc.shard)
	for {
		got, err := s.engine.Read(ctx, log, p.next, engine.Budget{
			Bytes: sc.limits.bytes + framingSlack, Records: sc.limits.records, Buf: p.buf,
		})
		p.buf = got.Buf
		atEnd := errors.Is(err, io.EOF)
		if err != nil && !atEnd {
			return err
		}
		full, err := s.take(p, sc, got.Batches)
		if err != nil {
			return err
		}
		if !full {
			p.next = max(p.next, got.Next)
		}
		if len(p.records) > 0 || atEnd || len(got.Batches) == 0 {
			return s.finishPage(ctx, log, p, atEnd && !full)
		}
		// All of that has expired or is before the cursor.
		first, err := s.engine.SeekTime(ctx, log, sc.horizon)
		if err != nil {
			return err
		}
		p.next = max(p.next, first)
	}
}

// take appends the records of batches to the page, and reports whether the
// page is full before their end; then next is the first record left out. A batch
// that cannot be opened ends the page before it, and fails a read that would
// begin with it.
func (s *Service) take(p *readPage, sc *scan, batches []engine.StoredBatch) (full bool, err error) {
	for i := range batches {
		b := &batches[i]
		if b.Time < sc.horizon {
			continue
		}
		records, err := s.batchRecords(sc.sn, sc.shard, b)
		switch {
		case err != nil && len(p.records) > 0:
			p.next = b.First
			return true, nil
		case err != nil:
			return false, fmt.Errorf("batch at position %d: %w", b.First, err)
		}
		p.opened = p.opened || records.Encrypted()
		if full, err := p.takeBatch(sc, b, records); full || err != nil {
			return full, err
		}
	}
	return false, nil
}

// takeBatch appends the records of one batch to the page.
func (p *readPage) takeBatch(sc *scan, b *engine.StoredBatch, records stream.RecordIter) (full bool, err error) {
	position := b.First - 1
	for key, data, ok := records.Next(); ok; key, data, ok = records.Next() {
		position++
		if sc.from.passes(position, b.Time.Second()) {
			continue
		}
		size := len(key) + len(data)
		if len(p.records) > 0 && (len(p.records) == sc.limits.records || p.bytes+size > sc.limits.bytes) {
			p.next = position
			return true, nil
		}
		p.records = append(p.records, readRecord{position, b.Time, key, data, records.Encrypted()})
		p.bytes += size
	}
	if err := records.Err(); err != nil {
		return false, fmt.Errorf("batch at position %d: %w", b.First, err)
	}
	return false, nil
}

// finishPage finds out what is left behind the page.
func (s *Service) finishPage(ctx context.Context, log engine.LogID, p *readPage, atEnd bool) error {
	tip, err := s.engine.Tip(ctx, log)
	if err != nil {
		return err
	}
	if p.next > tip.Last || atEnd {
		p.ended, p.closed = tip.Closed, tip.Time
		return nil
	}
	// The position of a close mark is taken, but it is no record.
	if tip.Closed && p.next == tip.Last {
		p.ended, p.closed = true, tip.Time
		return nil
	}
	p.behind = true
	return nil
}
