package expression

import (
	"testing"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

// checkFailure makes sure that what is refused is refused as the service does.
func checkFailure(t *testing.T, text string, err *api.Error) {
	t.Helper()
	if err.Code != "ValidationException" || err.Message == "" {
		t.Errorf("%q: %v", text, err)
	}
}

func FuzzCondition(f *testing.F) {
	for _, text := range []string{
		"(#a = :one)AND attribute_not_exists (m.k[0])", "NOT n BETWEEN :one AND :two OR s IN (:s, :text)", "size(a) <= :one",
		"begins_with(s, :s) and contains(l, :one) OR attribute_type(n, :N)", "((a = :one))", "a+:delta<b", "a = #", "é[01]._",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCondition(ConditionExpression, text, placeholders(t))
		if err != nil {
			checkFailure(t, text, err)
			return
		}
		c.Holds(nil)
		c.Holds(document())
		if len(c.Attributes()) == 0 && c.Holds(nil) != c.Holds(document()) {
			t.Errorf("%q is about no attribute, yet depends on the item", text)
		}
	})
}

func FuzzUpdate(f *testing.F) {
	for _, text := range []string{
		"SET #a=:one, m.k = if_not_exists(m.k, :one) + :two REMOVE l[0] ", "ADD n :one, ss :set DELETE ns :ns", "SET a = :one SET b = :two",
		"REMOVE a.b, a[0]", "SET l = list_append(l, :list)", "SET l[9] = :map", "set _a = :one",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseUpdate(text, placeholders(t))
		if err != nil {
			checkFailure(t, text, err)
			return
		}
		before := document()
		after, err := u.Apply(before)
		if err != nil {
			checkFailure(t, text, err)
		}
		if !before.Equal(document()) {
			t.Errorf("%q has changed the item it was given", text)
		}
		u.Touched(after)
		for name, v := range before {
			if err == nil && !touches(u, name) && !after[name].Equal(v) {
				t.Errorf("%q has changed %s", text, name)
			}
		}
	})
}

func touches(u *Update, name string) bool { return u.CheckKey(name) != nil }

func FuzzKeyCondition(f *testing.F) {
	for _, text := range []string{
		"#a = :s AND b BETWEEN :one AND :two", "a = :s and begins_with(b, :s)", ":one < b AND (a = :s)", "a = :one OR b = :two", "a.b = :one",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseKeyCondition(text, placeholders(t))
		if err != nil {
			checkFailure(t, text, err)
			return
		}
		for _, sort := range []KeyAttribute{{}, {Name: "b", Type: item.TypeN}, {Name: "b", Type: item.TypeS}} {
			h, r, err := k.Bind(KeyAttribute{Name: "a", Type: item.TypeS}, sort)
			if err != nil {
				checkFailure(t, text, err)
				continue
			}
			if h.Type() != item.TypeS {
				t.Errorf("%q binds the partition key to %v", text, h)
			}
			for _, v := range []item.Value{num(1), num(5), item.S("s"), item.S("")} {
				if v.Type() == sort.Type {
					checkRange(t, r, v, r.Holds(v))
				}
			}
		}
	})
}

func FuzzProjection(f *testing.F) {
	for _, text := range []string{"#a, m.k, l[2], l[0]", "a, a.b", "a[1], a.b", "m.mm.k , n", "a b", "status"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseProjection(text, placeholders(t))
		if err != nil {
			checkFailure(t, text, err)
			return
		}
		for name := range p.Apply(document()) {
			if _, ok := document()[name]; !ok {
				t.Errorf("%q has made up %s", text, name)
			}
		}
	})
}

// FuzzLegacy makes entries of the older parameters of a text: an attribute, an
// operator and a list of values as the wire has it.
func FuzzLegacy(f *testing.F) {
	f.Add("n", "EQ", `[{"N":"5"}]`, `{"N":"1"}`, uint8(0))
	f.Add("s", "BETWEEN", `[{"S":"a"},{"S":"z"}]`, `{}`, uint8(1))
	f.Add("l", "NOT_CONTAINS", `[{"S":"x"}]`, `{"SS":["a"]}`, uint8(2))
	f.Add("gone", "NULL", `[]`, `{"L":[]}`, uint8(3))
	f.Add("ss", "DELETE", `null`, `{"SS":["a"]}`, uint8(4))
	f.Fuzz(func(t *testing.T, attribute, operator, list, value string, flags uint8) {
		c := Comparison{Attribute: attribute, Operator: operator}
		if c.Values.Parse([]byte(list)) != nil {
			c.Values = nil
		}
		e := Expectation{Comparison: c}
		if e.Value.Parse([]byte(value)) != nil {
			e.Value = item.Value{}
		}
		if flags&1 != 0 {
			e.Exists = new(flags&2 != 0)
		}
		conditions := func(c *Condition, err *api.Error) {
			if err != nil {
				checkFailure(t, operator, err)
				return
			}
			c.Holds(nil)
			c.Holds(document())
		}
		conditions(Expected([]Expectation{e}, ""))
		conditions(Expected([]Expectation{e, e}, "OR"))
		conditions(Filter([]Comparison{c}, ""))
		if k, err := KeyConditions([]Comparison{c}); err != nil {
			checkFailure(t, operator, err)
		} else if _, _, err := k.Bind(KeyAttribute{Name: attribute, Type: item.TypeS}, KeyAttribute{}); err != nil {
			checkFailure(t, operator, err)
		}
		u, err := AttributeUpdates([]AttributeUpdate{{Attribute: attribute, Action: operator, Value: e.Value}})
		if err == nil {
			_, err = u.Apply(document())
		}
		if err != nil {
			checkFailure(t, operator, err)
		}
	})
}
