package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/dynamo/expression"
	"leat/internal/dynamo/item"
	"leat/internal/service"
)

// GetItem returns the item with a key, or what is projected of it, and no Item if
// there is none. It is consistent also where that is not asked for.
//
// Order of checks: expressions beside older parameters, the content of the key,
// AttributesToGet, expressions; then the table and the key.

func (s *Service) getItem(
	ctx context.Context, c service.Caller, in *dynamodb.GetItemInput,
) (*dynamodb.GetItemOutput, error) {
	g, err := newGet(in.TableName.V, in.Key.V, &parameters{
		attributesToGet: in.AttributesToGet, projectionExpression: in.ProjectionExpression,
		names: in.ExpressionAttributeNames,
	})
	if err != nil {
		return nil, err
	}
	sn, key, err := s.find(c, g)
	if err != nil {
		return nil, err
	}
	it, size, err := s.readOf(ctx, sn, sn.itemKey(key))
	if err != nil {
		return nil, err
	}
	n := consumption{table: readUnits(size, in.ConsistentRead.V)}
	out := &dynamodb.GetItemOutput{ConsumedCapacity: n.capacity(in.ReturnConsumedCapacity, sn.table.ref.name, plain)}
	if it != nil {
		out.Item = api.Some(g.projection.Apply(it))
	}
	return out, nil
}

// get is an item that a request wants, before it is known what table it is of.
type get struct {
	table      string
	key        item.Item
	projection *expression.Projection
}

// newGet checks what can be checked of a get without a table.
func newGet(table string, key item.Item, p *parameters) (get, error) {
	if err := p.checkMix("ProjectionExpression"); err != nil {
		return get{}, err
	}
	if err := key.Validate(); err != nil {
		return get{}, err
	}
	x, err := p.parse()
	return get{table, key, x.projection}, err
}

// find returns the table that a get names, and the key.
func (s *Service) find(c service.Caller, g get) (*snapshot, keyForm, error) {
	sn, err := s.lookup(c, g.table)
	if err != nil {
		return nil, keyForm{}, err
	}
	k, err := sn.keyOf(g.key)
	return sn, k, err
}
