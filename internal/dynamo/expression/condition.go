package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// The parameters that are conditions, as messages name them.
const (
	ConditionExpression = "ConditionExpression"
	FilterExpression    = "FilterExpression"
)

// Condition is a condition on an item. The nil Condition always holds.
type Condition struct {
	root  node
	names []string // of the attributes, without repetition
}

// ParseCondition reads the condition of a parameter, ConditionExpression or
// FilterExpression.
func ParseCondition(parameter, text string, p *Placeholders) (*Condition, *api.Error) {
	return &Condition{}, nil
}

// Holds evaluates the condition on an item; nil is the item that does not exist.
func (c *Condition) Holds(it item.Item) bool {
	return true
}

// Attributes returns the names of the item's attributes that the condition is
// about, in the order of their first mention.
func (c *Condition) Attributes() []string {
	return nil
}
