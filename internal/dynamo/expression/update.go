package expression

import (
	"slices"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// Update is a change of an item.
type Update struct {
	actions  []action
	mismatch string // the complaint about operands of wrong types in an item
}

// ParseUpdate reads an UpdateExpression.
func ParseUpdate(text string, p *Placeholders) (*Update, *api.Error) {
	actions, err := parseUpdate(text, p)
	if err != nil {
		return nil, err
	}
	return &Update{actions: actions, mismatch: "An operand in the update expression has an incorrect data type"}, nil
}

// Attributes returns the names of the attributes that the update changes parts of,
// in the order of their first mention.
func (u *Update) Attributes() []string {
	if u == nil {
		return nil
	}
	return names(paths(u.actions))
}

// Creates reports whether the update makes an item where there is none. One that
// only removes does not: it is not to be applied there, changes nothing and is no
// error, whatever it removes. One without any action does.
func (u *Update) Creates() bool {
	if u == nil || len(u.actions) == 0 {
		return true
	}
	return slices.ContainsFunc(u.actions, func(a action) bool { return a.clause == set || a.clause == add })
}

// CheckKey returns the error about an update of an attribute that is part of the
// key of the table.
func (u *Update) CheckKey(key ...string) *api.Error {
	attributes := u.Attributes()
	for _, name := range key {
		if slices.Contains(attributes, name) {
			return api.Errorf(api.Validation, "One or more parameter values were invalid: "+
				"Cannot update attribute %s. This attribute is part of the key", name)
		}
	}
	return nil
}

// Apply returns the item that the update makes of one that stays as it is. An item
// to be created has its key attributes only. A nil Update makes a copy.
//
// All operands are those of the item as it was. What is much too large to be an
// item is refused; the exact size is the caller's to check.
func (u *Update) Apply(it item.Item) (item.Item, *api.Error) {
	if u == nil {
		return it.Clone(), nil
	}
	var root branch
	size := 0
	for _, a := range u.actions {
		v, err := u.value(a, it)
		if err != nil {
			return nil, err
		}
		// All values are going to be in the item, which would be larger yet.
		if size += v.Size(); size > item.MaxSize {
			return nil, errItemSize()
		}
		root.plant(a.path).value = v
	}
	altered, ok := root.alter(it)
	if !ok {
		return nil, api.Errorf(api.Validation, "The document path provided in the update expression is invalid for update")
	}
	return altered, nil
}

func errItemSize() *api.Error {
	return api.Errorf(api.Validation, "Item size to update has exceeded the maximum allowed size")
}

// Touched returns the part of an item that the update is about: of the item before
// it, UPDATED_OLD, of the item after it, UPDATED_NEW. Without such a part the
// result is nil.
func (u *Update) Touched(it item.Item) item.Item {
	if u == nil {
		return nil
	}
	var root branch
	for _, a := range u.actions {
		root.plant(a.path)
	}
	return root.pick(it)
}

// value returns what an action makes of the place at its path: the absent value
// for nothing.
func (u *Update) value(a action, it item.Item) (item.Value, *api.Error) {
	switch a.clause {
	case set:
		return u.evaluate(a.value, it)
	case add:
		return u.added(a.path.in(it), a.value.value)
	case deleteClause:
		return u.deleted(a.path.in(it), a.value.value)
	}
	return item.Value{}, nil
}

func (u *Update) wrongType() *api.Error { return api.Errorf(api.Validation, "%s", u.mismatch) }

// added returns a value with an operand of ADD added: a number, the elements of a
// set, or, with the older parameter, those of a list.
func (u *Update) added(v, operand item.Value) (item.Value, *api.Error) {
	switch {
	case !v.Present():
		return operand, nil
	case v.Type() != operand.Type():
		return item.Value{}, u.wrongType()
	case v.Type() == item.TypeN:
		return number(v.Number().Add(operand.Number()))
	case v.Type() == item.TypeL:
		return item.L(slices.Concat(v.List(), operand.List())...), nil
	}
	return v.Union(operand), nil
}

// deleted returns a set without the elements of another one.
func (u *Update) deleted(v, operand item.Value) (item.Value, *api.Error) {
	switch {
	case !v.Present():
		return v, nil
	case v.Type() != operand.Type():
		return item.Value{}, u.wrongType()
	}
	return v.Without(operand), nil
}

func number(n item.Number, err *api.Error) (item.Value, *api.Error) {
	if err != nil {
		return item.Value{}, err
	}
	return item.N(n), nil
}

// evaluate returns what SET sets.
func (u *Update) evaluate(n *node, it item.Item) (item.Value, *api.Error) {
	v := item.Value{}
	switch n.op {
	case opValue:
		return n.value, nil
	case opCall:
		return u.call(n, it)
	case opAdd, opSub:
		a, b, err := u.pair(n, it, item.TypeN)
		switch {
		case err != nil:
			return item.Value{}, err
		case n.op == opAdd:
			return number(a.Number().Add(b.Number()))
		}
		return number(a.Number().Sub(b.Number()))
	case opPath:
		v = n.path.in(it)
	case opEQ, opNE, opLT, opLE, opGT, opGE, opBetween, opIn, opAnd, opOr, opNot:
	}
	if !v.Present() {
		return v, api.Errorf(api.Validation,
			"The provided expression refers to an attribute that does not exist in the item")
	}
	return v, nil
}

// call evaluates if_not_exists and list_append.
func (u *Update) call(n *node, it item.Item) (item.Value, *api.Error) {
	if n.name == "if_not_exists" {
		if v := n.args[0].path.in(it); v.Present() {
			return v, nil
		}
		return u.evaluate(n.args[1], it)
	}
	a, b, err := u.pair(n, it, item.TypeL)
	if err != nil {
		return item.Value{}, err
	}
	return item.L(slices.Concat(a.List(), b.List())...), nil
}

// pair evaluates two operands, which must be of a type.
func (u *Update) pair(n *node, it item.Item, want item.Type) (a, b item.Value, err *api.Error) {
	if a, err = u.evaluate(n.args[0], it); err != nil {
		return a, b, err
	}
	if b, err = u.evaluate(n.args[1], it); err != nil {
		return a, b, err
	}
	if a.Type() != want || b.Type() != want {
		return a, b, u.wrongType()
	}
	return a, b, nil
}
