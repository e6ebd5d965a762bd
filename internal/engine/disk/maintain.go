package disk

import (
	"context"
	"time"

	"leat/internal/engine/disk/segment"
)

// maintain looks after everything that is not urgent, until ctx ends.
func (e *Engine) maintain(ctx context.Context) {
	sweeps := time.NewTicker(e.opts.SweepEvery)
	defer sweeps.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-sweeps.C:
			err = e.Sweep(ctx)
		case <-e.wakeUp:
			err = e.tidy(ctx)
		}
		if err == nil || ctx.Err() != nil || e.failed() != nil {
			continue
		}
		e.opts.Logger.Warn("maintenance failed and will be tried again; what is acknowledged is safe", "err", err)
		retry := time.NewTimer(retryCheckpoint)
		select {
		case <-ctx.Done():
		case <-retry.C:
			e.lookAround()
		}
		retry.Stop()
	}
}

// lookAround wakes the maintainer.
func (e *Engine) lookAround() {
	select {
	case e.wakeUp <- struct{}{}:
	default: // it is awake
	}
}

// tidy does what is due for want of room.
func (e *Engine) tidy(ctx context.Context) error {
	e.maint.Lock()
	defer e.maint.Unlock()
	if e.waiting.due(&e.opts) || e.waiting.bytes.Load() >= e.opts.JournalMaxBytes || e.upkeep.unwritten != nil {
		return e.checkpoint(ctx)
	}
	return e.removeGarbage()
}

// Sweep does what is due by the engine's clock: it moves what has been in the
// journal for long, ends segments that are old, and removes what was trimmed.
// The engine does it by itself every minute.
func (e *Engine) Sweep(ctx context.Context) error {
	e.maint.Lock()
	defer e.maint.Unlock()
	now := e.Now()
	if e.failed() == nil && (e.waiting.due(&e.opts) || e.waiting.old(now, e.opts.CheckpointAge) ||
		e.upkeep.unwritten != nil || e.garbage.hasTrimmed() || len(e.aged(now)) > 0) {
		return e.checkpoint(ctx)
	}
	e.upkeep.memory = [movers]segment.Memory{}
	return e.removeGarbage()
}
