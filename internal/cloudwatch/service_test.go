package cloudwatch

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"leat/internal/api"
	shapes "leat/internal/api/cloudwatch"
	"leat/internal/engine"
	"leat/internal/engine/memory"
	"leat/internal/service"
	"leat/internal/stream"
)

// testStart is when test clocks begin: 7 seconds after a minute.
const testStart = stream.Millis(1_700_000_047_000)

var caller = service.Caller{Account: "000000000000", Region: "us-east-1"}

// fixture is a service with a clock that stands still.
type fixture struct {
	*Service
	t      *testing.T
	kv     *faultyEngine
	clock  atomic.Int64
	caller service.Caller
}

// faultyEngine is an engine whose KV can refuse writes.
type faultyEngine struct {
	engine.Engine
	refusal error
	writes  int
}

func (e *faultyEngine) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	if e.refusal != nil {
		return 0, e.refusal
	}
	e.writes++
	return e.Engine.Write(ctx, changes)
}

func newFixture(t *testing.T, sources ...Source) *fixture {
	t.Helper()
	f := &fixture{t: t, caller: caller}
	f.clock.Store(int64(testStart))
	f.kv = &faultyEngine{Engine: memory.Open(memory.Options{Now: f.at})}
	f.open(sources...)
	return f
}

// open opens the service, again if it was open, as after a restart.
func (f *fixture) open(sources ...Source) {
	f.t.Helper()
	var err error
	f.Service, err = Open(f.t.Context(), Config{Engine: f.kv, Logger: slog.New(slog.DiscardHandler), Sources: sources})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) at() stream.Millis { return stream.Millis(f.clock.Load()) }

func (f *fixture) advance(d time.Duration) { f.clock.Add(d.Milliseconds()) }

// do validates and performs an operation, as the front door does.
func (f *fixture) do(name string, in api.Input) (api.Output, error) {
	f.t.Helper()
	for _, op := range f.API().Operations {
		if op.Name != name {
			continue
		}
		if err := api.Validate(in, op.Schema); err != nil {
			return nil, err
		}
		return op.Call(f.t.Context(), f.caller, in)
	}
	f.t.Fatalf("there is no operation %s", name)
	return nil, nil
}

// call performs an operation that must succeed.
func (f *fixture) call(name string, in api.Input) api.Output {
	f.t.Helper()
	out, err := f.do(name, in)
	if err != nil {
		f.t.Fatalf("%s: %v", name, err)
	}
	return out
}

// fails performs an operation that must answer the error.
func (f *fixture) fails(what, name string, in api.Input, code api.Code, message string) {
	f.t.Helper()
	_, err := f.do(name, in)
	got, ok := errors.AsType[*api.Error](err)
	if !ok {
		f.t.Errorf("%s: error %v, want %s", what, err, code)
	} else if got.Code != string(code) || got.Message != message {
		f.t.Errorf("%s:\n got %s: %s\nwant %s: %s", what, got.Code, got.Message, code, message)
	}
}

func some[T any](v T) api.Opt[T] { return api.Some(v) }

func timestamp(m stream.Millis) api.Opt[api.Timestamp] { return some(api.Timestamp(m)) }

// dims returns dimensions from names and values.
func dims(pairs ...string) api.Opt[[]shapes.Dimension] {
	var list []shapes.Dimension
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, shapes.Dimension{Name: some(pairs[i]), Value: some(pairs[i+1])})
	}
	return some(list)
}

func datumOf(name string, v float64) shapes.MetricDatum {
	return shapes.MetricDatum{MetricName: some(name), Value: some(v)}
}

func putOf(datums ...shapes.MetricDatum) *shapes.PutMetricDataInput {
	return &shapes.PutMetricDataInput{Namespace: some("App"), MetricData: some(datums)}
}

// put puts values of a metric at an instant.
func (f *fixture) put(name string, at stream.Millis, values ...float64) {
	f.t.Helper()
	for _, v := range values {
		d := datumOf(name, v)
		d.Timestamp = timestamp(at)
		f.call("PutMetricData", putOf(d))
	}
}

// statistics returns the input for statistics of a metric over an hour until now.
func (f *fixture) statistics(name string, statistics ...string) *shapes.GetMetricStatisticsInput {
	return &shapes.GetMetricStatisticsInput{
		Namespace: some("App"), MetricName: some(name), Period: some(int32(60)), Statistics: some(statistics),
		StartTime: timestamp(f.at().Add(-time.Hour)), EndTime: timestamp(f.at().Add(time.Minute)),
	}
}

func (f *fixture) datapoints(in *shapes.GetMetricStatisticsInput) []shapes.Datapoint {
	f.t.Helper()
	return f.call("GetMetricStatistics", in).(*shapes.GetMetricStatisticsOutput).Datapoints.V
}

// sum returns the sum of a metric over an hour until now.
func (f *fixture) sum(name string) (total float64) {
	f.t.Helper()
	for _, d := range f.datapoints(f.statistics(name, "Sum")) {
		total += d.Sum.V
	}
	return total
}

func TestErrorsHaveNames(t *testing.T) {
	t.Parallel()
	svc := newFixture(t).API()
	for code, want := range map[api.Code][2]string{
		api.InvalidParameterValue:    {"com.amazonaws.cloudwatch.v2010_08_01#InvalidParameterValueException", "InvalidParameterValue"},
		api.MissingRequiredParameter: {"com.amazonaws.cloudwatch.v2010_08_01#MissingRequiredParameterException", "MissingParameter"},
		api.InternalFailure:          {"com.amazonaws.cloudwatch.v2010_08_01#InternalServiceFault", "InternalServiceError"},
		api.Validation:               {"ValidationException", "ValidationException"},
		api.ServiceUnavailable:       {"ServiceUnavailable", "ServiceUnavailable"},
	} {
		if got := [2]string{svc.ErrorType(string(code)), svc.QueryCode(string(code))}; got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
}

func TestResources(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, op := range f.API().Operations {
		in := op.Input()
		put, isPut := in.(*shapes.PutMetricDataInput)
		if isPut {
			put.Namespace = some("App")
		}
		got, err := op.Resources(caller, in)
		if err != nil || len(got) != 1 || got[0].Action != "cloudwatch:"+op.Name || got[0].ARN != "*" {
			t.Errorf("%s: %+v, %v", op.Name, got, err)
		}
		if namespace := got[0].Context["cloudwatch:namespace"]; isPut != (len(namespace) == 1 && namespace[0] == "App") {
			t.Errorf("%s: %v", op.Name, got[0].Context)
		}
	}
}

// Whoever reads finds what the sources have counted, with what clients put beside.
func TestSources(t *testing.T) {
	t.Parallel()
	var pending []Sample
	f := newFixture(t, func(yield func(Sample)) {
		for _, s := range pending {
			yield(s)
		}
		pending = nil
	})
	sample := Sample{
		Account: caller.Account, Region: caller.Region, Namespace: "AWS/Kinesis", Name: "IncomingRecords",
		Dimensions: []Dimension{{"StreamName", "s"}}, Unit: "Count", At: testStart, Count: 2, Sum: 30, Min: 10, Max: 20,
	}
	in := f.statistics("IncomingRecords", "Sum", "Average", "Maximum")
	in.Namespace, in.Dimensions = some("AWS/Kinesis"), dims("StreamName", "s")
	for i := 1.0; i < 4; i++ {
		none := sample
		none.Count = 0
		pending = []Sample{sample, none}
		got := f.datapoints(in)
		if len(got) != 1 || got[0].Sum.V != 30*i || got[0].Average.V != 15 || got[0].Maximum.V != 20 || got[0].Unit.V != "Count" {
			t.Errorf("%+v", got)
		}
	}
	f.caller.Account = "111122223333"
	if got := f.datapoints(in); len(got) != 0 {
		t.Errorf("another account sees %+v", got)
	}
	f.caller = service.Caller{Account: caller.Account, Region: "eu-west-1"}
	if got := f.datapoints(in); len(got) != 0 {
		t.Errorf("another region sees %+v", got)
	}
}
