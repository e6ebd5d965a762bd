package expression

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/dynamo/item"
)

func diff(got, want item.Item) string { return cmp.Diff(want, got) }

func numbers(list ...int64) item.Value {
	var values []item.Value
	for _, i := range list {
		values = append(values, num(i))
	}
	return item.L(values...)
}

func TestUpdates(t *testing.T) {
	list := item.Item{"l": numbers(2, 3, 4, 5, 6, 7)}
	tree := item.Item{"a": item.M(item.Item{"x": num(3), "y": num(4), "c": item.M(item.Item{"y": num(3)})}), "q": item.M(item.Item{"x": num(1), "y": num(2)})}
	for _, c := range []struct {
		text       string
		from, want item.Item
	}{
		{"SET a = :one", nil, item.Item{"a": num(1)}},
		{"set a=:one,b=:s ", item.Item{"a": num(9), "c": num(1)}, item.Item{"a": num(1), "b": item.S("s"), "c": num(1)}},
		{"SET b = a", item.Item{"a": num(9)}, item.Item{"a": num(9), "b": num(9)}},
		{"SET a = b, b = a", item.Item{"a": num(1), "b": num(2)}, item.Item{"a": num(2), "b": num(1)}},
		{"SET #dot = :one", nil, item.Item{"a.b": num(1)}},
		{"SET a = a + :one", item.Item{"a": num(5)}, item.Item{"a": num(6)}},
		{"SET a = :one - a", item.Item{"a": num(5)}, item.Item{"a": num(-4)}},
		{"SET a = (a + :one)", item.Item{"a": num(5)}, item.Item{"a": num(6)}},
		{"SET a = (a) - (:one)", item.Item{"a": num(5)}, item.Item{"a": num(4)}},
		{"SET a = if_not_exists(a, :one) + :two", item.Item{"a": num(5)}, item.Item{"a": num(7)}},
		{"SET a = if_not_exists(a, :one) + :two", nil, item.Item{"a": num(3)}},
		{"SET a = if_not_exists(b, if_not_exists(c, :s))", nil, item.Item{"a": item.S("s")}},
		{"SET a = list_append(a, :list)", item.Item{"a": numbers(1)}, item.Item{"a": numbers(1, 7)}},
		{"SET a = list_append(if_not_exists(a, :list), :list)", nil, item.Item{"a": numbers(7, 7)}},
		{"REMOVE a", item.Item{"a": num(1), "b": num(2)}, item.Item{"b": num(2)}},
		{"remove a", nil, item.Item{}},
		{"REMOVE a SET b = a", item.Item{"a": num(1)}, item.Item{"b": num(1)}},
		{"SET b = a REMOVE a ", item.Item{"a": num(1)}, item.Item{"b": num(1)}},
		{"ADD a :one", item.Item{"a": num(5)}, item.Item{"a": num(6)}},
		{"ADD a :one", nil, item.Item{"a": num(1)}},
		{"ADD a :set, b :ns", item.Item{"a": item.SS("w", "x")}, item.Item{"a": item.SS("w", "x"), "b": item.NS(item.Int(1))}},
		{"DELETE a :set", item.Item{"a": item.SS("w", "x")}, item.Item{"a": item.SS("w")}},
		{"DELETE a :set", item.Item{"a": item.SS("x"), "b": num(1)}, item.Item{"b": num(1)}},
		{"DELETE a :set", item.Item{"b": num(1)}, item.Item{"b": num(1)}},
		{"DELETE a.k :set", item.Item{"a": item.M(item.Item{"k": item.SS("x")})}, item.Item{"a": item.M(item.Item{})}},
		{"SET a.b = :one, a.c.d = :s, q.x = :two REMOVE a.x, q.y", tree, item.Item{
			"a": item.M(item.Item{"y": num(4), "b": num(1), "c": item.M(item.Item{"y": num(3), "d": item.S("s")})}),
			"q": item.M(item.Item{"x": num(2)}),
		}},
		{"SET z = a.c.y", tree, item.Item{"a": tree["a"], "q": tree["q"], "z": num(3)}},
		{"SET l[3] = :one REMOVE l[1]", list, item.Item{"l": numbers(2, 4, 1, 6, 7)}},
		{"REMOVE l[1], l[3], l[0] SET l[4] = :one", list, item.Item{"l": numbers(4, 1, 7)}},
		{"SET l[20] = :two, l[10] = :one", list, item.Item{"l": numbers(2, 3, 4, 5, 6, 7, 1, 2)}},
		{"SET l[0] = :one", item.Item{"l": item.L()}, item.Item{"l": numbers(1)}},
		{"REMOVE l[17]", list, list},
		{"ADD l[0] :one, l[9] :two", list, item.Item{"l": numbers(3, 3, 4, 5, 6, 7, 2)}},
		{"SET a[0].k = :one", item.Item{"a": item.L(item.M(item.Item{}))}, item.Item{"a": item.L(item.M(item.Item{"k": num(1)}))}},
		{"SET #k0=:one,#a=:two REMOVE b ", item.Item{"b": num(1)}, item.Item{"k": num(1), "a": num(2)}},
	} {
		p, err := NewPlaceholders(map[string]string{"#dot": "a.b", "#k0": "k", "#a": "a"}, values)
		if err != nil {
			t.Fatal(err)
		}
		u, err := ParseUpdate(c.text, p)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		before := c.from.AppendBinary(nil)
		got, err := u.Apply(c.from)
		if err != nil || !got.Equal(c.want) {
			t.Errorf("%s: %v\n%s", c.text, err, diff(got, c.want))
		}
		if after := c.from.AppendBinary(nil); string(after) != string(before) {
			t.Errorf("%s has changed the item it was given", c.text)
		}
	}
}

func TestUpdateErrorsOfItems(t *testing.T) {
	const (
		mismatch = "An operand in the update expression has an incorrect data type"
		missing  = "The provided expression refers to an attribute that does not exist in the item"
		path     = "The document path provided in the update expression is invalid for update"
	)
	for text, want := range map[string]string{
		"SET a = gone":                          missing,
		"SET gone = :one, a = gone":             missing,
		"SET a = gone + :one":                   missing,
		"SET a = :one + gone":                   missing,
		"SET a = list_append(gone, :list)":      missing,
		"SET a = if_not_exists(gone, lost)":     missing,
		"SET a = s + :one":                      mismatch,
		"SET a = n - s":                         mismatch,
		"SET a = list_append(:list, s)":         mismatch,
		"SET a = if_not_exists(s, :one) + :one": mismatch,
		"ADD s :one":                            mismatch,
		"ADD ss :one":                           mismatch,
		"ADD ss :ns":                            mismatch,
		"DELETE ns :set":                        mismatch,
		"DELETE s :set":                         mismatch,
		"SET gone.k = :one":                     path,
		"SET n.k = :one":                        path,
		"SET m[0] = :one":                       path,
		"SET l.k = :one":                        path,
		"SET l[9].k = :one":                     path,
		"SET m.gone.k = :one":                   path,
		"REMOVE gone.k":                         path,
		"REMOVE ss[0]":                          path,
		"SET a = :big + :big":                   "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"ADD n :small":                          "Number overflow. Attempting to store a number with magnitude larger than supported range",
	} {
		more := item.Item{}
		for name, text := range map[string]string{":big": "9.9e125", ":small": "1e-60"} {
			n, err := item.ParseNumber(text)
			if err != nil {
				t.Fatal(err)
			}
			more[name] = item.N(n)
		}
		maps.Copy(more, values)
		p, err := NewPlaceholders(nil, more)
		if err != nil {
			t.Fatal(err)
		}
		u, err := ParseUpdate(text, p)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := u.Apply(document())
		checkMessage(t, text, err, want)
		if got != nil {
			t.Errorf("%s failed with an item", text)
		}
	}
}

// TestUpdateStopsGrowing ends an update that makes much more than an item can
// have before it has made it.
func TestUpdateStopsGrowing(t *testing.T) {
	long := make([]item.Value, 100_000)
	for i := range long {
		long[i] = item.NULL()
	}
	actions := make([]string, 150)
	for i := range actions {
		actions[i] = fmt.Sprintf("a%d=list_append(b,c)", i)
	}
	u := mustUpdate(t, "SET "+strings.Join(actions, ","))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := u.Apply(item.Item{"b": item.L(long...), "c": item.L()})
	runtime.ReadMemStats(&after)
	checkMessage(t, "150 lists", err, "Item size to update has exceeded the maximum allowed size")
	if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
		t.Errorf("it took %d bytes", n)
	}
}

func TestUpdateSyntaxErrors(t *testing.T) {
	const (
		operandType = "Incorrect operand type for operator or function; operator or function: "
		count       = "Incorrect number of operands for operator or function; operator or function: "
		misused     = "The function is not allowed to be used this way in an expression; function: "
		overlap     = "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: "
		redundant   = "The expression has redundant parentheses;"
		conflict    = "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: "
	)
	for text, want := range map[string]string{
		"":                                      "The expression can not be empty;",
		"  ":                                    `Syntax error; token: "<EOF>", near: "  "`,
		"INVALID SYNTAX HERE":                   `Syntax error; token: "INVALID", near: "INVALID SYNTAX"`,
		"SET _123 = :one":                       `Syntax error; token: "_", near: "SET _123"`,
		"SET a = :one,":                         `Syntax error; token: "<EOF>", near: ","`,
		"SET a = :one + :two + :one":            `Syntax error; token: "+", near: ":two + :one"`,
		"SET a = if_not_exists(a, :one + :two)": `Syntax error; token: "+", near: ":one + :two"`,
		"SET a":                                 `Syntax error; token: "<EOF>", near: "a"`,
		"SET :one = :two":                       `Syntax error; token: ":one", near: "SET :one ="`,
		"SET set = :one":                        `Syntax error; token: "set", near: "SET set ="`,
		"ADD a b":                               `Syntax error; token: "b", near: "a b"`,
		"ADD a":                                 `Syntax error; token: "<EOF>", near: "a"`,
		"REMOVE":                                `Syntax error; token: "<EOF>", near: "REMOVE"`,
		"a SET b = :one":                        `Syntax error; token: "a", near: "a SET"`,
		"SET a = :one SET b = :two":             `The "SET" section can only be used once in an update expression;`,
		"SET a = :one REMOVE b SET c = :two":    `The "SET" section can only be used once in an update expression;`,
		"REMOVE a REMOVE b":                     `The "REMOVE" section can only be used once in an update expression;`,
		"ADD a :one ADD b :one":                 `The "ADD" section can only be used once in an update expression;`,
		"DELETE a :set DELETE b :set":           `The "DELETE" section can only be used once in an update expression;`,
		"SET name = :one":                       "Attribute name is a reserved keyword; reserved keyword: name",
		"SET a = status":                        "Attribute name is a reserved keyword; reserved keyword: status",
		"SET #c = :one":                         "An expression attribute name used in the document path is not defined; attribute name: #c",
		"SET a = :c":                            "An expression attribute value used in expression is not defined; attribute value: :c",
		"SET #c = :c":                           "An expression attribute name used in the document path is not defined; attribute name: #c",
		"SET a = f(b, c)":                       "Invalid function name; function: f",
		"SET a = LIST_APPEND(b, c)":             "Invalid function name; function: LIST_APPEND",
		"SET a = size(b)":                       "The function is not allowed in an update expression; function: size",
		"SET a = list_append(:list)":            count + "list_append, number of operands: 1",
		"SET a = if_not_exists(a, b, :one)":     count + "if_not_exists, number of operands: 3",
		"SET a = if_not_exists(:one, :two)":     "Operator or function requires a document path; operator or function: if_not_exists",
		"SET a = if_not_exists(if_not_exists(b, :one), :one)":   "Operator or function requires a document path; operator or function: if_not_exists",
		"SET a = list_append(list_append(:list, :list), :list)": misused + "list_append",
		"SET a = list_append(:list, :list) + :one":              misused + "list_append",
		"SET a = :s + :one":                             operandType + "+, operand type: S",
		"SET a = b - :list":                             operandType + "-, operand type: L",
		"SET a = list_append(b, :s)":                    operandType + "list_append, operand type: S",
		"ADD a :s":                                      "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND",
		"ADD a :list":                                   "Incorrect operand type for operator or function; operator: ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND",
		"DELETE a :one":                                 "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND",
		"SET a = ((:one))":                              redundant,
		"SET a = ((b)) + :one":                          redundant,
		"SET a = b + ((:one))":                          redundant,
		"SET a = ((b + :one))":                          redundant,
		"SET a = if_not_exists(b, ((:one)))":            redundant,
		"SET a = ((b)), name = :c SET f = f(d), a = #c": redundant,
		"SET a = b[9999999999], name = :one":            "List index is not within the allowable range; index: [9999999999]",
		"SET a = b" + strings.Repeat(".c", 32):          "The document path has too many nesting levels; nesting levels: 33",
		"SET " + sums(301):                              "The expression contains too many operators; operator count: 301",
		"SET " + sums(301) + ", name = :c":              "Attribute name is a reserved keyword; reserved keyword: name",
		"SET " + sums(301) + ", b = b + :s":             operandType + "+, operand type: S",
		"SET a = :one, a = :two":                        overlap + "[a], path two: [a]",
		"SET a = :one REMOVE #a":                        overlap + "[a], path two: [a]",
		"SET a.b.c = :one REMOVE a":                     overlap + "[a, b, c], path two: [a]",
		"SET a = :one, a.b = :two":                      overlap + "[a], path two: [a, b]",
		"SET a[1] = :one, a[1][2] = :two":               overlap + "[a, [1]], path two: [a, [1], [2]]",
		"SET a.b = :one, a[1] = :two":                   conflict + "[a, b], path two: [a, [1]]",
		"SET a.b.c = :one ADD a.b[2] :two":              conflict + "[a, b, c], path two: [a, b, [2]]",
		"SET a = " + strings.Repeat("(", 2000) + ":one": `Syntax error; token: "<EOF>", near: ":one"`,
		"SET a = :one" + strings.Repeat(" ", 4096):      "Expression size has exceeded the maximum allowed size;",
	} {
		_, err := ParseUpdate(text, placeholders(t))
		checkMessage(t, fmt.Sprintf("%.80q", text), err, "Invalid UpdateExpression: "+want)
	}
}

// sums returns actions of SET with n operators.
func sums(n int) string {
	actions := make([]string, n)
	for i := range actions {
		actions[i] = fmt.Sprintf("a%d=b+c", i)
	}
	return strings.Join(actions, ",")
}

// TestUpdateLimits has what is just within the limits, and parentheses that are
// not redundant.
func TestUpdateLimits(t *testing.T) {
	for _, text := range []string{
		"SET " + sums(300), "SET a = b" + strings.Repeat(".c", 31),
		"SET a = (:one)", "SET a = ((b) + (:one))", "SET a = (b + (:one))", "SET a = (if_not_exists((b), (:one)))",
	} {
		mustUpdate(t, text)
	}
}

func TestTouched(t *testing.T) {
	for text, want := range map[string]item.Item{
		"SET n = :one REMOVE gone":  {"n": num(5)},
		"SET gone = :one":           nil,
		"SET m.k = :one":            {"m": item.M(item.Item{"k": num(1)})},
		"SET m.mm.k = :one, s = :s": {"m": item.M(item.Item{"mm": item.M(item.Item{"k": item.S("v")})}), "s": item.S("hello")},
		"SET l[1] = :one":           {"l": item.L(item.S("x"))},
		"REMOVE l[1], l[9], l[0]":   {"l": item.L(num(1), item.S("x"))},
		"SET l[9] = :one":           nil,
		"SET l[2][0] = :one":        {"l": item.L(item.L(item.S("deep")))},
		"SET m.gone = :one":         nil,
		"SET n.k = :one":            nil,
		"SET s[0] = :one":           nil,
	} {
		if got := mustUpdate(t, text).Touched(document()); !got.Equal(want) || (got == nil) != (want == nil) {
			t.Errorf("%s\n%s", text, diff(got, want))
		}
	}
}

func TestUpdateKeys(t *testing.T) {
	u := mustUpdate(t, "SET a.k = :one, b = :two REMOVE c, a.l")
	if got := u.Attributes(); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %q", got)
	}
	checkMessage(t, "other keys", u.CheckKey("x", "y"), "")
	const want = "One or more parameter values were invalid: Cannot update attribute c. This attribute is part of the key"
	checkMessage(t, "a key", u.CheckKey("x", "c"), want)
}

func TestCreates(t *testing.T) {
	for text, want := range map[string]bool{
		"SET a = :one": true, "ADD a :one": true, "REMOVE a": false, "DELETE a :set": false,
		"REMOVE a DELETE b :set": false, "REMOVE a SET b = :one": true,
	} {
		if mustUpdate(t, text).Creates() != want {
			t.Errorf("%s: creating an item is %v", text, !want)
		}
	}
}

func TestNoUpdate(t *testing.T) {
	var u *Update
	got, err := u.Apply(document())
	if err != nil || !got.Equal(document()) || u.Touched(got) != nil || u.Attributes() != nil || !u.Creates() || u.CheckKey("k") != nil {
		t.Errorf("got %v, %v", got, err)
	}
}
