package expression

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/dynamo/item"
)

// claim is a condition with its text and, apart from the package under test, what
// it says about an item of small numbers.
type claim struct {
	text  string
	holds func(map[string]int) bool
}

// term is an operand of a claim: ok is false where the item has no such attribute.
type term struct {
	text  string
	value func(map[string]int) (v int, ok bool)
}

func drawTerm(t *rapid.T) term {
	if rapid.Bool().Draw(t, "literal") {
		i := rapid.IntRange(0, 3).Draw(t, "value")
		return term{fmt.Sprintf(":v%d", i), func(map[string]int) (int, bool) { return i, true }}
	}
	name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")
	text := rapid.SampledFrom([]string{name, "#" + name, "(" + name + ")"}).Draw(t, "spelling")
	return term{text, func(it map[string]int) (int, bool) {
		v, ok := it[name]
		return v, ok
	}}
}

var claims = map[string]func(a, b int) bool{
	"=": func(a, b int) bool { return a == b }, "<>": func(a, b int) bool { return a != b },
	"<": func(a, b int) bool { return a < b }, "<=": func(a, b int) bool { return a <= b },
	">": func(a, b int) bool { return a > b }, ">=": func(a, b int) bool { return a >= b },
}

// blanks puts blanks between words, where it may.
func blanks(t *rapid.T, words ...string) string {
	var b strings.Builder
	for i, w := range words {
		touch := i > 0 && isWordByte(words[i-1][len(words[i-1])-1]) && isWordByte(w[0])
		if touch || rapid.Bool().Draw(t, "blank") {
			b.WriteString(" ")
		}
		b.WriteString(w)
	}
	return b.String()
}

func keyword(t *rapid.T, w string) string {
	return rapid.SampledFrom([]string{w, strings.ToLower(w), w[:1] + strings.ToLower(w[1:])}).Draw(t, "case")
}

func drawClaim(t *rapid.T, depth int) claim {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 {
		kind %= 4
	}
	a, b := drawTerm(t), drawTerm(t)
	both := func(test func(a, b int) bool, missing bool) func(map[string]int) bool {
		return func(it map[string]int) bool {
			v, ok := a.value(it)
			w, ok2 := b.value(it)
			if !ok || !ok2 {
				return missing
			}
			return test(v, w)
		}
	}
	switch kind {
	case 0, 1:
		o := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "comparator")
		return claim{blanks(t, a.text, o, b.text), both(claims[o], o == "<>")}
	case 2:
		name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name")
		return claim{blanks(t, "attribute_exists", "(", name, ")"), func(it map[string]int) bool {
			_, ok := it[name]
			return ok
		}}
	case 3:
		return claim{blanks(t, a.text, keyword(t, "IN"), "(", b.text, ")"), both(claims["="], false)}
	case 4:
		x := drawClaim(t, depth-1)
		return claim{blanks(t, keyword(t, "NOT"), "(", x.text, ")"), func(it map[string]int) bool { return !x.holds(it) }}
	case 5:
		return drawAll(t, depth)
	default:
		return drawAny(t, depth)
	}
}

// drawAll joins claims with AND, which binds tighter than OR.
func drawAll(t *rapid.T, depth int) claim {
	x, y := drawClaim(t, depth-1), drawClaim(t, depth-1)
	return claim{
		blanks(t, "(", x.text, ")", keyword(t, "AND"), "(", y.text, ")"),
		func(it map[string]int) bool { return x.holds(it) && y.holds(it) },
	}
}

// drawAny joins claims with OR, the second one of two with AND.
func drawAny(t *rapid.T, depth int) claim {
	x, y, z := drawClaim(t, depth-1), drawClaim(t, 0), drawClaim(t, 0)
	return claim{
		blanks(t, "(", x.text, ")", keyword(t, "OR"), y.text, keyword(t, "AND"), z.text),
		func(it map[string]int) bool { return x.holds(it) || y.holds(it) && z.holds(it) },
	}
}

// TestConditionsAgreeWithModel evaluates random conditions in two ways.
func TestConditionsAgreeWithModel(t *testing.T) {
	literals := item.Item{}
	for i := range 4 {
		literals[fmt.Sprintf(":v%d", i)] = num(int64(i))
	}
	p, err := NewPlaceholders(map[string]string{"#a": "a", "#b": "b", "#c": "c"}, literals)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		c := drawClaim(t, 3)
		condition, err := ParseCondition(ConditionExpression, c.text, p)
		if err != nil {
			if strings.Contains(err.Message, "must be distinct") || strings.Contains(err.Message, "Expression size") {
				t.Skip(err.Message)
			}
			t.Fatalf("%s: %v", c.text, err)
		}
		numbers, it := map[string]int{}, item.Item{}
		for _, name := range []string{"a", "b", "c"} {
			if i := rapid.IntRange(-1, 3).Draw(t, name); i >= 0 {
				numbers[name], it[name] = i, num(int64(i))
			}
		}
		if got, want := condition.Holds(it), c.holds(numbers); got != want {
			t.Fatalf("%s of %v: %v, want %v", c.text, numbers, got, want)
		}
	})
}
