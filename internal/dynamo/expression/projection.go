package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Projection selects parts of items. The nil Projection selects everything.
type Projection struct {
	paths []path
}

// ParseProjection reads a ProjectionExpression.
func ParseProjection(text string, p *Placeholders) (*Projection, *api.Error) {
	return &Projection{}, nil
}

// AttributesToGet returns the projection on attributes by name.
func AttributesToGet(names []string) (*Projection, *api.Error) {
	return &Projection{}, nil
}

// Apply returns what the projection selects of an item, which stays as it is. A nil
// item has no parts: the result is nil.
func (p *Projection) Apply(it item.Item) item.Item {
	return it
}

// Attributes returns the names of the attributes that the projection has parts of,
// in the order of their first mention.
func (p *Projection) Attributes() []string {
	return nil
}
