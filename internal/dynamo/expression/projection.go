package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Projection selects parts of items. The nil Projection selects everything.
type Projection struct {
	paths []path
	root  branch
}

// ParseProjection reads a ProjectionExpression.
func ParseProjection(text string, p *Placeholders) (*Projection, *api.Error) {
	c := &checker{parameter: "ProjectionExpression", placeholders: p}
	paths, err := parse(c, text, (*parser).projection)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		c.resolvePath(path)
	}
	c.checkPaths(paths)
	if err := c.err(projectionFaults); err != nil {
		return nil, err
	}
	return newProjection(paths), nil
}

func newProjection(paths []path) *Projection {
	p := &Projection{paths: paths}
	for _, path := range paths {
		p.root.plant(path)
	}
	return p
}

// AttributesToGet returns the projection on attributes by name.
func AttributesToGet(names []string) (*Projection, *api.Error) {
	seen := map[string]bool{}
	var paths []path
	for _, name := range names {
		if err := item.CheckName(name); err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, api.Errorf(api.Validation,
				"One or more parameter values were invalid: Duplicate value in attribute name: %s", name)
		}
		seen[name] = true
		paths = append(paths, topLevel(name))
	}
	return newProjection(paths), nil
}

// Apply returns what the projection selects of an item, which stays as it is: an
// item without attributes if there is nothing, nil if there is no item.
func (p *Projection) Apply(it item.Item) item.Item {
	if p == nil || it == nil {
		return it
	}
	if picked := p.root.pick(it); picked != nil {
		return picked
	}
	return item.Item{}
}

// Attributes returns the names of the attributes that the projection has parts of,
// in the order of their first mention.
func (p *Projection) Attributes() []string {
	if p == nil {
		return nil
	}
	return names(p.paths)
}
