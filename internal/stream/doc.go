// Package stream has the nouns of Kinesis: hash keys, shards and how they are
// split and merged, sequence numbers, shard iterators, names and limits.
//
// It is pure: no input or output, no goroutines, no locks, no clock. Where an
// instant or randomness matters the caller brings it. Values are valid by
// construction where that is possible; texts of clients become values in the
// Parse functions.
//
// # Sequence numbers
//
// An issued sequence number is a number of 47 hexadecimal digits, written as 56
// decimal ones:
//
//	digit  0     2
//	digits 1-9   the second in which the shard was created
//	digit  10    the last hexadecimal digit of the shard's number
//	digits 11-26 the position in the shard's log, 63 bits
//	digits 27-28 00
//	digits 29-37 the second in which the record arrived
//	digits 38-45 the shard's number
//	digit  46    2, the version
//
// A shard's numbers therefore grow as its positions do, and those of a child
// are above those of its parents because it was created in a later second; see
// ChildCreated. ParseSequenceNumber also knows two older layouts.
//
// # Time of shards
//
// Resharding is instant, but its traces in sequence numbers are whole seconds
// apart, so a shard has its creation second in addition to the instants of
// opening and closing; see Shard and Reshard.Apply.
//
// # The encoding of a stream
//
// Numbers are varints of encoding/binary, signed if they can be negative, texts
// and lists come after their length:
//
//	byte    version, 1
//	texts   account, region, name
//	signed  created in milliseconds, creation second
//	byte    status
//	byte    mode
//	signed  busy until, retention in hours
//	list    tags: key, value; ascending by key
//	number  next shard
//	list    shards, ascending
//	fields  to the end: tag byte, length, value; ascending by tag
//
// A shard is
//
//	byte    flags: 1 has a parent, 2 has an adjacent parent, 4 is closed
//	number  its id less the one before it in the list, which is -1 for the first
//	number  its id less its parent's, if it has one
//	number  its id less its adjacent parent's, if it has one
//	32      first and last hash key, big-endian
//	signed  creation second, less the stream's
//	signed  opened, less the stream's creation in milliseconds
//	signed  closed less opened, if it is closed
//
// The fields are 1, the intent (a list of parents' ids, then a list of planned
// shards like shards but without their times, flag 4 being Closes); 2, the
// largest record in KiB, signed; 3, the record distribution, a byte; 4, the
// stream's number; 5, the floor of what has expired, signed; 6, the id of the
// key, a text to the field's end; 7, the metrics of shards, a byte of bits; 8,
// the warm throughput, signed target and former; 9, the policy, a text to the
// field's end; 10, when the changes happened that are counted by day (for each
// kind a list of signed instants in milliseconds, each less the one before it);
// 11, the data keys (for each its id less the one before it; the wrapped key, a
// text; how many batches it may have sealed; when it was retired, signed, 0 if it
// was not).
// What is zero is left out. An unknown field is refused like a newer version.
//
// # The encoding of a commitment
//
//	byte    version, 1
//	signed  started, ended, in milliseconds; 0 for never
//
// # The encoding of peaks
//
//	byte    version, 1
//	list    slots, ascending: begin in minutes since 1970 less the one before it
//	        (which is -1 for the first), then the bytes and the records of its
//	        busiest minute
//
// # The encoding of a consumer
//
//	byte    version, 1
//	text    name
//	number  the stream's number
//	signed  creation second
//	byte    status
//	signed  busy until
//	list    tags: key, value; ascending by key
//	text    policy, if there is one
//
// # The payload of a batch
//
//	byte    format: 1
//	then for each record
//	number  length of the partition key in bytes
//	number  length of the data
//	bytes   partition key, data
//
// Format 2 is the same and says that the records are to be shown as encrypted;
// it is no longer written. In format 3 they are encrypted:
//
//	byte    format: 3
//	u32     id of the data key, big-endian
//	12      nonce, random
//	bytes   the records as in format 1, ciphertext of AES-256-GCM
//	16      tag
//
// The additional data is the stream's number (8 bytes), the shard (4) and the id of
// the data key (4), big-endian. The position is none of it: it is not known when
// a batch is sealed.
//
// # Sealed texts
//
// A shard iterator is standard base64 of
//
//	8       00 00 00 00 00 00 00 01
//	12      nonce
//	116+16k ciphertext of AES-256-GCM, k from 0 to 14
//	16      tag
//
// The plain text is the stream's number (8 bytes), shard (4), type (1),
// position, time and issue time (8 each), big-endian, then account, region and
// name as texts, then zeros. A page token is base64 of nonce, ciphertext and
// tag; inside are the issue time (8 bytes) and texts.
package stream
