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
	broke  bool         // credit has been below -maxDebt, and not above 0 since
	rate   atomic.Int64 // bytes per second of the last checkpoint
}

// hold says for how long who has to wait: bulk appends, and if it is for all
// small ones too. Only appends fill the journal enough to be held.
type hold struct {
	pause time.Duration // 0: nobody has to
	all   bool
}

// passes reports whether a request does not have to wait.
func (h hold) passes(r *request) bool {
	return h.pause == 0 || r.append == nil || !h.all && !r.isBulk()
}

const (
	// maxPause is how often the committer looks whether a checkpoint is done
	// when the journal's limit has been reached.
	maxPause = 10 * time.Millisecond
	// sparePause is how often it looks whether the next journal file is there.
	sparePause = time.Millisecond
	// maxDebt is what small appends may write while bulk appends wait for the
	// credit, or less: what is moved in a twentieth of a second, and minDebt. They
	// hardly ever write faster than checkpoints move; when they do, all wait.
	maxDebt = 2 * maxFrameBytes
	minDebt = 1 << 20
	// maxWaitingCheckpoints bounds the batches in the journal, which take
	// memory, in what makes a checkpoint due.
	maxWaitingCheckpoints = 4
	// defaultRate is assumed until a checkpoint has been timed.
	defaultRate = 64 << 20
)

// hold returns who has to wait.
func (p *pacer) hold(e *Engine) hold {
	h := p.behind(e)
	if h.pause == 0 && e.journal.Short() {
		h.pause = sparePause
	}
	return h
}

// behind returns who has to wait for checkpoints.
func (p *pacer) behind(e *Engine) hold {
	w := e.waiting.bytes.Load()
	soft := min(e.opts.CheckpointBytes*3/2, e.opts.JournalMaxBytes)
	switch {
	case w >= e.opts.JournalMaxBytes, e.waiting.batches.Load() >= maxWaitingCheckpoints*e.opts.CheckpointBatches:
		e.lookAround()
		return hold{pause: maxPause, all: true}
	case w < soft:
		p.on, p.broke = false, false
		return hold{}
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
		p.broke = false
		return hold{}
	}
	p.broke = p.broke || p.credit < -min(maxDebt, max(rate/20, minDebt))
	pause := time.Duration(float64(-p.credit+1)/float64(rate)*float64(time.Second)) + time.Microsecond
	return hold{pause: min(pause, maxPause), all: p.broke}
}

// spend notes that a frame has been written.
func (p *pacer) spend(bytes int64) { p.credit -= bytes }

// measured notes how fast a checkpoint was.
func (p *pacer) measured(bytes int64, took time.Duration) {
	if bytes >= maxFrameBytes {
		p.rate.Store(max(int64(float64(bytes)/took.Seconds()), 1<<20))
	}
}
