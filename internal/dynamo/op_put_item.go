package dynamo

import (
	"context"

	"leat/internal/api"
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
	out, n, err := s.write(ctx, c, w)
	if err != nil {
		return nil, err
	}
	answer := &dynamodb.PutItemOutput{ConsumedCapacity: n.capacity(in.ReturnConsumedCapacity, out.sn.table.ref.name, plain)}
	if in.ReturnValues.V == allOld && out.before != nil {
		answer.Attributes = api.Some(out.before)
	}
	return answer, nil
}
