package httpd

import "time"

const (
	// maxBodyBytes holds the largest PutRecords, 10 MiB of data and keys, in
	// base64 with room for names and punctuation.
	maxBodyBytes = 15 << 20
	// maxHeaderBytes bounds a request's headers. Session tokens are the
	// longest, at a few KiB.
	maxHeaderBytes = 64 << 10
	// maxGuessBytes bounds the memory that is taken on the mere guess that an
	// answer will be large.
	maxGuessBytes = 1 << 20

	// headerTimeout is how long a client may take from its first byte, or
	// from connecting, to the end of its headers.
	headerTimeout = 10 * time.Second
	// bodyTimeout is how long a body may take: 15 MiB at 2 Mbit/s.
	bodyTimeout = time.Minute
	// answerTimeout is how long a client may take to read its answer.
	answerTimeout = time.Minute
	// idleTimeout is longer than clients keep unused connections, so that a
	// connection is hardly ever closed just as it is used again.
	idleTimeout = 5 * time.Minute

	// maxStreams is how many requests may share an HTTP/2 connection. The
	// KCL sends all of a worker's on one.
	maxStreams = 10_000
	// streamWindow and connectionWindow are how much of bodies clients may
	// send on HTTP/2 before it is read: enough for 15 MiB in a few round trips,
	// and no more than net/http allows, less than 4 MiB.
	streamWindow     = 512 << 10
	connectionWindow = 4<<20 - 1
	// maxWaitingStreams is how many requests of an HTTP/2 connection may wait for
	// memory: what they have sent takes up half of the connection's window.
	maxWaitingStreams = connectionWindow / streamWindow / 2
)
