package disk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"time"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/kvtable"
	"leat/internal/stream"
)

// submit has a request settled by the committer and returns its outcome.
func (e *Engine) submit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.failed(); err != nil {
		return err
	}
	if !e.queue.put(r) {
		return errClosing
	}
	if err := e.await(ctx, r); err != nil {
		r.stage = nil // see Append
		return err
	}
	return r.err
}

// await is queue.await, and tells the operator now and then that the disk is slow.
func (e *Engine) await(ctx context.Context, r *request) (withdrew error) {
	err := e.queue.await(ctx, r)
	if !errors.Is(err, errSlow) {
		return err
	}
	now, told := time.Now().Unix(), e.toldSlow.Load()
	if now-told >= int64(slowWarning/time.Second) && e.toldSlow.CompareAndSwap(told, now) {
		e.opts.Logger.Warn("the disk is slower than what is to be written: what waits too long is refused", "waited", patience)
	}
	return err
}

// changeLogs creates or deletes logs.
func (e *Engine) changeLogs(ctx context.Context, ids []engine.LogID, stage func([]engine.LogID) func()) error {
	if len(ids) == 0 {
		return ctx.Err()
	}
	if len(ids) > maxWriteBytes/idBytes {
		return fmt.Errorf("%w: %d logs in one call", engine.ErrInvalid, len(ids))
	}
	r := newRequest()
	r.bytes = entry.Size(len(ids) * idBytes)
	r.stage = func() func() { return stage(ids) }
	return e.submit(ctx, r)
}

// stageCreate adds the creation of those logs that do not exist. They are in
// the map at once, for the appends behind it in the frame, but not visible.
func (c *committer) stageCreate(ids []engine.LogID) func() {
	var created []*log
	var payload []byte
	c.e.mu.Lock()
	for _, id := range ids {
		if l := c.e.logs[id]; l != nil && !l.pending.deleted {
			continue
		}
		l := newLog(id, c.e.journal.End().Frame)
		c.e.logs[id] = l
		created = append(created, l)
		payload = appendID(payload, id)
	}
	c.e.mu.Unlock()
	if len(created) == 0 {
		return nil
	}
	c.addEntry(entry.CreateLogs, 0, payload)
	return func() {
		for _, l := range created {
			l.mu.Lock()
			l.visible = true
			l.mu.Unlock()
		}
	}
}

// stageDelete adds the deletion of those logs that exist.
func (c *committer) stageDelete(ids []engine.LogID) func() {
	var deleted []*log
	var payload []byte
	for _, id := range ids {
		l := c.e.logs[id] // the committer alone changes the map
		if l == nil || l.pending.deleted {
			continue
		}
		l.pending.deleted = true
		deleted = append(deleted, l)
		payload = appendID(payload, id)
	}
	if len(deleted) == 0 {
		return nil
	}
	frame := c.e.journal.End().Frame
	c.addEntry(entry.DeleteLogs, 0, payload)
	return func() { c.e.bury(deleted, frame) }
}

// bury makes durable deletions visible.
func (e *Engine) bury(deleted []*log, frame uint64) {
	e.mu.Lock()
	for _, l := range deleted {
		if e.logs[l.id] == l {
			delete(e.logs, l.id)
		}
		e.graveyard = append(e.graveyard, l)
	}
	e.mu.Unlock()
	for _, l := range deleted {
		l.mu.Lock()
		l.deleted, l.deletedBy = true, frame
		segments := l.segments
		l.changed()
		l.mu.Unlock()
		e.garbage.addDeleted(l.id, segments)
	}
	e.lookAround()
}

// addEntry adds an entry to the frame that is no batch.
func (c *committer) addEntry(kind entry.Kind, first stream.Position, payload []byte) {
	c.entries = append(c.entries, journal.Entry{
		Header: entry.Header{
			Kind:         kind,
			PayloadBytes: len(payload),
			PayloadSum:   entry.Sum(payload),
			First:        first,
			Time:         c.time,
		},
		Payload: payload,
	})
}

// idBytes is what a log's name takes in the payload of a CreateLogs or
// DeleteLogs entry: u64 stream, u32 shard.
const idBytes = 12

func appendID(b []byte, id engine.LogID) []byte {
	b = binary.LittleEndian.AppendUint64(b, id.Stream)
	return binary.LittleEndian.AppendUint32(b, uint32(id.Shard))
}

var errPayload = errors.New("payload makes no sense")

func decodeIDs(payload []byte) ([]engine.LogID, error) {
	if len(payload)%idBytes != 0 {
		return nil, errPayload
	}
	ids := make([]engine.LogID, 0, len(payload)/idBytes)
	for ; len(payload) > 0; payload = payload[idBytes:] {
		ids = append(ids, engine.LogID{
			Stream: binary.LittleEndian.Uint64(payload),
			Shard:  stream.ShardID(binary.LittleEndian.Uint32(payload[8:])),
		})
	}
	return ids, nil
}

// Get implements engine.KV.
func (e *Engine) Get(ctx context.Context, key engine.Key) (engine.Entry, error) {
	return e.kv.Get(ctx, key)
}

// List implements engine.KV.
func (e *Engine) List(ctx context.Context, prefix, after engine.Key, limit int) ([]engine.Entry, error) {
	return e.kv.List(ctx, prefix, after, limit)
}

// ListBack implements engine.KV.
func (e *Engine) ListBack(ctx context.Context, prefix, before engine.Key, limit int) ([]engine.Entry, error) {
	return e.kv.ListBack(ctx, prefix, before, limit)
}

// Watch implements engine.KV.
func (e *Engine) Watch(ctx context.Context, prefix engine.Key, from engine.Revision) iter.Seq2[engine.Entry, error] {
	return e.kv.Watch(ctx, prefix, from)
}

// Write implements engine.KV.
func (e *Engine) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	if err := engine.ValidateChanges(changes); err != nil {
		return 0, err
	}
	payload := encodeChanges(changes)
	if len(payload) > maxWriteBytes {
		return 0, fmt.Errorf("%w: a write of %d bytes", engine.ErrInvalid, len(payload))
	}
	var prepared kvtable.Prepared
	r := newRequest()
	r.bytes = entry.Size(len(payload))
	r.stage = func() func() {
		p, err := e.kv.Prepare(changes)
		if err != nil {
			r.err = err
			return nil
		}
		prepared = p
		e.commits.prepared = append(e.commits.prepared, p)
		e.commits.addEntry(entry.Changes, stream.Position(p.Revision), payload)
		return func() {} // publish makes all prepared writes of a frame visible at once
	}
	if err := e.submit(ctx, r); err != nil {
		return 0, err
	}
	return prepared.Revision, nil
}

// encodeChanges returns the payload of a Changes entry: the number of changes,
// then for each 1 if it deletes or 0, the key, and the value unless it deletes.
// Numbers are varints, keys and values follow their lengths.
func encodeChanges(changes []engine.Change) []byte {
	n := binary.MaxVarintLen64
	for i := range changes {
		n += len(changes[i].Key) + len(changes[i].Value) + 1 + 2*binary.MaxVarintLen64
	}
	b := binary.AppendUvarint(make([]byte, 0, n), uint64(len(changes)))
	for i := range changes {
		c := &changes[i]
		if c.Delete {
			b = append(b, 1)
			b = appendBytes(b, string(c.Key))
			continue
		}
		b = append(b, 0)
		b = appendBytes(b, string(c.Key))
		b = appendBytes(b, c.Value)
	}
	return b
}

func appendBytes[T string | []byte](b []byte, v T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// decodeChanges reads what encodeChanges wrote. Values share the payload's
// memory.
func decodeChanges(payload []byte) ([]engine.Change, error) {
	d := decoder{b: payload}
	n := d.count(2)
	changes := make([]engine.Change, 0, n)
	for range n {
		c := engine.Change{Delete: d.uvarint() == 1, Key: engine.Key(d.bytes()), Expect: engine.Any}
		if !c.Delete {
			c.Value = d.bytes()
		}
		changes = append(changes, c)
	}
	if d.failed || len(d.b) > 0 {
		return nil, errPayload
	}
	return changes, nil
}

// decoder reads varints and byte strings. After something that is not there it
// has failed and returns zeros.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// position reads a number that must not be negative as an int64.
func (d *decoder) position() int64 {
	v := d.uvarint()
	if v > 1<<63-1 {
		d.fail()
		return 0
	}
	return int64(v)
}

// count reads how many things follow, each of which takes at least so many
// bytes: what cannot be is not believed, and no memory is taken for it.
func (d *decoder) count(least int) int {
	v := d.uvarint()
	if v > uint64(len(d.b)/least) {
		d.fail()
		return 0
	}
	return int(v)
}

func (d *decoder) bytes() []byte {
	n := d.count(1)
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) fail() { d.b, d.failed = nil, true }
