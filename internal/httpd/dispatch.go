package httpd

import (
	"context"
	"net/http"
	"strings"

	"leat/internal/api"
	"leat/internal/sigv4"
	"leat/internal/wire/awsquery"
)

// address is what a request to a service other than Kinesis is for.
type address struct {
	service *served
	codec   *codec
	route   *route // nil if there is no such operation
	// packed is whether the operation is named in a body that is compressed. It
	// is looked into once the signature has been checked.
	packed bool
}

// to returns the address of a service's operation.
func (svc *served) to(c *codec, operation string) address {
	return address{service: svc, codec: c, route: svc.routes[operation]}
}

// addressed finds what a request is for, if that is another service than Kinesis:
// what its target, its path or its form names, and where none of them does, the
// service that it is signed for and no operation.
func (h *Handler) addressed(x *exchange) (to address, ok bool) {
	switch {
	case x.Method == http.MethodGet && h.asksByQuery(x.Request):
		x.payload = []byte(x.URL.RawQuery)
		return h.byForm(x, h.signer(x))
	case x.Method != http.MethodPost:
		return address{}, false
	}
	target := x.Header.Get("X-Amz-Target")
	if rt, known := h.targets[target]; known {
		return address{service: rt.service, codec: json10, route: rt}, rt.service != h.kinesis
	}
	if to, ok := h.byTarget(target); ok {
		return to, to.service != h.kinesis
	}
	if to, ok := h.byPath(x.URL.Path); ok {
		return to, true
	}
	signer := h.signer(x)
	if x.kind == mediaForm {
		if to, ok := h.byForm(x, signer); ok {
			return to, true
		}
	}
	if signer == nil || signer == h.kinesis {
		return address{}, false
	}
	return address{service: signer, codec: signer.codecFor(x.kind)}, true
}

// byTarget finds the service of an X-Amz-Target that names none of the operations.
func (h *Handler) byTarget(target string) (to address, ok bool) {
	prefix, _, _ := strings.Cut(target, ".")
	for _, svc := range h.services {
		if prefix != "" && svc.Target == prefix {
			return address{service: svc, codec: json10}, true
		}
	}
	return address{}, false
}

// byPath finds what a path of Smithy RPC v2 names. There may be more before it.
func (h *Handler) byPath(path string) (to address, ok bool) {
	const before, between = "/service/", "/operation/"
	i := strings.LastIndex(path, before)
	if i < 0 {
		return address{}, false
	}
	name, operation, ok := strings.Cut(path[i+len(before):], between)
	for _, svc := range h.services {
		if ok && svc.RPC != "" && svc.RPC == name {
			return svc.to(rpcCBOR, operation), true
		}
	}
	return address{}, false
}

// byForm finds what a form names by its version, or else the service that takes
// forms and that it is signed for.
func (h *Handler) byForm(x *exchange, signer *served) (to address, ok bool) {
	if isCompressed(x.Request) && signer != nil && signer.Version != "" {
		return address{service: signer, codec: formXML, packed: true}, true
	}
	target := awsquery.TargetOf(x.payload)
	for _, svc := range h.services {
		if svc.Version != "" && svc.Version == target.Version && target.Action != "" {
			return svc.to(formXML, target.Action), true
		}
	}
	return address{service: signer, codec: formXML}, signer != nil && signer.Version != ""
}

// asksByQuery reports whether a GET has a form as its query, as presigned requests
// of the query protocol have. While any credentials pass, those that a web page of
// elsewhere makes a browser send are none, an image for example: they say nothing
// of their Origin.
func (h *Handler) asksByQuery(r *http.Request) bool {
	if r.URL.Path != "/" && r.URL.Path != "" || !query(r.URL).Has("Action") {
		return false
	}
	return h.cfg.Auth != nil || r.Header.Get("Origin") != "" || !isOfPageElsewhere(r)
}

// isOfPageElsewhere reports whether a browser has sent a request that its user did
// not ask for, and no page of this server. Browsers tell this only to servers that
// they trust, on their own machine or over TLS.
func isOfPageElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "none", "same-origin":
		return false
	case "":
		return strings.HasPrefix(r.UserAgent(), "Mozilla/")
	}
	return true
}

// signer returns the service that a request is signed for, nil if it is none of
// ours.
func (h *Handler) signer(x *exchange) *served {
	signature, err := sigv4.Parse(sigv4.Request{
		Authorization: x.Header.Get("Authorization"), HasDate: true, Query: query(x.URL),
	})
	if err != nil {
		return nil
	}
	return h.services[signature.Service]
}

// codecFor returns the wire form in which a service refuses what names none of its
// operations.
func (svc *served) codecFor(kind string) *codec {
	switch {
	case svc.RPC != "" && kind == mediaRPC:
		return rpcCBOR
	case svc.Target != "":
		return json10
	}
	return formXML
}

// respondTo makes the answer to a request for a service other than Kinesis.
func (h *Handler) respondTo(ctx context.Context, x *exchange, to address) answer {
	x.service, x.codec = to.service, to.codec
	if to.route == nil && !to.packed {
		return h.errorAnswer(x, unknownOperation(x))
	}
	if to.route != nil {
		x.metrics = to.route.metrics
	}
	if err := h.identify(ctx, x); err != nil {
		return h.errorAnswer(x, err)
	}
	if isCompressed(x.Request) {
		if a, ok := h.inflate(ctx, x); !ok {
			return a
		}
	}
	if to.packed {
		if asked := awsquery.TargetOf(x.payload); asked.Version == to.service.Version {
			to.route = to.service.routes[asked.Action]
		}
		if to.route == nil {
			return h.errorAnswer(x, unknownOperation(x))
		}
		x.metrics = to.route.metrics
	}
	return h.call(ctx, x, to.route)
}

// unknownOperation returns the error about an operation that there is not.
func unknownOperation(x *exchange) *api.Error {
	if x.codec == formXML {
		return awsquery.UnknownOperation(awsquery.TargetOf(x.payload))
	}
	return api.Errorf(api.UnknownOperation, "")
}
