// Package session seals the temporary credentials of roles into the session
// tokens that clients send along, so that no server keeps anything of them.
//
// A token belongs to one access key, whose id is authenticated with it:
//
//	version   1    1
//	nonce     12   random
//	sealed         AES-256-GCM, the tag at the end; additional data: "leat session token ",
//	               version and access key id
//
// in unpadded base64 for URLs. Inside of it is
//
//	flags     1    1: policies have let the caller assume the role
//	issued    8    seconds since 1970, big-endian
//	expires   8    likewise
//	secret    30   of which the secret access key is the base64
//	role           length in one or more bytes (a varint), and the role's ARN
//	name           likewise, the session's name
//	policy         likewise, the session policy's JSON, deflated; empty for none
//	padding        zeros, to the size that was asked for
//
// Nonces are random: one key seals 2^32 tokens before two are likely to be
// alike.
package session
