// Package segment is the files that keep the older part of a log: each holds
// the batches of one shard between two positions.
//
//	 0  file header
//	48  entry, entry, ... (package entry), up to Info.Length
//	    trailer, once the segment is sealed
//	    points of the index
//
//	file header                      trailer
//	 0 u32 CRC32C of 4 to 47          0 u32 CRC32C of 4 to 47, seeded with the
//	 4 u32 "LESG"                           salt and the trailer's offset
//	 8 u32 format version             4 u32 "LESX"
//	12     0                          8 u32 number of points
//	16 u64 stream                    12 u32 CRC32C of the points
//	24 u32 shard                     16 u64 last position
//	28     0                         24 u64 time of the first batch
//	32 u64 first position            32 u64 time of the last batch
//	40     0                         40     0
//
//	point: u64 position, u64 time, u64 offset of a batch; one each 64 KiB
//
// A segment is appended to by checkpoints only. How long it is, and whether it
// is sealed, is said by the checkpoint file and never by the file itself: what
// lies beyond that length was written by a checkpoint that did not complete,
// and the next one overwrites it.
//
// The index of a segment that is not sealed is made in memory when it is first
// needed, from the headers of its entries.
package segment
