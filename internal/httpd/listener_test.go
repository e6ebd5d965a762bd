package httpd_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/certs"
	"leat/internal/httpd"
	"leat/internal/vfs"
)

// newAuthority returns a certificate for localhost and the pool that verifies
// it.
var newAuthority = sync.OnceValues(func() (*certs.Local, *x509.CertPool) {
	local, err := certs.OpenLocal(context.Background(), vfs.NewMem(), certs.LocalOptions{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(local.Authority())
	return local, pool
})

// serveTLS serves a handler in clear text and in TLS. It returns the address
// and what clients need to verify the certificate.
func serveTLS(t *testing.T, h http.Handler, change func(*http.Server)) (string, *x509.CertPool) {
	t.Helper()
	l := listen(t)
	return l.Addr().String(), serveOn(t, l, h, change)
}

func serveOn(t *testing.T, l net.Listener, h http.Handler, change func(*http.Server)) *x509.CertPool {
	t.Helper()
	local, pool := newAuthority()
	discard := slog.New(slog.DiscardHandler)
	s := httpd.NewServer(h, discard)
	if change != nil {
		change(s)
	}
	run(t, s, httpd.NewListener(l, local.GetCertificate, discard))
	return pool
}

// clearText makes a transport that speaks one version of HTTP and takes every
// connection for one in clear text.
func clearText(http2 bool, dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Transport {
	var p http.Protocols
	p.SetHTTP1(!http2)
	p.SetUnencryptedHTTP2(http2)
	return &http.Transport{Protocols: &p, DialContext: dial}
}

// TestConnections makes every kind of connection that clients make to one port,
// verifying the certificate where there is one, and on each sends bodies that are
// small, large and too large.
func TestConnections(t *testing.T) {
	t.Parallel()
	addr, pool := serveTLS(t, newHandler(new(bytes.Buffer), echo()...), nil)
	dialTLS := func(protocols ...string) func(context.Context, string, string) (net.Conn, error) {
		d := &tls.Dialer{Config: &tls.Config{RootCAs: pool, NextProtos: protocols}}
		return d.DialContext
	}
	withALPN := func(http2 bool) *http.Transport {
		var p http.Protocols
		p.SetHTTP1(!http2)
		p.SetHTTP2(http2)
		return &http.Transport{Protocols: &p, TLSClientConfig: &tls.Config{RootCAs: pool}}
	}
	old := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
	for _, tt := range []struct {
		name      string
		scheme    string
		transport *http.Transport
		major     int
	}{
		{"clear HTTP/1.1", "http://", clearText(false, nil), 1},
		{"clear HTTP/2", "http://", clearText(true, nil), 2},
		{"TLS HTTP/1.1 with ALPN", "https://", withALPN(false), 1},
		{"TLS HTTP/2 with ALPN", "https://", withALPN(true), 2},
		{"TLS HTTP/1.1 without ALPN", "http://", clearText(false, dialTLS()), 1},
		{"TLS HTTP/2 without ALPN", "http://", clearText(true, dialTLS()), 2},
		{"TLS HTTP/2 with ALPN for HTTP/1.1", "http://", clearText(true, dialTLS("http/1.1")), 2},
		{"TLS 1.2", "https://", &http.Transport{TLSClientConfig: old}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer tt.transport.CloseIdleConnections()
			padded := `{"StreamName":"orders"` + strings.Repeat(" ", 15<<20-len(name)) + `}`
			for _, exchange := range []struct {
				body   string
				status int
				answer string
			}{
				{name, http.StatusOK, `{"ShardId":"orders","SequenceNumber":"000000000000 eu-west-1"}`},
				{padded, http.StatusOK, `{"ShardId":"orders","SequenceNumber":"000000000000 eu-west-1"}`},
				{padded + " ", http.StatusRequestEntityTooLarge, ""},
			} {
				got := send(t, tt.transport, tt.scheme+addr, exchange.body)
				if got != (received{tt.major, exchange.status, exchange.answer}) {
					t.Errorf("%d bytes are answered %+v", len(exchange.body), got)
				}
			}
		})
	}
}

// received is what a client hears.
type received struct {
	major  int // of the version of HTTP
	status int
	body   string
}

// send sends a good request, but for its body.
func send(t *testing.T, transport *http.Transport, url, body string) received {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
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
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return received{resp.ProtoMajor, resp.StatusCode, string(b)}
}

// TestCertificateIsVerified makes sure that the clients of these tests would
// notice a wrong one.
func TestCertificateIsVerified(t *testing.T) {
	t.Parallel()
	addr, pool := serveTLS(t, newHandler(new(bytes.Buffer)), nil)
	for _, config := range []*tls.Config{{RootCAs: x509.NewCertPool()}, {RootCAs: pool, ServerName: "example.org"}} {
		d := tls.Dialer{Config: config}
		conn, err := d.DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = conn.Close()
			t.Errorf("a client that trusts %q accepts the certificate", config.ServerName)
		}
	}
}

// TestSettings reads what the server tells a client of HTTP/2 first.
func TestSettings(t *testing.T) {
	t.Parallel()
	addr, pool := serveTLS(t, newHandler(new(bytes.Buffer)), nil)
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool}}
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, prefaceAndSettings); err != nil {
		t.Fatal(err)
	}
	var head [9]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil || head[3] != 4 {
		t.Fatalf("the first frame is %x (%v)", head, err)
	}
	settings := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	if _, err := io.ReadFull(conn, settings); err != nil {
		t.Fatal(err)
	}
	got := make(map[uint16]uint32)
	for ; len(settings) >= 6; settings = settings[6:] {
		got[binary.BigEndian.Uint16(settings)] = binary.BigEndian.Uint32(settings[2:])
	}
	const maxConcurrentStreams, initialWindowSize = 3, 4
	if got[maxConcurrentStreams] != 10_000 || got[initialWindowSize] != 512<<10 {
		t.Errorf("settings %v", got)
	}
}

// prefaceAndSettings is how a client of HTTP/2 begins.
const prefaceAndSettings = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"

// clientHello returns the first bytes of a client of TLS.
func clientHello() []byte {
	client, server := net.Pipe()
	go func() {
		_ = tls.Client(client, &tls.Config{ServerName: "localhost"}).HandshakeContext(context.Background())
	}()
	b := make([]byte, 1<<14)
	n, err := server.Read(b)
	if err != nil {
		panic(err)
	}
	_ = server.Close()
	return b[:n]
}

// TestStalledConnections opens thousands of connections, in a bubble of fake
// time, that begin and do not go on. Beside them requests are answered, and
// after 10 seconds nothing is left of them.
func TestStalledConnections(t *testing.T) {
	hello := clientHello()
	beginnings := map[string][]byte{
		"nothing":           nil,
		"one byte":          []byte("P"),
		"one byte of TLS":   hello[:1],
		"half a hello":      hello[:len(hello)/2],
		"a hello":           hello,
		"half a preface":    []byte("PRI * HT"),
		"half a request":    []byte("POST / HTTP/1.1\r\nHost: a\r\n"),
		"garbage as TLS":    []byte("\x16garbage that is no record"),
		"an empty preface":  []byte("PRI * HTTP/2.0\r\n\r\n"),
		"garbage of HTTP/2": []byte(prefaceAndSettings[:24] + "\x00\x00\x01"),
	}
	const each = 400
	// The bubble's clock is long before the certificate.
	_, pool := newAuthority()
	outside := time.Now()
	config := &tls.Config{RootCAs: pool, ServerName: "localhost", Time: func() time.Time { return outside }}
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		serveOn(t, l, newHandler(new(bytes.Buffer), echo()...), nil)
		began := time.Now()
		var stalled sync.WaitGroup
		for what, bytes := range beginnings {
			for range each {
				conn := l.connect()
				stalled.Go(func() { stall(t, conn, what, bytes, began) })
			}
		}
		dial := func(context.Context, string, string) (net.Conn, error) { return l.connect(), nil }
		beside := &http.Transport{DialContext: dial, TLSClientConfig: config}
		for range 9 {
			<-time.After(time.Second)
			for _, scheme := range []string{"http://", "https://"} {
				if got := send(t, beside, scheme+"localhost", name); got.status != http.StatusOK {
					t.Errorf("a request beside them is answered %+v", got)
				}
			}
		}
		stalled.Wait()
		beside.CloseIdleConnections()
	})
}

// stall sends bytes, waits for the end of the connection and checks when that
// comes: never later than after 10 seconds.
func stall(t *testing.T, conn net.Conn, what string, bytes []byte, began time.Time) {
	go func() { _, _ = conn.Write(bytes) }()
	if _, err := io.Copy(io.Discard, conn); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	_ = conn.Close()
	if d := time.Since(began); d > 10*time.Second+time.Millisecond {
		t.Errorf("%s: closed after %v", what, d)
	}
}

// TestDeafClients begins a handshake and does not read the answer, which a pipe
// does not take then.
func TestDeafClients(t *testing.T) {
	hello := clientHello()
	newAuthority()
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		serveOn(t, l, newHandler(new(bytes.Buffer)), nil)
		conn := l.connect()
		if _, err := conn.Write(hello); err != nil {
			t.Fatal(err)
		}
		<-time.After(10*time.Second + time.Millisecond)
		if b, err := io.ReadAll(conn); err != nil || len(b) > 0 {
			t.Errorf("still connected: heard %d bytes (%v)", len(b), err)
		}
		_ = conn.Close()
	})
}

// TestStalledSockets is TestStalledConnections with sockets, and less patience.
func TestStalledSockets(t *testing.T) {
	t.Parallel()
	addr, pool := serveTLS(t, newHandler(new(bytes.Buffer), echo()...), func(s *http.Server) {
		s.ReadHeaderTimeout = time.Second // long enough for the good request
	})
	hello := clientHello()
	var stalled sync.WaitGroup
	for i := range 200 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		stalled.Go(func() {
			defer func() { _ = conn.Close() }()
			_, _ = conn.Write([][]byte{nil, {'P'}, hello[:1], hello[:100], hello}[i%5])
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("not closed: %v", err)
			}
		})
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	defer transport.CloseIdleConnections()
	if got := send(t, transport, "https://"+addr, name); got.status != http.StatusOK {
		t.Errorf("a request beside them is answered %+v", got)
	}
	stalled.Wait()
}

// TestRefusedWhileSending has a client that hears why it is refused although it
// has not sent all.
func TestRefusedWhileSending(t *testing.T) {
	t.Parallel()
	addr, pool := serveTLS(t, newHandler(new(bytes.Buffer)), nil)
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool}}
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := conn.Write(request(post, []string{"Content-Length: 16000000"}, "")); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(b, []byte("HTTP/1.1 413 ")) {
		t.Errorf("heard %q (%v)", b, err)
	}
}
