// Package awsjson is the AWS JSON 1.1 wire form: it fills the inputs of
// package api from request bodies, and writes outputs and errors.
//
// A request is one JSON object whose members have the names of the shape's:
//
//	string, enum   "text"
//	integer, long  12, 12.7 (12), 1e99 (the largest)
//	boolean        true, "true", "1", "yes" and their opposites, in any case
//	timestamp      seconds since the epoch: 1548118964.772, 1.548118964772E9
//	blob           "c3RhbmRhcmQgYmFzZTY0LCBwYWRkZWQ="
//	list, map      [...], {...}
//	structure      {...}
//
// A member that is null is absent, one that the shape does not have is skipped,
// and of one that is there twice the last counts. In lists, a null is the empty
// string or an empty structure; in maps its entry is left out.
//
// An answer has timestamps as plain decimals without trailing zeros. An error is
//
//	{"__type":"ResourceNotFoundException","message":"..."}
//
// with "Message" for a SerializationException, and without when it is empty.
package awsjson
