package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// DescribeLimits shows the limits of throughput, and DescribeEndpoints where to find
// the service.
//
// Differs: the limits are AWS's defaults, and nothing enforces them. No endpoint is
// listed: clients stay with the one that they know.

// The limits that are shown.
const (
	accountMaxUnits = 80_000
	tableMaxUnits   = 40_000
)

func (s *Service) describeLimits(
	context.Context, service.Caller, *dynamodb.DescribeLimitsInput,
) (*dynamodb.DescribeLimitsOutput, error) {
	return &dynamodb.DescribeLimitsOutput{
		AccountMaxReadCapacityUnits: api.Some[int64](accountMaxUnits), AccountMaxWriteCapacityUnits: api.Some[int64](accountMaxUnits),
		TableMaxReadCapacityUnits: api.Some[int64](tableMaxUnits), TableMaxWriteCapacityUnits: api.Some[int64](tableMaxUnits),
	}, nil
}

func (s *Service) describeEndpoints(
	context.Context, service.Caller, *dynamodb.DescribeEndpointsRequest,
) (*dynamodb.DescribeEndpointsResponse, error) {
	return &dynamodb.DescribeEndpointsResponse{Endpoints: []dynamodb.Endpoint{}}, nil
}
