package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Comparison is an entry of KeyConditions, QueryFilter or ScanFilter: an attribute,
// one of the comparison operators, and the AttributeValueList.
type Comparison struct {
	Attribute string
	Operator  string
	Values    item.List // nil when the request has none
}

// Expectation is an entry of Expected. What the request does not have is nil, empty
// or absent.
type Expectation struct {
	Comparison

	Value  item.Value
	Exists *bool
}

// AttributeUpdate is an entry of AttributeUpdates. The absent Action is PUT.
type AttributeUpdate struct {
	Attribute string
	Action    string
	Value     item.Value
}

// Expected returns the condition of Expected, whose entries are combined with the
// ConditionalOperator, AND when empty. Errors are those of the first entry that has
// any.
func Expected(entries []Expectation, operator string) (*Condition, *api.Error) {
	return &Condition{}, nil
}

// Filter returns the condition of a QueryFilter or ScanFilter, like Expected.
func Filter(entries []Comparison, operator string) (*Condition, *api.Error) {
	return &Condition{}, nil
}

// KeyConditions returns the condition of KeyConditions.
func KeyConditions(entries []Comparison) (*KeyCondition, *api.Error) {
	return &KeyCondition{}, nil
}

// AttributeUpdates returns the update of AttributeUpdates.
func AttributeUpdates(entries []AttributeUpdate) (*Update, *api.Error) {
	return &Update{}, nil
}
