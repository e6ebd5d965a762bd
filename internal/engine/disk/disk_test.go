package disk

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leat/internal/engine"
	"leat/internal/engine/enginetest"
	"leat/internal/stream"
	"leat/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small are options that make a test's few kilobytes go through everything.
func small() Options {
	return Options{
		JournalFileBytes: 64 << 10,
		CheckpointBytes:  1 << 20,
		JournalMaxBytes:  8 << 20,
		SegmentBytes:     16 << 10,
		SweepEvery:       time.Hour, // tests sweep themselves
	}
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, func(*testing.T) enginetest.Store {
		return &enginetest.MemStore{
			OpenFS: func(fsys vfs.FS, now func() stream.Millis) (engine.Engine, error) {
				opts := small()
				opts.Now = now
				return Open(fsys, opts)
			},
			MaintainEngine: func(ctx context.Context, e engine.Engine) error {
				return e.(*Engine).Checkpoint(ctx)
			},
		}
	})
}
