package kinesis

import (
	"context"
	"encoding/json"
	"strings"

	"leat/internal/api"
	"leat/internal/stream"
)

// PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy keep the policy
// of a stream or a consumer, as it was given. One without has the policy {};
// there is nothing to delete then, which is an error.
//
// Order of checks: resource, policy.
//
// Differs: a policy is kept and shown, and does not allow or deny anything yet.

func (s *Service) putResourcePolicy(ctx context.Context, c Caller, in *api.PutResourcePolicyInput) error {
	r, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	if err := checkPolicy(in.Policy.V); err != nil {
		return err
	}
	policy := strings.Clone(in.Policy.V)
	return s.updateResource(ctx, r, func(a *attachments) error {
		a.policy = policy
		return nil
	})
}

func (s *Service) getResourcePolicy(
	_ context.Context, c Caller, in *api.GetResourcePolicyInput,
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

func (s *Service) deleteResourcePolicy(ctx context.Context, c Caller, in *api.DeleteResourcePolicyInput) error {
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

// checkPolicy refuses what is no JSON object.
func checkPolicy(policy string) error {
	if len(policy) > stream.MaxPolicyBytes {
		return api.Errorf(api.InvalidArgument, "The policy is longer than %d bytes.", stream.MaxPolicyBytes)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(policy), &object); err != nil || object == nil {
		return api.Errorf(api.InvalidArgument, "The policy is not a valid JSON object.")
	}
	return nil
}
