package httpd

import (
	"context"
	"html"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"leat/internal/api"
	"leat/internal/metrics"
	"leat/internal/service"
)

const (
	metricsPath = "/metrics"
	// maxCollections is how many clients may get the metrics at a time.
	maxCollections = 4
)

// metricsAccess is the operation that policies are asked about for the page of
// metrics.
var metricsAccess = &route{Operation: service.Operation{
	Name: "Metrics",
	Resources: func(service.Caller, api.Input) ([]service.Resource, error) {
		return []service.Resource{{Action: "leat:Metrics", ARN: "*"}}, nil
	},
}}

// NewMetricsHandler returns a handler that shows the metrics to everyone who asks,
// and nothing else.
func NewMetricsHandler(m *metrics.Metrics) http.Handler {
	page := newMetricsPage(m)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != metricsPath || !isRead(r) {
			http.NotFound(w, r)
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout))
		page.ServeHTTP(w, r)
	})
}

func newMetricsPage(m *metrics.Metrics) http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxCollections})
}

// isRead reports whether a request is one for a page.
func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// metricsAnswer is the page of metrics for those who may see it: everyone, where
// any credentials pass.
func (h *Handler) metricsAnswer(ctx context.Context, x *exchange) answer {
	if h.cfg.Auth != nil {
		if err := h.identify(ctx, x); err != nil {
			return deniedPage(err.Message)
		}
		if err := h.authorize(ctx, x, metricsAccess, nil); err != nil {
			return deniedPage(h.clientError(ctx, x, metricsAccess, err).Message)
		}
	}
	return answer{status: http.StatusOK, page: h.metricsPage}
}

// deniedPage refuses a page, and says why.
func deniedPage(reason string) answer {
	return xmlError(http.StatusForbidden, string(api.AccessDenied), html.EscapeString(reason))
}
