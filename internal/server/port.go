package server

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"leat/internal/httpd"
)

// port is a port beside that of the services. Without listeners there is none.
type port struct {
	listeners []net.Listener
	http      *http.Server
}

// open opens the port at an address, unless that is empty.
func (p *port) open(ctx context.Context, address string, log *slog.Logger) (err error) {
	if address != "" {
		p.listeners, err = listen(ctx, address, log)
	}
	return err
}

// servePort has a handler answer what comes to a port.
func (s *Server) servePort(p *port, h http.Handler) {
	p.http = httpd.NewServer(h, s.log)
	for _, l := range p.listeners {
		s.serve(p.http, l)
	}
}

// addr is the address of the port, nil if there is none.
func (p *port) addr() net.Addr {
	if len(p.listeners) == 0 {
		return nil
	}
	return p.listeners[0].Addr()
}
