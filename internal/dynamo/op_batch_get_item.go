package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/dynamo/item"
	"leat/internal/service"
)

// BatchGetItem returns up to 100 items by their keys. What would make the answer
// larger than 16 MB, or take too much memory, is among UnprocessedKeys.
//
// Order of checks: for each table its expressions beside older parameters,
// AttributesToGet and expressions, then the content of its keys; how many keys
// there are; then for each table that it exists, and its keys, which must differ.

func (s *Service) batchGetItem(
	ctx context.Context, c service.Caller, in *dynamodb.BatchGetItemInput,
) (*dynamodb.BatchGetItemOutput, error) {
	b := &batchGet{
		service: s, bill: newBill(in.ReturnConsumedCapacity, plain),
		out: &dynamodb.BatchGetItemOutput{
			Responses:       api.Some(map[string]item.Items{}),
			UnprocessedKeys: api.Some(map[string]*dynamodb.KeysAndAttributes{}),
		},
	}
	tables := byName(in.RequestItems.V)
	gets := make(map[string][]get, len(tables))
	n := 0
	for _, name := range tables {
		var err error
		if gets[name], err = getsOf(name, in.RequestItems.V[name]); err != nil {
			return nil, err
		}
		if n += len(gets[name]); n > maxBatchGets {
			return nil, invalid("Too many items requested for the BatchGetItem call")
		}
	}
	keys := make(map[string][]keyForm, len(tables))
	for _, name := range tables {
		var err error
		if keys[name], err = s.distinctKeys(c, gets[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range tables {
		if err := b.read(ctx, c, name, in.RequestItems.V[name], gets[name], keys[name]); err != nil {
			return nil, err
		}
	}
	b.out.ConsumedCapacity = b.bill.capacities()
	return b.out, nil
}

// getsOf returns what a batch wants of a table.
func getsOf(table string, k *dynamodb.KeysAndAttributes) ([]get, error) {
	p := &parameters{
		attributesToGet: k.AttributesToGet, projectionExpression: k.ProjectionExpression,
		names: k.ExpressionAttributeNames,
	}
	if err := p.checkMix("ProjectionExpression"); err != nil {
		return nil, err
	}
	x, err := p.parse()
	if err != nil {
		return nil, err
	}
	if len(k.Keys.V) == 0 {
		return nil, invalid("The list of keys in RequestItems for BatchGetItem is required: %s has empty list", table)
	}
	gets := make([]get, len(k.Keys.V))
	for i, key := range k.Keys.V {
		if err := key.Validate(); err != nil {
			return nil, err
		}
		gets[i] = get{table, key, x.projection}
	}
	return gets, nil
}

// distinctKeys returns the keys of gets of one table, which must differ.
func (s *Service) distinctKeys(c service.Caller, gets []get) ([]keyForm, error) {
	keys := make([]keyForm, len(gets))
	seen := make(map[keyForm]bool, len(gets))
	for i := range gets {
		_, k, err := s.find(c, gets[i])
		if err != nil {
			return nil, err
		}
		if seen[k] {
			return nil, errDuplicates()
		}
		keys[i], seen[k] = k, true
	}
	return keys, nil
}

func errDuplicates() *api.Error { return invalid("Provided list of item keys contains duplicates") }

// batchGet is a BatchGetItem on its way.
type batchGet struct {
	service *Service
	bill    *bill
	out     *dynamodb.BatchGetItemOutput
	bytes   int // of the items in the answer
	memory  int // that these take
}

// full reports whether there is no room for an item in the answer. There is for the
// first.
func (b *batchGet) full(size, memory int) bool {
	return b.bytes > 0 && (b.bytes+size > maxBatchGetBytes || b.memory+memory > maxBatchGetMemory)
}

// What values take in memory, about.
const (
	valueMemory = 32
	mapMemory   = 400
	namedMemory = 64 // of an attribute of a map, beside its value
)

// memory returns what a value takes in memory beside its text, about. Small values
// take much more than they count in DynamoDB.
func memory(v item.Value) int {
	n := valueMemory
	if m := v.Map(); m != nil {
		n += mapMemory + namedMemory*len(m)
		for _, v := range m {
			n += memory(v)
		}
	}
	for _, v := range v.List() {
		n += memory(v)
	}
	return n
}

// read reads what is wanted of a table, as long as there is room in the answer.
func (b *batchGet) read(
	ctx context.Context, c service.Caller, name string, asked *dynamodb.KeysAndAttributes, gets []get, keys []keyForm,
) error {
	sn, err := b.service.lookup(c, name)
	if err != nil {
		return err
	}
	items := item.Items{}
	for i, k := range keys {
		it, size, err := b.service.readOf(ctx, sn, sn.itemKey(k))
		if err != nil {
			return err
		}
		takes := memory(item.M(it))
		if b.full(size, takes) {
			b.leave(name, asked, gets[i:])
			break
		}
		b.bytes, b.memory = b.bytes+size, b.memory+takes
		b.bill.of(sn.table.ref.name).table += readUnits(size, asked.ConsistentRead.V)
		if it != nil {
			items = append(items, gets[i].projection.Apply(it))
		}
	}
	b.out.Responses.V[name] = items
	return nil
}

// leave adds keys to those that are not processed.
func (b *batchGet) leave(name string, asked *dynamodb.KeysAndAttributes, gets []get) {
	rest := *asked
	rest.Keys.V = nil
	for _, g := range gets {
		rest.Keys.V = append(rest.Keys.V, g.key)
	}
	b.out.UnprocessedKeys.V[name] = &rest
}
