// Package engine defines the two contracts that everything durable in leat
// stands on: Log keeps the ordered records of shards, KV keeps metadata.
//
// An engine is one implementation of both with one clock. disk is the durable
// one for a single machine, memory keeps nothing; enginetest holds the
// conformance suite that every engine passes.
//
// # Logs
//
// A log is the ordered records of one shard. It is named by its stream's
// number and its shard's, and as a stream's number is the KV revision that
// created the stream, no name is ever used twice. Records are appended in
// batches; what a batch's payload holds is none of the engine's business, it
// only knows how many records there are, because each takes one Position.
//
// Whoever appends is never told about a record that a crash could still take
// away: Append returns when the batch is durable, and Read, Wait and Tip know
// of durable batches only.
//
// # Time
//
// Now never goes back, also across restarts. It is what stamps batches; one that
// must not be older than some later instant gets that, which sets only its own
// log ahead. Times never go back within a log.
package engine

import (
	"context"
	"iter"

	"leat/internal/stream"
)

// Limits of the contract.
const (
	// MaxBatchBytes is the most payload a batch of more than one record may
	// have. Checksums and decryption work on whole batches, so it is also the
	// least that a reader of one record pays.
	MaxBatchBytes = 256 << 10
	// MaxBatchRecords is the most records a batch may have.
	MaxBatchRecords = 4096
	// MaxRecordBatchBytes is the most payload a batch of a single record may
	// have: a 10 MiB record, its partition key and framing.
	MaxRecordBatchBytes = 10<<20 + 64<<10
	// MaxValueBytes is the largest value of a KV entry.
	MaxValueBytes = 8 << 20
)

// Engine is one implementation of the contracts, opened.
type Engine interface {
	Log
	KV

	// Now returns the engine's time. It never returns less than it did
	// before, also after a restart, as far as something durable was stamped
	// with it.
	Now() stream.Millis

	// Health returns nil while appends and writes are accepted, else why they
	// are not: an error that is ErrFull or ErrFailed.
	Health() error

	// Close makes everything appended so far durable, stops the engine's
	// goroutines and releases its files. Calls under way end with ErrFailed
	// or with their result. Nothing may be called afterwards.
	Close() error
}

// LogID names a log.
type LogID struct {
	Stream uint64 // the KV revision that created the stream
	Shard  stream.ShardID
}

// Batch is a number of records of one log that are written together, or the
// log's close mark.
type Batch struct {
	Log LogID
	// Records is how many records Payload holds: 1 to MaxBatchRecords; 0 for
	// a close mark.
	Records int
	// Payload is opaque. It is read until Append returns and not kept; it
	// must not change meanwhile.
	Payload []byte
	// NotBefore is a lower bound for the batch's time, 0 for none. (A record
	// is never older than its shard.) The time is the latest of Now, this and
	// the log's last time; Now itself does not follow a bound ahead of it.
	NotBefore stream.Millis
	// IfTip, when not nil, is the last position that the log must have at
	// the moment the batch gets its own, earlier batches of the same call
	// counted; otherwise the batch is refused with ErrTip.
	IfTip *stream.Position
	// Close makes the batch a close mark: no record, but a position and a
	// time, after which the log accepts nothing.
	Close bool
}

// Result says what became of one batch.
type Result struct {
	First stream.Position // position of the batch's first record, or of the mark
	Time  stream.Millis   // the time of all its records
	// Err is nil if the batch is durable. Else it is, by errors.Is, one of
	// ErrNotFound, ErrClosed, ErrTip, ErrInvalid (no: nothing was written),
	// ErrFull (not now: nothing was written), ErrFailed (nothing was written,
	// and nothing will be until a restart), ErrUnknown (it may be there), or
	// the context's error (nothing was written).
	Err error
}

// StoredBatch is a batch as read back.
type StoredBatch struct {
	First   stream.Position // record i of the payload has position First+i
	Records int
	Time    stream.Millis
	Payload []byte
}

// Budget bounds one Read.
type Budget struct {
	// Bytes of payload. The first batch is returned whatever its size.
	Bytes int
	// Records is how many records at or after from are wanted; 0 means no
	// bound. Reading stops with the batch that reaches it.
	Records int
	// Buf, if its capacity suffices, holds the payloads of the answer, so that
	// a caller may re-use memory.
	Buf []byte
}

// Page is the result of a Read.
type Page struct {
	Batches []StoredBatch
	// Next is where to go on: the position after the last batch, or what was
	// asked for when there was none.
	Next stream.Position
	// Buf is the memory that the payloads are in, to be handed to a later
	// Read when they are no longer needed.
	Buf []byte
}

// Tip is the state of a log.
type Tip struct {
	First  stream.Position // the oldest position that can still be read; Last+1 if none
	Last   stream.Position // the last position taken, 0 if none ever was
	Time   stream.Millis   // when Last was taken, 0 if none ever was; of a closed log, when it was closed
	Closed bool
}

// Log keeps the ordered records of shards. All methods may be called from any
// number of goroutines.
type Log interface {
	// Create makes logs, empty and open, durably. A log that exists is left
	// as it is, so that the call may be repeated.
	Create(ctx context.Context, logs []LogID) error

	// Delete removes logs with all they hold, durably. A log that does not
	// exist is passed over. Appends that are not yet durable are refused with
	// ErrNotFound; readers and waiters of the log get ErrNotFound.
	Delete(ctx context.Context, logs []LogID) error

	// Logs lists the logs of a stream in shard order, or for stream 0 all logs.
	Logs(ctx context.Context, streamNumber uint64) ([]LogID, error)

	// Append writes batches, of one log or of many, and returns one result
	// per batch when all are settled. Batches stand for themselves: one that
	// is refused does not hold up the others. Batches of one log take effect
	// in the order of the slice. After a close mark nothing is ever appended
	// to that log: such batches, second marks included, get ErrClosed.
	//
	// A cancelled context ends the call only for batches that have not been
	// handed to the disk; the others wait for their outcome.
	Append(ctx context.Context, batches []Batch) []Result

	// Read returns durable batches in order, starting with the one that holds
	// from, or else the first after it. The first batch may begin before from;
	// the caller skips. A from below Tip.First starts there; a from beyond the
	// tip answers an empty page. Payloads belong to the caller.
	//
	// When the page ends at the close mark, the page comes together with
	// io.EOF. A batch that is damaged is never returned: the page ends before
	// it, and a Read that would start with it fails with a *CorruptError.
	Read(ctx context.Context, log LogID, from stream.Position, budget Budget) (Page, error)

	// Wait returns nil when a Read from the position would return a batch or
	// io.EOF, ErrNotFound when the log is deleted, or the context's error.
	Wait(ctx context.Context, log LogID, from stream.Position) error

	// Tip returns the durable state of a log.
	Tip(ctx context.Context, log LogID) (Tip, error)

	// SeekTime returns the position of the first record whose time is t or
	// later, or the position after the tip.
	SeekTime(ctx context.Context, log LogID, t stream.Millis) (stream.Position, error)

	// Trim permits the engine to forget records before the position. It may do
	// so late, in part, or, after a crash, not at all: whoever must not see
	// them hides them. What was forgotten does not come back while the engine
	// runs, and closedness is never forgotten.
	Trim(ctx context.Context, log LogID, before stream.Position) error
}

// Revision numbers the states of a KV: every successful Write gets the next
// ones, over all keys.
type Revision uint64

// What a Change may expect beside a revision.
const (
	// Absent: the key must not exist.
	Absent Revision = 0
	// Any: the change is unconditional.
	Any Revision = 1<<64 - 1
)

// Entry is a key's value. Value is shared: it must not be changed.
type Entry struct {
	Key      Key
	Value    []byte
	Revision Revision // of the Write that stored the value, or deleted the key
	Deleted  bool     // only in Watch: the key was deleted
}

// Change is one change of a Write.
type Change struct {
	Key    Key
	Value  []byte // the new value, at most MaxValueBytes; read until Write returns
	Delete bool   // delete the key; Value is ignored, a missing key is fine if expected
	// Expect is the revision that the key's entry must have, Absent or Any.
	Expect Revision
}

// KV keeps metadata: small values under keys made of path parts. All methods
// may be called from any number of goroutines, and a Write that has returned
// is seen by every later call.
type KV interface {
	// Get returns the entry of a key, or ErrNotFound.
	Get(ctx context.Context, key Key) (Entry, error)

	// List returns at most limit entries (0: all) whose keys are below prefix
	// and greater than after, in key order. The zero Key is before all keys
	// and above all of them.
	List(ctx context.Context, prefix, after Key, limit int) ([]Entry, error)

	// ListBack returns at most limit entries (0: all) whose keys are below
	// prefix and less than before, in descending order. Here the zero Key is
	// after all keys.
	ListBack(ctx context.Context, prefix, before Key, limit int) ([]Entry, error)

	// Write makes all the changes durably or none, and returns their revision.
	// A key may occur once. If an expectation does not hold the error is
	// ErrConflict. The other errors are ErrInvalid, ErrFull, ErrFailed,
	// ErrUnknown and the context's, with the meaning they have in a Result.
	Write(ctx context.Context, changes []Change) (Revision, error)

	// Watch yields the entries below prefix whose revision is greater than
	// from, in revision order, and then each change as it becomes durable,
	// until ctx ends. Of several changes to one key a slow consumer may see
	// only the newest, and nothing of a key that came and went meanwhile.
	// Deletions made before the call, which is when the iteration begins, are
	// not repeated. The last pair yielded has the error that ended the watch.
	Watch(ctx context.Context, prefix Key, from Revision) iter.Seq2[Entry, error]
}
