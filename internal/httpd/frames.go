package httpd

import (
	"errors"
	"net"
	"sync"
	"time"
)

// This file joins the frames of large HTTP/2 answers in clear text.
//
// net/http writes each frame by itself, and clients take 16 KiB of data in one: a
// large answer would cost a system call and a packet for each of them. So a data
// frame of full length is held back until the next frame, which as a rule
// follows at once. Where none does, because the answer has ended with it or the
// client's window is used up, it is held back for maxFrameDelay.
//
// In TLS nothing is joined: its records have 16 KiB, too, and are written one by
// one.

const (
	frameHeaderBytes = 9
	fullFrameBytes   = frameHeaderBytes + 16<<10
	dataFrame        = 0 // the type, in a frame's fourth byte
	// joinedBytes is what is written at once.
	joinedBytes   = 128 << 10
	maxFrameDelay = time.Millisecond
)

// joiner is a connection of HTTP/2 that joins what is written to it: whole frames,
// as a rule. Their order is kept whatever is written.
type joiner struct {
	net.Conn

	mu    sync.Mutex // guards the fields below
	held  *buffer    // frames to be written; nil for none
	timer *time.Timer
	err   error // of the write that has failed: the connection is of no use any more
}

// joined is the memory of all joiners.
var joined bufferPool

func isFullData(frame []byte) bool { return len(frame) == fullFrameBytes && frame[3] == dataFrame }

// Write writes a frame and those before it, or holds it back.
func (j *joiner) Write(frame []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	hold := isFullData(frame)
	switch {
	case j.err != nil:
		return 0, j.err
	case j.held == nil && !hold:
		return j.Conn.Write(frame)
	case j.held == nil:
		j.held = joined.get(joinedBytes)
		j.arm()
	}
	j.held.b = append(j.held.b, frame...)
	if hold && len(j.held.b)+fullFrameBytes <= joinedBytes {
		return len(frame), nil
	}
	if j.flush(); j.err != nil {
		return 0, j.err
	}
	return len(frame), nil
}

// arm bounds how long a frame is held back.
func (j *joiner) arm() {
	if j.timer == nil {
		j.timer = time.AfterFunc(maxFrameDelay, j.expire)
		return
	}
	j.timer.Reset(maxFrameDelay)
}

func (j *joiner) expire() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.held != nil {
		j.flush()
	}
}

// flush writes what is held back. A client that takes some of it before the
// deadline gets as much time for the rest, as net/http does it.
func (j *joiner) flush() {
	defer func() {
		joined.put(j.held)
		j.held = nil
		j.timer.Stop()
	}()
	for rest := j.held.b; ; {
		n, err := j.Conn.Write(rest)
		rest = rest[n:]
		if timeout, ok := errors.AsType[net.Error](err); len(rest) == 0 || n == 0 || !ok || !timeout.Timeout() {
			j.err = err
			return
		}
		_ = j.SetWriteDeadline(time.Now().Add(answerTimeout))
	}
}
