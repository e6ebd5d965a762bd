package load

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxamacker/cbor/v2"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var anyone = Credentials{KeyID: "LKIAEXAMPLE", Secret: "example"}

// serve answers every request with a status and a body.
func serve(t *testing.T, status int, body string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(srv.Close)
	return srv
}

func requestsFor(t *testing.T, records Records, calls int) *Requests {
	t.Helper()
	r, err := NewRequests(t.Context(), anyone, records.Calls(calls))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCallsAreWhatTheyAreToBe(t *testing.T) {
	for _, records := range []Records{{Stream: "s", Count: 5, Bytes: 1000}, {Stream: "s", Bytes: 3}} {
		calls := records.Calls(4)
		seen := make(map[string]bool)
		for _, call := range calls {
			type entry struct {
				PartitionKey string
				Data         []byte
			}
			var in struct {
				entry
				StreamName string
				Records    []entry
			}
			if err := json.Unmarshal(call.Body, &in); err != nil {
				t.Fatal(err)
			}
			entries := in.Records
			if call.Operation == "PutRecord" {
				entries = []entry{in.entry}
			}
			if len(entries) != records.PerRequest() || in.StreamName != "s" {
				t.Errorf("%v: %d records", records, len(entries))
			}
			for _, e := range entries {
				if len(e.Data) != records.Bytes || seen[e.PartitionKey] {
					t.Errorf("%v: %d bytes with key %q", records, len(e.Data), e.PartitionKey)
				}
				seen[e.PartitionKey] = true
			}
		}
	}
}

func TestRunCounts(t *testing.T) {
	srv := serve(t, 200, `{"FailedRecordCount":0}`)
	job := Job{Address: srv.Listener.Addr().String(), Connections: 3, Requests: requestsFor(t, Records{Bytes: 10}, 2), Most: 10}
	done, err := job.Run(t.Context(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if done.Requests != 10 || done.Latencies.Count() != 10 || done.Refused != 0 || done.Elapsed <= 0 {
		t.Errorf("got %d requests, %d latencies, %d refused", done.Requests, done.Latencies.Count(), done.Refused)
	}
}

func TestRunEndsWithItsTime(t *testing.T) {
	srv := serve(t, 200, `{}`)
	job := Job{Address: srv.Listener.Addr().String(), Connections: 2, Requests: requestsFor(t, Records{Bytes: 10}, 1)}
	done, err := job.Run(t.Context(), time.Millisecond)
	if err != nil || done.Requests < 2 {
		t.Errorf("%d requests, %v", done.Requests, err)
	}
}

func TestRunReportsFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"status":          {400, `{"__type":"ValidationException"}`},
		"records refused": {200, `{"FailedRecordCount":1,"Records":[]}`},
		"behind records":  {200, strings.Repeat(" ", 3*ends) + `"FailedRecordCount":2`},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, c.status, c.body)
			job := Job{Address: srv.Listener.Addr().String(), Connections: 1, Requests: requestsFor(t, Records{}, 1), Most: 1, Retry: true}
			if _, err := job.Run(t.Context(), time.Hour); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestRunRetries(t *testing.T) {
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	job := Job{Address: srv.Listener.Addr().String(), Connections: 1, Requests: requestsFor(t, Records{}, 1), Most: 6, Retry: true}
	done, err := job.Run(t.Context(), time.Hour)
	if err != nil || done.Requests != 3 || done.Refused != 3 {
		t.Errorf("%d answered, %d refused, %v", done.Requests, done.Refused, err)
	}
	job.Retry = false
	_, err = job.Run(t.Context(), time.Hour)
	if status, ok := errors.AsType[*StatusError](err); !ok || status.Status != 503 {
		t.Errorf("without retries: %v", err)
	}
}

// TestRefusalBeforeTheBody is of a server that answers a large request without
// reading it.
func TestRefusalBeforeTheBody(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	large := requestsFor(t, Records{Count: 4, Bytes: 1 << 20}, 1)
	job := Job{Address: srv.Listener.Addr().String(), Connections: 2, Requests: large, Most: 6, Retry: true}
	done, err := job.Run(t.Context(), time.Hour)
	if err != nil || done.Requests != 0 || done.Refused != 6 {
		t.Errorf("%d answered, %d refused, %v", done.Requests, done.Refused, err)
	}
}

func TestSignaturesAreMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := requestsFor(t, Records{Bytes: 10}, 2)
		at := func() []byte {
			b, err := r.At(t.Context(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return slices.Clone(b[1])
		}
		first := at()
		time.Sleep(signatureLife - time.Second) //nolint:forbidigo // the time of synctest
		if again := at(); string(again) != string(first) {
			t.Error("signed again too soon")
		}
		time.Sleep(2 * time.Second) //nolint:forbidigo // the time of synctest
		again := at()
		_, body, _ := strings.Cut(string(first), "\r\n\r\n")
		if string(again) == string(first) || !strings.HasSuffix(string(again), body) {
			t.Errorf("got %s", again)
		}
	})
}

func TestClientReadsChunks(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			fmt.Fprint(w, "part ")
			w.(http.Flusher).Flush()
		}
	}))
	defer srv.Close()
	c, err := Dial(t.Context(), srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request, err := anyone.Encode(t.Context(), Call{Operation: "X", Form: JSON})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if answer, err := c.Do(request); err != nil || string(answer) != "part part part " {
			t.Fatalf("%q, %v", answer, err)
		}
	}
}

// FuzzClientAnswer gives a client any bytes for an answer.
func FuzzClientAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if len(answer) > 1<<12 {
			return
		}
		c := &Client{r: bufio.NewReaderSize(bytes.NewReader(answer), 64<<10)}
		h, err := c.readHead()
		if err == nil && h.length < 1<<20 && c.readBody(h) == nil && !h.chunked && len(c.body) != h.length {
			t.Errorf("%d bytes of %d", len(c.body), h.length)
		}
	})
}

// page is what a server may answer to GetRecords.
type page struct {
	NextShardIterator  string
	MillisBehindLatest int64
	Records            []map[string]any
}

func TestReaderReadsBothForms(t *testing.T) {
	for _, form := range []struct {
		name    string
		marshal func(any) ([]byte, error)
	}{{JSON, json.Marshal}, {CBOR, cbor.Marshal}} {
		t.Run(form.name, func(t *testing.T) {
			next := strings.Repeat("a", 300)
			body, err := form.marshal(page{NextShardIterator: next, Records: []map[string]any{{"SequenceNumber": "1"}, {"SequenceNumber": "2"}}})
			if err != nil {
				t.Fatal(err)
			}
			var asked string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Header.Get("Content-Type")
				_, _ = w.Write(body)
			}))
			defer srv.Close()
			c, err := Dial(context.Background(), srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			r := Reader{Client: c, Credentials: anyone, Stream: "s", Form: form.name}
			got, err := r.Next(t.Context(), 0)
			if want := (Page{Records: 2, Size: len(body), AtTip: true}); err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			if r.iterator != next || asked != form.name {
				t.Errorf("asked as %s, then at %q", asked, r.iterator)
			}
		})
	}
}

// FuzzTextCBOR compares with a decoder of all CBOR.
func FuzzTextCBOR(f *testing.F) {
	for _, text := range []string{"", "ab", strings.Repeat("x", 30), strings.Repeat("x", 300)} {
		b, err := cbor.Marshal(text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(b, 0, 0))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := textCBOR(b)
		if err != nil {
			return
		}
		decoder, derr := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid}.DecMode()
		if derr != nil {
			t.Fatal(derr)
		}
		var want string
		if _, err := decoder.UnmarshalFirst(b, &want); err != nil || want != got {
			t.Errorf("%x: %q, want %q, %v", b, got, want, err)
		}
	})
}
