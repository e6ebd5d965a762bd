package httpd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"leat/internal/service"
)

// The tests of this file are not parallel, so that what they measure is their
// own.

// heapBytes returns the memory in use.
func heapBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// dial connects to a server, with a bound for all that follows.
func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return c
}

// stillServes sees that others are unharmed.
func stillServes(t *testing.T, addr string) {
	t.Helper()
	if r := exchange(t, addr, request(post, signed("DescribeStreamSummary"), name)); r.StatusCode != http.StatusOK {
		t.Errorf("a request beside them is answered %q", r.raw)
	}
}

// TestClaimedBodies has clients that announce the largest body and send none of
// it. Each must cost little.
func TestClaimedBodies(t *testing.T) {
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))
	const clients, each = 200, 64 << 10
	before := heapBytes()
	for range clients {
		c := dial(t, addr)
		headers := append(signed("DescribeStreamSummary"), "Content-Length: 15728640", "Expect: 100-continue")
		if _, err := c.Write(request(post, headers, "")); err != nil {
			t.Fatal(err)
		}
		// It comes when the body is being read.
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
			t.Fatalf("heard %q, %v", line, err)
		}
	}
	if grown := heapBytes() - before; grown > clients*each {
		t.Errorf("%d clients cost %d bytes, %d each", clients, grown, grown/clients)
	}
	stillServes(t, addr)
}

// TestHeaderBombs sends headers without end. The client hears why they are
// refused or is cut off, soon.
func TestHeaderBombs(t *testing.T) {
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))
	long := strings.Repeat("x", 1000)
	// An HTTP/2 header block in pieces: the length of a literal, of 1000 bytes.
	continuation := frame(9, 0, 1, []byte("\x40\x01a\x7f\xe9\x06"+long))
	for _, tt := range []struct{ name, head, more, want string }{
		{"HTTP/1.1", "POST / HTTP/1.1\r\nHost: a\r\n", "X-Y: " + long + "\r\n", "HTTP/1.1 431 "},
		{"a line of HTTP/1.1", "POST / HTTP/1.1\r\nHost: a\r\nX-Y: ", long, "HTTP/1.1 431 "},
		{"HTTP/2", prefaceAndSettings + string(frame(1, 0, 1, []byte("\x83\x86\x84"))), string(continuation), ""},
	} {
		c := dial(t, addr)
		sent := make(chan int, 1)
		go func() {
			n, _ := io.WriteString(c, tt.head)
			for err := error(nil); err == nil; {
				var m int
				m, err = io.WriteString(c, tt.more)
				n += m
			}
			sent <- n
		}()
		heard, err := io.ReadAll(c)
		if errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(string(heard), tt.want) {
			t.Errorf("%s: heard %q, %v", tt.name, heard, err)
		}
		_ = c.Close()
		// What the kernel took is in it.
		if n := <-sent; n > 64<<20 {
			t.Errorf("%s: %d bytes were taken", tt.name, n)
		}
	}
	stillServes(t, addr)
}

// frame returns a frame of HTTP/2.
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	b = binary.BigEndian.AppendUint32(b, stream)
	return append(b, payload...)
}

const (
	frameHeaders   = 1
	frameReset     = 3
	frameGoAway    = 7
	flagEndHeaders = 4
)

// postHeaders are POST / in HTTP/2.
var postHeaders = []byte("\x83\x86\x84\x01\x09127.0.0.1")

// readFrames calls each with the frames that come, until it returns false or
// the connection ends.
func readFrames(r io.Reader, each func(kind byte, stream uint32) bool) {
	b := bufio.NewReader(r)
	var head [9]byte
	for {
		if _, err := io.ReadFull(b, head[:]); err != nil {
			return
		}
		length := int(binary.BigEndian.Uint32(head[:4]) >> 8)
		if _, err := b.Discard(length); err != nil || !each(head[3], binary.BigEndian.Uint32(head[5:])) {
			return
		}
	}
}

// TestResetFlood opens requests and resets them at once, faster than they are
// begun. Nothing may be left of them.
func TestResetFlood(t *testing.T) {
	waits := failing("DescribeLimits", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	addr := serve(t, newHandler(new(bytes.Buffer), append([]service.Operation{echo()[0]}, waits)...))
	before, goroutines := heapBytes(), runtime.NumGoroutine()
	c := dial(t, addr)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		readFrames(c, func(byte, uint32) bool { return true })
	}()
	flood := []byte(prefaceAndSettings)
	const requests = 50_000
	for id := uint32(1); id < 2*requests; id += 2 {
		flood = append(flood, frame(frameHeaders, flagEndHeaders, id, postHeaders)...)
		flood = append(flood, frame(frameReset, 0, id, []byte{0, 0, 0, 8})...)
	}
	// The server may cut the connection before it has all.
	_, _ = c.Write(flood)
	stillServes(t, addr)
	_ = c.(*net.TCPConn).CloseWrite()
	<-ended
	_ = c.Close()
	// Requests that were under way end after the connection.
	settles(t, "bytes of memory", 64<<20, func() int64 { return heapBytes() - before })
	settles(t, "goroutines", 100, func() int64 { return int64(runtime.NumGoroutine() - goroutines) })
}

// settles waits for what is left of something to become no more than a bound.
func settles(t *testing.T, what string, bound int64, left func() int64) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.Now().Add(30 * time.Second)
	for left() > bound {
		if time.Now().After(deadline) {
			t.Errorf("%d %s are left", left(), what)
			return
		}
		<-again.C
	}
}

// TestStreamFlood opens more requests on a connection than it may have, whose
// bodies never come. The surplus is refused, and the others cost little.
func TestStreamFlood(t *testing.T) {
	const streams, each = 10_000, 64 << 10
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))
	before := heapBytes()
	c := dial(t, addr)
	flood := []byte(prefaceAndSettings)
	last := uint32(2*streams + 1)
	for id := uint32(1); id <= last; id += 2 {
		flood = append(flood, frame(frameHeaders, flagEndHeaders, id, postHeaders)...)
	}
	refused := make(chan bool, 1)
	go func() {
		found := false
		readFrames(c, func(kind byte, stream uint32) bool {
			found = kind == frameGoAway || kind == frameReset && stream == last
			return !found
		})
		refused <- found
	}()
	if _, err := c.Write(flood); err != nil {
		t.Fatal(err)
	}
	if !<-refused {
		t.Error("the stream too many was not refused")
	}
	if grown := heapBytes() - before; grown > streams*each {
		t.Errorf("%d streams cost %d bytes, %d each", streams, grown, grown/streams)
	}
	stillServes(t, addr)
}
