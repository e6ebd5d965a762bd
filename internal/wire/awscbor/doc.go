// Package awscbor is the AWS CBOR 1.1 wire form, which the SDKs for Java speak
// with Kinesis, and that of Smithy RPC v2, which newer SDKs speak with CloudWatch:
// it fills the inputs of package api from request bodies, and writes outputs and
// errors. The two differ in timestamps only (DecodeSeconds, EncodeSeconds).
//
// A request is one map whose keys are the names of the shape's members:
//
//	string, enum   text
//	integer, long  an integer, or a float of any size (12.7 is 12)
//	boolean        true, false, or text as in JSON
//	timestamp      milliseconds since the epoch, under tag 1: c1 1b 000001687314ba24
//	blob           bytes
//	list           array
//	map, structure map
//
// The tag of a timestamp promises seconds, but the clients of AWS CBOR 1.1 mean
// milliseconds and understand nothing else. Those of Smithy RPC v2 mean seconds, as
// integers or floats: c1 fb 41d7119aed316873. Tags tell nothing that the shape does
// not tell, so that they are skipped everywhere. Strings may come in chunks, arrays
// and maps without their length. Null is absent, members that the shape does not
// have are skipped, and of one that is there twice the last counts. Keys are text.
//
// In an answer, arrays and maps have no length but an end, and timestamps are
// under tag 1: integers of milliseconds, floats of 64 bits of seconds, always:
//
//	bf                                  a map
//	   66 "__type"  78 19 "ResourceNotFoundException"
//	   67 "message" 78 2c "Stream ..."
//	ff                                  its end
//
// Members go by the same names as in JSON, also those of errors.
//
// # No library
//
// A library decodes to Go values, which would copy each record's data and make
// each record's map. Here one pass checks the form and hands out strings and
// blobs as they lie in the body. In the tests, github.com/fxamacker/cbor says
// whether that is right.
package awscbor
