package disk

import (
	"log/slog"
	"time"

	"leat/internal/stream"
)

// Options configure an engine. Zero fields get their defaults.
type Options struct {
	Logger *slog.Logger // default: none
	// Now is the system's clock, which may step.
	Now func() stream.Millis

	// JournalFileBytes is the length of a journal file.
	JournalFileBytes int64
	// JournalMaxBytes is how much of the journal may wait to be moved to
	// segments; appends wait when there is more.
	JournalMaxBytes int64

	// A checkpoint begins when one of these is waiting in the journal: so many
	// bytes, so many batches (each takes 16 bytes of memory), or something so
	// old.
	CheckpointBytes   int64
	CheckpointBatches int64
	CheckpointAge     time.Duration

	// A segment ends at so many bytes, and so long after its first record.
	SegmentBytes int64
	SegmentAge   time.Duration

	// FreeReserve is how much of the disk is left to deletions, metadata and
	// checkpoints when appends are refused because it is full.
	FreeReserve int64

	// SweepEvery is how often ages are looked at.
	SweepEvery time.Duration
	// OpenSegments is how many segments are kept open for readers.
	OpenSegments int
}

const (
	// firstJournalFileBytes is the length of a new directory's first journal
	// file, made while the starting user waits.
	firstJournalFileBytes = 4 << 20
	// smallAppendBytes is the largest append that does not wait its turn with the
	// larger ones, the bulk: all small ones there are go into the next frame.
	smallAppendBytes = 64 << 10
	// callersFrameBytes is what a frame takes from all bulk appends together, in
	// equal shares: it is what they may delay the others by. A share is at least
	// minShareBytes, and a larger batch is taken whole.
	callersFrameBytes = 2 << 20
	minShareBytes     = 256 << 10
	// mixedFrameBytes is what it is instead while there are small appends, too,
	// and mixedFrames for how many frames after one more are expected.
	mixedFrameBytes = 512 << 10
	mixedFrames     = 64
	// maxFrameBytes ends a frame when so much is in it.
	maxFrameBytes = 8 << 20
	// movers is how many logs a checkpoint moves, and syncs, at a time.
	movers = 4
	// clockWarning is how far ahead of the system's clock the stored time may
	// be before a start warns about it.
	clockWarning = 10 * time.Second
	// slowWarning is the least time between two warnings of a slow disk.
	slowWarning = time.Minute
	// retryCheckpoint is the pause after a checkpoint that failed.
	retryCheckpoint = time.Second
	// lastCheckpoint is how long Close may take over its checkpoint.
	lastCheckpoint = 5 * time.Second
	// maxWriteBytes bounds the payload of one Write, Create or Delete, so that
	// it fits into an entry.
	maxWriteBytes = 48 << 20
)

// withDefaults returns a copy with all fields set.
func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = func() stream.Millis { return stream.MillisOf(time.Now()) }
	}
	setDefault(&o.JournalFileBytes, 64<<20)
	setDefault(&o.JournalMaxBytes, 2<<30)
	setDefault(&o.CheckpointBytes, 512<<20)
	// Appends slow down at one and a half checkpoints, and stop at the limit.
	o.CheckpointBytes = min(o.CheckpointBytes, o.JournalMaxBytes/2)
	setDefault(&o.CheckpointBatches, 1_000_000)
	setDefault(&o.CheckpointAge, time.Hour)
	setDefault(&o.SegmentBytes, 64<<20)
	setDefault(&o.SegmentAge, time.Hour)
	setDefault(&o.FreeReserve, 256<<20)
	setDefault(&o.SweepEvery, time.Minute)
	setDefault(&o.OpenSegments, 256)
	return o
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// spareFiles is how many freed journal files are kept: as many as one
// checkpoint frees.
func (o *Options) spareFiles() int {
	return int(o.CheckpointBytes/o.JournalFileBytes) + 1
}
