package sts

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"leat/internal/api"
	shapes "leat/internal/api/sts"
	"leat/internal/service"
	"leat/internal/session"
)

const (
	defaultDuration = time.Hour
	// maxChainedDuration is the longest that a session may begin another.
	maxChainedDuration = time.Hour
	// maxPolicyChars is the longest session policy.
	maxPolicyChars = 2048
)

// assumedRole returns the role that a request is about. A role that does not
// exist is one that nobody may assume.
func (s *Service) assumedRole(_ service.Caller, in api.Input) ([]service.Resource, error) {
	request := in.(*shapes.AssumeRoleRequest)
	role, err := parseRole(request.RoleArn.V)
	if err != nil {
		return nil, err
	}
	r := service.Resource{
		Action: "sts:AssumeRole", ARN: role.ARN, Account: role.Account, PolicyDecides: true,
		Context: map[string][]string{"sts:rolesessionname": {request.RoleSessionName.V}},
	}
	if request.ExternalId.Set {
		r.Context["sts:externalid"] = []string{request.ExternalId.V}
	}
	if s.cfg.Auth != nil {
		if known, ok := s.cfg.Auth().Role(role.ARN); ok {
			r.Policy = known.Trust
		}
	}
	return []service.Resource{r}, nil
}

// assumeRole begins a session of a role. Where policies decide, they have.
func (s *Service) assumeRole(
	ctx context.Context, c service.Caller, in *shapes.AssumeRoleRequest,
) (*shapes.AssumeRoleResponse, error) {
	role, err := parseRole(in.RoleArn.V)
	if err != nil {
		return nil, err
	}
	if err := refuseUnsupported(in); err != nil {
		return nil, err
	}
	duration, err := durationOf(c, in)
	if err != nil {
		return nil, err
	}
	if err := checkPolicy(in); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	credentials, size, err := s.cfg.Sessions.Seal(session.Session{
		Role: role, Name: strings.Clone(in.RoleSessionName.V), Authorized: s.cfg.Auth != nil,
		Issued: now, Expires: now.Add(duration), PolicyText: in.Policy.V,
	}, int(in.MinimumSessionTokenSize.V))
	utilization := (100*size + session.MaxTokenBytes - 1) / session.MaxTokenBytes
	switch {
	case errors.Is(err, session.ErrTooLarge):
		return nil, packedPolicyTooLarge(utilization)
	case err != nil:
		return nil, err
	}
	if s.cfg.Auth != nil {
		s.cfg.Logger.InfoContext(ctx, "role assumed", "principal", c.Principal.ARN, "session", role.SessionARN(in.RoleSessionName.V),
			"key", credentials.AccessKeyID, "expires", credentials.Expires)
	}
	return answer(role, in.RoleSessionName.V, credentials, utilization), nil
}

func answer(role session.Role, name string, c session.Credentials, utilization int) *shapes.AssumeRoleResponse {
	percent := api.Some(int32(utilization))
	return &shapes.AssumeRoleResponse{
		Credentials: api.Some(shapes.Credentials{
			AccessKeyId: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
			Expiration: api.Timestamp(c.Expires.UnixMilli()),
		}),
		AssumedRoleUser: api.Some(shapes.AssumedRoleUser{
			AssumedRoleId: role.SessionID(name), Arn: role.SessionARN(name),
		}),
		// AWS counts the policy as a part of the token.
		PackedPolicySize: percent, SessionTokenUtilization: percent,
		SessionTokenSize: api.Some(int32(len(c.SessionToken))),
	}
}

func parseRole(arn string) (session.Role, error) {
	role, ok := session.ParseRole(strings.Clone(arn))
	if !ok {
		return role, api.Errorf(api.Validation, "%s is invalid", arn)
	}
	return role, nil
}

// refuseUnsupported refuses what asks for limits and conditions that a session
// of this server would not have.
func refuseUnsupported(in *shapes.AssumeRoleRequest) error {
	for _, p := range []struct {
		name  string
		given bool
		why   string
	}{
		{"PolicyArns", len(in.PolicyArns.V) > 0, "there are no managed policies; give the policy itself as Policy"},
		{"Tags", len(in.Tags.V) > 0, "sessions have no tags"},
		{"TransitiveTagKeys", len(in.TransitiveTagKeys.V) > 0, "sessions have no tags"},
		{"SerialNumber", in.SerialNumber.Set, "there are no MFA devices"},
		{"TokenCode", in.TokenCode.Set, "there are no MFA devices"},
		{"SourceIdentity", in.SourceIdentity.Set, "sessions have no source identity"},
		{"ProvidedContexts", len(in.ProvidedContexts.V) > 0, "there are no context providers"},
	} {
		if p.given {
			return api.Errorf(api.Validation, "%s is not supported by this server: %s.", p.name, p.why)
		}
	}
	return nil
}

// durationOf returns how long the session is to last.
func durationOf(c service.Caller, in *shapes.AssumeRoleRequest) (time.Duration, error) {
	if !in.DurationSeconds.Set {
		return defaultDuration, nil
	}
	duration := time.Duration(in.DurationSeconds.V) * time.Second
	if c.Principal.Role != "" && duration > maxChainedDuration {
		return 0, api.Errorf(api.Validation,
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return duration, nil
}

// checkPolicy refuses a session policy that is none.
func checkPolicy(in *shapes.AssumeRoleRequest) error {
	if !in.Policy.Set {
		return nil
	}
	if utf8.RuneCountInString(in.Policy.V) > maxPolicyChars {
		return api.Errorf(api.Validation, "1 validation error detected: Value '%s' at 'policy' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", api.Shown(in.Policy.V), maxPolicyChars)
	}
	if _, err := session.ParsePolicy(in.Policy.V); err != nil {
		return &api.Error{
			Code: "MalformedPolicyDocument", Status: 400, Message: "The session policy is not valid: " + err.Error(),
		}
	}
	return nil
}

func packedPolicyTooLarge(percent int) error {
	return &api.Error{
		Code: "PackedPolicyTooLarge", Status: 400,
		Message: "Packed policy consumes " + strconv.Itoa(percent) + "% of allotted space, please use smaller policy.",
	}
}
