package vfs

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// ErrCut is the error of every change to a Mem that has been cut.
var ErrCut = errors.New("file system is cut off")

// Mem is a file system in memory that knows which bytes and which directory
// entries are durable, so that a test can look at what a power cut leaves.
//
// A test counts with Ops the changes that a program makes, runs it again for
// each n with CutAfter(n), and goes on with the file system that one of the
// Crash methods returns. All that costs little: file contents are sparse and
// shared, page by page, between the present state, the durable one and the
// file systems made of it.
type Mem struct {
	mu       sync.RWMutex // guards all that follows and every node and handle
	root     *node
	locks    map[string]bool // names that are locked
	ops      int             // changes so far, refused ones included
	cutAt    int             // the first change that fails; 0: none does
	capacity int64           // bytes; 0: no bound
	used     int64           // bytes of allocated pages of files that have a name
}

var _ FS = (*Mem)(nil)

// NewMem returns an empty file system without a bound on its size.
func NewMem() *Mem {
	return &Mem{root: newDir(), locks: map[string]bool{}}
}

// node is a file or a directory.
type node struct {
	links int // names that the node has

	// A directory: its entries, those that a crash cannot take away, and the
	// changes that lead from the durable ones to the present ones.
	entries, durable map[string]*node
	changes          []entryChange

	// A file.
	file *memFile
}

// entryChange is one change to a directory, which survives a crash as a whole
// or not at all.
type entryChange struct {
	name   string
	target *node  // nil: the name is removed
	from   string // of a rename, the name that is removed along with it
}

func (c entryChange) apply(entries map[string]*node) {
	if c.from != "" {
		delete(entries, c.from)
	}
	if c.target == nil {
		delete(entries, c.name)
		return
	}
	entries[c.name] = c.target
}

func newDir() *node {
	return &node{entries: map[string]*node{}, durable: map[string]*node{}}
}

func (d *node) isDir() bool { return d.file == nil }

func (d *node) change(c entryChange) {
	d.changes = append(d.changes, c)
	c.apply(d.entries)
}

// CutAfter makes the n-th change from the beginning (1 is the very first), and
// all later ones, fail with ErrCut. Changes are writes, truncations, syncs,
// directory syncs, creations, renames and removals. Whether the n-th, which
// was under way, has taken effect is for a Crash method to say; the later ones
// have none. Reads go on.
func (m *Mem) CutAfter(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cutAt = n
}

// Cut makes every change from now on fail with ErrCut, the next one as the n-th
// of CutAfter, unless the file system is cut already.
func (m *Mem) Cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cutAt == 0 || m.cutAt > m.ops {
		m.cutAt = m.ops + 1
	}
}

// Ops returns how many changes there have been, those included that failed.
func (m *Mem) Ops() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.ops
}

// SetCapacity bounds the bytes that files may take, in pages of 4 KiB that
// have been written once; 0 lifts the bound. Writes beyond it store what fits
// and fail with ENOSPC. A bound below what is used refuses new pages only.
func (m *Mem) SetCapacity(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.capacity = bytes
}

// FlipBit flips a bit (0 to 7) of a file's byte, durably: the damage that
// checksums are for.
func (m *Mem) FlipBit(name string, offset int64, bit uint) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("flip", name)
	if err != nil {
		return err
	}
	if n.isDir() || offset < 0 || offset >= n.file.live.size {
		return pathError("flip", name, fs.ErrInvalid)
	}
	n.file.flip(offset, byte(1)<<(bit%8))
	return nil
}

// LoseUnsynced makes of a file what some systems make of one whose sync fails:
// what was not synced can be read, but no later sync makes it durable unless it
// is written again.
func (m *Mem) LoseUnsynced(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("lose", name)
	if err != nil {
		return err
	}
	if n.isDir() {
		return pathError("lose", name, fs.ErrInvalid)
	}
	n.file.loseUnsynced()
	return nil
}

// Files returns the names of all files with their lengths.
func (m *Mem) Files() map[string]int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	files := map[string]int64{}
	m.root.collect("", files)
	return files
}

func (d *node) collect(prefix string, files map[string]int64) {
	for name, n := range d.entries {
		if n.isDir() {
			n.collect(prefix+name+"/", files)
			continue
		}
		files[prefix+name] = n.file.live.size
	}
}

// begin counts a change. If the change is the one that is cut, effect is true:
// it is to be carried out although it fails. Later ones have no effect.
func (m *Mem) begin() (effect bool, err error) {
	m.ops++
	if m.cutAt == 0 || m.ops < m.cutAt {
		return true, nil
	}
	return m.ops == m.cutAt, ErrCut
}

// change carries out a change of d's entries unless the file system is cut.
func (m *Mem) change(op string, d *node, c entryChange) error {
	effect, err := m.begin()
	if effect {
		d.change(c)
	}
	if err != nil {
		return pathError(op, c.name, err)
	}
	return nil
}

// OpenFile implements FS.
func (m *Mem) OpenFile(name string, flag int) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("open", name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0:
		if n, err = m.create(name); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, pathError("open", name, fs.ErrExist)
	case n.isDir():
		return nil, pathError("open", name, syscall.EISDIR)
	}
	h := &memHandle{fs: m, name: name, node: n, writable: flag&(os.O_RDWR|os.O_WRONLY) != 0}
	if flag&os.O_TRUNC != 0 && n.file.live.size != 0 {
		if err := h.truncate(0); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (m *Mem) create(name string) (*node, error) {
	dir, base, err := m.parent("open", name)
	if err != nil {
		return nil, err
	}
	n := &node{links: 1, file: newMemFile()}
	return n, m.change("open", dir, entryChange{name: base, target: n})
}

// Mkdir implements FS.
func (m *Mem) Mkdir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n, err := m.lookup("mkdir", name); err == nil {
		if !n.isDir() {
			return pathError("mkdir", name, fs.ErrExist)
		}
		return nil
	}
	dir, base, err := m.parent("mkdir", name)
	if err != nil {
		return err
	}
	return m.change("mkdir", dir, entryChange{name: base, target: newDir()})
}

// Remove implements FS.
func (m *Mem) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("remove", name)
	if err != nil {
		return err
	}
	if n.isDir() && len(n.entries) > 0 {
		return pathError("remove", name, syscall.ENOTEMPTY)
	}
	dir, base, err := m.parent("remove", name)
	if err != nil {
		return err
	}
	err = m.change("remove", dir, entryChange{name: base})
	if dir.entries[base] != n {
		m.unlink(n)
	}
	return err
}

// Rename implements FS.
func (m *Mem) Rename(oldName, newName string) error {
	if err := checkRename(oldName, newName); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("rename", oldName)
	if err != nil || oldName == newName {
		return err
	}
	dir, base, err := m.parent("rename", newName)
	if err != nil {
		return err
	}
	replaced := dir.entries[base]
	if replaced != nil && replaced.isDir() {
		return pathError("rename", newName, fs.ErrExist)
	}
	err = m.change("rename", dir, entryChange{name: base, target: n, from: path.Base(oldName)})
	if replaced != nil && dir.entries[base] != replaced {
		m.unlink(replaced)
	}
	return err
}

// unlink notes that a node has lost a name. Handles keep its contents alive,
// but it takes no room any more: nothing here writes to a removed file.
func (m *Mem) unlink(n *node) {
	n.links--
	if n.file != nil && n.links == 0 {
		m.used -= n.file.live.allocated()
	}
}

// ReadDir implements FS.
func (m *Mem) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	n, err := m.lookup("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.isDir() {
		return nil, pathError("readdir", name, syscall.ENOTDIR)
	}
	list := make([]fs.DirEntry, 0, len(n.entries))
	for base, child := range n.entries {
		list = append(list, fs.FileInfoToDirEntry(infoOf(base, child)))
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// SyncDir implements FS.
func (m *Mem) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.lookup("syncdir", name)
	if err != nil {
		return err
	}
	if !n.isDir() {
		return pathError("syncdir", name, syscall.ENOTDIR)
	}
	if _, err := m.begin(); err != nil {
		return pathError("syncdir", name, err)
	}
	for _, c := range n.changes {
		c.apply(n.durable)
	}
	n.changes = nil
	return nil
}

// Lock implements FS.
func (m *Mem) Lock(name string) (io.Closer, error) {
	f, err := m.OpenFile(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locks[name] {
		return nil, pathError("lock", name, ErrLocked)
	}
	m.locks[name] = true
	return &memLock{File: f, release: sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.locks, name)
	})}, nil
}

type memLock struct {
	File

	release func()
}

func (l *memLock) Close() error {
	l.release()
	return l.File.Close()
}

// Free implements FS.
func (m *Mem) Free() (int64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.freeLocked(), nil
}

func (m *Mem) freeLocked() int64 {
	if m.capacity == 0 {
		return math.MaxInt64
	}
	return max(0, m.capacity-m.used)
}

// lookup finds the node of a name.
func (m *Mem) lookup(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, pathError(op, name, fs.ErrInvalid)
	}
	n := m.root
	if name == "." {
		return n, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		if !n.isDir() {
			return nil, pathError(op, name, syscall.ENOTDIR)
		}
		child, ok := n.entries[part]
		if !ok {
			return nil, pathError(op, name, fs.ErrNotExist)
		}
		n = child
	}
	return n, nil
}

// parent finds the directory that a name is or would be in.
func (m *Mem) parent(op, name string) (dir *node, base string, err error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, "", pathError(op, name, fs.ErrInvalid)
	}
	dir, err = m.lookup(op, path.Dir(name))
	if err != nil {
		return nil, "", err
	}
	if !dir.isDir() {
		return nil, "", pathError(op, name, syscall.ENOTDIR)
	}
	return dir, path.Base(name), nil
}

func pathError(op, name string, err error) error {
	return &fs.PathError{Op: op, Path: name, Err: err}
}
