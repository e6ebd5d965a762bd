package dynamo

import (
	"context"
	"slices"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// DescribeTable shows a table. Its ItemCount and TableSizeBytes are those of this
// moment.

func (s *Service) describeTable(
	_ context.Context, c service.Caller, in *dynamodb.DescribeTableInput,
) (*dynamodb.DescribeTableOutput, error) {
	sn, err := s.lookupTable(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeTableOutput{Table: api.Some(sn.describe(statusActive))}, nil
}

// listTables lists the names of tables in order, from strictly after
// ExclusiveStartTableName on, which need not exist.
func (s *Service) listTables(
	_ context.Context, c service.Caller, in *dynamodb.ListTablesInput,
) (*dynamodb.ListTablesOutput, error) {
	names := s.reg.names(c)
	if in.ExclusiveStartTableName.Set {
		at, found := slices.BinarySearch(names, in.ExclusiveStartTableName.V)
		if found {
			at++
		}
		names = names[at:]
	}
	out := &dynamodb.ListTablesOutput{}
	if limit := int(in.Limit.Or(maxListedTables)); len(names) > limit {
		names = names[:limit]
		out.LastEvaluatedTableName = api.Some(names[limit-1])
	}
	if names == nil {
		names = []string{}
	}
	out.TableNames = api.Some(names)
	return out, nil
}

// deleteTable deletes a table with all it holds, unless it is protected.
func (s *Service) deleteTable(
	ctx context.Context, c service.Caller, in *dynamodb.DeleteTableInput,
) (*dynamodb.DeleteTableOutput, error) {
	sn, err := s.lookupTable(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	sn, err = s.drop(ctx, sn, func(d *definition) error {
		if d.Protected {
			return invalid("Resource cannot be deleted as it is currently protected against deletion. " +
				"Disable deletion protection first.")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.DeleteTableOutput{TableDescription: api.Some(sn.describe(statusDeleting))}, nil
}

// The limits that DescribeLimits shows are AWS's defaults. Throughput is not
// limited here.
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

// describeEndpoints lists no endpoint: clients stay with the one that they know.
func (s *Service) describeEndpoints(
	context.Context, service.Caller, *dynamodb.DescribeEndpointsRequest,
) (*dynamodb.DescribeEndpointsResponse, error) {
	return &dynamodb.DescribeEndpointsResponse{Endpoints: []dynamodb.Endpoint{}}, nil
}
