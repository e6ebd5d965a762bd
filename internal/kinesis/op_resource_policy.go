package kinesis

import (
	"context"
	"encoding/json"
	"strings"

	"leat/internal/api"
	"leat/internal/stream"
)

// PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy keep the policy
// of a stream, as it was given. A stream without one has the policy {}; there
// is nothing to delete then, which is an error.
//
// Order of checks: resource, policy.
//
// Differs: a policy is kept and shown, and does not allow or deny anything yet.

func (s *Service) putResourcePolicy(ctx context.Context, c Caller, in *api.PutResourcePolicyInput) error {
	sn, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	if err := checkPolicy(in.Policy.V); err != nil {
		return err
	}
	policy := strings.Clone(in.Policy.V)
	return s.update(ctx, sn, func(obj *stream.Stream) error {
		obj.Policy = policy
		return nil
	})
}

func (s *Service) getResourcePolicy(
	_ context.Context, c Caller, in *api.GetResourcePolicyInput,
) (*api.GetResourcePolicyOutput, error) {
	sn, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return nil, err
	}
	if sn.Policy == "" {
		return &api.GetResourcePolicyOutput{Policy: "{}"}, nil
	}
	return &api.GetResourcePolicyOutput{Policy: sn.Policy}, nil
}

func (s *Service) deleteResourcePolicy(ctx context.Context, c Caller, in *api.DeleteResourcePolicyInput) error {
	sn, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	return s.update(ctx, sn, func(obj *stream.Stream) error {
		if obj.Policy == "" {
			return api.Errorf(api.ResourceNotFound, "No resource policy found for resource ARN %s.", in.ResourceARN.V)
		}
		obj.Policy = ""
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

// lookupResource returns the stream that a ResourceARN names.
func (s *Service) lookupResource(c Caller, arn string) (*snapshot, error) {
	return s.lookup(c, target{arn: api.Some(arn)})
}
