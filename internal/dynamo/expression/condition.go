package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// The parameters that are conditions, as messages name them.
const (
	ConditionExpression = "ConditionExpression"
	FilterExpression    = "FilterExpression"

	keyConditionExpression = "KeyConditionExpression"
)

// Condition is a condition on an item. The nil Condition always holds.
type Condition struct {
	root *node
}

// ParseCondition reads the condition of a parameter, ConditionExpression or
// FilterExpression.
func ParseCondition(parameter, text string, p *Placeholders) (*Condition, *api.Error) {
	root, err := parseCondition(parameter, text, p)
	if err != nil {
		return nil, err
	}
	return &Condition{root: root}, nil
}

// Holds evaluates the condition on an item; nil is the item that does not exist.
func (c *Condition) Holds(it item.Item) bool {
	return c == nil || c.root.holds(it)
}

// Size returns how many parts the condition has, each of which costs time when it is
// evaluated.
func (c *Condition) Size() int {
	n := 0
	if c != nil {
		c.root.walk(func(*node) { n++ })
	}
	return n
}

// Attributes returns the names of the item's attributes that the condition is
// about, in the order of their first mention.
func (c *Condition) Attributes() []string {
	if c == nil {
		return nil
	}
	var mentioned []path
	c.root.walk(func(n *node) {
		if n.op == opPath {
			mentioned = append(mentioned, n.path)
		}
	})
	return names(mentioned)
}
