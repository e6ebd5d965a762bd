package dynamo

import (
	"context"

	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// DeleteItem deletes the item with a key, if its condition holds for that. An item
// that does not exist is deleted, too.
//
// Order of checks: as PutItem's, with the key in the place of the item.

func (s *Service) deleteItem(
	ctx context.Context, c service.Caller, in *dynamodb.DeleteItemInput,
) (*dynamodb.DeleteItemOutput, error) {
	w, err := newWrite(write{
		kind: remove, table: in.TableName.V, it: in.Key.V, returned: in.ReturnValues.V,
		tell: in.ReturnValuesOnConditionCheckFailure.V == allOld,
	}, &parameters{
		conditionExpression: in.ConditionExpression,
		names:               in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		expected: in.Expected, conditionalOperator: in.ConditionalOperator,
	}, "ConditionExpression")
	if err != nil {
		return nil, err
	}
	out, err := s.write(ctx, c, w, in.ReturnConsumedCapacity)
	return (*dynamodb.DeleteItemOutput)(out), err
}
