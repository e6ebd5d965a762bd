package cloudwatch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// Config is what a Service is made of. Engine and Logger are required.
type Config struct {
	Engine engine.Engine
	Logger *slog.Logger
	// Sources are the server's own metrics. They are asked before whatever reads
	// metrics, one at a time.
	Sources []Source
}

// Service answers the operations. All methods may be called concurrently.
type Service struct {
	engine  engine.Engine
	log     *slog.Logger
	store   *store
	sources []Source

	// collecting is held while sources are asked, so that whoever has waited for
	// it finds what they have said.
	collecting sync.Mutex
	flushing   sync.Mutex // held while objects are written or deleted
	// parts is how many objects of each minute may be stored; flushing guards it.
	parts map[stream.Minute]int
}

// Open loads the metrics that are stored. It starts no goroutine: someone has to
// call Flush every minute and at the end, and Collect a few times a minute.
func Open(ctx context.Context, cfg Config) (*Service, error) {
	s := &Service{
		engine: cfg.Engine, log: cfg.Logger, sources: cfg.Sources,
		store: newStore(maxBytes), parts: make(map[stream.Minute]int),
	}
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("load the metrics: %w", err)
	}
	return s, nil
}

func (s *Service) now() stream.Millis { return s.engine.Now() }

// Collect takes over what the sources have counted.
func (s *Service) Collect() {
	s.collecting.Lock()
	defer s.collecting.Unlock()
	for _, source := range s.sources {
		source(s.take)
	}
}

// take keeps a source's sample.
func (s *Service) take(in Sample) {
	if in.Count <= 0 {
		return
	}
	u, ok := parseUnit(in.Unit)
	if !ok {
		u = noUnit
	}
	sum := set(in.Count, in.Sum, in.Min, in.Max)
	s.store.put(metricKey(scope{in.Account, in.Region}, in.Namespace, in.Name, in.Dimensions), u, in.At.Minute(), &sum)
}

// refresh brings the store up to date for a reader.
func (s *Service) refresh() {
	s.Collect()
	s.store.expire(s.now().Minute())
}

// API returns the service as clients address it.
func (s *Service) API() service.Service {
	return service.Service{
		Name:       "monitoring",
		Target:     "GraniteServiceVersion20100801",
		RPC:        "GraniteServiceVersion20100801",
		Version:    "2010-08-01",
		Namespace:  "http://monitoring.amazonaws.com/doc/2010-08-01/",
		ErrorType:  errorType,
		QueryCode:  queryCode,
		Operations: s.operations(),
	}
}

func (s *Service) operations() []service.Operation {
	ops := []service.Operation{
		service.WithOutput("GetMetricData", shapes.GetMetricDataSchema, s.getMetricData),
		service.WithOutput("GetMetricStatistics", shapes.GetMetricStatisticsSchema, s.getMetricStatistics),
		service.WithOutput("ListMetrics", shapes.ListMetricsSchema, s.listMetrics),
		service.WithoutOutput("PutMetricData", shapes.PutMetricDataSchema, s.putMetricData),
	}
	for i := range ops {
		ops[i].Resources = resources("cloudwatch:" + ops[i].Name)
	}
	return ops
}

// resources returns what a caller has to be allowed: an action on metrics in
// general, as they have no ARNs. Policies may ask for the namespace of what is put.
func resources(action string) func(service.Caller, api.Input) ([]service.Resource, error) {
	return func(_ service.Caller, in api.Input) ([]service.Resource, error) {
		r := service.Resource{Action: action, ARN: "*"}
		if put, ok := in.(*shapes.PutMetricDataInput); ok {
			r.Context = map[string][]string{"cloudwatch:namespace": {put.Namespace.V}}
		}
		return []service.Resource{r}, nil
	}
}

// modelPrefix precedes the names of the model's exceptions in JSON and CBOR.
const modelPrefix = "com.amazonaws.cloudwatch.v2010_08_01#"

// errorTypes are what JSON and CBOR call the errors that are the model's.
var errorTypes = map[api.Code]string{
	api.InternalFailure:             modelPrefix + "InternalServiceFault",
	api.InvalidNextToken:            modelPrefix + "InvalidNextToken",
	api.InvalidParameterCombination: modelPrefix + "InvalidParameterCombinationException",
	api.InvalidParameterValue:       modelPrefix + "InvalidParameterValueException",
	api.MissingRequiredParameter:    modelPrefix + "MissingRequiredParameterException",
}

func errorType(code string) string { return renamed(errorTypes, code) }

// queryCodes are what XML calls the errors that are the model's.
var queryCodes = map[api.Code]string{
	api.InternalFailure:             "InternalServiceError",
	api.InvalidParameterCombination: "InvalidParameterCombination",
	api.InvalidParameterValue:       "InvalidParameterValue",
	api.MissingRequiredParameter:    "MissingParameter",
}

func queryCode(code string) string { return renamed(queryCodes, code) }

// renamed returns the name that a table has for an error, or else its code.
func renamed(names map[api.Code]string, code string) string {
	return cmp.Or(names[api.Code(code)], code)
}
