// Package disk is the durable engine of one machine.
//
// # The files of a data directory
//
//	FORMAT          "leat data directory, format 1"
//	LOCK            locked while a server runs
//	checkpoint.0    two slots, written in turn (image.go)
//	checkpoint.1
//	journal/        the newest part of all logs and metadata (package journal)
//	logs/STREAM/    the older part: SHARD-POSITION.segment (package segment)
//
// # The life of a batch
//
// Append hands batches to the committer, the one goroutine that writes the
// journal. It takes what all waiting callers have, decides in order what each
// batch's position is or why it is refused, writes one frame, syncs it, makes
// it visible to readers and wakes the callers. So thousands of shards with
// small batches share one sync.
//
// From then on the batch is in its log's head: a list in memory of where in
// the journal batches are, 16 bytes each. A checkpoint, in the background,
// moves what was in the journal at one moment to segments, writes a checkpoint
// file that names them, lets readers move over, and frees the journal files.
// Commits never wait for segments.
//
// The next frame takes all small appends that wait and a share of each large one,
// so nobody waits for the whole of another's. When checkpoints fall behind, large
// ones wait first. Whoever has waited for 10 s leaves with an ErrFull, unless
// something of the call is in a frame: then it is what is not that is refused.
//
// Opening reads the newest checkpoint file and the journal from where it says.
// Nothing is concluded from the length of a file.
//
// # What each promise rests on
//
//   - An acknowledged batch is in the journal, synced, or in a segment that was
//     synced before the checkpoint file that names it.
//   - A journal file is used again only when a durable checkpoint file starts
//     behind it, a segment is removed only when no durable checkpoint file
//     names it, or its log is durably deleted.
//   - A checkpoint changes no byte that the last durable one speaks of. One
//     that fails while it moves is begun anew; one that fails while its file is
//     written is finished before anything else is moved, because the file may
//     be durable nevertheless.
//   - After a failed write or sync of the journal nothing is written any more:
//     what is on disk then is not known.
//
// # Goroutines
//
// The committer and the maintainer, from Open to Close. While it runs, a
// checkpoint has four movers; now and then a journal file is made in the
// background. There is none for a log.
package disk
