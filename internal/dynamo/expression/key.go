package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// KeyCondition says which items a query is about, before it is known what the key
// is.
type KeyCondition struct {
	conditions []Comparison
}

// ParseKeyCondition reads a KeyConditionExpression.
func ParseKeyCondition(text string, p *Placeholders) (*KeyCondition, *api.Error) {
	return &KeyCondition{}, nil
}

// Bind finds the value of the partition key and the condition on the sort key, for
// a table or index with these key attributes. A key without a sort key has the
// empty name and the type None there.
func (k *KeyCondition) Bind(partition, sort KeyAttribute) (item.Value, Range, *api.Error) {
	return item.Value{}, Range{}, nil
}

// KeyAttribute is an attribute of a key.
type KeyAttribute struct {
	Name string
	Type item.Type
}

// Range is a condition on the sort key. The zero Range holds for all.
type Range struct {
	operator string
	values   []item.Value
}

// Holds says whether a sort key is in the range.
func (r Range) Holds(v item.Value) bool {
	return true
}

// Bounds returns the key forms (item.AppendKey) that the range is from, inclusive,
// and to, exclusive, whatever may follow the sort key in an index. A nil to has no
// end.
func (r Range) Bounds() (from, to []byte) {
	return nil, nil
}
