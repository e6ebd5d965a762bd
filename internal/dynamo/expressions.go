package dynamo

import (
	"maps"
	"slices"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/dynamo/expression"
	"leat/internal/dynamo/item"
)

// parameters are the parameters of a request that are expressions, or what they
// replaced. A request has some of them; what it does not have is the zero value.
type parameters struct {
	conditionExpression    api.Opt[string]
	filterExpression       api.Opt[string]
	keyConditionExpression api.Opt[string]
	projectionExpression   api.Opt[string]
	updateExpression       api.Opt[string]
	names                  api.Opt[map[string]string]
	values                 api.Opt[item.Item]

	attributesToGet     api.Opt[[]string]
	attributeUpdates    api.Opt[map[string]*dynamodb.AttributeValueUpdate]
	conditionalOperator api.Opt[string]
	expected            api.Opt[map[string]*dynamodb.ExpectedAttributeValue]
	keyConditions       api.Opt[map[string]*dynamodb.Condition]
	queryFilter         api.Opt[map[string]*dynamodb.Condition]
	scanFilter          api.Opt[map[string]*dynamodb.Condition]
}

// expressions is what parameters say.
type expressions struct {
	condition  *expression.Condition
	filter     *expression.Condition
	key        *expression.KeyCondition
	projection *expression.Projection
	update     *expression.Update
}

// checkMix returns the error about parameters that may not be together. The
// expressions are those that the operation knows.
func (p *parameters) checkMix(expressions ...string) error {
	present := map[string]bool{
		"ConditionExpression":    p.conditionExpression.Set,
		"FilterExpression":       p.filterExpression.Set,
		"KeyConditionExpression": p.keyConditionExpression.Set,
		"ProjectionExpression":   p.projectionExpression.Set,
		"UpdateExpression":       p.updateExpression.Set,
	}
	known := make([]expression.Parameter, len(expressions))
	for i, name := range expressions {
		known[i] = expression.Parameter{Name: name, Present: present[name]}
	}
	older := []expression.Parameter{
		{Name: "AttributesToGet", Present: p.attributesToGet.Set},
		{Name: "AttributeUpdates", Present: p.attributeUpdates.Set},
		{Name: "QueryFilter", Present: p.queryFilter.Set},
		{Name: "ScanFilter", Present: p.scanFilter.Set},
		{Name: "Expected", Present: p.expected.Set},
		{Name: "ConditionalOperator", Present: p.conditionalOperator.Set},
		{Name: "KeyConditions", Present: p.keyConditions.Set},
	}
	return orNil(expression.CheckParameters(known, older, p.names.Set, p.values.Set))
}

// orNil returns an error that is nil if e is.
func orNil(e *api.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// parse reads all parameters: the older ones, then the expressions, and then the
// KeyConditions, which are checked where a KeyConditionExpression would be.
func (p *parameters) parse() (expressions, error) {
	var x expressions
	if err := p.parseOlder(&x); err != nil {
		return expressions{}, err
	}
	if err := p.parseExpressions(&x); err != nil {
		return expressions{}, err
	}
	var err *api.Error
	if p.keyConditions.Set {
		x.key, err = expression.KeyConditions(comparisons(p.keyConditions.V))
	}
	return x, orNil(err)
}

// parseOlder reads the parameters that expressions replaced, but for KeyConditions.
func (p *parameters) parseOlder(x *expressions) error {
	operator := p.conditionalOperator.V
	var err *api.Error
	if p.attributesToGet.Set {
		if x.projection, err = expression.AttributesToGet(p.attributesToGet.V); err != nil {
			return err
		}
	}
	if p.attributeUpdates.Set {
		if x.update, err = expression.AttributeUpdates(attributeUpdates(p.attributeUpdates.V)); err != nil {
			return err
		}
	}
	for _, filter := range []api.Opt[map[string]*dynamodb.Condition]{p.queryFilter, p.scanFilter} {
		if filter.Set {
			if x.filter, err = expression.Filter(comparisons(filter.V), operator); err != nil {
				return err
			}
		}
	}
	if p.expected.Set || operator != "" && x.filter == nil {
		if x.condition, err = expression.Expected(expectations(p.expected.V), operator); err != nil {
			return err
		}
	}
	return nil
}

// parseExpressions reads the expressions.
func (p *parameters) parseExpressions(x *expressions) *api.Error {
	holders, err := expression.NewPlaceholders(p.names.V, p.values.V)
	if err != nil {
		return err
	}
	if p.updateExpression.Set {
		if x.update, err = expression.ParseUpdate(p.updateExpression.V, holders); err != nil {
			return err
		}
	}
	if t := p.conditionExpression; t.Set {
		if x.condition, err = expression.ParseCondition(expression.ConditionExpression, t.V, holders); err != nil {
			return err
		}
	}
	if p.keyConditionExpression.Set {
		if x.key, err = expression.ParseKeyCondition(p.keyConditionExpression.V, holders); err != nil {
			return err
		}
	}
	if t := p.filterExpression; t.Set {
		if x.filter, err = expression.ParseCondition(expression.FilterExpression, t.V, holders); err != nil {
			return err
		}
	}
	if p.projectionExpression.Set {
		if x.projection, err = expression.ParseProjection(p.projectionExpression.V, holders); err != nil {
			return err
		}
	}
	return holders.CheckUsed()
}

// byName returns the names of a map in order, so that an answer does not depend on
// chance.
func byName[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func attributeUpdates(m map[string]*dynamodb.AttributeValueUpdate) []expression.AttributeUpdate {
	list := make([]expression.AttributeUpdate, 0, len(m))
	for _, name := range byName(m) {
		list = append(list, expression.AttributeUpdate{
			Attribute: name, Action: m[name].Action.V, Value: m[name].Value.V,
		})
	}
	return list
}

func comparison(name string, operator api.Opt[string], values api.Opt[item.List]) expression.Comparison {
	return expression.Comparison{Attribute: name, Operator: operator.V, Values: values.V}
}

func comparisons(m map[string]*dynamodb.Condition) []expression.Comparison {
	list := make([]expression.Comparison, 0, len(m))
	for _, name := range byName(m) {
		list = append(list, comparison(name, m[name].ComparisonOperator, m[name].AttributeValueList))
	}
	return list
}

func expectations(m map[string]*dynamodb.ExpectedAttributeValue) []expression.Expectation {
	list := make([]expression.Expectation, 0, len(m))
	for _, name := range byName(m) {
		e := m[name]
		x := expression.Expectation{
			Comparison: comparison(name, e.ComparisonOperator, e.AttributeValueList), Value: e.Value.V,
		}
		if e.Exists.Set {
			x.Exists = &e.Exists.V
		}
		list = append(list, x)
	}
	return list
}
