package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/disk/segment"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// A checkpoint file has a header of 48 bytes and, from 4096 on, a body.
//
//	 0 u32 CRC32C of 4 to 47
//	 4 u32 "LECP"
//	 8 u64 number of the checkpoint
//	16 u64 length of the body
//	24 u32 CRC32C of the body
//	28 u32 format version
//	32     0
//
// The body is a sequence of varints and of byte strings that follow their
// lengths:
//
//	file, offset, frame     of the mark in the journal
//	time                    of the engine's clock
//	revision, count         of the KV; then for each entry
//	  key, value, revision
//	count                   of logs; then for each
//	  stream, shard, base, last, time, closed, count of segments; then for each
//	    first, last, first time, last time, length, sealed
//
// The two files are written in turn, each in three synced steps: a header of
// zeros, the body, the header. So a header is there only with its body, and
// whatever else is found is damage, not an interrupted write.
const (
	imageBody    = 4096
	imageHeader  = 48
	imageMagic   = uint32('L') | uint32('E')<<8 | uint32('C')<<16 | uint32('P')<<24
	imageVersion = 1
	imageSlots   = 2
	imageChunk   = 256 << 10
	// imageSync is after how many bytes a body is synced: commits would queue
	// behind the sync of all of a large one.
	imageSync = 1 << 20
)

func imageName(number uint64) string { return fmt.Sprintf("checkpoint.%d", number%imageSlots) }

// writeImage writes a checkpoint file durably.
func writeImage(fsys vfs.FS, number uint64, c *checkpoint) (err error) {
	name := imageName(number)
	f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("open checkpoint file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := &imageWriter{f: f, at: imageBody}
	if err := writeStart(f, make([]byte, imageHeader)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := fsys.SyncDir("."); err != nil {
		return fmt.Errorf("sync data directory: %w", err)
	}
	w.body(c)
	if err := w.end(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := writeStart(f, encodeImageHeader(number, w.at-imageBody, w.sum)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// writeStart writes the beginning of a file durably.
func writeStart(f vfs.File, b []byte) error {
	if _, err := f.WriteAt(b, 0); err != nil {
		return err
	}
	return f.Sync()
}

func encodeImageHeader(number uint64, bodyBytes int64, sum uint32) []byte {
	b := make([]byte, imageHeader)
	le := binary.LittleEndian
	le.PutUint32(b[4:], imageMagic)
	le.PutUint64(b[8:], number)
	le.PutUint64(b[16:], uint64(bodyBytes))
	le.PutUint32(b[24:], sum)
	le.PutUint32(b[28:], imageVersion)
	le.PutUint32(b, entry.Sum(b[4:]))
	return b
}

// imageWriter writes a body in pieces: the image of the KV may be large.
type imageWriter struct {
	f   vfs.File
	b   []byte
	at  int64 // where b goes
	sum uint32
	// unsynced is how many bytes the last sync does not cover.
	unsynced int
	err      error // the first
}

func (w *imageWriter) numbers(values ...uint64) {
	for _, v := range values {
		w.b = binary.AppendUvarint(w.b, v)
	}
	if len(w.b) >= imageChunk {
		w.flush()
	}
}

func (w *imageWriter) flush() {
	if w.err != nil || len(w.b) == 0 {
		return
	}
	w.sum = entry.SumFrom(w.sum, w.b)
	_, w.err = w.f.WriteAt(w.b, w.at)
	w.at += int64(len(w.b))
	w.unsynced += len(w.b)
	w.b = w.b[:0]
	if w.err == nil && w.unsynced >= imageSync {
		w.err = w.f.Sync()
		w.unsynced = 0
	}
}

func (w *imageWriter) end() error {
	w.flush()
	if w.err != nil {
		return w.err
	}
	return w.f.Sync()
}

func (w *imageWriter) body(c *checkpoint) {
	w.numbers(uint64(c.mark.File), uint64(c.mark.Offset), c.mark.Frame, uint64(c.time))
	w.numbers(uint64(c.image.Revision), uint64(c.image.Entries))
	for e := range c.image.All() {
		w.b = appendBytes(w.b, string(e.Key))
		w.b = appendBytes(w.b, e.Value)
		w.numbers(uint64(e.Revision))
	}
	w.numbers(uint64(len(c.logs)))
	for i := range c.logs {
		l := &c.logs[i]
		w.numbers(l.id.Stream, uint64(l.id.Shard), uint64(l.base), uint64(l.tip.last), uint64(l.tip.time),
			asNumber(l.tip.closed), uint64(len(l.segments)))
		for j := range l.segments {
			s := &l.segments[j]
			w.numbers(uint64(s.First), uint64(s.Last), uint64(s.FirstTime), uint64(s.LastTime), uint64(s.Length), asNumber(s.Sealed))
		}
	}
}

func asNumber(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// image is the content of a checkpoint file. The zero image is that of a new
// data directory.
type image struct {
	number   uint64
	mark     journal.Mark
	time     stream.Millis
	revision engine.Revision
	entries  []engine.Entry
	logs     []logImage
}

// readImage reads a checkpoint file. One that is missing, or was being written,
// is nil; one that is damaged is a *engine.CorruptError.
func readImage(fsys vfs.FS, name string) (*image, error) {
	f, err := fsys.OpenFile(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open checkpoint file: %w", err)
	}
	defer func() { _ = f.Close() }() // read only
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", name, err)
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) < imageHeader || isZero(b[:imageHeader]) {
		return nil, nil
	}
	img, err := decodeImage(b)
	if err != nil {
		return nil, &engine.CorruptError{File: name, Reason: err.Error()}
	}
	return img, nil
}

var (
	errImageHeader = errors.New("header is damaged")
	errImageBody   = errors.New("body is damaged")
)

func decodeImage(b []byte) (*image, error) {
	le := binary.LittleEndian
	if len(b) < imageHeader || entry.Sum(b[4:imageHeader]) != le.Uint32(b) || le.Uint32(b[4:]) != imageMagic {
		return nil, errImageHeader
	}
	if v := le.Uint32(b[28:]); v != imageVersion {
		return nil, fmt.Errorf("unknown version %d", v)
	}
	n := le.Uint64(b[16:])
	if len(b) < imageBody || n > uint64(len(b)-imageBody) || entry.Sum(b[imageBody:][:n]) != le.Uint32(b[24:]) {
		return nil, errImageBody
	}
	img := &image{number: le.Uint64(b[8:])}
	d := &decoder{b: b[imageBody:][:n]}
	img.decodeBody(d)
	if d.failed || len(d.b) > 0 {
		return nil, errImageBody
	}
	return img, nil
}

func (img *image) decodeBody(d *decoder) {
	img.mark = journal.Mark{File: uint32(d.uvarint()), Offset: d.position(), Frame: d.uvarint()}
	img.time = stream.Millis(d.position())
	img.revision = engine.Revision(d.uvarint())
	for range d.count(3) {
		e := engine.Entry{Key: engine.Key(d.bytes()), Value: bytes.Clone(d.bytes()), Revision: engine.Revision(d.uvarint())}
		img.entries = append(img.entries, e)
	}
	for range d.count(7) {
		img.logs = append(img.logs, decodeLog(d))
		if d.failed {
			return
		}
	}
}

func decodeLog(d *decoder) logImage {
	l := logImage{id: engine.LogID{Stream: d.uvarint(), Shard: stream.ShardID(d.uvarint())}}
	l.base = stream.Position(d.position())
	l.tip = tip{last: stream.Position(d.position()), time: stream.Millis(d.position()), closed: d.uvarint() == 1}
	for range d.count(6) {
		l.segments = append(l.segments, segment.Info{
			First:     stream.Position(d.position()),
			Last:      stream.Position(d.position()),
			FirstTime: stream.Millis(d.position()),
			LastTime:  stream.Millis(d.position()),
			Length:    d.position(),
			Sealed:    d.uvarint() == 1,
		})
	}
	return l
}

func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// newestImage returns the newest checkpoint there is, and what is wrong with
// the other one. With two damaged files there is nothing to go by.
func newestImage(fsys vfs.FS) (newest *image, damage []*engine.CorruptError, err error) {
	newest = &image{}
	for slot := range uint64(imageSlots) {
		img, err := readImage(fsys, imageName(slot))
		if c, ok := errors.AsType[*engine.CorruptError](err); ok {
			damage = append(damage, c)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		if img != nil && img.number > newest.number {
			newest = img
		}
	}
	return newest, damage, nil
}

// syncImage makes a checkpoint file durable that was found: the sync of its
// header may have failed, or never have come. After a failed one the header can
// be read, but only writing it again makes another sync reach it.
func syncImage(fsys vfs.FS, number uint64) (err error) {
	if number == 0 {
		return nil
	}
	name := imageName(number)
	f, err := fsys.OpenFile(name, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("open checkpoint file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	header := make([]byte, imageHeader)
	if n, err := f.ReadAt(header, 0); n < len(header) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := writeStart(f, header); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	return nil
}
