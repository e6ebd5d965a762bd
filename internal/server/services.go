package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"leat/internal/auth"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/session"
	"leat/internal/sts"
)

// Services are the names of all services, as Config.Services has them.
func Services() []string { return []string{"kinesis", "dynamodb", "cloudwatch", "sts"} }

// validateServices checks what is to be served.
func (c Config) validateServices() error {
	for _, name := range c.Services {
		if !slices.Contains(Services(), name) {
			return fmt.Errorf("service %q is not one of %s", name, strings.Join(Services(), ", "))
		}
	}
	switch {
	case len(c.Services) == 0:
		return fmt.Errorf("no services: name some of %s", strings.Join(Services(), ", "))
	case len(c.Streams) > 0 && !slices.Contains(c.Services, "kinesis"):
		return fmt.Errorf("stream %s cannot be created: kinesis is not among the services", c.Streams[0].Name)
	}
	return nil
}

// services returns what is served, Kinesis first.
func (s *Server) services() []service.Service {
	var served []service.Service
	for _, one := range []struct {
		name string
		api  func() service.Service
	}{
		{"kinesis", s.service.API},
		{"dynamodb", func() service.Service { return s.dynamo.API() }},
		{"cloudwatch", func() service.Service { return s.cloudwatch.API() }},
		{"sts", sts.New(sts.Config{Sessions: s.sessions, Auth: s.directory(), Logger: s.log}).API},
	} {
		if slices.Contains(s.cfg.Services, one.name) {
			served = append(served, one.api())
		}
	}
	return served
}

// directory returns what says who may use the server, nil where any credentials
// pass.
func (s *Server) directory() func() *auth.Directory {
	if s.auth == nil {
		return nil
	}
	return s.auth.Directory
}

// openSessions returns what session tokens are sealed with. Its key is kept with
// the streams, so that tokens outlive a restart.
func openSessions(ctx context.Context, kv engine.KV) (*session.Sealer, error) {
	key, err := engine.Secret(ctx, kv, "session-sealing-key")
	if err != nil {
		return nil, fmt.Errorf("load the key of session tokens: %w", err)
	}
	return session.NewSealer(key)
}
