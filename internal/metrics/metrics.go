// Package metrics counts what a server does, in the form that Prometheus
// collects. It knows no HTTP: who shows the page is Registry's user.
//
// The labels service and operation have the names of those that the user has asked
// Operation for, and nothing of what clients send; the label code is OK, a code
// of package api's table of errors, or other. So the number of time series is
// bounded, whatever clients do.
package metrics

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"leat/internal/api"
)

const (
	// ok is the code of requests that have succeeded.
	ok = "OK"
	// Other is the code of errors that are none of Kinesis's, and by custom the
	// operation of requests that name none.
	Other = "other"
)

// durations are the bounds of the histogram's buckets, in seconds: from a put
// that waits for nothing to one that waits for a slow disk.
var durations = []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// Metrics are those of one server.
type Metrics struct {
	// Registry has all of them.
	Registry *prometheus.Registry
	// InFlight is how many requests are being answered, and Subscriptions how
	// many of these are subscriptions to a shard.
	InFlight, Subscriptions atomic.Int64

	requests                  *prometheus.CounterVec
	durations                 *prometheus.HistogramVec
	requestBytes, answerBytes *prometheus.CounterVec
}

// New returns metrics of which nothing has been counted.
func New() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leat_requests_total", Help: "Requests answered, by the code of their error.",
		}, []string{"service", "operation", "code"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "leat_request_duration_seconds", Buckets: durations,
			Help: "Time from a request's headers to the end of its answer, of a subscription to its end.",
		}, []string{"service", "operation"}),
		requestBytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leat_request_bytes_total", Help: "Bytes of the bodies of requests.",
		}, []string{"service", "operation"}),
		answerBytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leat_answer_bytes_total", Help: "Bytes of the bodies of answers.",
		}, []string{"service", "operation"}),
	}
	m.Registry.MustRegister(m.requests, m.durations, m.requestBytes, m.answerBytes,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Gauge("leat_requests_in_flight", "Requests that are being answered.", m.InFlight.Load)
	m.Gauge("leat_subscriptions", "Subscriptions to shards that run.", m.Subscriptions.Load)
	return m
}

// Counter adds a counter whose value is read when the metrics are collected. Its
// name must be new.
func (m *Metrics) Counter(name, help string, read func() int64) {
	m.Registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
		func() float64 { return float64(read()) }))
}

// Gauge is Counter for what also goes down.
func (m *Metrics) Gauge(name, help string, read func() int64) {
	m.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
		func() float64 { return float64(read()) }))
}

// Operation counts the requests for one operation. What it counts in is looked
// up once and not for each request.
type Operation struct {
	succeeded prometheus.Counter
	// failed has a counter for each code of an error, made when it is first
	// needed: most of them never are.
	failed                    map[string]func() prometheus.Counter
	duration                  prometheus.Observer
	requestBytes, answerBytes prometheus.Counter
}

// Operation returns the counters of a service's operation, always the same.
func (m *Metrics) Operation(service, name string) *Operation {
	failed := func(code string) func() prometheus.Counter {
		return sync.OnceValue(func() prometheus.Counter { return m.requests.WithLabelValues(service, name, code) })
	}
	op := &Operation{
		succeeded:    m.requests.WithLabelValues(service, name, ok),
		failed:       map[string]func() prometheus.Counter{Other: failed(Other)},
		duration:     m.durations.WithLabelValues(service, name),
		requestBytes: m.requestBytes.WithLabelValues(service, name),
		answerBytes:  m.answerBytes.WithLabelValues(service, name),
	}
	for code := range api.Codes() {
		op.failed[string(code)] = failed(string(code))
	}
	return op
}

// Observe counts a request that has been answered: the code of its error, or "",
// how long it took, and the bytes of both bodies.
func (op *Operation) Observe(code string, took time.Duration, received, sent int) {
	op.outcome(code).Inc()
	op.duration.Observe(took.Seconds())
	op.requestBytes.Add(float64(received))
	op.answerBytes.Add(float64(sent))
}

// outcome returns the counter of a code.
func (op *Operation) outcome(code string) prometheus.Counter {
	if code == "" {
		return op.succeeded
	}
	if counter, known := op.failed[code]; known {
		return counter()
	}
	return op.failed[Other]()
}
