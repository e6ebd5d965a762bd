package server

import (
	"context"
	"time"
)

// refreshInterval is how late it may be noticed that a file of the user's has
// changed, or that a certificate has come to its end.
const refreshInterval = 10 * time.Second

// kept is what is read again, or renewed, while the server runs.
type kept struct {
	what string
	// refresh does it if that is due. After an error the old one is still in
	// force.
	refresh func(ctx context.Context) error
	told    string // the failure that was told of last
}

// keep refreshes what is kept until the context ends.
func (s *Server) keep(ctx context.Context) {
	ticker := time.NewTicker(refreshInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for i := range s.kept {
			s.refresh(ctx, &s.kept[i])
		}
	}
}

// refresh refreshes one thing. What fails is tried again, and told of once.
func (s *Server) refresh(ctx context.Context, k *kept) {
	failure := ""
	if err := k.refresh(ctx); err != nil {
		failure = err.Error()
	}
	if failure != "" && failure != k.told {
		s.log.ErrorContext(ctx, "not refreshed, the old one stays in force", "what", k.what, "error", failure)
	}
	k.told = failure
}
