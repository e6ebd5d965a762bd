package httpd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/api"
	"leat/internal/httpd"
	"leat/internal/service"
)

// TestHTTP2WithPriorKnowledge sends requests of which one is too large. It must
// not end the connection, which others share.
func TestHTTP2WithPriorKnowledge(t *testing.T) {
	t.Parallel()
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	defer transport.CloseIdleConnections()
	const answered = `{"ShardId":"orders","SequenceNumber":"000000000000 eu-west-1"}`
	for i, tt := range []struct {
		body   string
		status int
		want   string
	}{
		{name, 200, answered},
		{strings.Repeat(" ", 15<<20+1), 413, ""},
		{name, 200, answered},
	} {
		reused := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
		})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range signed("DescribeStreamSummary") {
			k, v, _ := strings.Cut(h, ": ")
			r.Header.Set(k, v)
		}
		resp, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.ProtoMajor != 2 || resp.StatusCode != tt.status || string(body) != tt.want {
			t.Errorf("HTTP/%d answered %d %s (%v)", resp.ProtoMajor, resp.StatusCode, body, err)
		}
		if resp.Header.Get("x-amzn-RequestId") == "" || resp.ContentLength != int64(len(body)) {
			t.Errorf("headers %v", resp.Header)
		}
		if reused != (i > 0) {
			t.Errorf("request %d: connection reused: %t", i, reused)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const limit = 15 << 20
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))

	t.Run("announced", func(t *testing.T) {
		t.Parallel()
		head := request(post, append(signed("DescribeStreamSummary"), "Content-Length: "+itoa(limit+1)), "")
		if r := exchange(t, addr, head); r.StatusCode != http.StatusRequestEntityTooLarge || r.body != "" {
			t.Errorf("answered %q", r.raw)
		}
	})
	t.Run("chunked", func(t *testing.T) {
		t.Parallel()
		for n, status := range map[int]int{limit: 400, limit + 1: 413} {
			raw := request(post, append(signed("DescribeStreamSummary"), "Transfer-Encoding: chunked"), "")
			raw = fmt.Appendf(raw, "%x\r\n%s\r\n0\r\n\r\n", n, strings.Repeat("x", n))
			if r := exchange(t, addr, raw); r.StatusCode != status {
				t.Errorf("a body of %d bytes was answered %d, want %d", n, r.StatusCode, status)
			}
		}
	})
	t.Run("chunked and good", func(t *testing.T) {
		t.Parallel()
		raw := request(post, append(signed("CreateStream"), "Transfer-Encoding: chunked"), "")
		raw = append(raw, "8\r\n{\"Stream\r\nf\r\nName\":\"orders\"}\r\n0\r\n\r\n"...)
		if r := exchange(t, addr, raw); r.StatusCode != http.StatusOK || r.body != "" {
			t.Errorf("answered %q", r.raw)
		}
	})
}

// TestSlowClients checks, in a bubble of fake time, when clients that do not
// get on are given up.
func TestSlowClients(t *testing.T) {
	tests := []struct {
		name  string
		sends string
		after time.Duration
		hears string
	}{
		{"silent", "", 10 * time.Second, ""},
		{"half a preface", "PRI * HT", 10 * time.Second, ""},
		{"headers without end", "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 10 * time.Second, ""},
		{"half a body", "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{", time.Minute, "HTTP/1.1 400 Bad Request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipeListener()
				s := httpd.NewServer(newHandler(new(bytes.Buffer), echo()...), slog.New(slog.DiscardHandler))
				done := make(chan error, 1)
				go func() { done <- s.Serve(l) }()
				start := time.Now()
				conn := l.connect()
				if _, err := conn.Write([]byte(tt.sends)); err != nil {
					t.Fatal(err)
				}
				heard, err := io.ReadAll(conn)
				if err != nil || !strings.HasPrefix(string(heard), tt.hears) {
					t.Errorf("heard %q (%v), want %q", heard, err, tt.hears)
				}
				if d := time.Since(start); d.Round(time.Second) != tt.after {
					t.Errorf("given up after %v, want %v", d, tt.after)
				}
				_ = conn.Close()
				_ = s.Close()
				<-done
			})
		})
	}
}

// pipeListener is a net.Listener for connections within the process.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) connect() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// local answers a request for an operation without a network.
func local(ctx context.Context, h http.Handler, operation string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/", strings.NewReader(name))
	for _, header := range signed(operation) {
		k, v, _ := strings.Cut(header, ": ")
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFailuresAreLogged(t *testing.T) {
	t.Parallel()
	for operation, text := range map[string]string{
		"DescribeLimits": "the disk is on fire",
		"ListStreams":    "no such thing as a stream",
	} {
		var log bytes.Buffer
		h := newHandler(&log, echo()...)
		w := local(t.Context(), h, operation)
		if w.Code != 500 || w.Body.String() != `{"__type":"InternalFailure"}` {
			t.Errorf("%s: answered %d %s", operation, w.Code, w.Body)
		}
		id := w.Header()["x-amzn-RequestId"][0] //nolint:staticcheck // The header is written as AWS writes it.
		if !strings.Contains(log.String(), text) || !strings.Contains(log.String(), id) {
			t.Errorf("%s: the log has neither %q nor %s: %s", operation, text, id, &log)
		}
		if w := local(t.Context(), h, "DescribeStreamSummary"); w.Code != 200 {
			t.Errorf("the next request was answered %d", w.Code)
		}
	}
}

func TestGoneClientsAreNotLogged(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var log bytes.Buffer
	h := newHandler(&log, failing("GetRecords", func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return fmt.Errorf("wait: %w", ctx.Err())
	}))
	if w := local(ctx, h, "GetRecords"); w.Code != 503 {
		t.Errorf("answered %d", w.Code)
	}
	if log.Len() > 0 {
		t.Errorf("logged: %s", &log)
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	h := httpd.NewHandler(httpd.Config{
		Ready:  func() error { return errors.New("the disk is full") },
		Logger: slog.New(slog.DiscardHandler),
	})
	for path, status := range map[string]int{"/readyz": 503, "/healthz": 200} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != status || (status == 503 && w.Body.String() != "the disk is full\n") {
			t.Errorf("%s answered %d %s", path, w.Code, w.Body)
		}
	}
}

// released is an output that counts its releases, and sees whether it has been
// encoded before.
type released struct {
	api.PutRecordOutput
	encoded, releases int
}

func (r *released) Encode(e api.Encoder) {
	r.encoded++
	r.PutRecordOutput.Encode(e)
}

func (r *released) Release() { r.releases += r.encoded }

func TestOutputIsReleasedOnceEncoded(t *testing.T) {
	t.Parallel()
	out := new(released)
	op := echo()[0]
	op.Call = func(context.Context, service.Caller, api.Input) (api.Output, error) { return out, nil }
	local(t.Context(), newHandler(new(bytes.Buffer), op), op.Name)
	if out.encoded != 1 || out.releases != 1 {
		t.Errorf("encoded %d times, released %d times", out.encoded, out.releases)
	}
}

// TestBuffersAreNotShared answers with strings that refer to the requests'
// bodies, from many goroutines and in many sizes.
func TestBuffersAreNotShared(t *testing.T) {
	t.Parallel()
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				stream := strings.Repeat(string(rune('a'+i)), 1+(i*31+j*17)%128)
				// Spaces make bodies of several buffer sizes.
				body := `{"StreamName":"` + stream + `"` + strings.Repeat(" ", j*200) + `}`
				r := exchange(t, addr, request(post, signed("DescribeStreamSummary"), body))
				if !strings.Contains(r.body, `"`+stream+`"`) {
					t.Errorf("the answer to %s is %s", stream, r.body)
				}
			}
		})
	}
	wg.Wait()
}
