package disk

import (
	"errors"
	"io/fs"
	"slices"
	"sync"

	"leat/internal/engine"
	"leat/internal/engine/disk/segment"
	"leat/internal/stream"
)

// garbage is the segments whose files have to be removed.
type garbage struct {
	mu sync.Mutex // guards what follows
	// deleted may be removed at once: their logs are durably deleted, or no
	// checkpoint that named them has completed.
	deleted []segmentName
	// trimmed may be removed when a checkpoint file is durable that does not
	// name them.
	trimmed []segmentName
}

func (g *garbage) addDeleted(id engine.LogID, segments []segment.Info) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range segments {
		g.deleted = append(g.deleted, segmentName{log: id, first: segments[i].First})
	}
}

func (g *garbage) addTrimmed(id engine.LogID, firsts []stream.Position) {
	if len(firsts) == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, first := range firsts {
		g.trimmed = append(g.trimmed, segmentName{log: id, first: first})
	}
}

// takeTrimmed removes and returns what is trimmed.
func (g *garbage) takeTrimmed() []segmentName {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.trimmed
	g.trimmed = nil
	return t
}

func (g *garbage) hasTrimmed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.trimmed) > 0
}

// free says that the names may be removed now.
func (g *garbage) free(names []segmentName) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.deleted = append(g.deleted, names...)
}

// rescue takes a name back that was not removed yet and is about to be used
// again: by a checkpoint that failed before, or by a log that was deleted and
// created once more.
func (g *garbage) rescue(name segmentName) {
	g.mu.Lock()
	defer g.mu.Unlock()
	isName := func(n segmentName) bool { return n == name }
	g.deleted = slices.DeleteFunc(g.deleted, isName)
	g.trimmed = slices.DeleteFunc(g.trimmed, isName)
}

// removeGarbage removes what may be removed. What cannot be is tried again the
// next time. Whoever calls it holds maint.
func (e *Engine) removeGarbage() error {
	e.garbage.mu.Lock()
	names := e.garbage.deleted
	e.garbage.deleted = nil
	e.garbage.mu.Unlock()
	var errs []error
	var left []segmentName
	streams := map[uint64]struct{}{}
	for _, n := range names {
		err := e.fs.Remove(segment.Name(n.log, n.first))
		e.cache.drop(n.log, n.first) // now, when nobody can open it again
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs, left = append(errs, err), append(left, n)
			continue
		}
		streams[n.log.Stream] = struct{}{}
	}
	e.garbage.free(left)
	for s := range streams {
		_ = e.fs.Remove(segment.StreamDir(s)) // succeeds for a stream's last segment only
	}
	return errors.Join(errs...)
}
