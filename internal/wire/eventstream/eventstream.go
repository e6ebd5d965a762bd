// Package eventstream writes messages of application/vnd.amazon.eventstream, the
// form of answers that go on, as those of SubscribeToShard do.
//
// A message, with its numbers in big-endian order:
//
//	+-----------------+------------------+-----------------+
//	| total length u32| headers' len. u32| CRC of the 8 u32|
//	+-----------------+------------------+-----------------+
//	| headers ...                                          |
//	| payload ...                                          |
//	+-----------------+------------------------------------+
//	| CRC of all u32  |
//	+-----------------+
//
// Both CRCs are CRC-32 as IEEE has it. A header is
//
//	+----------------+------+--------+---------------+-------+
//	| name's len. u8 | name | 7  u8  | length    u16 | value |
//	+----------------+------+--------+---------------+-------+
//
// where 7 says that the value is a string. Headers tell what a message is:
//
//	:message-type  event             exception         error
//	               :event-type       :exception-type   :error-code
//	               :content-type     :content-type     :error-message
//
// A client waits for the event initial-response before anything else. Exceptions
// are those of the service's model; they and errors end the stream.
//
// Messages are appended in place, and their lengths and CRCs filled in once the
// payload is there, so that an event's payload is encoded right into the memory
// that is sent.
package eventstream

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"strings"
)

// MediaType is the content type of a stream of messages.
const MediaType = "application/vnd.amazon.eventstream"

// mediaJSON is the type of the payloads that this package makes itself.
const mediaJSON = "application/x-amz-json-1.1"

const (
	preludeBytes = 12 // both lengths and their CRC
	crcBytes     = 4

	stringType = 7

	// maxValueBytes is what clients take as a header's value.
	maxValueBytes = 1<<15 - 1
)

// AppendInitialResponse appends the message that a stream begins with.
func AppendInitialResponse(dst []byte) []byte {
	return AppendEvent(dst, "initial-response", mediaJSON, func(dst []byte) []byte { return append(dst, "{}"...) })
}

// AppendEvent appends an event. Payload appends the event's content to what it is
// given; clients take 16 MiB.
func AppendEvent(dst []byte, eventType, contentType string, payload func(dst []byte) []byte) []byte {
	start := len(dst)
	dst = begin(dst, "event")
	dst = appendHeader(dst, ":event-type", eventType)
	dst = appendHeader(dst, ":content-type", contentType)
	headersEnd := len(dst)
	return finish(payload(dst), start, headersEnd)
}

// AppendException appends an exception of the service's model.
func AppendException(dst []byte, exceptionType, message string) []byte {
	start := len(dst)
	dst = begin(dst, "exception")
	dst = appendHeader(dst, ":exception-type", exceptionType)
	dst = appendHeader(dst, ":content-type", mediaJSON)
	headersEnd := len(dst)
	text, _ := json.Marshal(message) // a string always has a JSON form
	dst = append(dst, `{"message":`...)
	dst = append(dst, text...)
	dst = append(dst, '}')
	return finish(dst, start, headersEnd)
}

// AppendError appends a failure that is in no model. A message that is too long
// for a header is cut.
func AppendError(dst []byte, code, message string) []byte {
	start := len(dst)
	dst = begin(dst, "error")
	dst = appendHeader(dst, ":error-code", code)
	dst = appendHeader(dst, ":error-message", message)
	return finish(dst, start, len(dst))
}

// begin appends the place of the prelude and the first header.
func begin(dst []byte, messageType string) []byte {
	dst = append(dst, make([]byte, preludeBytes)...)
	return appendHeader(dst, ":message-type", messageType)
}

func appendHeader(dst []byte, name, value string) []byte {
	if len(value) > maxValueBytes {
		value = strings.ToValidUTF8(value[:maxValueBytes], "")
	}
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	dst = append(dst, stringType)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
	return append(dst, value...)
}

// finish fills in the prelude of the message at start and appends its CRC.
func finish(dst []byte, start, headersEnd int) []byte {
	message := dst[start:]
	binary.BigEndian.PutUint32(message[0:], uint32(len(message)+crcBytes))
	binary.BigEndian.PutUint32(message[4:], uint32(headersEnd-start-preludeBytes))
	binary.BigEndian.PutUint32(message[8:], crc32.ChecksumIEEE(message[:8]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(message))
}
