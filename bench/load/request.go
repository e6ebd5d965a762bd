package load

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// The forms of a request's body, as its Content-Type.
const (
	JSON = "application/x-amz-json-1.1"
	CBOR = "application/x-amz-cbor-1.1"
)

const (
	region = "us-east-1"
	// host is the same for all servers, so that they get the same bytes.
	host = "127.0.0.1"
)

// Credentials are what requests are signed with. Servers that verify nothing
// take any.
type Credentials struct{ KeyID, Secret string }

// Call is a request before its signature.
type Call struct {
	Operation string
	Form      string // JSON or CBOR
	Body      []byte
}

// Request returns the call as a signed request to a server.
func (c Credentials) Request(ctx context.Context, call Call, url string) (*http.Request, error) {
	sum := sha256.Sum256(call.Body)
	return c.request(ctx, call, url, hex.EncodeToString(sum[:]))
}

func (c Credentials) request(ctx context.Context, call Call, url, sum string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(call.Body))
	if err != nil {
		return nil, err
	}
	r.Host = host
	r.Header.Set("Content-Type", call.Form)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+call.Operation)
	credentials := aws.Credentials{AccessKeyID: c.KeyID, SecretAccessKey: c.Secret}
	return r, v4.NewSigner().SignHTTP(ctx, credentials, r, sum, "kinesis", region, time.Now())
}

// Encode returns the bytes of the call, signed.
func (c Credentials) Encode(ctx context.Context, call Call) ([]byte, error) {
	sum := sha256.Sum256(call.Body)
	return c.encode(ctx, call, hex.EncodeToString(sum[:]))
}

func (c Credentials) encode(ctx context.Context, call Call, sum string) ([]byte, error) {
	r, err := c.request(ctx, call, "http://"+host, sum)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 0, 1024+len(call.Body))
	b = append(b, "POST / HTTP/1.1\r\nHost: "+host+"\r\n"...)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		b = fmt.Appendf(b, "%s: %s\r\n", name, strings.Join(r.Header[name], ", "))
	}
	b = append(b, "Content-Length: "+strconv.Itoa(len(call.Body))+"\r\n\r\n"...)
	return append(b, call.Body...), nil
}

// signatureLife is how long a signature is used: servers take one for five
// minutes.
const signatureLife = 4 * time.Minute

// Requests are calls that were encoded and signed in advance. They are for
// concurrent use.
type Requests struct {
	credentials Credentials
	calls       []Call
	sums        []string // SHA-256 of each body

	signing sync.Mutex // one signs, the others wait for it
	signed  atomic.Pointer[signedRequests]
}

type signedRequests struct {
	bytes [][]byte
	until time.Time
}

// NewRequests encodes and signs calls.
func NewRequests(ctx context.Context, credentials Credentials, calls []Call) (*Requests, error) {
	r := &Requests{credentials: credentials, calls: calls, sums: make([]string, len(calls))}
	for i, call := range calls {
		sum := sha256.Sum256(call.Body)
		r.sums[i] = hex.EncodeToString(sum[:])
	}
	_, err := r.At(ctx, time.Now())
	return r, err
}

// At returns the requests with signatures that are valid at a time. Nobody may
// change them.
func (r *Requests) At(ctx context.Context, now time.Time) ([][]byte, error) {
	if s := r.signed.Load(); s != nil && now.Before(s.until) {
		return s.bytes, nil
	}
	r.signing.Lock()
	defer r.signing.Unlock()
	if s := r.signed.Load(); s != nil && now.Before(s.until) {
		return s.bytes, nil
	}
	s := &signedRequests{bytes: make([][]byte, len(r.calls)), until: now.Add(signatureLife)}
	for i, call := range r.calls {
		var err error
		if s.bytes[i], err = r.credentials.encode(ctx, call, r.sums[i]); err != nil {
			return nil, err
		}
	}
	r.signed.Store(s)
	return s.bytes, nil
}
