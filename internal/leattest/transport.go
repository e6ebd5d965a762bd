package leattest

import (
	"bytes"
	"io"
	"net/http"
)

// Transport hands requests to Base with bodies that net/http knows to be in
// memory.
//
// The SDK closes a request's body as soon as the head of the answer is there.
// When net/http has sent all of a body of unknown kind and is about to meet its
// end, it then takes the close for a failed write, and closes the connection
// under the answer. A server on the same machine is fast enough for that, and
// a client without retries reports it.
type Transport struct{ Base http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return t.Base.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return t.Base.RoundTrip(r)
}
