package journal

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/vfs"
)

// FuzzScan scans a journal of two files of which one is anything.
func FuzzScan(f *testing.F) {
	mem := vfs.NewMem()
	if err := mem.Mkdir(dir); err != nil {
		f.Fatal(err)
	}
	opts := options(mem)
	opts.FirstFileBytes, opts.FileBytes = 12<<10, 12<<10
	j, err := Open(opts, Mark{}, &seen{})
	if err != nil {
		f.Fatal(err)
	}
	for range 3 {
		if err := j.Reserve(4096); err != nil {
			f.Fatal(err)
		}
		if _, err := j.Append(1, []Entry{{Header: entry.Header{Kind: entry.Batch}}}); err != nil {
			f.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		f.Fatal(err)
	}
	name := dir + "/000001.journal"
	content := make([]byte, 12<<10)
	file, err := mem.OpenFile(name, os.O_RDONLY)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := file.ReadAt(content, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(content)
	f.Add(content[:5000])
	f.Fuzz(func(t *testing.T, b []byte) {
		c := mem.CrashKeepAll()
		file, err := c.OpenFile(name, os.O_RDWR|os.O_TRUNC)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		s := &seen{}
		_, err = Scan(c, dir, Mark{}, s)
		if _, damaged := errors.AsType[*engine.CorruptError](err); err != nil && !damaged {
			t.Errorf("scan: %v", err)
		}
		if len(s.frames) > 3 {
			t.Errorf("%d frames", len(s.frames))
		}
	})
}

// FuzzFrame scans a frame whose checksums are right and that holds anything.
func FuzzFrame(f *testing.F) {
	f.Add(make([]byte, 100), uint32(1), uint32(100))
	f.Add(make([]byte, 5000), uint32(3), uint32(4096))
	f.Fuzz(func(t *testing.T, body []byte, entries, length uint32) {
		mem := newFS(t)
		file, err := mem.OpenFile(dir+"/000001.journal", os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, pages(int64(2*pageBytes+len(body))))
		fileHeader{number: 1, salt: 42, firstFrame: 1}.encode(b)
		frame := b[pageBytes:]
		copy(frame[headerBytes:], body)
		h := frameHeader{number: 1, bodyBytes: int(length), entries: int(entries)}
		h.entriesSum = correctEntries(frame[headerBytes:], int(entries))
		h.encode(frame, entry.Seed(42, pageBytes))
		if _, err := file.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		s := &seen{}
		m, err := Scan(mem, dir, Mark{}, s)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.payloads) > 0 && len(s.payloads) != int(entries) || m.Frame != uint64(len(s.frames)+1) {
			t.Errorf("%d of %d entries, the end is %+v", len(s.payloads), entries, m)
		}
	})
}

// correctEntries makes the header sums in a frame's body right, as far as there
// is something like entries, and returns the sum over them.
func correctEntries(body []byte, entries int) (sum uint32) {
	le := binary.LittleEndian
	for at := 0; entries > 0 && at+entry.HeaderBytes <= len(body); entries-- {
		b := body[at:]
		n := entry.Size(int(le.Uint32(b[8:])))
		if payload := b[entry.HeaderBytes:]; n <= len(b) {
			le.PutUint32(b[4:], entry.Sum(payload[:le.Uint32(b[8:])]))
		}
		le.PutUint32(b, entry.SumFrom(entry.Seed(42, int64(pageBytes+headerBytes+at)), b[4:entry.HeaderBytes]))
		sum = entry.SumFrom(sum, b[:4])
		at += n
	}
	return sum
}
