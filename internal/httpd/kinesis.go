package httpd

import (
	"context"
	"net/http"

	"leat/internal/api"
)

// kinesisName is Kinesis in the scopes of signatures.
const kinesisName = "kinesis"

// respondKinesis makes the answer to a request for Kinesis, or for no service at
// all.
func (h *Handler) respondKinesis(ctx context.Context, x *exchange) answer {
	target := x.Header.Get("X-Amz-Target")
	rt, known := h.targets[target]
	_, spoken := codecs[x.kind]
	if known {
		x.metrics = rt.metrics
	}
	switch {
	case len(x.body.b) == 0 && known:
		return h.errorAnswer(x, api.Errorf(api.Serialization, ""))
	case len(x.body.b) == 0:
		return h.errorAnswer(x, api.Errorf(api.UnknownOperation, ""))
	case x.kind == mediaLegacyJSON:
		return legacyAnswer(codecs[mediaJSON].valid(x.body.b))
	case !spoken && !namesOperation(target):
		return accessDenied()
	case !spoken:
		return xmlError(http.StatusNotFound, string(api.UnknownOperation), "")
	}
	authError := h.identify(ctx, x)
	if !known || authError != nil {
		// Below, decoding finds what does not parse. Here nothing is decoded.
		switch {
		case !x.codec.valid(x.body.b):
			return h.errorAnswer(x, api.Errorf(api.Serialization, ""))
		case !known:
			return h.errorAnswer(x, api.Errorf(api.UnknownOperation, ""))
		}
		return h.errorAnswer(x, authError)
	}
	if rt.Name == x.codec.without {
		return h.errorAnswer(x, api.Errorf(api.InternalFailure, ""))
	}
	return h.call(ctx, x, rt)
}
