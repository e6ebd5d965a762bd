package disk

import (
	"container/list"
	"errors"
	"sync"

	"leat/internal/engine"
	"leat/internal/engine/disk/segment"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// segmentCache keeps the segments open that were read last, with their indexes.
type segmentCache struct {
	fs    vfs.FS
	limit int

	mu     sync.Mutex // guards what follows; held while a segment is opened
	byName map[segmentName]*list.Element
	recent list.List // of *openSegment, the one read last in front
}

type segmentName struct {
	log   engine.LogID
	first stream.Position
}

type openSegment struct {
	name    segmentName
	reader  *segment.Reader
	readers int  // that are using it
	dropped bool // no longer in the cache; the last reader closes it
}

func newSegmentCache(fsys vfs.FS, limit int) *segmentCache {
	return &segmentCache{fs: fsys, limit: limit, byName: map[segmentName]*list.Element{}}
}

// open returns a segment and what is to be called when it is no longer needed.
func (c *segmentCache) open(id engine.LogID, first stream.Position) (*segment.Reader, func(), error) {
	name := segmentName{log: id, first: first}
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byName[name]
	if !ok {
		r, err := segment.Open(c.fs, id, first)
		if err != nil {
			return nil, nil, err
		}
		el = c.recent.PushFront(&openSegment{name: name, reader: r})
		c.byName[name] = el
	}
	c.recent.MoveToFront(el)
	s := el.Value.(*openSegment)
	s.readers++
	c.evict()
	return s.reader, func() { c.release(s) }, nil
}

func (c *segmentCache) release(s *openSegment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.readers--
	if s.dropped && s.readers == 0 {
		_ = s.reader.Close() // read only
	}
}

// evict drops the segments that were not read for longest.
func (c *segmentCache) evict() {
	for c.recent.Len() > c.limit {
		c.dropElement(c.recent.Back())
	}
}

func (c *segmentCache) dropElement(el *list.Element) {
	s := c.recent.Remove(el).(*openSegment)
	delete(c.byName, s.name)
	s.dropped = true
	if s.readers == 0 {
		_ = s.reader.Close() // read only
	}
}

// drop forgets a segment whose file has been removed.
func (c *segmentCache) drop(id engine.LogID, first stream.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byName[segmentName{log: id, first: first}]; ok {
		c.dropElement(el)
	}
}

func (c *segmentCache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for c.recent.Len() > 0 {
		s := c.recent.Remove(c.recent.Back()).(*openSegment)
		errs = append(errs, s.reader.Close())
	}
	clear(c.byName)
	return errors.Join(errs...)
}
