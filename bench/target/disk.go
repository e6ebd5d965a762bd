package target

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"leat/bench/stats"
)

// DiskBytes is the size of the file that the disk's ceiling writes over and
// over. It is filled with zeros first, so that a sync has no metadata to write,
// as in a journal.
const DiskBytes = 256 << 20

// Disk is the ceiling of the disk: writes of one size to a file that has its
// room, each of them synced.
type Disk struct {
	file *os.File
	at   int64
}

// NewDisk makes the file.
func NewDisk(dir string) (*Disk, error) {
	f, err := os.Create(filepath.Join(dir, "disk-ceiling"))
	if err != nil {
		return nil, err
	}
	zeros := make([]byte, 1<<20)
	for range DiskBytes / len(zeros) {
		if _, err := f.Write(zeros); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if err := f.Sync(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Disk{file: f}, nil
}

// Run writes so many bytes at a time until the end and returns how long each
// write took with its sync.
func (d *Disk) Run(ctx context.Context, bytes int, length time.Duration) (*stats.Histogram, error) {
	data := make([]byte, bytes)
	for i := range data {
		data[i] = byte(i)
	}
	latencies := new(stats.Histogram)
	end := time.Now().Add(length)
	for ctx.Err() == nil {
		began := time.Now()
		if began.After(end) {
			return latencies, nil
		}
		if d.at+int64(bytes) > DiskBytes {
			d.at = 0
		}
		if _, err := d.file.WriteAt(data, d.at); err != nil {
			return nil, err
		}
		d.at += int64(bytes)
		if err := syncData(d.file); err != nil {
			return nil, err
		}
		latencies.Record(time.Since(began))
	}
	return nil, ctx.Err()
}

// Close removes the file.
func (d *Disk) Close() error { return errors.Join(d.file.Close(), os.Remove(d.file.Name())) }
