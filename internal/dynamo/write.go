package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/dynamo/expression"
	"leat/internal/dynamo/item"
	"leat/internal/service"
)

// kind is what a write does.
type kind int

const (
	put kind = iota
	update
	remove
	check // of a transaction: the condition only
)

// write is what a request wants to do to an item, before it is known what table it
// is about.
type write struct {
	kind  kind
	table string
	// it is the item to put, or the key of another write's.
	it item.Item
	expressions
	// transforms is whether the update is an UpdateExpression.
	transforms bool
	// returned is the request's ReturnValues, "" for none.
	returned string
	// tell is whether a condition that does not hold is answered with the item.
	tell bool
}

// What a write may be answered with.
const (
	allOld     = "ALL_OLD"
	allNew     = "ALL_NEW"
	updatedOld = "UPDATED_OLD"
	updatedNew = "UPDATED_NEW"
	nothing    = "NONE"
)

// newWrite checks what can be checked of a write without a table. The error is
// that of the first check that fails, in AWS's order.
func newWrite(w write, p *parameters, expressions ...string) (write, error) {
	if err := p.checkMix(expressions...); err != nil {
		return write{}, err
	}
	if err := w.it.Validate(); err != nil {
		return write{}, err
	}
	if w.kind != update && w.returned != "" && w.returned != nothing && w.returned != allOld {
		return write{}, invalid("ReturnValues can only be ALL_OLD or NONE")
	}
	if w.kind == put && w.it.Size() > item.MaxSize {
		return write{}, errItemSize(false)
	}
	var err error
	w.transforms = p.updateExpression.Set
	w.expressions, err = p.parse()
	return w, err
}

func errItemSize(update bool) *api.Error {
	if update {
		return invalid("Item size to update has exceeded the maximum allowed size")
	}
	return invalid("Item size has exceeded the maximum allowed size")
}

// write performs a write alone. PutItem and DeleteItem are answered with what
// UpdateItem is; asked is their ReturnConsumedCapacity.
func (s *Service) write(
	ctx context.Context, c service.Caller, w write, asked api.Opt[string],
) (*dynamodb.UpdateItemOutput, error) {
	ch, err := s.prepare(c, w)
	if err != nil {
		return nil, err
	}
	out, err := s.commitOne(ctx, ch)
	if err != nil {
		return nil, err
	}
	var n consumption
	n.addWrite(&out, 1)
	answer := &dynamodb.UpdateItemOutput{ConsumedCapacity: n.capacity(asked, out.sn.table.ref.name, plain)}
	if it := w.returns(out); it != nil {
		answer.Attributes = api.Some(it)
	}
	return answer, nil
}

// returns returns the attributes that a write is answered with, nil for none.
func (w write) returns(out outcome) item.Item {
	switch w.returned {
	case allOld:
		return out.before
	case allNew:
		return out.after
	case updatedOld, updatedNew:
		it := out.before
		if w.returned == updatedNew {
			it = out.after
		}
		if w.update == nil || it == nil {
			return nil
		}
		return w.update.Touched(it)
	}
	return nil
}

// prepare returns the change that a write is, of the table that it names.
func (s *Service) prepare(c service.Caller, w write) (change, error) {
	sn, err := s.lookup(c, w.table)
	if err != nil {
		return change{}, err
	}
	return w.on(sn)
}

// on returns the change that a write is of a table.
func (w write) on(sn *snapshot) (change, error) {
	ch := change{sn: sn, check: w.kind == check}
	switch {
	case w.transforms:
		ch.origin = wasTransformed
	case w.kind == update:
		ch.origin = wasUpdated
	}
	var err error
	if w.kind == put {
		ch.key, err = sn.keyOfItem(w.it)
	} else {
		ch.key, err = sn.keyOf(w.it)
	}
	if err != nil {
		return change{}, err
	}
	if w.update != nil {
		if err := w.update.CheckKey(sn.schema.names()...); err != nil {
			return change{}, err
		}
	}
	ch.apply = w.apply
	return ch, nil
}

// apply is for change.apply.
func (w write) apply(there item.Item) (item.Item, error) {
	if !w.condition.Holds(there) {
		if w.tell {
			return nil, &unmet{there}
		}
		return nil, &unmet{}
	}
	switch w.kind {
	case put:
		return w.it, nil
	case remove:
		return nil, nil
	case check:
		return there, nil
	case update:
	}
	if there == nil && !w.update.Creates() {
		return nil, nil
	}
	if there == nil {
		there = w.it
	}
	if w.update == nil {
		return there, nil
	}
	after, err := w.update.Apply(there)
	return after, orNil(err)
}

// keyOf returns the key that a request gives: all key attributes and no others.
func (sn *snapshot) keyOf(it item.Item) (keyForm, error) {
	if len(it) != len(sn.schema.names()) {
		return keyForm{}, errKeySchema()
	}
	for i, a := range sn.schema.attributes() {
		v, ok := it[a.Name]
		if !ok || v.Type() != a.Type {
			return keyForm{}, errKeySchema()
		}
		if err := checkKeyValue(a, v, i == 0); err != nil {
			return keyForm{}, err
		}
	}
	k, _ := sn.schema.form(it)
	return k, nil
}

// keyOfItem returns the key of an item that is to be put.
func (sn *snapshot) keyOfItem(it item.Item) (keyForm, error) {
	for i, a := range sn.schema.attributes() {
		v, ok := it[a.Name]
		if !ok {
			return keyForm{}, invalidValue("Missing the key %s in the item", a.Name)
		}
		if v.Type() != a.Type {
			return keyForm{}, invalidValue("Type mismatch for key %s expected: %s actual: %s", a.Name, a.Type, v.Type())
		}
		if err := checkKeyValue(a, v, i == 0); err != nil {
			return keyForm{}, err
		}
	}
	k, _ := sn.schema.form(it)
	return k, nil
}

// checkKeyValue checks the size of the value of a key attribute.
func checkKeyValue(a expression.KeyAttribute, v item.Value, partition bool) error {
	if a.Type == item.TypeN {
		return nil
	}
	if err := a.CheckNotEmpty(v); err != nil {
		return err
	}
	return checkKeyBytes(len(v.Text()), partition)
}

func checkKeyBytes(n int, partition bool) error {
	switch {
	case partition && n > maxPartitionKeyBytes:
		// The blank is missing in AWS's text, too.
		return invalidValue("Size of hashkey has exceeded the maximum size limit of%d bytes", maxPartitionKeyBytes)
	case !partition && n > maxSortKeyBytes:
		return invalidValue("Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSortKeyBytes)
	}
	return nil
}

// wordFor is how messages call the type S or B.
func wordFor(t item.Type) string {
	if t == item.TypeB {
		return "binary"
	}
	return "string"
}

// checkStorable returns the error about an item of a size that cannot be stored:
// it is too large or too deep, or cannot be in an index of the table.
func (sn *snapshot) checkStorable(it item.Item, size int, from origin) error {
	if size > item.MaxSize {
		return errItemSize(from != wasPut)
	}
	if from != wasPut && depth(item.M(it)) > maxDepth {
		return invalid("Nesting Levels have exceeded supported limits: " +
			"Attributes in the item have nested levels beyond supported limit")
	}
	for _, l := range sn.indexes {
		for i, a := range l.schema.attributes() {
			if v, ok := it[a.Name]; ok {
				if err := checkIndexKey(l, a, v, i == 0, from); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkIndexKey checks the value of an attribute that is part of an index's key.
func checkIndexKey(l *liveIndex, a expression.KeyAttribute, v item.Value, partition bool, from origin) error {
	switch {
	case v.Type() != a.Type && from == wasTransformed:
		return invalid("The update expression attempted to update the secondary index key to unsupported type")
	case v.Type() != a.Type:
		return invalidValue("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s",
			a.Name, a.Type, v.Type(), l.Name)
	case a.Type == item.TypeN:
		return nil
	case v.Text() == "" && from != wasPut:
		return invalid("One or more parameter values are not valid. The update expression attempted to update "+
			"a secondary index key to a value that is not supported. The AttributeValue for a key attribute "+
			"cannot contain an empty %s value.", wordFor(a.Type))
	case v.Text() == "":
		return invalid("One or more parameter values are not valid. A value specified for a secondary index key "+
			"is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. "+
			"IndexName: %s, IndexKey: %s", wordFor(a.Type), l.Name, a.Name)
	}
	return checkKeyBytes(len(v.Text()), partition)
}

// maxDepth is how deep the attributes of an item may be nested, the item counted.
const maxDepth = 33

// depth returns how deep a value is nested: 1 for one that has no others.
func depth(v item.Value) int {
	deepest := 0
	for _, v := range v.Map() {
		deepest = max(deepest, depth(v))
	}
	for _, v := range v.List() {
		deepest = max(deepest, depth(v))
	}
	return deepest + 1
}
