// Package httpd is the front door: it turns HTTP requests into calls of the
// services' operations, and what they return into answers.
//
// A request passes these checks, and the first that fails answers it:
//
//	the body is at most 15 MiB              413
//	there is memory for it within 8 s       503 ServiceUnavailable
//	GET /healthz, GET /readyz               whether the server runs, and takes writes
//	a foreign Origin or Host                403 AccessDeniedException, in XML
//	GET /metrics                            the metrics, unless they are elsewhere
//	OPTIONS with an Origin                  200, what a browser may do
//
// Then it is for the service that its address names, the first of these that names
// one (addressed):
//
//	X-Amz-Target: Kinesis_20131202.PutRecord                      Kinesis, in JSON 1.1 or CBOR 1.1
//	X-Amz-Target: DynamoDB_20120810.GetItem                       another service, in JSON 1.0
//	POST /service/GraniteServiceVersion20100801/operation/...     Smithy RPC v2, in CBOR
//	Action=AssumeRole&Version=2011-06-15&...                      the query protocol: a form, answered in
//	                                                              XML; GET /?Action=... is one, too
//	...Credential=AKID/20261120/us-east-1/sts/aws4_request...     no operation of the service
//
// and for Kinesis if nothing does. Kinesis goes on in the order of AWS:
//
//	another method than POST                403 AccessDeniedException, in XML
//	no body                                 400 SerializationException or UnknownOperationException
//	an unknown content type                 403 or 404, in XML
//	the body does not parse                 400 SerializationException
//	the target names no operation           400 UnknownOperationException
//	not signed, incompletely or wrongly     400 MissingAuthenticationTokenException, ...
//	members of wrong types                  400 SerializationException
//	broken constraints                      400 ValidationException
//	not allowed by policies                 400 AccessDeniedException
//	the operation                           200, or its error
//
// and the other services in this, in which the query protocol has other codes and
// statuses (awsquery.Reword):
//
//	no such operation                       400 UnknownOperationException    400 InvalidAction
//	not signed, incompletely or wrongly     400 MissingAuthentication...     403 MissingAuthenticationToken, ...
//	a gzip body is none, or is too large    400 SerializationException, 413  400 MalformedInput, 413
//	the body does not parse; wrong types    400 SerializationException       400 MalformedInput
//	broken constraints                      400 ValidationException          400 ValidationError
//	not allowed by policies                 400 AccessDeniedException        403 AccessDenied
//	the operation                           200, or its error
//
// Signatures are verified if there is an auth.Directory; then requests may come
// from any Origin and for any Host. They cover the body as it was sent: a form in
// gzip is opened after that, and is for the service that it was signed for. While
// any credentials pass, what a web page of elsewhere may have had a browser GET,
// which then says no Origin, is no form (asksByQuery). JSON and CBOR are answered in
// kind, and a missing body of any other type in CBOR (codecs).
//
// respond is that table as code. It returns an answer, and write is the only
// place that sends one.
//
// # Connections
//
// Clear text and TLS, HTTP/1.1 and HTTP/2 share one port (NewServer and
// NewListener) and are told apart by what clients send first:
//
//	0x16, a TLS handshake        the rest is what is inside
//	PRI * HTTP/2.0\r\n\r\nSM...   HTTP/2, whatever ALPN has said
//	anything else                HTTP/1.1
//
// # Memory
//
// The strings and blobs of an input refer to the request's body. Body and
// answer are in pooled buffers. The body's goes back when the answer has been
// made, and the answer's when that is sent; of a stream each event has its own.
// Bodies take 128 MiB at most at a time: a request waits for its share before it is
// read (bodyBudget).
package httpd

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"leat/internal/api"
	"leat/internal/auth"
	"leat/internal/metrics"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/session"
	"leat/internal/sigv4"
)

// Config is what a Handler is made of. All members are required but Hosts,
// Origins, Auth, Sessions, Now and Metrics.
type Config struct {
	// Services are what is served. What names no service is answered as Kinesis
	// answers it, whether that is among them or not.
	Services []service.Service
	// Account and Region are those of callers that do not say.
	Account, Region string
	// Hosts are names of the server beside IP addresses and localhost.
	Hosts []string
	// Origins are those of web pages that may use the server, beside pages of
	// this machine; AnyOrigin is all.
	Origins []string
	// Auth returns who may use the server. If it is nil, any credentials pass.
	Auth func() *auth.Directory
	// Sessions opens the tokens of sessions that callers have begun; nil for
	// none.
	Sessions *session.Sealer
	// Now is the clock that signatures are held to, by default the system's.
	Now func() time.Time
	// Ready returns nil while writes are accepted, else why they are not.
	Ready  func() error
	Logger *slog.Logger
	// Metrics is where requests are counted. They are shown at /metrics, unless
	// HideMetrics: then NewMetricsHandler does that on another port.
	Metrics     *metrics.Metrics
	HideMetrics bool
}

// Handler answers requests. It is an http.Handler.
type Handler struct {
	cfg    Config
	log    *slog.Logger
	access access
	// services has those of cfg by the names of signatures' scopes.
	services map[string]*served
	kinesis  *served
	root     policy.Principal  // of cfg.Account
	targets  map[string]*route // by the X-Amz-Target that names them
	buffers  bufferPool
	bodies   bodyBudget
	metrics  *metrics.Metrics
	// unnamed counts requests for no operation of the table.
	unnamed *metrics.Operation
	// metricsPage shows the metrics; nil hides them.
	metricsPage http.Handler
	// refusal is for the first request that is not admitted.
	refusal sync.Once
}

// served is a service with what the handler remembers of it.
type served struct {
	service.Service
	routes map[string]*route // by the names of operations
	// verifier is used if there is Config.Auth.
	verifier *sigv4.Verifier
}

// route is an operation with what the handler remembers of it.
type route struct {
	service.Operation
	service *served
	metrics *metrics.Operation
	// answerBytes is the size of the last answer, and so a guess of the next
	// one's, which then needs not grow step by step.
	answerBytes atomic.Int64
	// inputs holds inputs to be used again, those that are an api.Resetter.
	inputs sync.Pool
}

// input returns an input with all members absent.
func (rt *route) input() api.Input {
	if in, ok := rt.inputs.Get().(api.Input); ok {
		return in
	}
	return rt.Input()
}

// recycle takes an input back that nobody uses any more.
func (rt *route) recycle(in api.Input) {
	if r, ok := in.(api.Resetter); ok {
		r.Reset()
		rt.inputs.Put(in)
	}
}

// NewHandler returns a handler for the services of cfg.
func NewHandler(cfg Config) *Handler {
	h := &Handler{
		cfg: cfg, log: cfg.Logger, access: newAccess(cfg.Hosts, cfg.Origins),
		root: rootOf(cfg.Account), services: make(map[string]*served), targets: make(map[string]*route),
		bodies: newBodyBudget(), metrics: cfg.Metrics,
	}
	if h.cfg.Now == nil {
		h.cfg.Now = time.Now
	}
	if h.metrics == nil {
		h.metrics = metrics.New()
	}
	if !cfg.HideMetrics {
		h.metricsPage = newMetricsPage(h.metrics)
	}
	h.unnamed = h.metrics.Operation(metrics.Other, metrics.Other)
	for _, s := range cfg.Services {
		h.add(s)
	}
	if h.services[kinesisName] == nil {
		h.add(service.Service{Name: kinesisName})
	}
	h.kinesis = h.services[kinesisName]
	return h
}

// add adds a service.
func (h *Handler) add(s service.Service) {
	svc := &served{Service: s, routes: make(map[string]*route), verifier: sigv4.NewVerifier(s.Name)}
	h.services[s.Name] = svc
	for _, op := range s.Operations {
		rt := &route{Operation: op, service: svc, metrics: h.metrics.Operation(s.Name, op.Name)}
		svc.routes[op.Name] = rt
		if s.Target != "" {
			h.targets[s.Target+"."+op.Name] = rt
		}
	}
}

// exchange is one request on its way through the handler.
type exchange struct {
	*http.Request
	control  *http.ResponseController
	ids      requestIDs
	start    time.Time
	metrics  *metrics.Operation // that it is counted by
	received int                // bytes of its body
	sent     int                // bytes of its answer's body
	admitted bool               // whether its Host and Origin may use the server
	body     *buffer            // nil until it is read
	payload  []byte             // what says what is asked: of the body, or of the query
	share    share              // of h.bodies, for the body
	kind     string             // the media type of the body
	codec    *codec             // of the answer, where that is not XML
	service  *served            // that the request is for
	caller   service.Caller
	// principal is who has signed the request, nil where any credentials pass.
	principal *auth.Principal
}

// envelope is what an answer to the request may say beside its content.
func (x *exchange) envelope(operation string) envelope {
	return envelope{service: &x.service.Service, operation: operation, requestID: x.ids.request}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.metrics.InFlight.Add(1)
	defer h.metrics.InFlight.Add(-1)
	x := &exchange{
		Request: r, control: http.NewResponseController(w), ids: newRequestIDs(), start: time.Now(), metrics: h.unnamed,
		admitted: h.cfg.Auth != nil || h.access.admits(r), service: h.kinesis,
	}
	x.kind = mediaType(r.Header.Get("Content-Type"))
	x.codec = codecOf(x.kind)
	a := h.respondSafely(r.Context(), x)
	// The answer has its own memory, and a client may take long to read it.
	h.dropBody(x)
	h.write(r.Context(), w, x, a)
	x.metrics.Observe(a.outcome(), time.Since(x.start), x.received, x.sent)
	if h.log.Enabled(r.Context(), slog.LevelDebug) {
		h.log.DebugContext(r.Context(), "request answered",
			"method", r.Method, "target", r.Header.Get("X-Amz-Target"), "remote", r.RemoteAddr, "status", a.status,
			"error", a.outcome(), "duration", time.Since(x.start), "request_id", x.ids.request)
	}
	h.buffers.put(a.buffer)
}

// respondSafely is respond for operations that may panic: one that does has
// failed, and the others go on.
func (h *Handler) respondSafely(ctx context.Context, x *exchange) (a answer) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		h.log.ErrorContext(ctx, "panic while answering a request", "panic", p,
			"target", x.Header.Get("X-Amz-Target"), "request_id", x.ids.request, "stack", string(debug.Stack()))
		// What panicked may have left its body with somebody who still uses it.
		x.body = nil
		a = h.errorAnswer(x, api.Errorf(api.InternalFailure, ""))
	}()
	return h.respond(ctx, x)
}

// respond makes the answer to a request.
func (h *Handler) respond(ctx context.Context, x *exchange) answer {
	if a, ok := h.readBody(ctx, x); !ok {
		return a
	}
	if a, ok := h.probe(x.Request); ok {
		return a
	}
	switch {
	case !x.admitted:
		h.reportRefusal(ctx, x.Request)
		return accessDenied()
	case isPreflight(x.Request):
		return preflight(x.Request)
	case h.metricsPage != nil && x.URL.Path == metricsPath && isRead(x.Request):
		return h.metricsAnswer(ctx, x)
	}
	if to, ok := h.addressed(x); ok {
		return h.respondTo(ctx, x, to)
	}
	if x.Method != http.MethodPost {
		return accessDenied()
	}
	return h.respondKinesis(ctx, x)
}

// probe answers the requests of those who watch the server. They get to know
// nothing else, so they may come from anywhere.
func (h *Handler) probe(r *http.Request) (a answer, ok bool) {
	if !isRead(r) {
		return answer{}, false
	}
	switch r.URL.Path {
	case "/healthz":
		return textAnswer(http.StatusOK, "ok\n"), true
	case "/readyz":
		if err := h.cfg.Ready(); err != nil {
			return textAnswer(http.StatusServiceUnavailable, err.Error()+"\n"), true
		}
		return textAnswer(http.StatusOK, "ready\n"), true
	}
	return answer{}, false
}

// reportRefusal tells of the first request that was not admitted, for an
// operator who has to allow it. With more a web page could fill the log.
func (h *Handler) reportRefusal(ctx context.Context, r *http.Request) {
	h.refusal.Do(func() {
		h.log.WarnContext(ctx, "request refused: its Host or Origin is foreign (--tls-host and --cors-origin allow more)",
			"host", r.Host, "origin", r.Header.Get("Origin"), "remote", r.RemoteAddr)
	})
}
