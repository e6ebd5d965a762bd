package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leat/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const eventTimeout = 30 * time.Second

// start starts a server that ends with the test.
func start(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Listen, cfg.Memory = "127.0.0.1:0", true
	if change != nil {
		change(&cfg)
	}
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return s
}

// get gets a page on a connection of its own.
func get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	resp, err := new(http.Transport).RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	return resp.StatusCode, string(body), err
}

func TestBothLoopbackAddresses(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skipf("no IPv6 here: %v", err)
	} else {
		_ = l.Close()
	}
	s := start(t, nil)
	_, port, err := net.SplitHostPort(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if s.URL() != "http://127.0.0.1:"+port {
		t.Errorf("URL is %s", s.URL())
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		status, body, err := get(t, "http://"+net.JoinHostPort(host, port)+"/readyz")
		if status != 200 || body != "ready\n" {
			t.Errorf("%s answered %d %q (%v)", host, status, body, err)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	cfg := DefaultConfig()
	cfg.Listen, cfg.Memory = s.Addr().String(), true
	_, err := Start(t.Context(), cfg)
	want := fmt.Sprintf("listen on %s: ", s.Addr())
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want one line with %q", err, want)
	}
}

func TestSecondServerOfADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	onDisk := func(c *Config) { c.Memory, c.DataDir = false, dir }
	first := start(t, onDisk)
	cfg := first.cfg
	cfg.Listen = "127.0.0.1:0"
	_, err := Start(t.Context(), cfg)
	want := "the data directory " + dir + " is in use by another leat server (locked by another process)"
	if err == nil || err.Error() != want || !errors.Is(err, vfs.ErrLocked) {
		t.Errorf("error %v, want %q", err, want)
	}
	if err := first.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	start(t, onDisk)
}

func TestStreamsAreCreatedOnce(t *testing.T) {
	t.Parallel()
	var log logLines
	fsys := vfs.NewMem()
	onDisk := func(c *Config) {
		c.Memory, c.FS, c.Logger = false, fsys, log.logger()
		c.Streams = []StreamSpec{{Name: "orders", Shards: 3}, {Name: "other", Region: "eu-west-1"}}
	}
	s := start(t, onDisk)
	log.expect(t, "stream created", "stream=orders region=us-east-1 shards=3")
	log.expect(t, "stream created", "stream=other region=eu-west-1 shards=4")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	log.clear()
	s = start(t, func(c *Config) {
		onDisk(c)
		c.Streams[0].Shards = 2
	})
	log.expect(t, "left as it is", "stream=orders region=us-east-1 shards=3 wanted=2")
	if log.has("stream=other") {
		t.Errorf("a stream without a number of shards is fine with any:\n%s", log.String())
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestActorFailureEndsWait takes a listener away from under the server.
func TestActorFailureEndsWait(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	if err := s.listeners[0].Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), eventTimeout)
	defer cancel()
	if err := s.Wait(ctx); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Wait returned %v", err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx); err != nil {
		t.Errorf("Wait returned %v", err)
	}
}

// halfARequest sends all but the end of a request, and returns its connection
// once the server reads the body.
func halfARequest(t *testing.T, s *Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(eventTimeout))
	// The server asks for the body when it begins to read it.
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	const goOn = "HTTP/1.1 100 Continue\r\n\r\n"
	got := make([]byte, len(goOn))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != goOn {
		t.Fatalf("heard %q (%v)", got, err)
	}
	return conn
}

func TestShutdownWaitsForRequestsUnderWay(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	conn := halfARequest(t, s)
	stopping := make(chan struct{})
	s.http.RegisterOnShutdown(func() { close(stopping) })
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	<-stopping
	if _, _, err := get(t, s.URL()+"/healthz"); err == nil {
		t.Error("a server that stops accepts a new connection")
	}
	if _, err := io.WriteString(conn, "{}"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("the request under way got %v (%v)", resp, err)
	}
	if err == nil {
		_ = resp.Body.Close()
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestShutdownCutsRequestsOff(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	conn := halfARequest(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if b, err := io.ReadAll(conn); len(b) > 0 && !strings.HasPrefix(string(b), "HTTP/1.1 400") {
		t.Errorf("heard %q (%v)", b, err)
	}
}
