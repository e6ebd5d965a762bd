package dynamo

import (
	"context"

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
