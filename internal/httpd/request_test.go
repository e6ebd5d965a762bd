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
)

// arriving is a request whose body comes from r.
func arriving(r io.Reader, size int64) *exchange {
	w := httptest.NewRecorder()
	return &exchange{
		service: &served{},
		Request: &http.Request{Body: io.NopCloser(r), ContentLength: size, RemoteAddr: "192.0.2.1:1234"},
		control: http.NewResponseController(w), codec: codecs[mediaJSON],
	}
}

// TestReadBody reads bodies that come whole, with their size or without, and
// bodies of which a part comes, which must not take memory for the rest.
func TestReadBody(t *testing.T) {
	t.Parallel()
	h := &Handler{}
	whole := bytes.Repeat([]byte("0123456789"), maxBodyBytes/10+1)[:maxBodyBytes]
	for _, size := range []int{0, 1, minBufferBytes, minBufferBytes + 1, 700 << 10, maxBodyBytes} {
		for _, claim := range []int64{int64(size), -1} {
			x := arriving(iotest.HalfReader(bytes.NewReader(whole[:size])), claim)
			if a, ok := h.readBody(x); !ok || !bytes.Equal(x.body.b, whole[:size]) {
				t.Errorf("%d bytes of %d: read %d, answered %d", size, claim, len(x.body.b), a.status)
			}
			h.dropBody(x)
		}
	}
	for _, came := range []int{0, 1, minBufferBytes, 64 << 10, 1 << 20} {
		// A pool of its own: others' buffers may be larger than was asked for.
		h := &Handler{}
		x := arriving(bytes.NewReader(whole[:came]), maxBodyBytes)
		err := h.readSized(x, maxBodyBytes)
		if want := max(minBufferBytes, 4*came); err == nil || cap(x.body.b) > want {
			t.Errorf("%d bytes have come: %d are taken, want at most %d (%v)", came, cap(x.body.b), want, err)
		}
	}
	if err := h.readSized(arriving(bytes.NewReader(nil), 1), 1); !errors.Is(err, io.EOF) {
		t.Errorf("an empty body ends with %v", err)
	}
	cut := io.MultiReader(bytes.NewReader(whole[:100]), iotest.ErrReader(io.ErrUnexpectedEOF))
	if a, ok := h.readBody(arriving(cut, -1)); ok || a.status != http.StatusBadRequest {
		t.Errorf("a body that is cut off is answered %d", a.status)
	}
	x := arriving(io.MultiReader(bytes.NewReader(whole), bytes.NewReader(whole[:1])), -1)
	if a, ok := h.readBody(x); ok || a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large is answered %d", a.status)
	}
	if h.dropBody(x); x.body != nil || x.counted != 0 {
		t.Errorf("%d bytes are still counted", x.counted)
	}
}

// TestBodiesOfOneClient has one client fill its memory with bodies that do not
// end. Its next is refused, and nobody else's.
func TestBodiesOfOneClient(t *testing.T) {
	t.Parallel()
	h := &Handler{}
	if !h.bodies.take(clientOf("192.0.2.1:1"), maxClientBytes-minBufferBytes) {
		t.Fatal("the memory of a client is not its")
	}
	body := make([]byte, 64<<10)
	for _, claim := range []int64{int64(len(body)), -1} {
		x := arriving(bytes.NewReader(body), claim)
		if a, ok := h.readBody(x); ok || a.status != http.StatusServiceUnavailable {
			t.Errorf("one body too many is answered %d", a.status)
		}
		h.dropBody(x)
		x = arriving(bytes.NewReader(body), claim)
		x.RemoteAddr = "192.0.2.2:1"
		if a, ok := h.readBody(x); !ok {
			t.Errorf("the body of another client is answered %d", a.status)
		}
		h.dropBody(x)
	}
	for kind, want := range map[string]string{mediaCBOR: mediaCBOR, mediaJSON10: mediaJSON10, mediaRPC: mediaRPC, mediaForm: mediaXML, "a/b": mediaCBOR} {
		x := arriving(bytes.NewReader(body), -1)
		x.kind = kind
		x.codec = codecOf(kind)
		if a, ok := h.readBody(x); ok || a.contentType != want {
			t.Errorf("one body of %s too many is answered in %s", kind, a.contentType)
		}
		h.dropBody(x)
	}
	x := arriving(bytes.NewReader(body[:100]), 100)
	if a, ok := h.readBody(x); !ok {
		t.Errorf("a small body is answered %d", a.status)
	}
	h.dropBody(x)
	h.bodies.give(clientOf("192.0.2.1:2"), maxClientBytes-minBufferBytes)
	if len(h.bodies.used) != 0 {
		t.Errorf("still counted: %v", h.bodies.used)
	}
}

// TestInflate opens bodies within the memory of a client, and when there is none
// left.
func TestInflate(t *testing.T) {
	t.Parallel()
	h := &Handler{}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	plain := make([]byte, 1<<20)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, left := range []int{8 << 20, 64 << 10} {
		taken := maxClientBytes - left
		if !h.bodies.take(clientOf("192.0.2.1:1"), taken) {
			t.Fatal("the memory of a client is not its")
		}
		x := arriving(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
		if a, ok := h.readBody(x); !ok {
			t.Fatalf("the body is answered %d", a.status)
		}
		a, ok := h.inflate(x)
		if fits := left > len(plain); ok != fits || (ok && !bytes.Equal(x.payload, plain)) || (!ok && a.status != http.StatusServiceUnavailable) {
			t.Errorf("with %d bytes left: answered %d, read %d", left, a.status, len(x.payload))
		}
		h.dropBody(x)
		h.bodies.give(clientOf("192.0.2.1:1"), taken)
	}
	if len(h.bodies.used) != 0 {
		t.Errorf("still counted: %v", h.bodies.used)
	}
}

func TestClientOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true},
		{"192.0.2.1:1", "[::ffff:192.0.2.1]:1", true},
		{"192.0.2.1:1", "192.0.2.2:1", false},
		{"[2001:db8::1]:1", "[2001:db8::2]:1", true},
		{"[2001:db8::1%eth0]:1", "[2001:db8::2%eth1]:1", true},
		{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"@", "", true},
	} {
		if a, b := clientOf(tt.a), clientOf(tt.b); (a == b) != tt.same {
			t.Errorf("%s is %v, %s is %v", tt.a, a, tt.b, b)
		}
	}
}
