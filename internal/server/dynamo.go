package server

import (
	"context"
	"errors"
	"slices"

	"leat/internal/dynamo"
)

// openDynamo opens the tables, if they are served.
func (s *Server) openDynamo(ctx context.Context) (err error) {
	if slices.Contains(s.cfg.Services, "dynamodb") {
		s.dynamo, err = dynamo.Open(ctx, dynamo.Config{Engine: s.engine, Logger: s.log})
	}
	return err
}

// sweepServices does what time has made due in the services.
func (s *Server) sweepServices(ctx context.Context) error {
	err := s.service.Sweep(ctx)
	if s.dynamo != nil {
		err = errors.Join(err, s.dynamo.Sweep(ctx))
	}
	return err
}
