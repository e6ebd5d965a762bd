package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// UpdateTimeToLive says which attribute, a number of seconds since 1970, is when an
// item expires, or that none is; DescribeTimeToLive shows it. Items that have
// expired are there until they are swept, within about a minute.

func (s *Service) updateTimeToLive(
	ctx context.Context, c service.Caller, in *dynamodb.UpdateTimeToLiveInput,
) (*dynamodb.UpdateTimeToLiveOutput, error) {
	sn, err := s.lookupTable(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	name, enable := in.TimeToLiveSpecification.V.AttributeName.V, in.TimeToLiveSpecification.V.Enabled.V
	_, err = s.update(ctx, sn, func(d *definition) error {
		switch {
		case enable && d.TimeToLive == name:
			return invalid("TimeToLive is already enabled")
		case d.TimeToLive != "" && d.TimeToLive != name:
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", d.TimeToLive)
		case !enable && d.TimeToLive == "":
			return invalid("TimeToLive is already disabled")
		}
		d.TimeToLive = ""
		if enable {
			d.TimeToLive = clone(name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateTimeToLiveOutput{TimeToLiveSpecification: api.Some(in.TimeToLiveSpecification.V)}, nil
}

func (s *Service) describeTimeToLive(
	_ context.Context, c service.Caller, in *dynamodb.DescribeTimeToLiveInput,
) (*dynamodb.DescribeTimeToLiveOutput, error) {
	sn, err := s.lookupTable(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	out := dynamodb.TimeToLiveDescription{TimeToLiveStatus: api.Some("DISABLED")}
	if sn.TimeToLive != "" {
		out = dynamodb.TimeToLiveDescription{
			TimeToLiveStatus: api.Some("ENABLED"), AttributeName: api.Some(sn.TimeToLive),
		}
	}
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: api.Some(out)}, nil
}
