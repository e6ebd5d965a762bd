package dynamo

import (
	"context"
	"errors"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/engine"
	"leat/internal/service"
)

// TransactGetItems returns up to 100 items as they are at one moment.
//
// Order of checks: for each item its expressions and the content of its key; then
// for each that its table exists, and its key. A key that does not fit its table
// cancels the transaction. No item may be there twice.
//
// Differs: never answers with the reason TransactionConflict. A transaction waits
// for the others.

func (s *Service) transactGetItems(
	ctx context.Context, c service.Caller, in *dynamodb.TransactGetItemsInput,
) (*dynamodb.TransactGetItemsOutput, error) {
	gets := make([]get, len(in.TransactItems.V))
	for i := range gets {
		asked := &in.TransactItems.V[i].Get.V
		g, err := newGet(asked.TableName.V, asked.Key.V, &parameters{
			projectionExpression: asked.ProjectionExpression, names: asked.ExpressionAttributeNames,
		})
		if err != nil {
			return nil, err
		}
		gets[i] = g
	}
	found, err := s.findAll(c, gets)
	if err != nil {
		return nil, err
	}
	return s.getTogether(ctx, gets, found, in.ReturnConsumedCapacity)
}

// found is an item of a transaction, located.
type found struct {
	sn  *snapshot
	key engine.Key
}

// findAll locates the items of a transaction.
func (s *Service) findAll(c service.Caller, gets []get) ([]found, error) {
	list := make([]found, len(gets))
	refused := make(refusals, len(gets))
	failed := false
	seen := make(map[engine.Key]bool, len(gets))
	for i := range gets {
		sn, k, err := s.find(c, gets[i])
		if sn == nil {
			return nil, err
		}
		if refused[i] = err; err != nil {
			failed = true
			continue
		}
		list[i] = found{sn, sn.itemKey(k)}
		if seen[list[i].key] {
			return nil, errSameItem()
		}
		seen[list[i].key] = true
	}
	if failed {
		return nil, canceled(refused)
	}
	return list, nil
}

func errSameItem() *api.Error {
	return invalid("Transaction request cannot include multiple operations on one item")
}

// getTogether reads items while none of them changes.
func (s *Service) getTogether(
	ctx context.Context, gets []get, list []found, asked api.Opt[string],
) (*dynamodb.TransactGetItemsOutput, error) {
	keys := make([]engine.Key, len(list))
	for i := range list {
		keys[i] = list[i].key
	}
	defer s.locks.lock(keys)()
	b := newBill(asked, readOnly)
	out := &dynamodb.TransactGetItemsOutput{Responses: api.Some(make([]dynamodb.ItemResponse, len(list)))}
	bytes := 0
	for i := range list {
		it, size, err := s.readOf(ctx, list[i].sn, list[i].key)
		if err != nil {
			return nil, err
		}
		if bytes += size; checkTransactionSize(bytes) != nil {
			return nil, checkTransactionSize(bytes)
		}
		b.of(list[i].sn.table.ref.name).table += 2 * readUnits(size, true)
		if it != nil {
			out.Responses.V[i].Item = api.Some(gets[i].projection.Apply(it))
		}
	}
	out.ConsumedCapacity = b.capacities()
	return out, nil
}

// canceled returns the answer to a transaction some of whose items are refused, or
// the first error that is about none.
func canceled(refused refusals) error {
	reasons := make([]reason, len(refused))
	for i, err := range refused {
		reasons[i].code = codeNone
		if err == nil {
			continue
		}
		if e := (*unmet)(nil); errors.As(err, &e) {
			reasons[i] = reason{"ConditionalCheckFailed", "The conditional request failed", e.there}
			continue
		}
		if e := (*api.Error)(nil); errors.As(err, &e) && e.Code == string(api.Validation) {
			reasons[i] = reason{"ValidationError", e.Message, nil}
			continue
		}
		return err
	}
	return errCanceled(reasons)
}
