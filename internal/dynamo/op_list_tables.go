package dynamo

import (
	"context"
	"slices"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// ListTables lists the names of tables in order, from strictly after
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
