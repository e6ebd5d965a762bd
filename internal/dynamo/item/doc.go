// Package item has the values of DynamoDB's data model: attribute values, items,
// exact numbers, their order and size, and the forms they have in requests, in
// storage and in keys.
//
// Values are immutable: whoever changes an item replaces values, so copies of
// items may share them. What Parse makes refers to nothing of its input.
//
// # Stored form
//
// Item.AppendBinary writes, and Decode reads:
//
//	version 1 | count | (length name | value)*    names in ascending order
//
// Counts, lengths and list indexes are unsigned varints. A value is one byte of
// type, the number of its Type, and:
//
//	S, B        length | bytes
//	N           form | exponent | digits
//	BOOL        0 or 1
//	NULL        nothing
//	M           count | (length name | value)*    names in ascending order
//	L           count | value*
//	SS, NS, BS  count | what follows the type of S, N or B, each*
//
// A number is sign*0.d1d2d3... times ten to the exponent, its first and last digit
// not 0. The form is twice the count of digits, plus one when negative, as a
// byte; zero is the form 0 alone. The exponent is one byte, 129 more than it is.
// Digits follow in pairs, d1 in the high half of the first byte; a last half that
// is not needed is 0.
//
// # Key form
//
// AppendKey writes a key attribute so that the order of bytes is the order of
// values, also when more follows, and no form is the beginning of another:
//
//	S, B        bytes, each 0x00 written as 0x00 0xff | 0x00 0x01
//	N negative  0x01 | ^exponent | ^pairs | 0xff
//	N zero      0x02
//	N positive  0x03 | exponent | pairs | 0x00
//
// where a pair of digits is a byte, 1 more than its value between 0 and 99, and
// the exponent is that of the stored form; ^ inverts the bits.
package item
