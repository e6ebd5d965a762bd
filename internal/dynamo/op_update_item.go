package dynamo

import (
	"context"

	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// UpdateItem changes attributes of the item with a key, if its condition holds for
// that. An item that does not exist is created, with its key, unless the update only
// removes.
//
// Order of checks: expressions beside older parameters, the content of the key, the
// older parameters, expressions; then the table, the key, whether the key would
// be updated, the condition, the update itself, size and keys of indexes of what
// it makes.

func (s *Service) updateItem(
	ctx context.Context, c service.Caller, in *dynamodb.UpdateItemInput,
) (*dynamodb.UpdateItemOutput, error) {
	w, err := newWrite(write{
		kind: update, table: in.TableName.V, it: in.Key.V, returned: in.ReturnValues.V,
		tell: in.ReturnValuesOnConditionCheckFailure.V == allOld,
	}, &parameters{
		updateExpression: in.UpdateExpression, conditionExpression: in.ConditionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		attributeUpdates: in.AttributeUpdates, expected: in.Expected, conditionalOperator: in.ConditionalOperator,
	}, "UpdateExpression", "ConditionExpression")
	if err != nil {
		return nil, err
	}
	return s.write(ctx, c, w, in.ReturnConsumedCapacity)
}
