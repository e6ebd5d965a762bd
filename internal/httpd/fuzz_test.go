package httpd_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"leat/internal/httpd"
	"leat/internal/service"
)

// harmless are the operations of echo that have no reason to fail.
func harmless() []service.Operation { return echo()[:2] }

// strict is a handler that fails the test when an answer is the server's fault.
type strict struct {
	t    *testing.T
	next http.Handler
}

func (s strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.next.ServeHTTP(&statusWriter{ResponseWriter: w, t: s.t}, r)
}

type statusWriter struct {
	http.ResponseWriter
	t *testing.T
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	if status >= 500 {
		w.t.Errorf("answered %d", status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// FuzzListener sends arbitrary bytes to the port and then nothing more, or sends
// them inside of TLS. The connection ends, no panic is logged and nothing is
// answered that is the server's fault.
func FuzzListener(f *testing.F) {
	good := string(request(post, signed("DescribeStreamSummary"), name))
	for _, seed := range []string{
		"", "\x16", good, strings.Replace(good, "Connection: close\r\n", "", 1) + good,
		string(clientHello()), "\x16\x03\x01\x00\x05hello", prefaceAndSettings, "PRI * HTTP/2.0\r\n\r\n",
		prefaceAndSettings + "\x00\x00\x01\x01\x05\x00\x00\x00\x01\x82",
		"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: \r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\nOrigin: null\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9223372036854775807\r\n\r\n{",
	} {
		f.Add(false, []byte(seed))
		f.Add(true, []byte(seed))
	}
	local, pool := newAuthority()
	f.Fuzz(func(t *testing.T, inTLS bool, sent []byte) {
		var log lockedBuffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		l := newPipeListener()
		s := httpd.NewServer(strict{t, newHandler(new(bytes.Buffer), harmless()...)}, logger)
		s.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelError)
		run(t, s, httpd.NewListener(l, local.GetCertificate, logger))
		client := net.Conn(newHalfPipe(l))
		if inTLS {
			client = tls.Client(client, &tls.Config{RootCAs: pool, ServerName: "localhost"})
		}
		var heard sync.WaitGroup
		heard.Go(func() { _, _ = io.Copy(io.Discard, client) })
		_, _ = client.Write(sent)
		// The end of what is sent; the server then ends the connection.
		if w, ok := client.(interface{ CloseWrite() error }); ok {
			_ = w.CloseWrite()
		}
		heard.Wait()
		_ = client.Close()
		if text := log.String(); strings.Contains(text, "panic") {
			t.Error(text)
		}
	})
}

// lockedBuffer is a buffer for a log.
type lockedBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// halfPipe is a connection within the process of which one direction can end
// before the other: two pipes.
type halfPipe struct {
	net.Conn // what is read, and the deadlines
	out      net.Conn
}

// newHalfPipe connects to a listener and returns the client's end.
func newHalfPipe(l *pipeListener) *halfPipe {
	toServer, fromClient := net.Pipe()
	toClient, fromServer := net.Pipe()
	l.conns <- &halfPipe{Conn: fromClient, out: toClient}
	return &halfPipe{Conn: fromServer, out: toServer}
}

func (h *halfPipe) Write(p []byte) (int, error) { return h.out.Write(p) }

func (h *halfPipe) CloseWrite() error { return h.out.Close() }

func (h *halfPipe) Close() error {
	_ = h.out.Close()
	return h.Conn.Close()
}

// FuzzRequests sends arbitrary requests to the handler.
func FuzzRequests(f *testing.F) {
	const target = "Kinesis_20131202.DescribeStreamSummary"
	talk := signedFor("talk")[1][15:]
	f.Add("POST", "/", target, json11, authorization[15:], "", "localhost", []byte(name))
	f.Add("POST", "/?X-Amz-Algorithm=a&X-Amz-Date=b", target, json11, "", "http://localhost", "[::1]:1", []byte("{}"))
	f.Add("OPTIONS", "/", "", "", "", "http://localhost:3000", "127.0.0.1", []byte(nil))
	f.Add("GET", "/readyz", "", "", "", "null", "example.org", []byte(nil))
	f.Add("POST", "/", "a.b", "application/json", "", "", "localhost", []byte("[1"))
	f.Add("POST", "/", target, cbor11, authorization[15:], "", "localhost", []byte("\xbf\x6aStreamName\x61a\xff"))
	f.Add("POST", "/", "", "application/x-www-form-urlencoded", talk, "", "localhost", []byte(say+"&"+payload))
	f.Add("GET", "/?"+say+"&"+payload, "", "", talk, "", "localhost", []byte(nil))
	f.Add("POST", "/service/TalkRPC/operation/Say", "", rpcCBOR, talk, "", "localhost", []byte("\xa1\x65Words\x61a"))
	f.Add("POST", "/", "Talk_1.Say", json10, talk, "", "localhost", []byte(`{"Words":"a"}`))
	f.Add("POST", "/", "Talk_1.Say", json10, talk, "", "localhost", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	services := several()
	services[0].Operations, services[1].Operations = harmless(), sayings()[:2]
	h := httpd.NewHandler(httpd.Config{
		Services: services[:2], Account: account, Region: region,
		Ready: func() error { return nil }, Logger: slog.New(slog.DiscardHandler),
	})
	f.Fuzz(func(t *testing.T, method, uri, target, contentType, authorization, origin, host string, body []byte) {
		u, err := url.ParseRequestURI(uri)
		if err != nil {
			return
		}
		r := (&http.Request{
			Method: method, URL: u, Host: host, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
			Header: http.Header{
				"X-Amz-Target": {target}, "Content-Type": {contentType}, "Authorization": {authorization},
				"X-Amz-Date": {"20261120T000000Z"},
			},
		}).WithContext(context.Background())
		if origin != "" {
			r.Header.Set("Origin", origin) // an empty one is refused
		}
		if bytes.HasPrefix(body, []byte("\x1f\x8b")) {
			r.Header.Set("Content-Encoding", "gzip")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Length"); w.Code >= 500 || got != fmt.Sprint(w.Body.Len()) {
			t.Errorf("answered %d with %q bytes: %q", w.Code, got, w.Body)
		}
	})
}
