package httpd

import (
	"context"
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
func (h *Handler) readBody(ctx context.Context, x *exchange) (answer, bool) {
	if x.ContentLength > maxBodyBytes {
		return answer{status: http.StatusRequestEntityTooLarge}, false
	}
	_ = x.control.SetReadDeadline(x.start.Add(bodyTimeout))
	var err error
	if x.ContentLength >= 0 {
		err = h.readSized(ctx, x, int(x.ContentLength))
	} else {
		err = h.readUnsized(ctx, x, x.Body, bodyPatience)
	}
	x.received = len(x.body.b)
	if err != nil {
		// The deadline stays: net/http may go on reading, to drain the body.
		return h.refusedBody(x, err), false
	}
	// A deadline that ran out while the operation waits would look like a
	// client that has gone.
	_ = x.control.SetReadDeadline(time.Time{})
	x.payload = x.body.b
	return answer{}, true
}

// refusedBody is the answer to a request whose body cannot be read.
func (h *Handler) refusedBody(x *exchange, err error) answer {
	if c, ok := otherCodecs[x.kind]; ok {
		x.codec = c
	}
	return h.unread(x, err)
}

// unread is the answer to a request of whose body there is too much.
func (h *Handler) unread(x *exchange, err error) answer {
	switch {
	case errors.Is(err, errTooLarge):
		return answer{status: http.StatusRequestEntityTooLarge}
	case errors.Is(err, errTooMany):
		return h.errorAnswer(x, api.Errorf(api.ServiceUnavailable, "Too many requests are being read. Try again."))
	}
	return answer{status: http.StatusBadRequest}
}

var errTooLarge = errors.New("request body too large")

// readSized reads a body that claims a size. What it takes memory for is the
// beginning, until that has come: claims alone cost little.
func (h *Handler) readSized(ctx context.Context, x *exchange, size int) error {
	x.body = h.buffers.get(min(size, minBufferBytes))
	b := x.body
	b.b = b.b[:min(size, cap(b.b))]
	if _, err := io.ReadFull(x.Body, b.b); err != nil || len(b.b) == size {
		return err
	}
	if err := h.admitBody(ctx, x, size, bodyPatience); err != nil {
		return err
	}
	have := len(x.body.b)
	x.body.b = x.body.b[:size]
	_, err := io.ReadFull(x.Body, x.body.b[have:])
	return err
}

// readUnsized reads a body that ends when it ends. It fails with errTooLarge.
func (h *Handler) readUnsized(ctx context.Context, x *exchange, r io.Reader, patience time.Duration) error {
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
		size := smallBody
		if len(b.b) >= smallBody {
			size = maxBodyBytes + 1
		}
		if err := h.admitBody(ctx, x, size, patience); err != nil {
			return err
		}
	}
}

// admitBody waits until a body of so many bytes may be read, and makes room for
// it. It fails with errTooMany.
func (h *Handler) admitBody(ctx context.Context, x *exchange, size int, patience time.Duration) error {
	// Who waits for much must not keep others from the little there is for them.
	x.share.release()
	x.share = share{}
	done, ok := mayWait(ctx, x)
	defer done()
	if !ok {
		patience = 0
	}
	s, waited, err := h.bodies.acquire(ctx, size, patience)
	if err != nil {
		return err
	}
	if waited {
		// The wait was ours, not the client's.
		_ = x.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	}
	larger := h.buffers.get(size)
	larger.b = append(larger.b, x.body.b...)
	h.dropBody(x)
	x.body, x.share = larger, s
	return nil
}

// mayWait reports whether a request may wait for memory until done is called. On
// HTTP/2 all requests of a connection share its window, and those that wait fill it:
// with too many, those that are being read would get no more, and free nothing.
func mayWait(ctx context.Context, x *exchange) (done func(), ok bool) {
	c, known := ctx.Value(connKey{}).(*conn)
	switch {
	case !x.admitted:
		return func() {}, false
	case x.ProtoMajor < 2 || !known:
		return func() {}, true
	}
	return func() { c.waiting.Add(-1) }, c.waiting.Add(1) <= maxWaitingStreams
}

// dropBody gives back the body's memory, which nobody uses any more.
func (h *Handler) dropBody(x *exchange) {
	h.buffers.put(x.body)
	x.share.release()
	x.body, x.payload, x.share = nil, nil, share{}
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
