package enginetest

import (
	"context"
	"math/rand/v2"
	"testing"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// MemStore is the Durable store of an engine that keeps its data in a vfs.FS:
// a vfs.Mem, cut within the next few changes when it is to crash.
type MemStore struct {
	// OpenFS opens an engine on a file system.
	OpenFS func(fsys vfs.FS, now func() stream.Millis) (engine.Engine, error)
	// MaintainEngine makes the engine do its background work now.
	MaintainEngine func(ctx context.Context, e engine.Engine) error

	mem *vfs.Mem
}

var _ Durable = (*MemStore)(nil)

// crashWithin is how many changes of the file system after its announcement a
// crash comes at the latest.
const crashWithin = 40

// Open implements Store.
func (s *MemStore) Open(t *testing.T, now func() stream.Millis) engine.Engine {
	t.Helper()
	if s.mem == nil {
		s.mem = vfs.NewMem()
	}
	e, err := s.OpenFS(s.mem, now)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return e
}

// Crash implements Durable.
func (s *MemStore) Crash(_ *testing.T, e engine.Engine, rng *rand.Rand, during func()) {
	s.mem.CutAfter(s.mem.Ops() + 1 + rng.IntN(crashWithin))
	during()
	s.mem.Cut()
	after := s.mem.Crash(rng)
	_ = e.Close() // there is nothing left that it could close well
	s.mem = after
}

// Maintain implements Durable.
func (s *MemStore) Maintain(t *testing.T, e engine.Engine) {
	t.Helper()
	if err := s.MaintainEngine(t.Context(), e); err != nil {
		t.Fatalf("maintain: %v", err)
	}
}
