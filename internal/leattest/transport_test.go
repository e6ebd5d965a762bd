package leattest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// closableBody fails reads once it is closed, as the SDK's bodies do.
type closableBody struct {
	io.Reader
	closed bool
}

func (b *closableBody) Close() error {
	b.closed, b.Reader = true, strings.NewReader("")
	return nil
}

func TestTransportDetachesBodies(t *testing.T) {
	body := &closableBody{Reader: strings.NewReader("payload")}
	transport := Transport{Base: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if !body.closed {
			t.Error("the original body is open while the request is sent")
		}
		sent, err := io.ReadAll(r.Body)
		if err != nil || string(sent) != "payload" {
			t.Errorf("sent %q, %v", sent, err)
		}
		return &http.Response{Body: http.NoBody}, nil
	})}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://leat", body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
}
