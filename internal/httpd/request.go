package httpd

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
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
		x.body, err = h.readSized(x.Body, int(x.ContentLength))
	} else {
		x.body = h.buffers.get(minBufferBytes)
		x.body.b, err = readAll(x.Body, x.body.b)
	}
	switch {
	case errors.Is(err, errTooLarge):
		return answer{status: http.StatusRequestEntityTooLarge}, false
	case err != nil:
		// The deadline stays: net/http may go on reading, to drain the body.
		return answer{status: http.StatusBadRequest}, false
	}
	// A deadline that ran out while the operation waits would look like a
	// client that has gone.
	_ = x.control.SetReadDeadline(time.Time{})
	return answer{}, true
}

// readSized reads a body that claims a size. Memory is taken as the body comes,
// at most four times of what has come, so that claims alone cost little.
func (h *Handler) readSized(r io.Reader, size int) (*buffer, error) {
	body := h.buffers.get(min(size, minBufferBytes))
	for {
		have := len(body.b)
		body.b = body.b[:min(size, cap(body.b))]
		if _, err := io.ReadFull(r, body.b[have:]); err != nil || len(body.b) == size {
			return body, err
		}
		larger := h.buffers.get(min(size, 4*len(body.b)))
		larger.b = append(larger.b, body.b...)
		h.buffers.put(body)
		body = larger
	}
}

var errTooLarge = errors.New("request body too large")

// readAll appends what r has to dst, or fails with errTooLarge.
func readAll(r io.Reader, dst []byte) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	n, err := buf.ReadFrom(io.LimitReader(r, maxBodyBytes+1))
	if n > maxBodyBytes {
		err = errTooLarge
	}
	return buf.Bytes(), err
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
