package journal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"leat/internal/stream"
	"leat/internal/vfs"
)

// Options configure a journal.
type Options struct {
	FS     vfs.FS
	Dir    string // exists
	Logger *slog.Logger
	// FileBytes is the length of a journal file, FirstFileBytes that of the
	// very first, which is made while the caller waits.
	FileBytes, FirstFileBytes int64
	// MaxSpares is how many freed files are kept to be used again.
	MaxSpares int
}

// Journal is open for appending. Reserve and Append are for one goroutine; the
// rest may be called from any.
type Journal struct {
	opts Options

	// Of the appending goroutine.
	active *file
	next   Mark
	buf    []byte

	fsyncs atomic.Int64

	mu   sync.RWMutex // guards live
	live map[uint32]*file

	spares spares
}

// Open scans the journal from a mark on, shows everything to v, and makes it
// ready to append. What was found is durable when Open returns, even if its
// sync failed or never came.
func Open(opts Options, start Mark, v Visitor) (*Journal, error) {
	files, err := openFiles(opts.FS, opts.Dir, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	j := &Journal{opts: opts, live: map[uint32]*file{}}
	j.spares.init(opts, files)
	if err := j.recover(files, start.orFirst(), v); err != nil {
		j.spares.wait()
		closeFiles(files)
		return nil, err
	}
	return j, nil
}

func (j *Journal) recover(files []*file, start Mark, v Visitor) error {
	live, err := liveFiles(files, start)
	if err != nil {
		return err
	}
	t, err := scan(live, start, v)
	if err != nil {
		return err
	}
	if t.torn {
		j.opts.Logger.Warn("journal ends in a frame that is not whole; it was not acknowledged and is dropped",
			"file", live[len(live)-1].name, "offset", t.next.Offset, "frame", t.next.Frame)
	}
	j.next = t.next
	for _, f := range live {
		j.live[f.header.number] = f
		j.active = f
	}
	if j.active != nil {
		if err := j.active.renew(t.last, t.next.Offset); err != nil {
			return fmt.Errorf("write %s again: %w", j.active.name, err)
		}
	}
	if err := j.keepSpares(files); err != nil {
		return err
	}
	if err := j.opts.FS.SyncDir(j.opts.Dir); err != nil {
		return fmt.Errorf("sync %s: %w", j.opts.Dir, err)
	}
	if j.active == nil && j.spares.count() == 0 {
		return j.spares.makeFirst()
	}
	return nil
}

// keepSpares takes over the files that are not in use.
func (j *Journal) keepSpares(files []*file) error {
	for _, f := range files {
		if j.live[f.header.number] == f {
			continue
		}
		if err := j.spares.release(f); err != nil {
			return err
		}
	}
	return nil
}

// Reserve makes sure that frames of that length in whole pages can be appended
// without needing room on the disk. If it fails nothing has changed, and it may
// succeed later.
func (j *Journal) Reserve(frameBytes int64) error {
	if j.active != nil && j.next.Offset+frameBytes <= j.active.bytes {
		j.prepareAhead()
		return nil
	}
	f, err := j.spares.take(pageBytes + frameBytes)
	if err != nil {
		return err
	}
	var salt [8]byte
	_, _ = rand.Read(salt[:]) // never fails
	number := j.nextNumber()
	f.use(fileHeader{number: number, salt: binary.LittleEndian.Uint64(salt[:]), firstFrame: j.next.Frame})
	j.active = f
	j.next.File, j.next.Offset = number, pageBytes
	j.mu.Lock()
	j.live[number] = f
	j.mu.Unlock()
	return nil
}

// nextNumber returns the number of the next use. If nothing has been written to
// the active file, not even its header, another takes its place: there must be
// no gap between the numbers on disk.
func (j *Journal) nextNumber() uint32 {
	f := j.active
	if f == nil {
		return j.next.File
	}
	number := f.header.number
	if f.written {
		return number + 1
	}
	j.mu.Lock()
	delete(j.live, number)
	j.mu.Unlock()
	f.use(fileHeader{})
	if err := j.spares.release(f); err != nil { // which the next Open tries again
		j.opts.Logger.Warn("a journal file that is not needed is left", "err", err)
	}
	return number
}

// prepareAhead has the next file made once a quarter of this one is full.
func (j *Journal) prepareAhead() {
	if j.next.Offset > j.active.bytes/4 {
		j.spares.prepare()
	}
}

// Short reports that the room left is little and the next file is still being
// made: whoever takes much now makes all wait for it. It is for the appending
// goroutine.
func (j *Journal) Short() bool {
	return j.active != nil && j.active.bytes-j.next.Offset < j.active.bytes/8 && j.spares.awaited()
}

// Append writes a frame with the entries and makes it durable. Room for it must
// have been reserved. After an error the frame may be there or not, and Append
// must not be called again.
func (j *Journal) Append(time stream.Millis, entries []Entry) (frameBytes int64, err error) {
	size := headerBytes
	for i := range entries {
		size += entries[i].Size()
	}
	frameBytes = pages(int64(size))
	at := j.next.Offset
	lead := int64(0)
	if at == pageBytes {
		lead = pageBytes // the file's header goes with its first frame
	}
	b := j.scratch(lead + frameBytes)
	if lead > 0 {
		clear(b[:pageBytes])
		j.active.header.encode(b)
	}
	encodeFrame(b[lead:], frameHeader{number: j.next.Frame, time: time}, entries, j.active.header, at)
	if at+frameBytes > j.active.bytes {
		return 0, errors.New("BUG: frame without room reserved")
	}
	j.active.written = true
	if _, err := j.active.f.WriteAt(b, at-lead); err != nil {
		return 0, fmt.Errorf("write journal: %w", err)
	}
	if err := j.active.f.Sync(); err != nil {
		return 0, fmt.Errorf("sync journal: %w", err)
	}
	j.fsyncs.Add(1)
	j.next.Offset += frameBytes
	j.next.Frame++
	return frameBytes, nil
}

// maxScratchBytes is how much memory for building frames is kept.
const maxScratchBytes = 16 << 20

func (j *Journal) scratch(n int64) []byte {
	if int64(cap(j.buf)) >= n {
		return j.buf[:n]
	}
	b := make([]byte, n+n/2)
	if len(b) <= maxScratchBytes {
		j.buf = b
	}
	return b[:n]
}

// End returns the mark behind the last frame. It is for the appending goroutine.
func (j *Journal) End() Mark { return j.next }

// Fsyncs returns how many syncs of frames have succeeded.
func (j *Journal) Fsyncs() int64 { return j.fsyncs.Load() }

// File returns the file that an entry is in, or ErrMoved.
func (j *Journal) File(ref Ref) (*File, error) {
	j.mu.RLock()
	f := j.live[ref.File()]
	j.mu.RUnlock()
	if f == nil {
		return nil, ErrMoved
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.header.number != ref.File() {
		return nil, ErrMoved
	}
	return &File{file: f, number: f.header.number, salt: f.header.salt}, nil
}

// Free ends the use of all files before a mark, when those who read them have
// let go. Reads of them fail with ErrMoved from then on.
func (j *Journal) Free(before Mark) error {
	j.mu.Lock()
	var freed []*file
	for number, f := range j.live {
		if number < before.File {
			delete(j.live, number)
			freed = append(freed, f)
		}
	}
	j.mu.Unlock()
	var errs []error
	for _, f := range freed {
		f.use(fileHeader{})
		errs = append(errs, j.spares.release(f))
	}
	return errors.Join(errs...)
}

// DropSpares removes the files that are not in use, to make room on the disk.
func (j *Journal) DropSpares() error { return j.spares.drop() }

// Prepared waits until no file is being made.
func (j *Journal) Prepared() { j.spares.wait() }

// Close closes the files. Nothing may be called afterwards.
func (j *Journal) Close() error {
	j.spares.wait()
	var errs []error
	for _, f := range j.live {
		errs = append(errs, f.f.Close())
	}
	return errors.Join(append(errs, j.spares.close())...)
}
