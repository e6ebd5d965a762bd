// Package journal is the sequence of files that makes everything durable: the
// newest part of all logs, and every change of metadata, in commit order.
//
// # Files
//
// A journal file is filled with zeros once, when it is made, and then used
// again and again: overwriting costs half of what appending does. It keeps its
// name; each use has the next number and a random salt.
//
//	0     file header (48 bytes, the rest of the page is 0)
//	4096  frame, frame, ... each at a multiple of 4096
//
//	file header                      frame header
//	 0 u32 CRC32C of 4 to 47          0 u32 CRC32C of 4 to 47, seeded with
//	 4 u32 "LEJF"                           the salt and the frame's offset
//	 8 u64 number of this use         4 u32 "LEFR"
//	16 u64 salt of this use           8 u64 number of the frame
//	24 u64 number of the first frame 16 u32 length of the entries
//	32 u32 format version            20 u32 number of entries
//	36     0                         24 u64 time of the commit
//	                                 32 u32 CRC32C of the entries' header sums
//	                                 36     0
//
// The entries (package entry) follow the frame's header. A frame never spans
// files; one that is longer than a file gets a file of its own length. The
// file header is written together with the first frame, in one sector, so it
// is never torn: it is of this use, of an earlier one, or all zeros.
//
// # What a scan may conclude
//
// Only one frame is written at a time, and it is durable before the next is
// begun. Frames are numbered without gaps across files. Hence a frame that does
// not hold and has a valid one with a higher number behind it, in its file or
// in a later one, is damage to something that was acknowledged; one that has
// nothing behind it is the write that a crash interrupted, and is cut. A flipped
// bit in the very last frame cannot be told from that.
//
// Frames begin at page boundaries so that writing one never rewrites a page
// with acknowledged bytes. Because each use has its own salt, frames of earlier
// uses and frames forged inside a record are not frames.
package journal
