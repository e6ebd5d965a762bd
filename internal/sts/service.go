// Package sts is the AWS Security Token Service over the roles of a directory:
// who the caller is, and credentials of roles. It keeps nothing. What it gives
// out is sealed by package session, which the front door opens.
//
// The parameters of AssumeRole that cannot be honoured are refused, as a session
// without what they ask for would be allowed other things than its caller
// expects.
package sts

import (
	"context"
	"log/slog"
	"time"

	"leat/internal/api"
	shapes "leat/internal/api/sts"
	"leat/internal/auth"
	"leat/internal/service"
	"leat/internal/session"
)

// Name is what the scopes of signatures call the service.
const Name = "sts"

// Config is what a Service is made of. Sessions is required.
type Config struct {
	Sessions *session.Sealer
	// Auth returns who may use the server. If it is nil, everybody may assume
	// every role.
	Auth func() *auth.Directory
	// Logger hears who assumes roles while there is Auth, as nothing is kept of
	// that; by default nobody.
	Logger *slog.Logger
	// Now is the clock that sessions end by, by default the system's.
	Now func() time.Time
}

// Service answers the operations. All methods may be called concurrently.
type Service struct{ cfg Config }

// New returns the service.
func New(cfg Config) *Service {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{cfg}
}

// API returns the service as clients address it.
func (s *Service) API() service.Service {
	assumeRole := service.WithOutput("AssumeRole", shapes.AssumeRoleSchema, s.assumeRole)
	assumeRole.Resources = s.assumedRole
	getCallerIdentity := service.WithOutput("GetCallerIdentity", shapes.GetCallerIdentitySchema, s.getCallerIdentity)
	getCallerIdentity.Public = true
	return service.Service{
		Name:       Name,
		Version:    "2011-06-15",
		Namespace:  "https://sts.amazonaws.com/doc/2011-06-15/",
		Operations: []service.Operation{assumeRole, getCallerIdentity},
	}
}

// getCallerIdentity answers who has signed the request.
func (s *Service) getCallerIdentity(
	_ context.Context, c service.Caller, _ *shapes.GetCallerIdentityRequest,
) (*shapes.GetCallerIdentityResponse, error) {
	return &shapes.GetCallerIdentityResponse{
		UserId:  api.Some(c.Principal.UserID),
		Account: api.Some(c.Principal.Account),
		Arn:     api.Some(c.Principal.ARN),
	}, nil
}
