package kinesis

import (
	"context"
	"strings"

	"leat/internal/api"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/stream"
)

// PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy keep the policy
// of a stream or a consumer, as it was given. One without has the policy {};
// there is nothing to delete then, which is an error.
//
// A policy decides, with those of the caller, about all operations on what it is
// attached to, but not about these three. Other accounts it can allow those that
// AWS lets be shared.
//
// Order of checks: resource, policy.
//
// Differs: without authentication a policy decides nothing.

func (s *Service) putResourcePolicy(ctx context.Context, c service.Caller, in *api.PutResourcePolicyInput) error {
	r, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	if err := checkPolicy(in.Policy.V); err != nil {
		return err
	}
	text := strings.Clone(in.Policy.V)
	return s.updateResource(ctx, r, func(a *attachments) error {
		a.policy = text
		return nil
	})
}

func (s *Service) getResourcePolicy(
	_ context.Context, c service.Caller, in *api.GetResourcePolicyInput,
) (*api.GetResourcePolicyOutput, error) {
	r, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return nil, err
	}
	if r.policy == "" {
		return &api.GetResourcePolicyOutput{Policy: "{}"}, nil
	}
	return &api.GetResourcePolicyOutput{Policy: r.policy}, nil
}

func (s *Service) deleteResourcePolicy(ctx context.Context, c service.Caller, in *api.DeleteResourcePolicyInput) error {
	r, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	return s.updateResource(ctx, r, func(a *attachments) error {
		if a.policy == "" {
			return api.Errorf(api.ResourceNotFound, "No resource policy found for resource ARN %s.", in.ResourceARN.V)
		}
		a.policy = ""
		return nil
	})
}

// checkPolicy refuses what is no policy of a resource.
func checkPolicy(text string) error {
	if len(text) > stream.MaxPolicyBytes {
		return api.Errorf(api.InvalidArgument, "The policy is longer than %d bytes.", stream.MaxPolicyBytes)
	}
	if _, err := policy.ParseJSON("", policy.Resource, []byte(text)); err != nil {
		return api.Errorf(api.InvalidArgument, "The policy is not valid, %v.", err)
	}
	return nil
}
