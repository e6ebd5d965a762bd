package httpd

import (
	"context"
	"strings"

	"leat/internal/api"
)

// addressed finds the service that a request is for, if it is for another than
// Kinesis, and its operation, which is nil if there is none of that name. It sets
// the wire form.
func (h *Handler) addressed(x *exchange) (svc *served, rt *route, ok bool) {
	if target := x.Header.Get("X-Amz-Target"); target != "" {
		prefix, _, _ := strings.Cut(target, ".")
		for _, svc := range h.services {
			if svc.Target == prefix && svc != h.kinesis {
				x.codec = json10
				return svc, h.targets[target], true
			}
		}
	}
	return nil, nil, false
}

// respondTo makes the answer to a request for a service other than Kinesis.
func (h *Handler) respondTo(ctx context.Context, x *exchange, svc *served, rt *route) answer {
	x.service = svc
	if rt == nil {
		return h.errorAnswer(x, api.Errorf(api.UnknownOperation, ""))
	}
	x.metrics = rt.metrics
	if err := h.identify(ctx, x); err != nil {
		return h.errorAnswer(x, err)
	}
	return h.call(ctx, x, rt)
}
