package dynamo

import (
	"errors"
	"slices"
	"strings"

	"leat/internal/api"
	"leat/internal/dynamo/expression"
	"leat/internal/dynamo/item"
	"leat/internal/engine"
)

// The values of Select.
const (
	allAttributes      = "ALL_ATTRIBUTES"
	projectedOnly      = "ALL_PROJECTED_ATTRIBUTES"
	specificAttributes = "SPECIFIC_ATTRIBUTES"
	countOnly          = "COUNT"
)

// selection is what of the items that it evaluates a Query or a Scan returns.
type selection struct {
	filter     *expression.Condition
	projection *expression.Projection
	countOnly  bool
	// fetch is whether an index returns what only the table has.
	fetch bool
}

// checkSelect returns the error about a Select that goes against what else there is
// in a request.
func checkSelect(sel string, index bool, p *parameters) error {
	parameter := "ProjectionExpression"
	if p.attributesToGet.Set {
		parameter = "AttributesToGet"
	}
	projected := p.attributesToGet.Set || p.projectionExpression.Set
	switch {
	case sel == specificAttributes && !projected:
		return invalidValue("Must specify the AttributesToGet or ProjectionExpression " +
			"when choosing to get SPECIFIC_ATTRIBUTES")
	case sel == projectedOnly && !index:
		return invalidValue("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	case projected && sel == countOnly:
		return invalidValue("Cannot specify the %s when choosing to get only the Count", parameter)
	case projected && (sel == allAttributes || sel == projectedOnly):
		return invalidValue("Cannot specify the %s when choosing to get %s", parameter, sel)
	}
	return nil
}

// selection returns what a request selects of a source.
func (o *source) selection(sel string, x *expressions) (selection, error) {
	s := selection{filter: x.filter, projection: x.projection, countOnly: sel == countOnly}
	l := o.index
	if l == nil || l.attrs == nil {
		return s, nil
	}
	missing := l.missing(x.projection.Attributes())
	switch {
	case l.Local:
		s.fetch = sel == allAttributes || len(missing) > 0
		return s, nil
	case sel == allAttributes:
		return s, invalidValue("Select type ALL_ATTRIBUTES is not supported for global secondary index %s "+
			"because its projection type is not ALL", l.Name)
	case len(missing) > 0:
		return s, invalidValue("Global secondary index %s does not project [%s]", l.Name, strings.Join(missing, ", "))
	}
	if missing = l.missing(x.filter.Attributes()); len(missing) > 0 {
		return s, invalidValue("Secondary index %s does not project one or more filter attributes: [%s]",
			l.Name, strings.Join(missing, ", "))
	}
	return s, nil
}

// missing returns those of some attributes that the index does not project.
func (l *liveIndex) missing(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return l.attrs[name] })
}

// checkConsistent returns the error about a consistent read of a source that has
// none.
func (o *source) checkConsistent(consistent api.Opt[bool]) error {
	if o.index != nil && !o.index.Local && consistent.V {
		return invalid("Consistent reads are not supported on global secondary indexes")
	}
	return nil
}

// checkStart validates the content of an ExclusiveStartKey, which may be nil.
func checkStart(start item.Item) error {
	err := start.Validate()
	if err == nil {
		return nil
	}
	for _, words := range []string{"contains duplicates", "number set", "numeric value", "significant digits", "with magnitude"} {
		if strings.Contains(err.Message, words) {
			return err
		}
	}
	return invalid("The provided starting key is invalid: %s", err.Message)
}

// start returns the key that an ExclusiveStartKey is: all key attributes of the
// table and the index, and no others.
func (o *source) start(start item.Item) (engine.Key, error) {
	names := o.schema.names()
	for _, name := range o.sn.schema.names() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(start) != len(names) {
		if o.index == nil {
			return "", invalid("The provided starting key is invalid: The provided key element does not match the schema")
		}
		return "", invalid("The provided starting key is invalid")
	}
	own := make(item.Item, len(names))
	for _, name := range o.sn.schema.names() {
		if v, ok := start[name]; ok {
			own[name] = v
		}
	}
	if _, err := o.sn.keyOf(own); err != nil {
		return "", invalid("The provided starting key is invalid: %s", messageOf(err))
	}
	k, ok := o.key(start)
	if !ok {
		return "", invalid("The provided starting key is invalid")
	}
	return k, nil
}

// messageOf returns what an error says to clients.
func messageOf(err error) string {
	if e := (*api.Error)(nil); errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}
