package httpd

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"strings"

	"leat/internal/api"
)

// isCompressed reports whether a request's body is in gzip, as far as the last
// coding goes. Others mean nothing to AWS.
func isCompressed(r *http.Request) bool {
	codings := r.Header.Get("Content-Encoding")
	if codings == "" || r.Method != http.MethodPost {
		return false
	}
	last := codings[strings.LastIndexByte(codings, ',')+1:]
	return strings.EqualFold(strings.TrimSpace(last), "gzip")
}

// inflate replaces a compressed body by what is in it, within the bounds of any
// body. If it cannot, it returns the answer and false. It does not wait for memory if
// the body has some of what it would wait for.
func (h *Handler) inflate(ctx context.Context, x *exchange) (answer, bool) {
	compressed, held := x.body, x.share
	patience := bodyPatience
	if held.of == h.bodies.large {
		patience = 0
	}
	r, err := gzip.NewReader(bytes.NewReader(compressed.b))
	if err == nil {
		x.body, x.share = nil, share{}
		err = h.readUnsized(ctx, x, r, patience)
		h.buffers.put(compressed)
		held.release()
		x.payload = x.body.b
	}
	switch {
	case errors.Is(err, errTooLarge), errors.Is(err, errTooMany):
		return h.unread(x, err), false
	case err != nil:
		return h.errorAnswer(x, api.Errorf(api.Serialization, "")), false
	}
	return answer{}, true
}
