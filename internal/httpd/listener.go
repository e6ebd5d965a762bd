package httpd

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

// Certificate returns the certificate for a client, as tls.Config wants it.
type Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// NewListener returns a listener for connections in clear text and in TLS, told
// apart by their first byte.
//
// The server of NewServer is to take all of them for clear text, which it does
// with what is no *tls.Conn and has no ConnectionState. It then tells HTTP/1.1
// from HTTP/2 by the preface alone, inside of TLS, too, where net/http would go
// by ALPN: there are clients that speak HTTP/2 in TLS and do not say so. It does
// so on the connection's own goroutine, and its deadline for the first headers
// covers the handshake.
func NewListener(l net.Listener, certificate Certificate, logger *slog.Logger) net.Listener {
	return &listener{Listener: l, log: logger, config: &tls.Config{
		GetCertificate: certificate,
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
	}}
}

type listener struct {
	net.Listener
	config *tls.Config
	log    *slog.Logger
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, listener: l}, nil
}

// recordHandshake is the first byte of TLS, the type of its first record. No
// method of HTTP begins with it.
const recordHandshake = 0x16

// conn is a connection that finds out with its first Read whether it is one of
// TLS. Until that has returned, nothing is written. Deadlines are those of the
// underlying connection.
type conn struct {
	net.Conn
	listener *listener
	known    bool                     // whether the first byte was seen; for Read only
	tls      atomic.Pointer[tls.Conn] // nil if it is not TLS, or not known yet
	waiting  atomic.Int32             // requests of HTTP/2 whose bodies wait for memory
}

func (c *conn) Read(p []byte) (int, error) {
	if t := c.tls.Load(); t != nil {
		return t.Read(p)
	}
	n, err := c.Conn.Read(p)
	if c.known || n == 0 {
		return n, err
	}
	c.known = true
	if p[0] != recordHandshake {
		return n, err
	}
	return c.startTLS(p, n)
}

// startTLS is a Read that has read the first n bytes of a handshake into p. It
// replaces them by the first bytes of what the handshake is for.
func (c *conn) startTLS(p []byte, n int) (int, error) {
	t := tls.Server(&replay{Conn: c.Conn, head: bytes.Clone(p[:n])}, c.listener.config)
	c.tls.Store(t)
	// The handshake writes as well, and the server has set a deadline for
	// reading only.
	_ = c.SetWriteDeadline(time.Now().Add(headerTimeout))
	n, err := t.Read(p)
	_ = c.SetWriteDeadline(time.Time{})
	if err != nil && !t.ConnectionState().HandshakeComplete {
		c.listener.log.Debug("TLS handshake failed", "remote", c.RemoteAddr().String(), "error", err)
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if t := c.tls.Load(); t != nil {
		return t.Write(p)
	}
	return c.Conn.Write(p)
}

// CloseWrite ends what is written and leaves the rest of the connection open.
// The server does so with a client that is still sending when it is refused, so
// that it gets to read why.
func (c *conn) CloseWrite() error {
	if t := c.tls.Load(); t != nil {
		return t.CloseWrite()
	}
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}

func (c *conn) Close() error {
	if t := c.tls.Load(); t != nil {
		return t.Close()
	}
	return c.Conn.Close()
}

// replay is a connection of which the first bytes, head, have been read.
type replay struct {
	net.Conn
	head []byte
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.head) == 0 {
		return r.Conn.Read(p)
	}
	n := copy(p, r.head)
	r.head = r.head[n:]
	return n, nil
}
