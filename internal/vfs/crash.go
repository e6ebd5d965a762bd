package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Crash returns the file system as a power cut might leave it: everything
// synced is there, and what was not is there, lost or torn as rng says. The
// same changes and the same source give the same outcome. The receiver is not
// changed, so that one state can be looked at after many crashes.
func (m *Mem) Crash(rng *rand.Rand) *Mem { return m.crash(randomFate{rng}) }

// CrashLoseAll returns the file system with nothing that was not synced.
func (m *Mem) CrashLoseAll() *Mem { return m.crash(allFate(false)) }

// CrashKeepAll returns the file system with everything, synced or not: what a
// killed process leaves, or a power cut after the caches have been written.
func (m *Mem) CrashKeepAll() *Mem { return m.crash(allFate(true)) }

// fate decides what survives.
type fate interface {
	// entry reports whether a change to a directory survives.
	entry() bool
	// write says how an unsynced change to a file survives.
	write() writeFate
	// sector reports whether a sector of a torn write survives.
	sector() bool
}

type writeFate int

const (
	writeLost  writeFate = iota
	writeKept            // wholly
	writeTorn            // some sectors of it
	writeEmpty           // the length that it gave the file, but no data
)

type allFate bool

func (f allFate) entry() bool  { return bool(f) }
func (f allFate) sector() bool { return bool(f) }

func (f allFate) write() writeFate {
	if f {
		return writeKept
	}
	return writeLost
}

type randomFate struct{ rng *rand.Rand }

func (f randomFate) entry() bool      { return f.rng.IntN(2) == 0 }
func (f randomFate) sector() bool     { return f.rng.IntN(2) == 0 }
func (f randomFate) write() writeFate { return writeFate(f.rng.IntN(4)) }

func (m *Mem) crash(f fate) *Mem {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c := &crasher{fate: f, done: map[*node]*node{}}
	after := &Mem{locks: map[string]bool{}, capacity: m.capacity}
	after.root = c.survive(m.root)
	for _, n := range c.done {
		if !n.isDir() {
			after.used += n.file.live.allocated()
		}
	}
	return after
}

// crasher makes the tree that survives.
type crasher struct {
	fate fate
	done map[*node]*node // by the node before the crash: a file may have got two names
}

func (c *crasher) survive(n *node) *node {
	if after, ok := c.done[n]; ok {
		return after
	}
	if !n.isDir() {
		after := &node{file: c.surviveFile(n.file)}
		c.done[n] = after
		return after
	}
	after := newDir()
	c.done[n] = after
	entries := maps.Clone(n.durable)
	for _, ch := range n.changes {
		if c.fate.entry() {
			ch.apply(entries)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(entries)) { // in order: the dice must fall the same way each time
		child := c.survive(entries[name])
		child.links++
		after.entries[name], after.durable[name] = child, child
	}
	return after
}

func (c *crasher) surviveFile(f *memFile) *memFile {
	after := newMemFile()
	after.live = f.synced.clone()
	after.synced = f.synced.clone()
	for _, ch := range f.pending {
		c.surviveChange(after, ch)
	}
	after.sync()
	return after
}

func (c *crasher) surviveChange(after *memFile, ch fileChange) {
	switch c.fate.write() {
	case writeLost:
	case writeKept:
		if ch.truncates {
			after.resize(ch.length)
			return
		}
		after.store(ch)
	case writeTorn:
		if !ch.truncates {
			c.tear(after, ch)
		}
	case writeEmpty:
		if !ch.truncates {
			after.resize(max(after.live.size, ch.off+ch.length))
		}
	}
}

// tear stores some of a write's sectors.
func (c *crasher) tear(after *memFile, ch fileChange) {
	for at, end := ch.off, ch.off+ch.length; at < end; {
		n := min(sectorBytes-at%sectorBytes, end-at)
		if c.fate.sector() {
			piece := fileChange{off: at, length: n}
			if ch.data != nil {
				piece.data = ch.data[at-ch.off:][:n]
			}
			after.store(piece)
		}
		at += n
	}
}
