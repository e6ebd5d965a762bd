package httpd_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"leat/internal/api"
	"leat/internal/httpd"
	"leat/internal/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	account = "000000000000"
	region  = "us-east-1"
)

// echo is a table of operations that answer without a stream in sight:
//
//	DescribeStreamSummary  the caller, and the stream's name as the input has it
//	CreateStream           nothing
//	DeleteStream           an *api.Error
//	DescribeLimits         an error that is none of a client's business
//	ListStreams            a panic
func echo() []service.Operation {
	return []service.Operation{
		{
			Name: "DescribeStreamSummary", Schema: api.DescribeStreamSummarySchema,
			Input: func() api.Input { return new(api.DescribeStreamSummaryInput) },
			Call: func(_ context.Context, c service.Caller, in api.Input) (api.Output, error) {
				name := in.(*api.DescribeStreamSummaryInput).StreamName.V
				return &api.PutRecordOutput{ShardId: name, SequenceNumber: c.Account + " " + c.Region}, nil
			},
		},
		{
			Name: "CreateStream", Schema: api.CreateStreamSchema,
			Input: func() api.Input { return new(api.CreateStreamInput) },
			Call:  func(context.Context, service.Caller, api.Input) (api.Output, error) { return nil, nil },
		},
		failing("DeleteStream", func(context.Context) error {
			return api.Errorf(api.ResourceNotFound, "Stream x under account y not found.")
		}),
		failing("DescribeLimits", func(context.Context) error { return errors.New("the disk is on fire") }),
		failing("ListStreams", func(context.Context) error { panic("no such thing as a stream") }),
	}
}

func failing(name string, call func(context.Context) error) service.Operation {
	return service.Operation{
		Name: name, Schema: &api.Structure{},
		Input: func() api.Input { return new(api.DescribeStreamSummaryInput) },
		Call: func(ctx context.Context, _ service.Caller, _ api.Input) (api.Output, error) {
			return nil, call(ctx)
		},
	}
}

// asKinesis returns a service whose operations are asked for as those of Kinesis.
func asKinesis(operations ...service.Operation) []service.Service {
	return []service.Service{{Name: "kinesis", Target: "Kinesis_20131202", Operations: operations}}
}

// newHandler returns a handler over operations that logs to the buffer.
func newHandler(log *bytes.Buffer, operations ...service.Operation) *httpd.Handler {
	return httpd.NewHandler(httpd.Config{
		Services: asKinesis(operations...), Account: account, Region: region,
		Ready:  func() error { return nil },
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
}

// serve serves a handler and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	l := listen(t)
	run(t, httpd.NewServer(h, slog.New(slog.DiscardHandler)), l)
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run runs a server to the end of the test, and of all its connections.
func run(t *testing.T, s *http.Server, l net.Listener) {
	t.Helper()
	var conns sync.WaitGroup
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			conns.Add(1)
		case http.StateClosed:
			conns.Done()
		case http.StateActive, http.StateIdle, http.StateHijacked:
		}
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve ended with %v", err)
		}
		conns.Wait()
	})
}

const authorization = "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261120/eu-west-1/kinesis/aws4_request, " +
	"SignedHeaders=host, Signature=5d67"

// signed are the headers of a good request for an operation.
func signed(operation string) []string {
	return []string{
		"Content-Type: application/x-amz-json-1.1",
		"X-Amz-Target: Kinesis_20131202." + operation,
		"X-Amz-Date: 20261120T000000Z",
		authorization,
	}
}

// request returns the bytes of an HTTP/1.1 request, after which the connection
// ends.
func request(line string, headers []string, body string) []byte {
	var b bytes.Buffer
	b.WriteString(line + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n")
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if body != "" {
		b.WriteString("Content-Length: " + itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

// response is an answer, read to its end.
type response struct {
	*http.Response
	body string
	raw  string // as it came
}

// exchange sends raw bytes and reads the answer to the connection's end.
func exchange(t *testing.T, addr string, raw []byte) response {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := conn.Write(raw); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, b)
}

func parse(t *testing.T, raw []byte) response {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw)), nil)
	if err != nil {
		t.Fatalf("unreadable answer %q: %v", raw, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	return response{Response: r, body: string(body), raw: string(raw)}
}

// without returns the headers but those that begin so.
func without(headers []string, prefix string) []string {
	var out []string
	for _, h := range headers {
		if !strings.HasPrefix(h, prefix) {
			out = append(out, h)
		}
	}
	return out
}
