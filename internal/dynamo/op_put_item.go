package dynamo

import (
	"context"

	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// PutItem puts an item in the place of the one with its key, if its condition
// holds for that.
//
// Order of checks: expressions beside older parameters, the content of the item,
// ReturnValues, its size, Expected, expressions; then the table, the key, the
// condition, the keys of indexes.

func (s *Service) putItem(
	ctx context.Context, c service.Caller, in *dynamodb.PutItemInput,
) (*dynamodb.PutItemOutput, error) {
	w, err := newWrite(write{
		kind: put, table: in.TableName.V, it: in.Item.V, returned: in.ReturnValues.V,
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
	return (*dynamodb.PutItemOutput)(out), err
}
