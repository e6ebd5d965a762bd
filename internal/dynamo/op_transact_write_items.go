package dynamo

import (
	"context"
	"errors"

	"leat/internal/api/dynamodb"
	"leat/internal/engine"
	"leat/internal/service"
)

// TransactWriteItems changes up to 100 items together, or none: if a condition
// does not hold it says why, for each item. A ClientRequestToken makes it happen
// once within 10 minutes, however often it is asked for.
//
// Order of checks: for each item that it is one of the four kinds, its expressions
// and the content of its item or key; then for each that its table exists, and its
// key; that no item is there twice, the size of all, the token, and the conditions.
//
// Differs: never answers with the reason TransactionConflict, nor does any other
// operation with TransactionConflictException. A transaction waits for the others.

func (s *Service) transactWriteItems(
	ctx context.Context, c service.Caller, in *dynamodb.TransactWriteItemsInput,
) (*dynamodb.TransactWriteItemsOutput, error) {
	changes, err := s.transaction(c, in.TransactItems.V)
	if err != nil {
		return nil, err
	}
	var tok *token
	if in.ClientRequestToken.Set {
		tok = newToken(c, in, s.kv.Now())
	}
	outcomes, err := s.commit(ctx, changes, true, tok)
	if r := refusals(nil); errors.As(err, &r) {
		return nil, canceled(r)
	}
	b := newBill(in.ReturnConsumedCapacity, writeOnly)
	if errors.Is(err, errRepeated) {
		// What was written before is read to be answered.
		b.access = readOnly
		for i := range changes {
			b.of(changes[i].sn.table.ref.name).table += 2
		}
		return &dynamodb.TransactWriteItemsOutput{ConsumedCapacity: b.capacities()}, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range outcomes {
		b.of(outcomes[i].sn.table.ref.name).addWrite(&outcomes[i], 2)
	}
	return &dynamodb.TransactWriteItemsOutput{ConsumedCapacity: b.capacities()}, nil
}

// transaction returns the changes that a transaction asks for.
func (s *Service) transaction(c service.Caller, items []dynamodb.TransactWriteItem) ([]change, error) {
	writes := make([]write, len(items))
	for i := range items {
		var err error
		if writes[i], err = transactWrite(&items[i]); err != nil {
			return nil, err
		}
	}
	changes := make([]change, len(writes))
	refused := make(refusals, len(writes))
	failed := false
	seen := make(map[engine.Key]bool, len(writes))
	bytes := 0
	for i, w := range writes {
		sn, err := s.lookup(c, w.table)
		if err != nil {
			return nil, err
		}
		if changes[i], refused[i] = w.on(sn); refused[i] != nil {
			failed = true
			continue
		}
		key := sn.itemKey(changes[i].key)
		if seen[key] {
			return nil, errSameItem()
		}
		seen[key] = true
		bytes += w.it.Size()
	}
	if failed {
		return nil, canceled(refused)
	}
	return changes, checkTransactionSize(bytes)
}

// checkTransactionSize returns the error about items that are too large together.
func checkTransactionSize(bytes int) error {
	if bytes <= maxTransactionBytes {
		return nil
	}
	return invalid("Transaction payload size cannot exceed 4MB. Payload Size: %d", bytes)
}

// transactWrite returns one write of a transaction.
func transactWrite(t *dynamodb.TransactWriteItem) (write, error) {
	kinds := 0
	for _, set := range []bool{t.ConditionCheck.Set, t.Put.Set, t.Delete.Set, t.Update.Set} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return write{}, invalid("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
	case kinds > 1:
		return write{}, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	case t.Put.Set:
		in := &t.Put.V
		return newWrite(write{
			kind: put, table: in.TableName.V, it: in.Item.V, tell: in.ReturnValuesOnConditionCheckFailure.V == allOld,
		}, &parameters{
			conditionExpression: in.ConditionExpression,
			names:               in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		}, "ConditionExpression")
	case t.Update.Set:
		in := &t.Update.V
		return newWrite(write{
			kind: update, table: in.TableName.V, it: in.Key.V, tell: in.ReturnValuesOnConditionCheckFailure.V == allOld,
		}, &parameters{
			updateExpression: in.UpdateExpression, conditionExpression: in.ConditionExpression,
			names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		}, "UpdateExpression", "ConditionExpression")
	case t.Delete.Set:
		in := &t.Delete.V
		return newWrite(write{
			kind: remove, table: in.TableName.V, it: in.Key.V, tell: in.ReturnValuesOnConditionCheckFailure.V == allOld,
		}, &parameters{
			conditionExpression: in.ConditionExpression,
			names:               in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		}, "ConditionExpression")
	}
	in := &t.ConditionCheck.V
	return newWrite(write{
		kind: check, table: in.TableName.V, it: in.Key.V, tell: in.ReturnValuesOnConditionCheckFailure.V == allOld,
	}, &parameters{
		conditionExpression: in.ConditionExpression,
		names:               in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}, "ConditionExpression")
}
