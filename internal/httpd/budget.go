package httpd

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxInFlightBytes is the memory of all bodies at a time, but for the first
	// 4 KiB of each. What is left over when all of it is taken waits unread: in its
	// client, in the kernel, and on HTTP/2 in the connection's window.
	maxInFlightBytes = 128 << 20
	// smallBody is the largest body that takes its memory from a quarter that
	// larger ones cannot have: a single record does not wait for batches.
	smallBody = 64 << 10
	// bodyPatience is how long a request waits for memory: less, with what it may
	// then wait for the disk, than clients wait for their answers.
	bodyPatience = 8 * time.Second
)

var errTooMany = errors.New("request bodies take too much memory")

// bodyBudget bounds the memory of bodies. Who waits is served in turn.
type bodyBudget struct{ small, large *semaphore.Weighted }

func newBodyBudget() bodyBudget {
	const small = maxInFlightBytes / 4
	return bodyBudget{small: semaphore.NewWeighted(small), large: semaphore.NewWeighted(maxInFlightBytes - small)}
}

// share is memory of a budget.
type share struct {
	of    *semaphore.Weighted
	bytes int64
}

// acquire takes memory for a body of n bytes, and waits for it if there is none.
// It fails with errTooMany when that lasts too long, and with the context.
func (b *bodyBudget) acquire(ctx context.Context, n int, patience time.Duration) (s share, waited bool, err error) {
	s = share{of: b.large, bytes: int64(bufferBytes(n))}
	if n <= smallBody {
		s.of = b.small
	}
	switch {
	case s.of.TryAcquire(s.bytes):
		return s, false, nil
	case patience == 0:
		return share{}, false, errTooMany
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errTooMany)
	defer cancel()
	if s.of.Acquire(ctx, s.bytes) != nil {
		return share{}, true, context.Cause(ctx)
	}
	return s, true, nil
}

// release gives the memory back. The zero share has none.
func (s share) release() {
	if s.bytes > 0 {
		s.of.Release(s.bytes)
	}
}
