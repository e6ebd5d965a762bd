package server

import (
	"context"
	"fmt"
	"net"

	"leat/internal/httpd"
)

// listenForProfiles opens the port of profiles, if there is one.
func (s *Server) listenForProfiles(ctx context.Context) error {
	if err := s.profilesPort.open(ctx, s.cfg.PprofListen, s.log); err != nil {
		return fmt.Errorf("pprof: %w", err)
	}
	return nil
}

// serveProfiles serves profiles on their port.
func (s *Server) serveProfiles(ctx context.Context) {
	for _, l := range s.profilesPort.listeners {
		s.log.InfoContext(ctx, "profiles are served", "address", l.Addr().String())
	}
	s.servePort(&s.profilesPort, httpd.NewProfileHandler())
}

// endProfiles stops serving profiles. One that is being taken is cut off: it may
// have minutes to go.
func (s *Server) endProfiles() error {
	if s.profilesPort.http == nil {
		return nil
	}
	return s.profilesPort.http.Close()
}

// PprofAddr is the address that profiles are served on, nil if they are not.
func (s *Server) PprofAddr() net.Addr { return s.profilesPort.addr() }
