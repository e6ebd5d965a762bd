package disk

import (
	"sync"
	"sync/atomic"
	"time"

	"leat/internal/stream"
)

// waiting is what the journal holds that no checkpoint has moved.
type waiting struct {
	bytes, batches atomic.Int64

	mu    sync.Mutex // guards since
	since stream.Millis
}

func (w *waiting) add(bytes, batches int64, t stream.Millis) {
	w.mu.Lock()
	if w.bytes.Load() == 0 {
		w.since = t
	}
	w.bytes.Add(bytes)
	w.batches.Add(batches)
	w.mu.Unlock()
}

// remove takes away what a checkpoint has moved. What is left came later than t.
func (w *waiting) remove(bytes, batches int64, t stream.Millis) {
	w.mu.Lock()
	w.bytes.Add(-bytes)
	w.batches.Add(-batches)
	w.since = t
	w.mu.Unlock()
}

// due reports that a checkpoint should begin for want of room.
func (w *waiting) due(o *Options) bool {
	return w.bytes.Load() >= o.CheckpointBytes || w.batches.Load() >= o.CheckpointBatches
}

// old reports that something has been waiting for so long at t.
func (w *waiting) old(t stream.Millis, age time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bytes.Load() > 0 && t.Sub(w.since) >= age
}

// pacer slows appends down to the speed of checkpoints when these fall behind:
// waiting for the journal's limit instead would stop everyone for seconds.
type pacer struct {
	credit int64
	at     time.Time // when credit was counted
	on     bool
	rate   atomic.Int64 // bytes per second of the last checkpoint
}

const (
	// maxPause is how often the committer looks whether a checkpoint is done
	// when the journal's limit has been reached.
	maxPause = 10 * time.Millisecond
	// maxWaitingCheckpoints bounds the batches in the journal, which take
	// memory, in what makes a checkpoint due.
	maxWaitingCheckpoints = 4
	// defaultRate is assumed until a checkpoint has been timed.
	defaultRate = 64 << 20
)

// pause returns how long appends have to wait.
func (p *pacer) pause(e *Engine) time.Duration {
	w := e.waiting.bytes.Load()
	soft := min(e.opts.CheckpointBytes*3/2, e.opts.JournalMaxBytes)
	switch {
	case w >= e.opts.JournalMaxBytes, e.waiting.batches.Load() >= maxWaitingCheckpoints*e.opts.CheckpointBatches:
		e.lookAround()
		return maxPause
	case w < soft:
		p.on = false
		return 0
	}
	rate := p.rate.Load()
	if rate == 0 {
		rate = defaultRate
	}
	now := time.Now()
	if !p.on {
		p.on, p.at, p.credit = true, now, maxFrameBytes
	}
	// The elapsed time is bounded first: the product must not overflow.
	elapsed := min(now.Sub(p.at), time.Second)
	p.credit = min(p.credit+int64(elapsed.Seconds()*float64(rate)), maxFrameBytes)
	p.at = now
	if p.credit > 0 {
		return 0
	}
	return min(time.Duration(float64(-p.credit+1)/float64(rate)*float64(time.Second))+time.Microsecond, maxPause)
}

// spend notes that a frame has been written.
func (p *pacer) spend(bytes int64) { p.credit -= bytes }

// measured notes how fast a checkpoint was.
func (p *pacer) measured(bytes int64, took time.Duration) {
	if bytes >= maxFrameBytes {
		p.rate.Store(max(int64(float64(bytes)/took.Seconds()), 1<<20))
	}
}
