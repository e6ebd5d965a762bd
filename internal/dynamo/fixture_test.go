package dynamo_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
	"leat/internal/dynamo"
	"leat/internal/engine"
	"leat/internal/engine/memory"
	"leat/internal/service"
	"leat/internal/stream"
	"leat/internal/wire/awsjson"
)

// testStart is when test clocks begin.
const testStart stream.Millis = 1_700_000_000_123

var caller = service.Caller{Account: "000000000000", Region: "us-east-1"}

// fixture is a service over an engine, with a clock that stands still.
type fixture struct {
	*dynamo.Service
	t      testing.TB
	engine engine.Engine
	clock  atomic.Int64
	ops    map[string]service.Operation
}

func newFixture(tb testing.TB) *fixture {
	tb.Helper()
	f := &fixture{t: tb}
	f.clock.Store(int64(testStart))
	f.engine = memory.Open(memory.Options{Now: f.now})
	f.open()
	return f
}

func (f *fixture) now() stream.Millis { return stream.Millis(f.clock.Load()) }

func (f *fixture) advance(d time.Duration) { f.clock.Add(d.Milliseconds()) }

// open opens the service, again if it was open, as after a restart.
func (f *fixture) open() {
	f.t.Helper()
	var err error
	f.Service, err = dynamo.Open(context.Background(), dynamo.Config{
		Engine: f.engine, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.ops = make(map[string]service.Operation)
	for _, op := range f.API().Operations {
		f.ops[op.Name] = op
	}
}

// do performs an operation, in JSON, as the front door does. The body is used again
// afterwards.
func (f *fixture) do(c service.Caller, name, body string) (string, error) {
	f.t.Helper()
	op, ok := f.ops[name]
	if !ok {
		f.t.Fatalf("there is no operation %s", name)
	}
	b := []byte(body)
	defer func() { copy(b, strings.Repeat("#", len(b))) }()
	in := op.Input()
	if err := awsjson.Decode(b, in); err != nil {
		return "", err
	}
	if err := api.Validate(in, op.Schema); err != nil {
		return "", err
	}
	out, err := op.Call(context.Background(), c, in)
	if err != nil {
		return "", err
	}
	if out == nil {
		return "", nil
	}
	return string(awsjson.Encode(nil, out)), nil
}

// call performs an operation that must succeed.
func (f *fixture) call(name, body string) string {
	f.t.Helper()
	out, err := f.do(caller, name, body)
	if err != nil {
		f.t.Fatalf("%s %s: %v", name, body, err)
	}
	return out
}

// answers performs an operation that must answer what is wanted, where the order of
// members does not count.
func (f *fixture) answers(name, body, want string) {
	f.t.Helper()
	f.same(name+" "+body, f.call(name, body), want)
}

// same compares two texts in JSON.
func (f *fixture) same(what, got, want string) {
	f.t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		f.t.Fatalf("%s: %q: %v", what, got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		f.t.Fatalf("%q: %v", want, err)
	}
	// Diff takes exponential time for what is nested deeply.
	if !reflect.DeepEqual(w, g) {
		f.t.Errorf("%s (-want +got):\n%s", what, cmp.Diff(w, g))
	}
}

// fails performs an operation that must answer an error.
func (f *fixture) fails(name, body string, code api.Code, message string) {
	f.t.Helper()
	_, err := f.do(caller, name, body)
	var got *api.Error
	if !errors.As(err, &got) {
		f.t.Fatalf("%s %s: error %v, want %s", name, body, err, code)
	}
	if got.Code != string(code) || got.Message != message {
		f.t.Errorf("%s %s:\n got %s: %s\nwant %s: %s", name, body, got.Code, got.Message, code, message)
	}
}

// errorJSON performs an operation that must fail, and returns the error as JSON.
func (f *fixture) errorJSON(name, body string) string {
	f.t.Helper()
	_, err := f.do(caller, name, body)
	var got *api.Error
	if !errors.As(err, &got) {
		f.t.Fatalf("%s %s: error %v", name, body, err)
	}
	return string(awsjson.Encode(nil, got))
}

// get returns a member of a text in JSON, by the names on the way to it.
func (f *fixture) get(text string, path ...string) any {
	f.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		f.t.Fatalf("%q: %v", text, err)
	}
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// entries returns how many entries the KV has whose keys begin with a part.
func (f *fixture) entries(part string) int {
	f.t.Helper()
	list, err := f.engine.List(context.Background(), engine.NewKey(part), "", 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return len(list)
}

// leases creates a table like that of a KCL.
func (f *fixture) leases(name string) {
	f.t.Helper()
	f.call("CreateTable", `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"leaseKey","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}]}`)
}

// sorted creates a table with a sort key that is a number, a global index by color
// and n, and a local one by color.
func (f *fixture) sorted(name string) {
	f.t.Helper()
	f.call("CreateTable", `{"TableName":"`+name+`","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"},
			{"AttributeName":"color","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],
		"LocalSecondaryIndexes":[{"IndexName":"local","Projection":{"ProjectionType":"KEYS_ONLY"},
			"KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"color","KeyType":"RANGE"}]}],
		"GlobalSecondaryIndexes":[{"IndexName":"global","Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["v"]},
			"KeySchema":[{"AttributeName":"color","KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}]}]}`)
}

// items returns the items of an answer of Query or Scan.
func (f *fixture) items(answer string) []any {
	f.t.Helper()
	list, _ := f.get(answer, "Items").([]any)
	return list
}

// strings returns a member of items, each an attribute value, as text.
func (f *fixture) texts(items []any, attribute string) []string {
	var list []string
	for _, it := range items {
		v, _ := it.(map[string]any)[attribute].(map[string]any)
		for _, text := range v {
			s, _ := text.(string)
			list = append(list, s)
		}
	}
	return list
}

// want compares lists of texts.
func (f *fixture) want(what string, got []string, want ...string) {
	f.t.Helper()
	if !slices.Equal(got, want) {
		f.t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
