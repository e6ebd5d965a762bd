package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// DeleteTable deletes a table with all it holds, unless it is protected. The table is
// gone when the answer comes, which shows it as DELETING.

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
