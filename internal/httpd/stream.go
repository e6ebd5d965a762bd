package httpd

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/wire/eventstream"
)

// eventStream is an answer that goes on.
type eventStream struct {
	route  *route
	codec  *codec // of the events
	events service.Events
}

// begin performs an operation whose answer is a stream. Until then its errors
// are those of any operation.
func (h *Handler) begin(ctx context.Context, x *exchange, rt *route, in api.Input) answer {
	events, err := rt.Stream(ctx, x.caller, in)
	if err != nil {
		return h.failure(ctx, x, rt, err)
	}
	return answer{status: http.StatusOK, contentType: eventstream.MediaType, stream: &eventStream{rt, x.codec, events}}
}

// send sends a stream, one message for each event, until it ends or the client
// takes no more.
func (h *Handler) send(ctx context.Context, w http.ResponseWriter, x *exchange, s *eventStream) {
	h.metrics.Subscriptions.Add(1)
	defer h.metrics.Subscriptions.Add(-1)
	m := messages{w: w, control: x.control, sent: &x.sent}
	defer h.endOnPanic(ctx, x, &m)
	// If this fails, so does the first event.
	_ = m.send(eventstream.AppendInitialResponse(nil))
	for event, err := range s.events {
		if err != nil {
			_ = m.send(exception(h.clientError(ctx, x, s.route, err)))
			return
		}
		if err := h.sendEvent(&m, s, event); err != nil {
			return
		}
	}
}

// endOnPanic ends a stream whose events have panicked.
func (h *Handler) endOnPanic(ctx context.Context, x *exchange, m *messages) {
	p := recover()
	if p == nil {
		return
	}
	h.log.ErrorContext(ctx, "panic in a stream of events", "panic", p,
		"target", x.Header.Get("X-Amz-Target"), "request_id", x.ids.request, "stack", string(debug.Stack()))
	_ = m.send(exception(api.Errorf(api.InternalFailure, "")))
}

// exception is the message that ends a stream with an error. What the service
// does not expect of itself has one name there.
func exception(e *api.Error) []byte {
	code := e.Code
	if e.Status >= http.StatusInternalServerError {
		code = string(api.InternalFailureEvent)
	}
	return eventstream.AppendException(nil, code, e.Message)
}

// sendEvent encodes an event, unless that of another stream will do, and sends it.
// The memory of a message that could not be sent is not used again: net/http may be
// about to read it, for a client that has reset the stream meanwhile.
func (h *Handler) sendEvent(m *messages, s *eventStream, event api.Output) error {
	encode := func(dst []byte) []byte {
		return eventstream.AppendEvent(dst, s.route.EventType, s.codec.mediaType, func(dst []byte) []byte {
			return s.codec.encode(dst, event, envelope{})
		})
	}
	if e, ok := event.(api.Shared); ok {
		if message := e.Encoded(s.codec.mediaType, encode); message != nil {
			err := m.send(message)
			if err == nil {
				release(event)
			}
			return err
		}
	}
	size := 0
	if e, ok := event.(api.Sizer); ok {
		size = e.EncodedSize()
	}
	buf := h.buffers.get(size)
	buf.b = encode(buf.b)
	release(event)
	err := m.send(buf.b)
	if err == nil {
		h.buffers.put(buf)
	}
	return err
}

// release gives back what an event holds.
func release(event api.Output) {
	if r, ok := event.(api.Releaser); ok {
		r.Release()
	}
}

// messages sends messages, each at once.
type messages struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	deadline time.Time // of what is sent
	sent     *int      // counts the bytes
}

// send sends a message. It fails when the client is gone, or has not taken a
// message in time.
func (m *messages) send(message []byte) error {
	// To set a deadline costs as much as to send an event, and these come every
	// few seconds: so one serves several of them.
	if now := time.Now(); m.deadline.Sub(now) < answerTimeout/2 {
		m.deadline = now.Add(answerTimeout)
		_ = m.control.SetWriteDeadline(m.deadline)
	}
	n, err := m.w.Write(message)
	*m.sent += n
	if err != nil {
		return err
	}
	return m.control.Flush()
}
