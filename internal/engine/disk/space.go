package disk

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"leat/internal/engine"
)

// space watches the room on the disk. Appends are accepted only while a
// checkpoint of all that waits in the journal can complete with some to spare,
// so whatever has been acknowledged always has a place to go.
type space struct {
	mu      sync.Mutex // guards what follows
	full    error      // why appends are refused: an ErrFull
	checked time.Time
	// spare is how much more may be written before the disk is asked again.
	spare int64
}

// checkEvery is how often the disk is asked while there is room, at least.
// While there is none it is asked each time, so that appends go on as soon as
// they can.
const checkEvery = time.Second

// spend notes that a frame has been written. Its bytes may take room twice: in
// a new journal file and, later, in segments.
func (s *space) spend(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare -= 2 * bytes
}

// admit returns nil if appends may be accepted, else an ErrFull.
func (s *space) admit(e *Engine) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.full == nil && s.spare > 0 && now.Sub(s.checked) < checkEvery {
		return nil
	}
	s.checked = now
	was := s.full
	s.full = s.check(e)
	switch {
	case was == nil && s.full != nil:
		e.opts.Logger.Warn("appends are refused until there is room on the disk", "err", s.full)
		e.lookAround()
	case was != nil && s.full == nil:
		e.opts.Logger.Info("appends are accepted again")
	}
	return s.full
}

func (s *space) check(e *Engine) error {
	free, err := e.fs.Free()
	if err != nil {
		return fmt.Errorf("%w: free space is not known: %w", engine.ErrFull, err)
	}
	if stuck := e.stuck.Load(); stuck != nil && e.waiting.bytes.Load() >= e.opts.JournalMaxBytes {
		return fmt.Errorf("%w: the journal has its full length and cannot be moved: %w", engine.ErrFull, *stuck)
	}
	need := e.waiting.bytes.Load() + e.kv.Bytes() + e.opts.JournalFileBytes + e.opts.FreeReserve
	s.spare = free - need
	if s.spare <= 0 {
		return fmt.Errorf("%w: %d bytes are free on the disk, more than %d are needed", engine.ErrFull, free, need)
	}
	return nil
}

// refused notes that no room could be made in the journal, and returns what to
// tell the callers. Nothing was written, so this may pass.
func (s *space) refused(cause error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.full = fmt.Errorf("%w: %w", engine.ErrFull, cause)
	s.checked = time.Time{}
	return s.full
}

// wantsRoom reports that something failed for want of a thing that there may be
// again.
func wantsRoom(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
