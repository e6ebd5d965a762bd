package httpd

import (
	"context"
	"errors"
	"net/http"

	"leat/internal/api"
)

// call answers a request for an operation.
func (h *Handler) call(ctx context.Context, x *exchange, rt *route) answer {
	in := rt.input()
	a := h.perform(ctx, x, rt, in)
	// After a panic the input is not used again: who knows who still uses it.
	rt.recycle(in)
	return a
}

// perform decodes the body, validates it, sees that it is allowed, performs the
// operation and encodes what it returns, unless that is a stream.
func (h *Handler) perform(ctx context.Context, x *exchange, rt *route, in api.Input) answer {
	if err := x.codec.decode(x.payload, in); err != nil {
		return h.errorAnswer(x, err)
	}
	if err := api.Validate(in, rt.Schema); err != nil {
		return h.errorAnswer(x, err)
	}
	if err := h.authorize(ctx, x, rt, in); err != nil {
		return h.failure(ctx, x, rt, err)
	}
	if rt.Stream != nil {
		return h.begin(ctx, x, rt, in)
	}
	out, err := rt.Call(ctx, x.caller, in)
	if err != nil {
		return h.failure(ctx, x, rt, err)
	}
	return h.outputAnswer(x, rt, out)
}

// failure answers an operation's error.
func (h *Handler) failure(ctx context.Context, x *exchange, rt *route, err error) answer {
	return h.errorAnswer(x, h.clientError(ctx, x, rt, err))
}

// clientError returns what the client hears of an operation's error. One that no
// client was meant to see is logged under the request's id, and the client hears
// of an internal failure.
func (h *Handler) clientError(ctx context.Context, x *exchange, rt *route, err error) *api.Error {
	var e *api.Error
	switch {
	case errors.As(err, &e):
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		// The client has gone, or the server is being closed: what is sent
		// now hardly reaches anyone.
		e = api.Errorf(api.ServiceUnavailable, "")
	default:
		h.log.ErrorContext(ctx, "operation failed",
			"operation", rt.Name, "request_id", x.ids.request, "error", err)
		e = api.Errorf(api.InternalFailure, "")
	}
	return e
}

// outputAnswer encodes an operation's output, and releases it. No output is an
// empty body, unless the wire form has one for that, too.
func (h *Handler) outputAnswer(x *exchange, rt *route, out api.Output) answer {
	a := answer{status: http.StatusOK, contentType: x.codec.mediaType, header: x.codec.header}
	if out == nil && !x.codec.enveloped {
		if x.codec.untyped {
			a.contentType = ""
		}
		return a
	}
	size := int(min(rt.answerBytes.Load(), maxGuessBytes))
	if s, ok := out.(api.Sizer); ok {
		size = s.EncodedSize()
	}
	a.buffer = h.buffers.get(size)
	a.buffer.b = x.codec.encode(a.buffer.b, out, x.envelope(rt.Name))
	a.body = a.buffer.b
	rt.answerBytes.Store(int64(len(a.body)))
	if r, ok := out.(api.Releaser); ok {
		r.Release()
	}
	return a
}

// errorAnswer encodes an error.
func (h *Handler) errorAnswer(x *exchange, e *api.Error) answer {
	a := answer{
		status: e.Status, contentType: x.codec.mediaType, errorType: typeName(errorType(e, &x.service.Service)),
		code: e.Code, header: x.codec.header,
	}
	worded := e
	if x.codec == formXML {
		worded = queryError(e, &x.service.Service)
		a.status, a.errorType = worded.Status, ""
	}
	if x.service.Version != "" && x.Header.Get("X-Amzn-Query-Mode") == "true" {
		a.header = withQueryError(a.header, queryError(e, &x.service.Service))
	}
	a.buffer = h.buffers.get(len(worded.Code) + len(worded.Message))
	a.buffer.b = x.codec.encodeError(a.buffer.b, worded, x.envelope(""))
	a.body = a.buffer.b
	return a
}
