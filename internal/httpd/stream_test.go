package httpd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
	"leat/internal/httpd"
	"leat/internal/service"
)

// streaming is an operation with a stream of events.
func streaming(events func(ctx context.Context) (service.Events, error)) service.Operation {
	return service.Operation{
		Name: "SubscribeToShard", Schema: &api.Structure{}, EventType: "SubscribeToShardEvent",
		Input: func() api.Input { return new(api.SubscribeToShardInput) },
		Stream: func(ctx context.Context, _ service.Caller, _ api.Input) (service.Events, error) {
			return events(ctx)
		},
	}
}

// sized is an event that counts how often it is released.
type sized struct {
	api.SubscribeToShardEvent
	released *int
}

func (*sized) EncodedSize() int { return 100 }

func (e *sized) Release() { *e.released++ }

// message is a message of a stream in short.
type message struct{ kind, name, payload string }

func readMessage(t *testing.T, r io.Reader) (message, bool) {
	t.Helper()
	m, err := eventstream.NewDecoder().Decode(r, nil)
	if errors.Is(err, io.EOF) {
		return message{}, false
	}
	if err != nil {
		t.Fatal(err)
	}
	kind := m.Headers.Get(":message-type").String()
	return message{kind, m.Headers.Get(":" + kind + "-type").String(), string(m.Payload)}, true
}

var hello = message{"event", "initial-response", "{}"}

func event(n int64) *api.SubscribeToShardEvent {
	return &api.SubscribeToShardEvent{Records: []api.Record{}, MillisBehindLatest: n}
}

func eventMessage(behind string) message {
	return message{"event", "SubscribeToShardEvent", `{"Records":[],"MillisBehindLatest":` + behind + `}`}
}

// postTo sends a request for an operation; the answer is to be closed.
func postTo(t *testing.T, transport *http.Transport, addr, operation string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range signed(operation) {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestEventsAreSentAtOnce reads each message before the next one is made.
func TestEventsAreSentAtOnce(t *testing.T) {
	t.Parallel()
	for _, major := range []int{1, 2} {
		next := make(chan int64)
		addr := serve(t, newHandler(new(bytes.Buffer), streaming(func(context.Context) (service.Events, error) {
			return func(yield func(api.Output, error) bool) {
				for n := range next {
					if !yield(event(n), nil) {
						return
					}
				}
			}, nil
		})))
		transport := &http.Transport{Protocols: new(http.Protocols)}
		transport.Protocols.SetHTTP1(major == 1)
		transport.Protocols.SetUnencryptedHTTP2(major == 2)
		resp := postTo(t, transport, addr, "SubscribeToShard")
		if resp.ProtoMajor != major || resp.StatusCode != http.StatusOK || resp.ContentLength != -1 {
			t.Errorf("HTTP/%d answered %d with %d bytes", resp.ProtoMajor, resp.StatusCode, resp.ContentLength)
		}
		for k, want := range map[string]string{"Content-Type": "application/vnd.amazon.eventstream", "x-amzn-RequestId": "", "x-amz-id-2": ""} {
			if got := resp.Header.Get(k); got == "" || want != "" && got != want {
				t.Errorf("header %s is %q", k, got)
			}
		}
		if m, _ := readMessage(t, resp.Body); m != hello {
			t.Errorf("first message %+v", m)
		}
		for i, text := range []string{"0", "1", "2"} {
			next <- int64(i)
			if m, _ := readMessage(t, resp.Body); m != eventMessage(text) {
				t.Errorf("message %+v", m)
			}
		}
		close(next)
		if m, ok := readMessage(t, resp.Body); ok {
			t.Errorf("after the end comes %+v", m)
		}
		_ = resp.Body.Close()
		transport.CloseIdleConnections()
	}
}

func TestStreamsEnd(t *testing.T) {
	t.Parallel()
	type yield = func(api.Output, error) bool
	internal := message{"exception", "InternalFailureException", `{"message":""}`}
	for name, tt := range map[string]struct {
		events func(yield)
		want   []message
		logged string
	}{
		"at once": {func(yield) {}, []message{hello}, ""},
		"with an exception": {func(y yield) {
			y(event(5), nil)
			y(nil, api.Errorf(api.ResourceInUse, "taken"))
		}, []message{hello, eventMessage("5"), {"exception", "ResourceInUseException", `{"message":"taken"}`}}, ""},
		"with a failure": {func(y yield) { y(nil, errors.New("the disk is on fire")) }, []message{hello, internal}, "the disk is on fire"},
		"with a known failure": {func(y yield) {
			y(nil, api.Errorf(api.ServiceUnavailable, "full"))
		}, []message{hello, {"exception", "InternalFailureException", `{"message":"full"}`}}, ""},
		"with a panic": {func(y yield) {
			y(event(6), nil)
			panic("no such shard")
		}, []message{hello, eventMessage("6"), internal}, "no such shard"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			w := local(t.Context(), newHandler(&log, streaming(func(context.Context) (service.Events, error) {
				return tt.events, nil
			})), "SubscribeToShard")
			var got []message
			for {
				m, ok := readMessage(t, w.Body)
				if !ok {
					break
				}
				got = append(got, m)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(message{})); diff != "" {
				t.Error(diff)
			}
			if tt.logged == "" && log.Len() > 0 || !strings.Contains(log.String(), tt.logged) {
				t.Errorf("logged %q", log.String())
			}
		})
	}
}

func TestErrorBeforeAStream(t *testing.T) {
	t.Parallel()
	w := local(t.Context(), newHandler(new(bytes.Buffer), streaming(func(context.Context) (service.Events, error) {
		return nil, api.Errorf(api.ResourceInUse, "taken")
	})), "SubscribeToShard")
	if w.Code != 400 || w.Body.String() != `{"__type":"ResourceInUseException","message":"taken"}` {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestEventsAreReleased(t *testing.T) {
	t.Parallel()
	released := 0
	local(t.Context(), newHandler(new(bytes.Buffer), streaming(func(context.Context) (service.Events, error) {
		return func(yield func(api.Output, error) bool) {
			for i := range 3 {
				if released != i {
					t.Errorf("%d of %d events are released", released, i)
				}
				yield(&sized{*event(0), &released}, nil)
			}
		}, nil
	})), "SubscribeToShard")
	if released != 3 {
		t.Errorf("%d of 3 events are released", released)
	}
}

// common is an event that streams share.
type common struct {
	sized
	form    string
	message []byte
	encodes int
}

func (e *common) Encoded(form string, encode func([]byte) []byte) []byte {
	if e.message == nil {
		e.encodes++
		e.form, e.message = form, encode(nil)
	}
	return e.message
}

func TestSharedEventsAreEncodedOnce(t *testing.T) {
	t.Parallel()
	released := 0
	e := &common{sized: sized{*event(7), &released}}
	h := newHandler(new(bytes.Buffer), streaming(func(context.Context) (service.Events, error) {
		return func(yield func(api.Output, error) bool) { yield(e, nil) }, nil
	}))
	for i := range 3 {
		body := local(t.Context(), h, "SubscribeToShard").Body
		for _, want := range []message{hello, eventMessage("7")} {
			if m, _ := readMessage(t, body); m != want {
				t.Errorf("message %+v, want %+v", m, want)
			}
		}
		if e.encodes != 1 || released != i+1 || e.form != "application/x-amz-json-1.1" {
			t.Errorf("encoded %d times as %s, released %d times by %d streams", e.encodes, e.form, released, i+1)
		}
	}
}

// A client that goes away ends its stream, which waits for an event.
func TestStreamEndsWithItsClient(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	addr := serve(t, newHandler(new(bytes.Buffer), streaming(func(ctx context.Context) (service.Events, error) {
		return func(func(api.Output, error) bool) {
			<-ctx.Done()
			close(ended)
		}, nil
	})))
	transport := &http.Transport{}
	resp := postTo(t, transport, addr, "SubscribeToShard")
	readMessage(t, resp.Body)
	_ = resp.Body.Close()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the stream goes on")
	}
}

// TestSlowStream checks, in a bubble of fake time, that a client which takes
// nothing is given up, and that one which takes a little is not.
func TestSlowStream(t *testing.T) {
	const answerTimeout = time.Minute
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		ended := make(chan time.Time, 1)
		l := newPipeListener()
		s := httpd.NewServer(newHandler(new(bytes.Buffer), streaming(func(context.Context) (service.Events, error) {
			return func(yield func(api.Output, error) bool) {
				defer func() { ended <- time.Now() }()
				for yield(event(0), nil) {
					sent++
					<-time.After(4 * time.Second)
				}
			}, nil
		})), slog.New(slog.DiscardHandler))
		done := make(chan error, 1)
		go func() { done <- s.Serve(l) }()
		conn := l.connect()
		if _, err := conn.Write(request(post, signed("SubscribeToShard"), "{}")); err != nil {
			t.Fatal(err)
		}
		stop := time.Now().Add(3 * answerTimeout)
		for buf := make([]byte, 4096); time.Now().Before(stop); {
			if _, err := conn.Read(buf); err != nil {
				t.Fatalf("given up after %d events: %v", sent, err)
			}
		}
		stalled := time.Now()
		if at := <-ended; at.Sub(stalled) < answerTimeout/2 || at.Sub(stalled) > answerTimeout {
			t.Errorf("given up %v after the client has stalled", at.Sub(stalled))
		}
		_ = conn.Close()
		_ = s.Close()
		<-done
	})
}
