package item

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTypes(t *testing.T) {
	for typ := TypeS; typ <= TypeBS; typ++ {
		if TypeOf(typ.String()) != typ {
			t.Errorf("%s is the descriptor of type %d", typ, TypeOf(typ.String()))
		}
	}
	if TypeOf("x") != None || Type(200).String() != "" || None.String() != "" {
		t.Error("a type that is none has a descriptor")
	}
}

func TestEqual(t *testing.T) {
	same := [][2]Value{
		{SS("a", "b"), SS("b", "a")},
		{NS(Int(1), Int(10)), NS(mustTen(t), Int(1))},
		{L(S("a"), L()), L(S("a"), L())},
		{M(Item{"a": NULL()}), M(Item{"a": NULL()})},
		{BOOL(true), BOOL(true)},
	}
	for _, pair := range same {
		if !pair[0].Equal(pair[1]) {
			t.Errorf("%v is not %v", pair[0], pair[1])
		}
	}
	all := []Value{
		{},
		S("1"), S(""), N(Int(1)), N(Int(-1)), B([]byte("1")), BOOL(true), BOOL(false), NULL(), M(Item{}), M(Item{"a": S("1")}),
		M(Item{"b": S("1")}), L(), L(S("1")), L(S("1"), S("2")), L(S("2"), S("1")), SS("1"), SS("1", "2"), SS("1", "3"), NS(Int(1)),
		Set(B([]byte("1"))),
	}
	for i, a := range all {
		for j, b := range all {
			if a.Equal(b) != (i == j) {
				t.Errorf("%v and %v: equal is %v", a, b, a.Equal(b))
			}
		}
	}
}

func mustTen(t *testing.T) Number { return mustParse(t, "1e1") }

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		a, b  Value
		order int
		ok    bool
	}{
		{S("a"), S("b"), -1, true},
		{S("é"), S("z"), 1, true},
		{S("a"), S("a"), 0, true},
		{N(Int(9)), N(Int(10)), -1, true},
		{B([]byte{0xff}), B([]byte{1}), 1, true},
		{S("1"), N(Int(1)), 0, false},
		{BOOL(true), BOOL(false), 0, false},
		{SS("a"), SS("b"), 0, false},
		{Value{}, Value{}, 0, false},
	} {
		if order, ok := c.a.Compare(c.b); order != c.order || ok != c.ok {
			t.Errorf("%v with %v: %d, %v", c.a, c.b, order, ok)
		}
	}
}

// TestSetOperations checks Union and Without against membership.
func TestSetOperations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]Type{TypeS, TypeN, TypeB}).Draw(t, "type")
		a, b := drawSet(t, typ), drawSet(t, typ)
		both, rest := a.Union(b), a.Without(b)
		for _, e := range both.List() {
			if !a.Has(e) && !b.Has(e) {
				t.Fatalf("%v has come into the union", e)
			}
		}
		for _, e := range b.List() {
			if !both.Has(e) || rest.Has(e) {
				t.Fatalf("%v: in the union %v, in the difference %v", e, both.Has(e), rest.Has(e))
			}
		}
		for _, e := range a.List() {
			if !both.Has(e) || rest.Has(e) == b.Has(e) {
				t.Fatalf("%v: in the union %v, in the difference %v", e, both.Has(e), rest.Has(e))
			}
		}
		if len(both.index()) != len(both.List()) {
			t.Fatalf("%v has duplicates", both)
		}
		if rest.Present() == (len(rest.List()) == 0) {
			t.Fatalf("%v is an empty set", rest)
		}
	})
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want int
	}{
		{S("aé"), 3},
		{B([]byte("abc")), 3},
		{BOOL(false), 1},
		{NULL(), 1},
		{L(), 3},
		{M(Item{}), 3},
		{L(S("a")), 5},
		{L(S("a"), NULL()), 7},
		{M(Item{"k": S("a")}), 6},
		{L(L()), 7},
		{SS("a", "bc"), 3},
		{NS(Int(1), Int(123)), 5},
		{Set(B([]byte("ab"))), 2},
	} {
		if got := c.v.Size(); got != c.want {
			t.Errorf("%v takes %d bytes, want %d", c.v, got, c.want)
		}
	}
	it := Item{"pk": S("k"), "data": S(strings.Repeat("x", MaxSize-7))}
	if it.Size() != 409600 {
		t.Errorf("the largest item takes %d bytes", it.Size())
	}
}

func TestClone(t *testing.T) {
	it := Item{"a": S("1")}
	changed := it.Clone()
	changed["a"] = S("2")
	delete(changed, "b")
	if !it.Equal(Item{"a": S("1")}) || Item(nil).Clone() != nil {
		t.Errorf("got %v", it)
	}
}

func TestAccessors(t *testing.T) {
	for _, v := range []Value{{}, BOOL(true), NULL(), L(S("a"))} {
		if v.Text() != "" || v.Number() != (Number{}) || v.Map() != nil {
			t.Errorf("%v is something else, too", v)
		}
	}
	if !BOOL(true).Bool() || S("x").Bool() || len(S("x").List()) != 0 || N(Int(5)).Text() != "" {
		t.Error("a value is of two types")
	}
	if S("a").Validate() != nil || L(fault("x")).Validate() == nil || (List{M(Item{"a": fault("x")})}).Validate() == nil {
		t.Error("faults are looked for where they are not, or not where they are")
	}
}

func TestCheckName(t *testing.T) {
	if err := CheckName(strings.Repeat("n", 65535)); err != nil {
		t.Error(err)
	}
	err := (Item{strings.Repeat("n", 65536): NULL()}).Validate()
	if err == nil || err.Message != "Attribute name is too large, must be less than 65536 bytes" {
		t.Error(err)
	}
}
