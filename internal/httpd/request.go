package httpd

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"leat/internal/api"
)

// readBody reads the body into x.body. If it cannot, it returns the answer and
// false. net/http closes a connection of HTTP/1.1 on which a body was not read
// to its end, and resets a stream of HTTP/2.
func (h *Handler) readBody(x *exchange) (answer, bool) {
	if x.ContentLength > maxBodyBytes {
		return answer{status: http.StatusRequestEntityTooLarge}, false
	}
	_ = x.control.SetReadDeadline(x.start.Add(bodyTimeout))
	var err error
	if x.ContentLength >= 0 {
		err = h.readSized(x, int(x.ContentLength))
	} else {
		err = h.readUnsized(x, x.Body)
	}
	x.received = len(x.body.b)
	if err != nil {
		if c, ok := otherCodecs[x.kind]; ok {
			x.codec = c
		}
		// The deadline stays: net/http may go on reading, to drain the body.
		return h.unread(x, err), false
	}
	// A deadline that ran out while the operation waits would look like a
	// client that has gone.
	_ = x.control.SetReadDeadline(time.Time{})
	x.payload = x.body.b
	return answer{}, true
}

// unread is the answer to a request whose body cannot be read.
func (h *Handler) unread(x *exchange, err error) answer {
	switch {
	case errors.Is(err, errTooLarge):
		return answer{status: http.StatusRequestEntityTooLarge}
	case errors.Is(err, errTooMany):
		return h.errorAnswer(x, api.Errorf(api.ServiceUnavailable, "Too many requests from this address are being read."))
	}
	return answer{status: http.StatusBadRequest}
}

var (
	errTooLarge = errors.New("request body too large")
	errTooMany  = errors.New("the client's request bodies take too much memory")
)

// readSized reads a body that claims a size. Memory is taken as the body comes,
// at most four times of what has come, so that claims alone cost little.
func (h *Handler) readSized(x *exchange, size int) error {
	x.body = h.buffers.get(min(size, minBufferBytes))
	for {
		b := x.body
		have := len(b.b)
		b.b = b.b[:min(size, cap(b.b))]
		if _, err := io.ReadFull(x.Body, b.b[have:]); err != nil || len(b.b) == size {
			return err
		}
		if err := h.growBody(x, size); err != nil {
			return err
		}
	}
}

// readUnsized reads a body that ends when it ends. It fails with errTooLarge.
func (h *Handler) readUnsized(x *exchange, r io.Reader) error {
	x.body = h.buffers.get(minBufferBytes)
	for {
		b := x.body
		n, err := r.Read(b.b[len(b.b):cap(b.b)])
		b.b = b.b[:len(b.b)+n]
		switch {
		case len(b.b) > maxBodyBytes:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(b.b) < cap(b.b):
			continue
		}
		if err := h.growBody(x, maxBodyBytes+1); err != nil {
			return err
		}
	}
}

// growBody makes room for four times of what has come, and for size bytes at
// most. It fails with errTooMany.
func (h *Handler) growBody(x *exchange, size int) error {
	size = min(size, 4*len(x.body.b))
	if !x.client.IsValid() {
		x.client = clientOf(x.RemoteAddr)
	}
	if !h.bodies.take(x.client, size) {
		return errTooMany
	}
	x.counted += size
	larger := h.buffers.get(size)
	larger.b = append(larger.b, x.body.b...)
	h.buffers.put(x.body)
	x.body = larger
	return nil
}

// dropBody gives back the body's memory, which nobody uses any more.
func (h *Handler) dropBody(x *exchange) {
	h.buffers.put(x.body)
	h.bodies.give(x.client, x.counted)
	x.body, x.payload, x.counted = nil, nil, 0
}

// mediaType returns the type in a Content-Type header: what is before the first
// semicolon, without spaces around. AWS compares it as it is.
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.TrimSpace(t)
}

// namesOperation reports whether a target has a service and an operation,
// known or not.
func namesOperation(target string) bool {
	service, operation, _ := strings.Cut(target, ".")
	return service != "" && operation != ""
}
