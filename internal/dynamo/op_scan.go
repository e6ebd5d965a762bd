package dynamo

import (
	"context"
	"encoding/binary"
	"math/bits"

	"leat/internal/api/dynamodb"
	"leat/internal/engine"
	"leat/internal/service"
)

// Scan returns all items of a table or an index, page by page, in the order of the
// hashes of their partitions. A segment of a parallel scan has those whose hashes
// are in one of TotalSegments equal ranges.
//
// Order of checks: as Query's, with the segment in the place of the condition on
// keys.

func (s *Service) scan(
	ctx context.Context, c service.Caller, in *dynamodb.ScanInput,
) (*dynamodb.ScanOutput, error) {
	x, err := parseScan(in)
	if err != nil {
		return nil, err
	}
	sn, err := s.lookup(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	r, err := sn.scan(in, &x)
	if err != nil {
		return nil, err
	}
	r.limit = s.limitOf(in.Limit, x.filter)
	out, err := s.answer(ctx, r, in.ConsistentRead.V, in.ReturnConsumedCapacity)
	return (*dynamodb.ScanOutput)(out), err
}

// parseScan checks what can be checked of a scan without a table.
func parseScan(in *dynamodb.ScanInput) (expressions, error) {
	p := &parameters{
		filterExpression: in.FilterExpression, projectionExpression: in.ProjectionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		attributesToGet: in.AttributesToGet, scanFilter: in.ScanFilter, conditionalOperator: in.ConditionalOperator,
	}
	if err := p.checkMix("ProjectionExpression", "FilterExpression"); err != nil {
		return expressions{}, err
	}
	if err := checkSelect(in.Select.V, in.IndexName.Set, p); err != nil {
		return expressions{}, err
	}
	if err := checkStart(in.ExclusiveStartKey.V); err != nil {
		return expressions{}, err
	}
	if err := checkSegment(in); err != nil {
		return expressions{}, err
	}
	return p.parse()
}

func checkSegment(in *dynamodb.ScanInput) error {
	switch segment, total := in.Segment, in.TotalSegments; {
	case segment.Set && !total.Set:
		return invalid("The TotalSegments parameter is required but was not present in the request " +
			"when Segment parameter is present")
	case total.Set && !segment.Set:
		return invalid("The Segment parameter is required but was not present in the request " +
			"when parameter TotalSegments is present")
	case segment.Set && segment.V >= total.V:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: "+
			"Segment: %d is not less than TotalSegments: %d", segment.V, total.V)
	}
	return nil
}

// scan binds a scan to a table.
func (sn *snapshot) scan(in *dynamodb.ScanInput, x *expressions) (*reading, error) {
	o, err := sn.source(in.IndexName.V)
	if err != nil {
		return nil, err
	}
	if err := o.checkConsistent(in.ConsistentRead); err != nil {
		return nil, err
	}
	r := &reading{source: o}
	if in.TotalSegments.Set {
		r.boundSegment(uint64(in.Segment.V), uint64(in.TotalSegments.V))
	}
	if in.ExclusiveStartKey.Set {
		k, err := r.start(in.ExclusiveStartKey.V)
		if err != nil {
			return nil, err
		}
		if k < r.after || r.to != "" && k >= r.to {
			return nil, invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. "+
				"Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d",
				in.TotalSegments.V, in.Segment.V)
		}
		r.after = k
	}
	r.selection, err = o.selection(in.Select.V, x)
	return r, err
}

// boundSegment sets the keys between which a segment's items are.
func (r *reading) boundSegment(segment, total uint64) {
	at := func(segment uint64) engine.Key {
		// The hash at which the segment begins: 2^64 * segment / total.
		hash, _ := bits.Div64(segment, 0, total)
		return r.prefix.Child(string(binary.BigEndian.AppendUint64(nil, hash)))
	}
	r.after = before(at(segment))
	if segment+1 < total {
		r.to = at(segment + 1)
	}
}
