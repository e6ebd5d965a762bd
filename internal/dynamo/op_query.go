package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/dynamo/expression"
	"leat/internal/dynamo/item"
	"leat/internal/engine"
	"leat/internal/service"
)

// Query returns the items of one partition of a table or an index, in the order of
// their sort keys, page by page. A page ends with 1 MB of items, or with Limit of
// them, and then says where it has ended.
//
// Order of checks: expressions beside older parameters, Select, the content of the
// ExclusiveStartKey, whether there is a condition on keys, the older parameters,
// expressions; then the table, the index, the condition on keys, the
// ExclusiveStartKey, the filter, what the index projects.

func (s *Service) query(
	ctx context.Context, c service.Caller, in *dynamodb.QueryInput,
) (*dynamodb.QueryOutput, error) {
	x, err := parseQuery(in)
	if err != nil {
		return nil, err
	}
	sn, err := s.lookup(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	r, err := sn.query(in, &x)
	if err != nil {
		return nil, err
	}
	r.limit = s.limitOf(in.Limit, x.filter)
	return s.answer(ctx, r, in.ConsistentRead.V, in.ReturnConsumedCapacity)
}

// parseQuery checks what can be checked of a query without a table.
func parseQuery(in *dynamodb.QueryInput) (expressions, error) {
	p := &parameters{
		keyConditionExpression: in.KeyConditionExpression, filterExpression: in.FilterExpression,
		projectionExpression: in.ProjectionExpression,
		names:                in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		attributesToGet: in.AttributesToGet, keyConditions: in.KeyConditions, queryFilter: in.QueryFilter,
		conditionalOperator: in.ConditionalOperator,
	}
	if err := p.checkMix("ProjectionExpression", "FilterExpression", "KeyConditionExpression"); err != nil {
		return expressions{}, err
	}
	if err := checkSelect(in.Select.V, in.IndexName.Set, p); err != nil {
		return expressions{}, err
	}
	if err := checkStart(in.ExclusiveStartKey.V); err != nil {
		return expressions{}, err
	}
	if !in.KeyConditions.Set && !in.KeyConditionExpression.Set {
		return expressions{}, invalid(
			"Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	x, err := p.parse()
	if err != nil {
		return expressions{}, err
	}
	return x, orNil(x.key.Check())
}

// query binds a query to a table.
func (sn *snapshot) query(in *dynamodb.QueryInput, x *expressions) (*reading, error) {
	o, err := sn.source(in.IndexName.V)
	if err != nil {
		return nil, err
	}
	if err := o.checkConsistent(in.ConsistentRead); err != nil {
		return nil, err
	}
	r := &reading{source: o, backward: in.ScanIndexForward.Set && !in.ScanIndexForward.V}
	partition, sort, bad := x.key.Bind(o.schema.partition, o.schema.sort)
	if bad != nil {
		return nil, bad
	}
	r.keys = sort
	r.bound(partition, sort)
	if in.ExclusiveStartKey.Set {
		if err := r.resume(in.ExclusiveStartKey.V, partition); err != nil {
			return nil, err
		}
	}
	if err := o.checkFilter(x.filter, in.QueryFilter.Set); err != nil {
		return nil, err
	}
	r.selection, err = o.selection(in.Select.V, x)
	return r, err
}

// bound sets the keys between which a query's items are.
func (r *reading) bound(partition item.Value, sort expression.Range) {
	k := keyForm{partition: string(item.AppendKey(nil, partition))}
	all := r.prefix.Child(k.hash(), k.partition)
	r.after, r.to = before(all), all.End()
	from, to := sort.Bounds()
	if from != nil {
		r.after = before(all.Child(string(from)))
	}
	if to != nil {
		r.to = all.Child(string(to))
	}
}

// resume lets a query go on after a key.
func (r *reading) resume(start item.Item, partition item.Value) error {
	k, err := r.start(start)
	if err != nil {
		return err
	}
	switch sort := start[r.schema.sort.Name]; {
	case r.schema.sorted() && !r.keys.Holds(sort):
		return invalid("The provided starting key does not match the range key predicate")
	case !start[r.schema.partition.Name].Equal(partition):
		return invalid("The provided starting key is outside query boundaries based on provided conditions")
	case r.backward:
		r.to = min(r.to, k)
	default:
		r.after = max(r.after, k)
	}
	return nil
}

// checkFilter returns the error about a filter on what the query's condition on
// keys is for.
func (o *source) checkFilter(f *expression.Condition, older bool) error {
	parameter := "Filter Expression"
	if older {
		parameter = "QueryFilter"
	}
	for _, name := range f.Attributes() {
		if name == o.schema.partition.Name || name == o.schema.sort.Name {
			return invalid("%s can only contain non-primary key attributes: Primary key attribute: %s", parameter, name)
		}
	}
	return nil
}

// answer reads a page, and says of it what Query is answered with, and Scan as
// well; asked is their ReturnConsumedCapacity.
func (s *Service) answer(
	ctx context.Context, r *reading, consistent bool, asked api.Opt[string],
) (*dynamodb.QueryOutput, error) {
	p, err := s.read(ctx, r)
	if err != nil {
		return nil, err
	}
	last, err := r.lastEvaluated(p)
	if err != nil {
		return nil, err
	}
	n := r.consumed(p, consistent)
	out := &dynamodb.QueryOutput{
		Count: api.Some(int32(p.count)), ScannedCount: api.Some(int32(p.scanned)), LastEvaluatedKey: last,
		ConsumedCapacity: n.capacity(asked, r.sn.table.ref.name, plain),
	}
	if !r.countOnly {
		out.Items = api.Some(p.list())
	}
	return out, nil
}

// lastEvaluated returns where a page has ended, if something may follow.
func (r *reading) lastEvaluated(p page) (out api.Opt[item.Item], err error) {
	if p.last == engine.Key("") {
		return out, nil
	}
	out.Set = true
	out.V, err = r.lastKey(p.last)
	return out, err
}

// consumed returns the capacity that a page consumes.
func (r *reading) consumed(p page, consistent bool) consumption {
	units := readUnits(p.bytes, consistent)
	if r.index == nil {
		return consumption{table: units}
	}
	var n consumption
	n.addIndex(r.index, units)
	if r.fetch {
		n.table = readUnits(p.all, consistent)
	}
	return n
}

// list returns the items of a page: not nil, as an answer has a list also when it
// is empty.
func (p *page) list() item.Items {
	if p.items == nil {
		return item.Items{}
	}
	return p.items
}
