package httpd

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// arriving is a request whose body comes from r.
func arriving(r io.Reader, size int64) *exchange {
	w := httptest.NewRecorder()
	return &exchange{
		service: &served{}, admitted: true,
		Request: &http.Request{Body: io.NopCloser(r), ContentLength: size, RemoteAddr: "192.0.2.1:1234"},
		control: http.NewResponseController(w), codec: codecs[mediaJSON],
	}
}

// TestReadBody reads bodies that come whole, with their size or without, and
// bodies of which a part comes, which must not take memory for the rest.
func TestReadBody(t *testing.T) {
	t.Parallel()
	h := &Handler{bodies: newBodyBudget()}
	whole := bytes.Repeat([]byte("0123456789"), maxBodyBytes/10+1)[:maxBodyBytes]
	for _, size := range []int{0, 1, minBufferBytes, minBufferBytes + 1, 700 << 10, maxBodyBytes} {
		for _, claim := range []int64{int64(size), -1} {
			x := arriving(iotest.HalfReader(bytes.NewReader(whole[:size])), claim)
			if a, ok := h.readBody(t.Context(), x); !ok || !bytes.Equal(x.body.b, whole[:size]) {
				t.Errorf("%d bytes of %d: read %d, answered %d", size, claim, len(x.body.b), a.status)
			}
			h.dropBody(x)
		}
	}
	for _, came := range []int{0, 1, minBufferBytes - 1} {
		// A pool of its own: others' buffers may be larger than was asked for.
		h := &Handler{}
		x := arriving(bytes.NewReader(whole[:came]), maxBodyBytes)
		if err := h.readSized(t.Context(), x, maxBodyBytes); err == nil || cap(x.body.b) > minBufferBytes {
			t.Errorf("%d bytes have come: %d are taken (%v)", came, cap(x.body.b), err)
		}
	}
	if err := h.readSized(t.Context(), arriving(bytes.NewReader(nil), 1), 1); !errors.Is(err, io.EOF) {
		t.Errorf("an empty body ends with %v", err)
	}
	cut := io.MultiReader(bytes.NewReader(whole[:100]), iotest.ErrReader(io.ErrUnexpectedEOF))
	if a, ok := h.readBody(t.Context(), arriving(cut, -1)); ok || a.status != http.StatusBadRequest {
		t.Errorf("a body that is cut off is answered %d", a.status)
	}
	x := arriving(io.MultiReader(bytes.NewReader(whole), bytes.NewReader(whole[:1])), -1)
	if a, ok := h.readBody(t.Context(), x); ok || a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large is answered %d", a.status)
	}
	h.dropBody(x)
	assertFree(t, h)
}

// assertFree sees that nobody holds memory for bodies.
func assertFree(t *testing.T, h *Handler) {
	t.Helper()
	if !h.bodies.small.TryAcquire(maxInFlightBytes/4) || !h.bodies.large.TryAcquire(maxInFlightBytes*3/4) {
		t.Error("memory is still taken")
	}
}

// TestBodiesWait has bodies wait for memory that others have: until there is
// some, or until they have waited too long. Small ones have their own.
func TestBodiesWait(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte("0123456789"), 10<<10)
	for _, claim := range []int64{int64(len(body)), -1} {
		synctest.Test(t, func(t *testing.T) {
			h := &Handler{bodies: newBodyBudget()}
			taken, _, err := h.bodies.acquire(t.Context(), maxInFlightBytes/2, 0)
			if err != nil {
				t.Fatal(err)
			}
			rest, _, err := h.bodies.acquire(t.Context(), maxInFlightBytes/4, 0)
			if err != nil {
				t.Fatal(err)
			}
			read := make(chan int)
			x := arriving(bytes.NewReader(body), claim)
			go func() {
				a, _ := h.readBody(t.Context(), x)
				read <- a.status
			}()
			synctest.Wait() // it does not read, but waits
			for _, n := range []int{100, smallBody} {
				x := arriving(bytes.NewReader(body[:n]), int64(n))
				if a, ok := h.readBody(t.Context(), x); !ok {
					t.Errorf("a body of %d bytes beside it is answered %d", n, a.status)
				}
				h.dropBody(x)
			}
			rest.release()
			if status := <-read; status != 0 || !bytes.Equal(x.payload, body) {
				t.Errorf("the body that has waited is answered %d", status)
			}
			h.dropBody(x)
			if rest, _, err = h.bodies.acquire(t.Context(), maxInFlightBytes/4, 0); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			x = arriving(bytes.NewReader(body), claim)
			if a, ok := h.readBody(t.Context(), x); ok || a.status != http.StatusServiceUnavailable || time.Since(began) != bodyPatience {
				t.Errorf("a body that has waited %v is answered %d", time.Since(began), a.status)
			}
			h.dropBody(x)
			rest.release()
			taken.release()
			assertFree(t, h)
		})
	}
}

// TestFewStreamsWait lets no more requests of an HTTP/2 connection wait than leave
// room in its window, and none that may be from a foreign page.
func TestFewStreamsWait(t *testing.T) {
	t.Parallel()
	ctx := withConn(t.Context(), new(conn))
	x := arriving(nil, 0)
	x.ProtoMajor = 2
	var waiting []func()
	for range maxWaitingStreams {
		done, ok := mayWait(ctx, x)
		if !ok {
			t.Fatalf("%d wait, and no more may", len(waiting))
		}
		waiting = append(waiting, done)
	}
	done, ok := mayWait(ctx, x)
	if done(); ok {
		t.Error("too many may wait")
	}
	waiting[0]()
	if done, ok := mayWait(ctx, x); !ok {
		t.Error("one has ended, and no other may wait")
	} else {
		done()
	}
	x.ProtoMajor = 1
	if _, ok := mayWait(ctx, x); !ok {
		t.Error("a request with a connection of its own may not wait")
	}
	x.admitted = false
	if _, ok := mayWait(ctx, x); ok {
		t.Error("a foreign request may wait")
	}
}

// TestRefusedBodies sees that what there is no memory for is refused in kind.
func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{mediaCBOR: mediaCBOR, mediaJSON10: mediaJSON10, mediaRPC: mediaRPC, mediaForm: mediaXML, "a/b": mediaCBOR} {
		h := &Handler{}
		x := arriving(nil, 0)
		x.kind, x.codec = kind, codecOf(kind)
		if a := h.refusedBody(x, errTooMany); a.contentType != want || a.status != http.StatusServiceUnavailable {
			t.Errorf("a body of %s too many is answered %d in %s", kind, a.status, a.contentType)
		}
	}
}

// TestInflate opens bodies while there is memory, and when there is none left.
func TestInflate(t *testing.T) {
	t.Parallel()
	h := &Handler{bodies: newBodyBudget()}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	plain := make([]byte, 1<<20)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, taken := range []int{maxBodyBytes, maxInFlightBytes / 2} {
		s, _, err := h.bodies.acquire(t.Context(), taken, 0)
		if err != nil {
			t.Fatal(err)
		}
		x := arriving(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
		if a, ok := h.readBody(t.Context(), x); !ok {
			t.Fatalf("the body is answered %d", a.status)
		}
		more, _, err := h.bodies.acquire(t.Context(), taken/2, 0)
		if err != nil {
			t.Fatal(err)
		}
		a, ok := h.inflate(t.Context(), x)
		if fits := taken == maxBodyBytes; ok != fits || (ok && !bytes.Equal(x.payload, plain)) || (!ok && a.status != http.StatusServiceUnavailable) {
			t.Errorf("with %d bytes taken: answered %d, read %d", taken, a.status, len(x.payload))
		}
		h.dropBody(x)
		s.release()
		more.release()
	}
	assertFree(t, h)
}
