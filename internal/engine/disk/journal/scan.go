package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// Visitor is shown what a scan finds, in order.
type Visitor interface {
	// Frame announces a frame that holds as a whole, and takes so many bytes;
	// its entries follow.
	Frame(number uint64, time stream.Millis, bytes int64)
	// Entry shows an entry. The payload is valid during the call. An error
	// ends the scan; a *engine.CorruptError without a file gets the place.
	Entry(h *entry.Header, payload []byte, ref Ref) error
}

// tail is where a scan ended.
type tail struct {
	next Mark
	last int64 // where the last frame begins if it is in the last file, else next.Offset
	torn bool  // the frame at next was begun and is not whole
}

const fileSuffix = ".journal"

// openFiles opens the journal files of a directory.
func openFiles(fsys vfs.FS, dir string, flag int) (files []*file, err error) {
	defer func() {
		if err != nil {
			closeFiles(files)
		}
	}()
	list, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if d.IsDir() || !strings.HasSuffix(d.Name(), fileSuffix) {
			continue
		}
		name := path.Join(dir, d.Name())
		f, err := fsys.OpenFile(name, flag)
		if err != nil {
			return files, fmt.Errorf("open journal file: %w", err)
		}
		jf := &file{name: name, f: f}
		files = append(files, jf)
		if err := jf.load(); err != nil {
			return files, err
		}
	}
	return files, nil
}

func closeFiles(files []*file) {
	for _, f := range files {
		_ = f.f.Close() // read-only, or being given up because of another error
	}
}

// load reads the file's length and header.
func (f *file) load() error {
	size, err := f.f.Size()
	if err != nil {
		return fmt.Errorf("size of %s: %w", f.name, err)
	}
	f.bytes = size &^ (pageBytes - 1)
	if size < pageBytes {
		return nil // its making was interrupted
	}
	page := make([]byte, pageBytes)
	if _, err := f.f.ReadAt(page, 0); err != nil {
		return fmt.Errorf("read %s: %w", f.name, err)
	}
	h, _, err := decodeFileHeader(page)
	if err != nil {
		return &engine.CorruptError{File: f.name, Reason: err.Error()}
	}
	f.header, f.written = h, true
	return nil
}

// liveFiles returns the files in use from a mark on, in order.
func liveFiles(files []*file, start Mark) ([]*file, error) {
	var live []*file
	for _, f := range files {
		if f.header.number >= start.File {
			live = append(live, f)
		}
	}
	slices.SortFunc(live, func(a, b *file) int { return int(int64(a.header.number) - int64(b.header.number)) })
	for i, f := range live {
		if want := start.File + uint32(i); f.header.number != want {
			return nil, &engine.CorruptError{File: f.name, Reason: fmt.Sprintf("journal file of use %d is missing", want)}
		}
	}
	if len(live) == 0 && start.Offset > pageBytes {
		return nil, &engine.CorruptError{File: "journal", Reason: fmt.Sprintf("journal file of use %d is missing", start.File)}
	}
	return live, nil
}

// scan shows v all frames from a mark on and returns where the journal ends. A
// frame that does not hold is damage if a later one does.
func scan(live []*file, start Mark, v Visitor) (tail, error) {
	t := tail{next: start}
	for i, f := range live {
		if i > 0 {
			t.next.File, t.next.Offset = f.header.number, pageBytes
		}
		if f.header.firstFrame != t.next.Frame && t.next.Offset == pageBytes {
			return t, &engine.CorruptError{File: f.name, Reason: fmt.Sprintf("file begins with frame %d instead of %d", f.header.firstFrame, t.next.Frame)}
		}
		if err := scanFile(f, &t, v); err != nil {
			return t, err
		}
		if i+1 < len(live) && live[i+1].header.firstFrame != t.next.Frame {
			return t, &engine.CorruptError{File: f.name, Offset: t.next.Offset, Reason: fmt.Sprintf("frame %d is damaged, later ones are not", t.next.Frame)}
		}
	}
	return t, nil
}

// scanFile shows v the frames of one file and leaves t behind the last.
func scanFile(f *file, t *tail, v Visitor) error {
	src := &File{file: f, number: f.header.number, salt: f.header.salt}
	s := &frameScanner{src: src}
	m := &t.next
	t.last = m.Offset
	for {
		h, found, err := s.frame(m.Offset, m.Frame)
		if err != nil {
			return err
		}
		if !found {
			t.torn = s.begun
			return s.checkBehind(*m)
		}
		v.Frame(h.number, h.time, FrameBytes(h.bodyBytes))
		if err := s.show(m.Offset, h, v); err != nil {
			return err
		}
		t.last = m.Offset
		m.Offset += FrameBytes(h.bodyBytes)
		m.Frame++
	}
}

// frameScanner reads the frames of a file.
type frameScanner struct {
	src   *File
	buf   []byte
	start int64 // buf is what the file holds from here on
	begun bool  // the frame last looked for has a valid header
}

const scanBytes = 1 << 20

// at returns n bytes of the file, fewer at its end.
func (s *frameScanner) at(off, n int64) ([]byte, error) {
	if off >= s.start && off+n <= s.start+int64(len(s.buf)) {
		return s.buf[off-s.start:][:n], nil
	}
	want := min(max(n, scanBytes), s.src.Bytes()-off)
	if want <= 0 {
		return nil, nil
	}
	if int64(cap(s.buf)) < want {
		s.buf = make([]byte, want)
	}
	got, err := s.src.ReadAt(s.buf[:want], off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", s.src.Name(), err)
	}
	s.buf, s.start = s.buf[:got], off
	return s.buf[:min(n, int64(got))], nil
}

// frame looks for the frame of that number at an offset; found is false if
// there is none that holds as a whole.
func (s *frameScanner) frame(off int64, number uint64) (h frameHeader, found bool, err error) {
	s.begun = false
	b, err := s.at(off, headerBytes)
	if err != nil || len(b) < headerBytes {
		return h, false, err
	}
	h, ok := decodeFrameHeader(b, entry.Seed(s.src.salt, off))
	if !ok || h.number != number || h.bodyBytes > int(s.src.Bytes()-off) {
		return h, false, nil
	}
	s.begun = true
	b, err = s.at(off, headerBytes+int64(h.bodyBytes))
	if err != nil || len(b) < headerBytes+h.bodyBytes {
		return h, false, err
	}
	return h, s.holds(h, b, off), nil
}

// holds verifies all entries of a frame.
func (s *frameScanner) holds(h frameHeader, b []byte, off int64) bool {
	sum, at := uint32(0), headerBytes
	for range h.entries {
		if at+entry.HeaderBytes > len(b) {
			return false
		}
		e, err := entry.Decode(b[at:], entry.Seed(s.src.salt, off+int64(at)))
		if err != nil || at+e.Size() > len(b) {
			return false
		}
		if _, err := e.Payload(b[at:]); err != nil {
			return false
		}
		sum = entry.SumFrom(sum, b[at:at+4])
		at += e.Size()
	}
	return at == len(b) && sum == h.entriesSum
}

// show shows v the entries of a frame that holds.
func (s *frameScanner) show(off int64, h frameHeader, v Visitor) error {
	b, err := s.at(off, headerBytes+int64(h.bodyBytes))
	if err != nil {
		return err
	}
	at := headerBytes
	for range h.entries {
		place := off + int64(at)
		e, err := entry.Decode(b[at:], entry.Seed(s.src.salt, place))
		if err != nil {
			return &engine.CorruptError{File: s.src.Name(), Offset: place, Reason: err.Error()}
		}
		payload := b[at+entry.HeaderBytes:][:e.PayloadBytes]
		if err := v.Entry(&e, payload, makeRef(s.src.number, place)); err != nil {
			return s.place(err, place)
		}
		at += e.Size()
	}
	return nil
}

func (s *frameScanner) place(err error, offset int64) error {
	if c, ok := errors.AsType[*engine.CorruptError](err); ok && c.File == "" {
		c.File, c.Offset = s.src.Name(), offset
	}
	return err
}

// checkBehind looks for a frame behind m, where none holds: if there is one, m
// is damaged.
func (s *frameScanner) checkBehind(m Mark) error {
	for off := m.Offset + pageBytes; off+headerBytes <= s.src.Bytes(); off += pageBytes {
		b, err := s.at(off, headerBytes)
		if err != nil {
			return err
		}
		if len(b) < headerBytes {
			return nil
		}
		if h, ok := decodeFrameHeader(b, entry.Seed(s.src.salt, off)); ok && h.number > m.Frame {
			return &engine.CorruptError{File: s.src.Name(), Offset: m.Offset, Reason: fmt.Sprintf("frame %d is damaged, frame %d behind it is not", m.Frame, h.number)}
		}
	}
	return nil
}

// Scan shows v all frames of a journal from a mark on without changing
// anything, and returns the mark behind the last.
func Scan(fsys vfs.FS, dir string, start Mark, v Visitor) (Mark, error) {
	files, err := openFiles(fsys, dir, os.O_RDONLY)
	if err != nil {
		return Mark{}, err
	}
	defer closeFiles(files)
	start = start.orFirst()
	live, err := liveFiles(files, start)
	if err != nil {
		return Mark{}, err
	}
	t, err := scan(live, start, v)
	return t.next, err
}
