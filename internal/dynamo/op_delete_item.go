package dynamo

import (
	"context"

	"leat/internal/api"
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
	out, n, err := s.write(ctx, c, w)
	if err != nil {
		return nil, err
	}
	answer := &dynamodb.DeleteItemOutput{ConsumedCapacity: n.capacity(in.ReturnConsumedCapacity, out.sn.table.ref.name, plain)}
	if in.ReturnValues.V == allOld && out.before != nil {
		answer.Attributes = api.Some(out.before)
	}
	return answer, nil
}
