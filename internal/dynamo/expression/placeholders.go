package expression

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Limits of the service.
const (
	maxPlaceholderBytes = 255     // of a key, its first character counted
	maxSubstitutedBytes = 2 << 20 // above all names and values together
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
	if err := checkKeys("ExpressionAttributeNames", hash, names); err != nil {
		return nil, err
	}
	if err := checkKeys("ExpressionAttributeValues", colon, values); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(names)) {
		if err := item.CheckName(names[key]); err != nil {
			return nil, api.Errorf(api.Validation,
				"ExpressionAttributeNames contains invalid value: %s for key %s", err.Message, key)
		}
	}
	for _, key := range values.Names() {
		if err := values[key].Validate(); err != nil {
			return nil, api.Errorf(api.Validation,
				"ExpressionAttributeValues contains invalid value: %s for key %s", err.Message, key)
		}
	}
	return p, p.checkSize()
}

// checkSize returns the error about names and values that are too large.
func (p *Placeholders) checkSize() *api.Error {
	names, values := 0, 0
	for _, name := range p.names {
		names += len(name)
	}
	for _, v := range p.values {
		values += v.Size()
	}
	var what string
	switch {
	case names >= maxSubstitutedBytes:
		what = "ExpressionAttributeNames"
	case values >= maxSubstitutedBytes:
		what = "ExpressionAttributeValues"
	case names+values >= maxSubstitutedBytes:
		what = "Combined size of ExpressionAttributeNames and ExpressionAttributeValues"
	default:
		return nil
	}
	return api.Errorf(api.Validation, "%s exceeds max size", what)
}

// checkKeys checks the keys of a parameter: each is a token of a kind.
func checkKeys[V any](parameter string, want kind, entries map[string]V) *api.Error {
	if entries != nil && len(entries) == 0 {
		return api.Errorf(api.Validation, "%s must not be empty", parameter)
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		switch {
		case len(key) > maxPlaceholderBytes:
			size := ""
			if want == hash {
				size = fmt.Sprintf(" size of key: %d", len(key))
			}
			return api.Errorf(api.Validation,
				"%s contains invalid key: The expression attribute map contains a key that is too long;%s", parameter, size)
		case !isToken(key, want):
			return api.Errorf(api.Validation, "%s contains invalid key: Syntax error; key: \"%s\"", parameter, api.Shown(key))
		}
	}
	return nil
}

// isToken reports whether a text is one token of a kind.
func isToken(text string, want kind) bool {
	if text == "" {
		return false
	}
	k, length := next(text)
	return k == want && length == len(text)
}

// name returns the name of an attribute that a key stands for.
func (p *Placeholders) name(key string) (string, bool) {
	if p == nil {
		return "", false
	}
	name, ok := p.names[key]
	p.usedNames[key] = true
	return name, ok
}

// value returns the value that a key stands for.
func (p *Placeholders) value(key string) (item.Value, bool) {
	if p == nil {
		return item.Value{}, false
	}
	v, ok := p.values[key]
	p.usedValues[key] = true
	return v, ok
}

// CheckUsed returns the error about names and values that no expression has used.
// It comes after all expressions have been parsed.
func (p *Placeholders) CheckUsed() *api.Error {
	if err := checkUsed("ExpressionAttributeNames", p.names, p.usedNames); err != nil {
		return err
	}
	return checkUsed("ExpressionAttributeValues", p.values, p.usedValues)
}

func checkUsed[V any](parameter string, entries map[string]V, used map[string]bool) *api.Error {
	var unused []string
	for key := range entries {
		if !used[key] {
			unused = append(unused, key)
		}
	}
	if len(unused) == 0 {
		return nil
	}
	slices.Sort(unused)
	return api.Errorf(api.Validation, "Value provided in %s unused in expressions: keys: {%s}",
		parameter, api.Shown(strings.Join(unused, ", ")))
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
//
// A query may have KeyConditions beside expressions other than the
// KeyConditionExpression.
func CheckParameters(expressions, older []Parameter, names, values bool) *api.Error {
	used := present(expressions)
	if len(used) > 0 {
		mixed := present(older)
		if !slices.Contains(used, keyConditionExpression) {
			mixed = slices.DeleteFunc(mixed, func(name string) bool { return name == "KeyConditions" })
		}
		if len(mixed) > 0 {
			return api.Errorf(api.Validation, "Can not use both expression and non-expression parameters in the same request: "+
				"Non-expression parameters: {%s} Expression parameters: {%s}",
				strings.Join(mixed, ", "), strings.Join(used, ", "))
		}
	}
	if names && len(used) == 0 {
		return api.Errorf(api.Validation, "ExpressionAttributeNames can only be specified when using expressions")
	}
	if values {
		return checkValuesUsable(expressions)
	}
	return nil
}

// checkValuesUsable returns the error about values in a request that has no
// expression in which values can be.
func checkValuesUsable(expressions []Parameter) *api.Error {
	var able []string
	for _, e := range expressions {
		if e.Name == "ProjectionExpression" {
			continue
		}
		if e.Present {
			return nil
		}
		able = append(able, e.Name)
	}
	if len(able) == 0 {
		return nil
	}
	verb := "is"
	if len(able) > 1 {
		verb = "are"
	}
	return api.Errorf(api.Validation, "ExpressionAttributeValues can only be specified when using expressions: %s %s null",
		strings.Join(able, " and "), verb)
}

// present returns the names of those parameters that the request has.
func present(parameters []Parameter) []string {
	var list []string
	for _, p := range parameters {
		if p.Present {
			list = append(list, p.Name)
		}
	}
	return list
}
