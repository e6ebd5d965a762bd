package vfs

import (
	"io"
	"io/fs"
	"maps"
	"math/bits"
	"syscall"
	"time"
)

const (
	pageBytes = 4096
	// sectorBytes is what a disk writes wholly or not at all.
	sectorBytes = 512
)

type page [pageBytes]byte

var zeroPage page

// content is the bytes of a file at one moment. Pages that hold only zeros
// need not be there; whether a page has ever been written, and so takes room,
// is in written.
type content struct {
	size    int64
	pages   map[int64]*page
	written []uint64 // one bit for each page
}

func (c *content) clone() content {
	return content{size: c.size, pages: maps.Clone(c.pages), written: append([]uint64(nil), c.written...)}
}

// allocated returns the bytes of the pages that take room.
func (c *content) allocated() int64 {
	n := 0
	for _, w := range c.written {
		n += bits.OnesCount64(w)
	}
	return int64(n) * pageBytes
}

func (c *content) isWritten(i int64) bool {
	return i/64 < int64(len(c.written)) && c.written[i/64]&(1<<(i%64)) != 0
}

func (c *content) setWritten(i int64) {
	for i/64 >= int64(len(c.written)) {
		c.written = append(c.written, 0)
	}
	c.written[i/64] |= 1 << (i % 64)
}

func (c *content) readAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	want := len(p)
	p = p[:max(0, min(int64(want), c.size-off))]
	for done := 0; done < len(p); {
		at := off + int64(done)
		src := &zeroPage
		if pg, ok := c.pages[at/pageBytes]; ok {
			src = pg
		}
		done += copy(p[done:], src[at%pageBytes:])
	}
	if len(p) < want {
		return len(p), io.EOF
	}
	return len(p), nil
}

// memFile is a file's present content, the durable one, and the writes in
// between.
type memFile struct {
	live   content
	synced content
	// dirty has the pages of live that may be changed and that a sync makes
	// durable. All others may be shared with synced and, through crashes, with
	// other file systems: never changed.
	dirty   map[int64]struct{}
	pending []fileChange
}

// fileChange is a write, or, if truncates, a change of the length.
type fileChange struct {
	off       int64
	data      []byte // nil for a write of zeros only
	length    int64
	truncates bool
}

func newMemFile() *memFile {
	return &memFile{
		live:   content{pages: map[int64]*page{}},
		synced: content{pages: map[int64]*page{}},
		dirty:  map[int64]struct{}{},
	}
}

// write changes the present content and remembers the write until Sync.
func (f *memFile) write(p []byte, off int64) {
	c := fileChange{off: off, length: int64(len(p))}
	if !allZero(p) {
		c.data = append([]byte(nil), p...)
	}
	f.pending = append(f.pending, c)
	f.store(c)
}

// store writes c into the present content.
func (f *memFile) store(c fileChange) {
	end := c.off + c.length
	for at := c.off; at < end; {
		i, start := at/pageBytes, at%pageBytes
		n := min(pageBytes-start, end-at)
		f.live.setWritten(i)
		if _, ok := f.live.pages[i]; ok || c.data != nil {
			dst := f.own(i)[start : start+n]
			if c.data == nil {
				clear(dst)
			} else {
				copy(dst, c.data[at-c.off:])
			}
		}
		at += n
	}
	f.live.size = max(f.live.size, end)
}

// own returns page i of the present content, to be changed.
func (f *memFile) own(i int64) *page {
	pg := f.live.pages[i]
	if _, ok := f.dirty[i]; ok && pg != nil {
		return pg
	}
	cp := new(page)
	if pg != nil {
		*cp = *pg
	}
	f.live.pages[i] = cp
	f.dirty[i] = struct{}{}
	return cp
}

func (f *memFile) truncate(size int64) {
	f.pending = append(f.pending, fileChange{length: size, truncates: true})
	f.resize(size)
}

// resize changes the present length. What is cut off reads as zeros if the
// file grows again.
func (f *memFile) resize(size int64) {
	if size < f.live.size {
		first := (size + pageBytes - 1) / pageBytes // the first page that goes wholly
		for i := range f.live.pages {
			if i >= first {
				delete(f.live.pages, i)
				f.dirty[i] = struct{}{}
			}
		}
		for i := first; i < int64(len(f.live.written))*64; i++ {
			f.live.written[i/64] &^= 1 << (i % 64)
		}
		if _, ok := f.live.pages[size/pageBytes]; ok && size%pageBytes != 0 {
			clear(f.own(size / pageBytes)[size%pageBytes:])
		}
	}
	f.live.size = size
}

func (f *memFile) sync() {
	for i := range f.dirty {
		if pg, ok := f.live.pages[i]; ok {
			f.synced.pages[i] = pg
		} else {
			delete(f.synced.pages, i)
		}
	}
	clear(f.dirty)
	f.pending = nil
	f.synced.size = f.live.size
	f.synced.written = append(f.synced.written[:0], f.live.written...)
}

func (f *memFile) loseUnsynced() {
	clear(f.dirty)
	f.pending = nil
}

// flip changes a byte of the present and of the durable content.
func (f *memFile) flip(off int64, mask byte) {
	i := off / pageBytes
	if _, ok := f.dirty[i]; ok {
		f.own(i)[off%pageBytes] ^= mask
		f.synced.pages[i] = flipped(f.synced.pages[i], off%pageBytes, mask)
		return
	}
	pg := flipped(f.live.pages[i], off%pageBytes, mask)
	f.live.pages[i], f.synced.pages[i] = pg, pg
}

func flipped(pg *page, off int64, mask byte) *page {
	cp := new(page)
	if pg != nil {
		*cp = *pg
	}
	cp[off] ^= mask
	return cp
}

func allZero(p []byte) bool {
	for len(p) > 0 {
		n := min(len(p), pageBytes)
		if string(p[:n]) != string(zeroPage[:n]) {
			return false
		}
		p = p[n:]
	}
	return true
}

// memHandle is an open file of a Mem.
type memHandle struct {
	fs       *Mem
	name     string
	node     *node
	writable bool
	closed   bool
}

func (h *memHandle) check(op string, writes bool) error {
	switch {
	case h.closed:
		return pathError(op, h.name, fs.ErrClosed)
	case writes && !h.writable:
		return pathError(op, h.name, syscall.EBADF)
	}
	return nil
}

// ReadAt implements io.ReaderAt.
func (h *memHandle) ReadAt(p []byte, off int64) (int, error) {
	h.fs.mu.RLock()
	defer h.fs.mu.RUnlock()
	if err := h.check("read", false); err != nil {
		return 0, err
	}
	return h.node.file.live.readAt(p, off)
}

// WriteAt implements io.WriterAt.
func (h *memHandle) WriteAt(p []byte, off int64) (int, error) {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("write", true); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, pathError("write", h.name, fs.ErrInvalid)
	}
	effect, cutErr := h.fs.begin()
	if !effect {
		return 0, pathError("write", h.name, cutErr)
	}
	fits := h.reserve(int64(len(p)), off)
	h.node.file.write(p[:fits], off)
	switch {
	case cutErr != nil:
		return 0, pathError("write", h.name, cutErr)
	case fits < int64(len(p)):
		return int(fits), pathError("write", h.name, syscall.ENOSPC)
	}
	return len(p), nil
}

// reserve takes the room that a write of n bytes needs and returns how many of
// them fit.
func (h *memHandle) reserve(n, off int64) int64 {
	if h.node.links == 0 || n == 0 {
		return n
	}
	free := h.fs.freeLocked()
	for i := off / pageBytes; i <= (off+n-1)/pageBytes; i++ {
		if h.node.file.live.isWritten(i) {
			continue
		}
		if free < pageBytes {
			return max(0, i*pageBytes-off)
		}
		free -= pageBytes
		h.fs.used += pageBytes
	}
	return n
}

// Truncate implements File.
func (h *memHandle) Truncate(size int64) error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("truncate", true); err != nil {
		return err
	}
	if size < 0 {
		return pathError("truncate", h.name, fs.ErrInvalid)
	}
	return h.truncate(size)
}

func (h *memHandle) truncate(size int64) error {
	effect, err := h.fs.begin()
	if effect {
		before := h.node.file.live.allocated()
		h.node.file.truncate(size)
		if h.node.links > 0 {
			h.fs.used += h.node.file.live.allocated() - before
		}
	}
	if err != nil {
		return pathError("truncate", h.name, err)
	}
	return nil
}

// Sync implements File.
func (h *memHandle) Sync() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("sync", false); err != nil {
		return err
	}
	if _, err := h.fs.begin(); err != nil {
		return pathError("sync", h.name, err)
	}
	h.node.file.sync()
	return nil
}

// Size implements File.
func (h *memHandle) Size() (int64, error) {
	h.fs.mu.RLock()
	defer h.fs.mu.RUnlock()
	if err := h.check("stat", false); err != nil {
		return 0, err
	}
	return h.node.file.live.size, nil
}

// Close implements io.Closer.
func (h *memHandle) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	if err := h.check("close", false); err != nil {
		return err
	}
	h.closed = true
	return nil
}

// memInfo describes a node in a directory listing.
type memInfo struct {
	name string
	size int64
	dir  bool
}

func infoOf(name string, n *node) memInfo {
	if n.isDir() {
		return memInfo{name: name, dir: true}
	}
	return memInfo{name: name, size: n.file.live.size}
}

func (i memInfo) Name() string       { return i.name }
func (i memInfo) Size() int64        { return i.size }
func (i memInfo) ModTime() time.Time { return time.Time{} }
func (i memInfo) IsDir() bool        { return i.dir }
func (i memInfo) Sys() any           { return nil }

func (i memInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | dirMode
	}
	return fileMode
}
