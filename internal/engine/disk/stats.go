package disk

import "sync/atomic"

// counters count since Open.
type counters struct {
	frames, batches, bytes  atomic.Int64
	checkpoints, movedBytes atomic.Int64
}

// Stats says what an engine has done since it was opened.
type Stats struct {
	Frames  int64 // frames of the journal that are durable
	Fsyncs  int64 // syncs of the journal that made them so
	Batches int64 // entries in these frames: batches, marks, metadata
	Bytes   int64 // of these frames, in whole pages
	// Waiting is how many bytes of the journal no checkpoint has moved, and
	// WaitingBatches how many entries they are.
	Waiting, WaitingBatches int64
	Checkpoints             int64 // that completed
	MovedBytes              int64 // of batches, to segments
}

// MeanGroup returns how many entries a frame had on average.
func (s Stats) MeanGroup() float64 {
	if s.Frames == 0 {
		return 0
	}
	return float64(s.Batches) / float64(s.Frames)
}

// Stats returns what the engine has done. Nothing is acknowledged before it is
// counted here.
func (e *Engine) Stats() Stats {
	return Stats{
		Frames:         e.stats.frames.Load(),
		Fsyncs:         e.journal.Fsyncs(),
		Batches:        e.stats.batches.Load(),
		Bytes:          e.stats.bytes.Load(),
		Waiting:        e.waiting.bytes.Load(),
		WaitingBatches: e.waiting.batches.Load(),
		Checkpoints:    e.stats.checkpoints.Load(),
		MovedBytes:     e.stats.movedBytes.Load(),
	}
}
