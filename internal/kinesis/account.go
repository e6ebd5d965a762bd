package kinesis

import (
	"context"
	"errors"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// accountKey is where an account's settings in a region are kept.
func accountKey(c service.Caller) engine.Key { return engine.NewKey("account", c.Account, c.Region) }

// commitment returns the account's agreement to a minimum of throughput, and
// the revision that it was written in.
func (s *Service) commitment(ctx context.Context, c service.Caller) (stream.Commitment, engine.Revision, error) {
	entry, err := s.engine.Get(ctx, accountKey(c))
	if errors.Is(err, engine.ErrNotFound) {
		return stream.Commitment{}, engine.Absent, nil
	}
	if err != nil {
		return stream.Commitment{}, 0, err
	}
	agreed, err := stream.DecodeCommitment(entry.Value)
	return agreed, entry.Revision, err
}

// committed performs a change that gives a stream warm throughput, which only
// accounts with a commitment may have. The commitment does not end meanwhile.
func (s *Service) committed(ctx context.Context, c service.Caller, change func() error) error {
	s.accounts.Lock()
	defer s.accounts.Unlock()
	agreed, _, err := s.commitment(ctx, c)
	if err != nil {
		return err
	}
	if agreed.StatusAt(s.engine.Now()) != stream.CommitmentEnabled {
		return api.Errorf(api.InvalidArgument,
			"WarmThroughputMiBps needs MinimumThroughputBillingCommitment to be ENABLED for account %s.", c.Account)
	}
	return change()
}

// checkWarmMiBps refuses a warm throughput that no stream can have.
func checkWarmMiBps(mode stream.Mode, mibps int) error {
	switch {
	case mode != stream.OnDemand:
		return api.Errorf(api.InvalidArgument, "WarmThroughputMiBps is only available for streams in ON_DEMAND mode.")
	case mibps > stream.MaxWarmMiBps:
		return api.Errorf(api.InvalidArgument, "WarmThroughputMiBps %d is more than the limit of %d.", mibps, stream.MaxWarmMiBps)
	}
	return nil
}

// setWarm changes what a stream is kept ready for; what it was shows until the
// stream is ACTIVE again.
func setWarm(obj *stream.Stream, mibps int) {
	obj.Warm = stream.WarmThroughput{TargetMiBps: mibps, FormerMiBps: obj.Warm.TargetMiBps}
}
