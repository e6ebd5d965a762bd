package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/engine/disk/journal"
	"leat/internal/engine/disk/segment"
	"leat/internal/engine/kvtable"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// Report is what Check has found.
type Report struct {
	Damage   []*engine.CorruptError
	Logs     int
	Segments int
	Keys     int   // of metadata
	Records  int64 // that are stored, some of them perhaps expired
	Bytes    int64 // that were verified
}

// Check reads a data directory that no server uses, verifies every checksum
// and how the files fit together, and changes nothing. A directory that a
// killed process or a power cut has left is sound. progress is called now and
// then with how many of how many bytes have been verified; it may be nil.
func Check(fsys vfs.FS, progress func(done, total int64)) (report Report, err error) {
	if err := checkFormat(fsys); err != nil {
		return Report{}, err
	}
	lock, err := lockDirectory(fsys)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	c := &checker{
		fs:       fsys,
		progress: progress,
		e: &Engine{
			opts: Options{}.withDefaults(),
			kv:   kvtable.New(),
			logs: map[engine.LogID]*log{},
		},
	}
	err = c.run()
	return c.report, err
}

type checker struct {
	fs       vfs.FS
	progress func(done, total int64)
	total    int64
	report   Report
	e        *Engine // what has been read; no engine runs
}

func (c *checker) run() error {
	img, damage, err := newestImage(c.fs)
	if err != nil {
		return err
	}
	c.report.Damage = damage
	c.e.restore(img)
	segments := int64(0)
	for _, l := range c.e.logs {
		for i := range l.segments {
			segments += l.segments[i].Length
		}
	}
	c.total = segments
	if err := c.journal(img.mark); err != nil {
		return err
	}
	return c.logs()
}

// found adds err to the damage, or returns it if it is none.
func (c *checker) found(err error) error {
	if d, ok := errors.AsType[*engine.CorruptError](err); ok {
		c.report.Damage = append(c.report.Damage, d)
		return nil
	}
	return err
}

func (c *checker) verified(bytes int64) {
	c.report.Bytes += bytes
	if c.progress != nil {
		c.progress(c.report.Bytes, max(c.total, c.report.Bytes))
	}
}

// journal verifies the journal. Behind damage nothing more can be said of it.
func (c *checker) journal(start journal.Mark) error {
	_, err := journal.Scan(c.fs, journalDir, start, &checkingReplayer{replayer: replayer{e: c.e}, c: c})
	if start == (journal.Mark{}) && errors.Is(err, fs.ErrNotExist) {
		return nil // a start was interrupted before it made the directory
	}
	return c.found(err)
}

// checkingReplayer counts what a replayer applies.
type checkingReplayer struct {
	replayer

	c *checker
}

func (r *checkingReplayer) Frame(number uint64, t stream.Millis, bytes int64) {
	r.replayer.Frame(number, t, bytes)
	r.c.total += bytes
	r.c.verified(bytes)
}

func (r *checkingReplayer) Entry(h *entry.Header, payload []byte, ref journal.Ref) error {
	if h.Kind == entry.Batch {
		r.c.report.Records += int64(h.Records)
	}
	return r.replayer.Entry(h, payload, ref)
}

// logs verifies all segments.
func (c *checker) logs() error {
	logs := c.e.snapshot()
	slices.SortFunc(logs, func(a, b *log) int { return compareIDs(a.id, b.id) })
	c.report.Logs = len(logs)
	c.report.Keys = c.e.kv.Image().Entries
	for _, l := range logs {
		if err := c.log(l); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) log(l *log) error {
	for i := range l.segments {
		info := &l.segments[i]
		records, damage, err := segment.Verify(c.fs, l.id, *info)
		if errors.Is(err, fs.ErrNotExist) {
			damage = append(damage, &engine.CorruptError{File: segment.Name(l.id, info.First), Reason: "file is missing"})
			err = nil
		}
		if err != nil {
			return err
		}
		if i > 0 && info.First != l.segments[i-1].Last+1 {
			damage = append(damage, &engine.CorruptError{
				File:   segment.Name(l.id, info.First),
				Reason: fmt.Sprintf("segment follows one that ends at position %d", l.segments[i-1].Last),
			})
		}
		c.report.Damage = append(c.report.Damage, damage...)
		c.report.Segments++
		c.report.Records += records
		c.verified(info.Length)
	}
	return nil
}
