package server

import (
	"context"
	"fmt"
	"net"

	"leat/internal/httpd"
)

// listenForProfiles opens the port of profiles, if there is one.
func (s *Server) listenForProfiles(ctx context.Context) (err error) {
	if s.cfg.PprofListen == "" {
		return nil
	}
	if s.profileListeners, err = listen(ctx, s.cfg.PprofListen, s.log); err != nil {
		return fmt.Errorf("pprof: %w", err)
	}
	return nil
}

// serveProfiles serves profiles on their port, if there is one.
func (s *Server) serveProfiles(ctx context.Context) {
	if len(s.profileListeners) == 0 {
		return
	}
	s.profileHTTP = httpd.NewServer(httpd.NewProfileHandler(), s.log)
	for _, l := range s.profileListeners {
		s.log.InfoContext(ctx, "profiles are served", "address", l.Addr().String())
		s.serve(s.profileHTTP, l)
	}
}

// endProfiles stops serving profiles. One that is being taken is cut off: it may
// have minutes to go.
func (s *Server) endProfiles() error {
	if s.profileHTTP == nil {
		return nil
	}
	return s.profileHTTP.Close()
}

// PprofAddr is the address that profiles are served on, nil if they are not.
func (s *Server) PprofAddr() net.Addr {
	if len(s.profileListeners) == 0 {
		return nil
	}
	return s.profileListeners[0].Addr()
}
