package kinesis

import (
	"context"
	"fmt"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// DescribeAccountSettings and UpdateAccountSettings show and change whether an
// account has agreed, in a region, to pay for a minimum of throughput. The
// agreement lasts 24 hours at least: ending it earlier sets the end for then,
// and enabling it again before takes that back.
//
// Ending is refused while a stream has warm throughput.
//
// Differs: the agreement costs nothing; all it does is to allow warm throughput.

func (s *Service) describeAccountSettings(
	ctx context.Context, c service.Caller, _ *api.DescribeAccountSettingsInput,
) (*api.DescribeAccountSettingsOutput, error) {
	agreed, _, err := s.commitment(ctx, c)
	if err != nil {
		return nil, err
	}
	return &api.DescribeAccountSettingsOutput{
		MinimumThroughputBillingCommitment: viewCommitment(agreed, s.engine.Now()),
	}, nil
}

func (s *Service) updateAccountSettings(
	ctx context.Context, c service.Caller, in *api.UpdateAccountSettingsInput,
) (*api.UpdateAccountSettingsOutput, error) {
	s.accounts.Lock()
	defer s.accounts.Unlock()
	before, revision, err := s.commitment(ctx, c)
	if err != nil {
		return nil, err
	}
	now := s.engine.Now()
	after := before.Enable(now)
	if in.MinimumThroughputBillingCommitment.V.Status.V == "DISABLED" {
		if err := s.checkNothingWarm(c); err != nil {
			return nil, err
		}
		after = before.Disable(now)
	}
	if after != before {
		_, err = s.engine.Write(ctx, []engine.Change{
			{Key: accountKey(c), Value: after.AppendBinary(nil), Expect: revision},
		})
		if err != nil {
			return nil, fmt.Errorf("write the settings of account %s: %w", c.Account, err)
		}
	}
	return &api.UpdateAccountSettingsOutput{MinimumThroughputBillingCommitment: viewCommitment(after, now)}, nil
}

// checkNothingWarm refuses to end a commitment that a stream relies on.
func (s *Service) checkNothingWarm(c service.Caller) error {
	for sn := range s.streams(c) {
		if sn.Warm.TargetMiBps > 0 {
			return api.Errorf(api.InvalidArgument, "The warm throughput of all streams under account %s must be removed "+
				"before MinimumThroughputBillingCommitment can be DISABLED.", c.Account)
		}
	}
	return nil
}

func viewCommitment(agreed stream.Commitment, now stream.Millis) api.Opt[api.MinimumThroughputBillingCommitmentOutput] {
	status := agreed.StatusAt(now)
	out := api.MinimumThroughputBillingCommitmentOutput{Status: status.String()}
	if agreed.Started != 0 {
		out.StartedAt = api.Some(api.Timestamp(agreed.Started))
	}
	if status == stream.CommitmentDisabled && agreed.Ended != 0 {
		out.EndedAt = api.Some(api.Timestamp(agreed.Ended))
	}
	if status != stream.CommitmentDisabled {
		out.EarliestAllowedEndAt = api.Some(api.Timestamp(agreed.EarliestEnd()))
	}
	return api.Some(out)
}
