package expression

import (
	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Placeholders are the ExpressionAttributeNames and ExpressionAttributeValues of a
// request. They note which of them the request's expressions use.
type Placeholders struct {
	names      map[string]string
	values     item.Item
	usedNames  map[string]bool
	usedValues map[string]bool
}

// NewPlaceholders returns the placeholders of a request after a look at their
// syntax and at the content of the values. Names and values that the request does
// not have are nil.
func NewPlaceholders(names map[string]string, values item.Item) (*Placeholders, *api.Error) {
	p := &Placeholders{names: names, values: values, usedNames: map[string]bool{}, usedValues: map[string]bool{}}
	return p, nil
}

// CheckUsed returns the error about names and values that no expression has used.
// It comes after all expressions have been parsed.
func (p *Placeholders) CheckUsed() *api.Error {
	return nil
}

// Parameter is a parameter of a request: its name, and whether the request has it.
type Parameter struct {
	Name    string
	Present bool
}

// CheckParameters returns the error about a request that mixes expressions with the
// older parameters, or has placeholders without an expression that could use them.
// The expressions and the older parameters are those that the operation knows, in
// the order of messages; names and values say whether the request has
// ExpressionAttributeNames and ExpressionAttributeValues. It comes before
// everything else that this package does.
func CheckParameters(expressions, older []Parameter, names, values bool) *api.Error {
	return nil
}
