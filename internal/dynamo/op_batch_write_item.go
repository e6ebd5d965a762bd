package dynamo

import (
	"context"
	"errors"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/engine"
	"leat/internal/service"
)

// BatchWriteItem puts and deletes up to 25 items, without conditions. Here they
// change together, in one durable write; there is nothing unprocessed.
//
// Order of checks: for each table the number, kind, content and size of its
// writes; then for each table that it exists, and the keys, which must differ.

func (s *Service) batchWriteItem(
	ctx context.Context, c service.Caller, in *dynamodb.BatchWriteItemInput,
) (*dynamodb.BatchWriteItemOutput, error) {
	writes, err := batchWrites(in)
	if err != nil {
		return nil, err
	}
	changes := make([]change, len(writes))
	seen := make(map[engine.Key]bool, len(writes))
	for i, w := range writes {
		if changes[i], err = s.prepare(c, w); err != nil {
			return nil, err
		}
		key := changes[i].sn.itemKey(changes[i].key)
		if seen[key] {
			return nil, errDuplicates()
		}
		seen[key] = true
	}
	outcomes, err := s.commit(ctx, changes, false, nil)
	if r := refusals(nil); errors.As(err, &r) {
		return nil, errors.Join(r...)
	}
	if err != nil {
		return nil, err
	}
	b := newBill(in.ReturnConsumedCapacity, plain)
	for i := range outcomes {
		b.of(outcomes[i].sn.table.ref.name).addWrite(&outcomes[i], 1)
	}
	return &dynamodb.BatchWriteItemOutput{
		UnprocessedItems: api.Some(map[string]*api.Opt[[]dynamodb.WriteRequest]{}),
		ConsumedCapacity: b.capacities(),
	}, nil
}

// batchWrites returns the writes of a batch, by the names of tables.
func batchWrites(in *dynamodb.BatchWriteItemInput) ([]write, error) {
	var writes []write
	bytes := 0
	for _, name := range byName(in.RequestItems.V) {
		requests := in.RequestItems.V[name].V
		if len(writes)+len(requests) > maxBatchWrites {
			return nil, invalid("Too many items requested for the BatchWriteItem call")
		}
		for i := range requests {
			w, err := batchWrite(name, &requests[i])
			if err != nil {
				return nil, err
			}
			if bytes += w.it.Size(); bytes > maxBatchWriteBytes {
				return nil, invalid("The items of a BatchWriteItem call may have %d bytes in all", maxBatchWriteBytes)
			}
			writes = append(writes, w)
		}
	}
	return writes, nil
}

// batchWrite returns one write of a batch.
func batchWrite(table string, r *dynamodb.WriteRequest) (write, error) {
	if r.PutRequest.Set == r.DeleteRequest.Set {
		return write{}, invalid("Supplied AttributeValue has more than one datatypes set, " +
			"must contain exactly one of the supported datatypes")
	}
	w := write{kind: put, table: table, it: r.PutRequest.V.Item.V}
	if r.DeleteRequest.Set {
		w = write{kind: remove, table: table, it: r.DeleteRequest.V.Key.V}
	}
	return newWrite(w, new(parameters))
}
