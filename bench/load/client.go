package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

// patience bounds every exchange with a server.
const patience = 60 * time.Second

// Client is one connection that speaks just enough HTTP/1.1. It is not for
// concurrent use.
type Client struct {
	conn net.Conn
	r    *bufio.Reader
	body []byte // of the last answer
}

// Dial connects to a host and port.
func Dial(ctx context.Context, address string) (*Client, error) {
	dialer := net.Dialer{Timeout: patience}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &Client{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// Close closes the connection.
func (c *Client) Close() error { return c.conn.Close() }

// StatusError is an answer other than 200.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %.300s", e.Status, e.Body) }

// Do sends a request and returns the body of its answer, valid until the next
// call. An answer other than 200 is a *StatusError, even if it came, and ended
// the connection, before the whole request was sent.
func (c *Client) Do(request []byte) ([]byte, error) {
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	_, unsent := c.conn.Write(request)
	h, err := c.readHead()
	if err == nil {
		err = c.readBody(h)
	}
	if err != nil {
		return nil, errors.Join(unsent, err)
	}
	if h.status != 200 {
		return nil, &StatusError{Status: h.status, Body: string(c.body)}
	}
	return c.body, unsent
}

// head is what matters of an answer before its body.
type head struct {
	status  int
	length  int // -1 if it does not say
	chunked bool
}

var (
	contentLength    = []byte("content-length:")
	transferEncoding = []byte("transfer-encoding:")
)

// readHead reads the status line and the header up to the body.
func (c *Client) readHead() (head, error) {
	h := head{length: -1}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return h, err
	}
	fields := bytes.Fields(line)
	if len(fields) < 2 {
		return h, fmt.Errorf("status line %q", line)
	}
	if h.status, err = strconv.Atoi(string(fields[1])); err != nil {
		return h, fmt.Errorf("status line %q", line)
	}
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return h, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			return h, nil
		}
		if value, ok := cutHeader(line, contentLength); ok {
			if h.length, err = strconv.Atoi(string(value)); err != nil || h.length < 0 {
				return h, fmt.Errorf("header %q", line)
			}
		} else if value, ok := cutHeader(line, transferEncoding); ok {
			h.chunked = bytes.EqualFold(value, []byte("chunked"))
		}
	}
}

// cutHeader returns the value of a header line that has the name.
func cutHeader(line, name []byte) ([]byte, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], name) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}

// readBody reads the body of an answer.
func (c *Client) readBody(h head) error {
	if h.chunked {
		return c.readChunks()
	}
	if h.length < 0 {
		return fmt.Errorf("an answer of status %d without its length", h.status)
	}
	if cap(c.body) < h.length {
		c.body = make([]byte, h.length)
	}
	c.body = c.body[:h.length]
	_, err := io.ReadFull(c.r, c.body)
	return err
}

// readChunks reads a body in chunks, and the empty trailer behind it.
func (c *Client) readChunks() error {
	buf := bytes.NewBuffer(c.body[:0])
	if _, err := buf.ReadFrom(httputil.NewChunkedReader(c.r)); err != nil {
		return err
	}
	c.body = buf.Bytes()
	_, err := c.r.ReadSlice('\n')
	return err
}
