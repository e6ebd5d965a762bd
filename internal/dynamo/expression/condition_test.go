package expression

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/internal/dynamo/item"
)

func TestConditionsThatHold(t *testing.T) {
	for _, text := range []string{
		"n = n2", "n > :one", "n >= n2", ":one < n", "n <> :one", "n <> :s", "gone <> :one", "gone <> lost", "s < :text", "s = s2 OR n = n2",
		"bin > :b", "n BETWEEN :two AND n2", "s between :N AND :text", "n IN (:one, n2)", "m.k IN (:s, :one)", "m.mm.k <> :s",
		"l[0] = :one", "l[2][0] > :N", "ss = ss2 OR attribute_exists(ss)", "#dot > :N", "attribute_exists (l[3])", "attribute_exists(m.mm.k)",
		"attribute_not_exists(gone)", "attribute_not_exists(l[9])", "attribute_not_exists(n.k)", "attribute_not_exists(m[0])",
		"attribute_not_exists(l.k)", "attribute_type(n, :N)", "attribute_type(:one, :N)", "begins_with(s, s3) OR n = n2",
		"begins_with(:text, :text)", "contains(s, :s) OR contains(ss, :s) OR contains(:text, :s) OR n = n2", "contains(l, :one)",
		"contains(ns, m.k)", "size(s) = n", "size(e) > :two", "size(l) < n", "size(ns) = :two", "size(m) = :two", "size(bin) = size(s)",
		"size(ss) <= :two", "NOT n = :one", "not (n = :one)", "NOT gone = :one", "n = :one OR n = n2", "n = n2 AND NOT s = :s",
		"n = n2 OR n = :one AND n = :two", "(n = :one OR n = n2) AND s <> :s", "(n) = n2", "(n) = (n2)", "(size(s)) = n", "(attribute_exists(n))",
		"n=n2", "(n = n2)AND s <> :s", "  n\t=\r\nn2  ", "attribute_not_exists(gone)AND n = n2", "n = n2 aNd NoT n = :one oR n iN (:one)",
		"attribute_exists(#a)OR n=n2", "t = :true", "z = :null", "l[0] = m.k",
	} {
		if !mustCondition(t, text).Holds(document()) {
			t.Errorf("%s does not hold", text)
		}
	}
}

func TestConditionsThatDoNotHold(t *testing.T) {
	for _, text := range []string{
		"n = :one", "gone = lost", "gone = :one", "gone < :one", ":one >= gone", "n = :s", "n < :s", "n > :s", "l < n", "t < n", "ss > s",
		"n BETWEEN :one AND :two", "gone BETWEEN :one AND :two", "n BETWEEN lost AND n2", "s BETWEEN :one AND :two", "n IN (:one, :two)",
		"gone IN (:one)", "gone IN (lost)", "attribute_exists(gone)", "attribute_exists(m.gone)", "attribute_exists(l[4])", "attribute_not_exists(n)",
		"attribute_type(s, :N)", "attribute_type(gone, :N)", "begins_with(n, :s)", "begins_with(gone, :s)", "begins_with(s, bin)", "begins_with(s, gone)",
		"contains(s, :text)", "contains(ns, :s)", "contains(n, :one)", "contains(gone, :one)", "contains(l, gone)", "contains(m, :one)",
		"size(n) = :one", "size(t) = :one", "size(z) = :one", "size(gone) = :one", "NOT n = n2", "n = n2 AND n = :one", "t = :null", "contains(bin, :s)",
	} {
		if mustCondition(t, text).Holds(document()) {
			t.Errorf("%s holds", text)
		}
	}
}

// TestSizeOfText counts code units of UTF-16, as the service does.
func TestSizeOfText(t *testing.T) {
	c := mustCondition(t, "size(e) = n")
	if !c.Holds(item.Item{"e": item.S("é𝄞"), "n": num(3)}) {
		t.Error("é𝄞 does not have the size 3")
	}
}

func TestNoCondition(t *testing.T) {
	var c *Condition
	if !c.Holds(nil) || c.Attributes() != nil {
		t.Error("no condition is one")
	}
	if !mustCondition(t, "attribute_not_exists(a)").Holds(nil) {
		t.Error("an item that does not exist has attributes")
	}
}

func TestConditionAttributes(t *testing.T) {
	c := mustCondition(t, "NOT (m.k = :one AND size(l[0]) < n) OR #dot IN (m.z, q) AND begins_with(n, :s)")
	if got := c.Attributes(); !slices.Equal(got, []string{"m", "l", "n", "a.b", "q"}) {
		t.Errorf("got %q", got)
	}
}

func TestConditionErrors(t *testing.T) {
	const (
		operandType = "Incorrect operand type for operator or function; operator or function: "
		count       = "Incorrect number of operands for operator or function; operator or function: "
		distinct    = "The first operand must be distinct from the remaining operands for this operator or function; operator: "
		misused     = "The function is not allowed to be used this way in an expression; function: "
		redundant   = "The expression has redundant parentheses;"
	)
	deep := "a" + strings.Repeat(".b", 32)
	for text, want := range map[string]string{
		"":                            "The expression can not be empty;",
		" ":                           `Syntax error; token: "<EOF>", near: " "`,
		"foo":                         `Syntax error; token: "<EOF>", near: "foo"`,
		"foo = ":                      `Syntax error; token: "<EOF>", near: "= "`,
		"a+:one<b":                    `Syntax error; token: "+", near: "a+:one"`,
		"a = :one b":                  `Syntax error; token: "b", near: ":one b"`,
		"a != :one":                   `Syntax error; token: "!", near: "a !="`,
		"a == :one":                   `Syntax error; token: "=", near: "== :one"`,
		"_a = :one":                   `Syntax error; token: "_", near: "_a"`,
		"a = # ":                      `Syntax error; token: "#", near: "= #"`,
		"a = é":                       `Syntax error; token: "é", near: "= é"`,
		"a[:one] = b":                 `Syntax error; token: ":one", near: "[:one]"`,
		"a[01] = b":                   `Syntax error; token: "1", near: "01]"`,
		"a[-1] = b":                   `Syntax error; token: "-", near: "[-1"`,
		"a. = b":                      `Syntax error; token: "=", near: ". = b"`,
		"a IN ()":                     `Syntax error; token: ")", near: "()"`,
		"size()":                      `Syntax error; token: ")", near: "()"`,
		"a BETWEEN :one":              `Syntax error; token: "<EOF>", near: ":one"`,
		"a BETWEEN :one OR :two":      `Syntax error; token: "OR", near: ":one OR :two"`,
		"AND = :one":                  `Syntax error; token: "AND", near: "AND ="`,
		"set = :one":                  `Syntax error; token: "set", near: "set ="`,
		"a AND b = :one":              `Syntax error; token: "AND", near: "a AND b"`,
		"a OR b = :one":               `Syntax error; token: "OR", near: "a OR b"`,
		"NOT a":                       `Syntax error; token: "<EOF>", near: "a"`,
		"(a = :one":                   `Syntax error; token: "<EOF>", near: ":one"`,
		"a = :one)":                   `Syntax error; token: ")", near: ":one)"`,
		"(a)":                         `Syntax error; token: "<EOF>", near: ")"`,
		"(a AND b) = :one":            `Syntax error; token: "AND", near: "a AND b"`,
		"(a = :one) = :two":           `Syntax error; token: "=", near: ") = :two"`,
		"a = :one AND":                `Syntax error; token: "<EOF>", near: "AND"`,
		"((a = :one))":                redundant,
		"((a)) = :one":                redundant,
		"a = ((:one))":                redundant,
		"NOT ((dog(a)))":              redundant,
		"dog(a)":                      "Invalid function name; function: dog",
		"SIZE(a) = :one":              "Invalid function name; function: SIZE",
		"list_append(a, b)":           "The function is not allowed in a condition expression; function: list_append",
		"size(a)":                     misused + "size",
		"NOT size(a)":                 misused + "size",
		"a = attribute_exists(b)":     misused + "attribute_exists",
		"size(contains(a, b)) = :one": misused + "contains",
		"name = :one":                 "Attribute name is a reserved keyword; reserved keyword: name",
		"a.Status = :undefined":       "Attribute name is a reserved keyword; reserved keyword: Status",
		"#c = :one":                   "An expression attribute name used in the document path is not defined; attribute name: #c",
		"a = :c":                      "An expression attribute value used in expression is not defined; attribute value: :c",
		"size(a, b) = :one":           count + "size, number of operands: 2",
		"attribute_exists(a, b)":      count + "attribute_exists, number of operands: 2",
		"contains(a)":                 count + "contains, number of operands: 1",
		"attribute_exists(:one)":      "Operator or function requires a document path; operator or function: attribute_exists",
		"begins_with(a, :one)":        operandType + "begins_with, operand type: N",
		"begins_with(size(a), :s)":    operandType + "begins_with, operand type: N",
		"attribute_type(a, :one)":     operandType + "attribute_type, operand type: N",
		"attribute_type(a, b)":        operandType + "attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}",
		"attribute_type(a, :X)":       "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
		"size(:one) = :one":           operandType + "size, operand type: N",
		"size(:true) = :one":          operandType + "size, operand type: BOOL",
		"a < :list":                   operandType + "<, operand type: L",
		":set >= a":                   operandType + ">=, operand type: SS",
		"a BETWEEN :map AND b":        operandType + "BETWEEN, operand type: M",
		"a BETWEEN :two AND :one":     "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}",
		"a BETWEEN :b AND :s":         "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {B:Yg==}, upper bound operand: AttributeValue: {S:s}",
		"a.b[0] = #a.b[0]":            distinct + "=, first operand: [a, b, [0]]",
		"contains(a, a)":              distinct + "contains, first operand: [a]",
		"a IN (b, a)":                 distinct + "IN, first operand: [a]",
		"a IN (" + strings.Repeat(":one,", 100) + ":one)": "The IN operator is provided with too many operands; number of operands: 101",
		"a[2147483648] = b":                               "List index is not within the allowable range; index: [2147483648]",
		"a[99999999999999999999] = b":                     "List index is not within the allowable range; index: [99999999999999999999]",
		"a" + strings.Repeat(".b", 32) + " = :one":        "The document path has too many nesting levels; nesting levels: 33",
		"a = :one" + strings.Repeat(" ", 4089):            "Expression size has exceeded the maximum allowed size; expression size: 4097",
		strings.Repeat("(a<b)OR", 151) + "(a<b)":          "The expression contains too many operators; operator count: 301",
		"NOT " + strings.Repeat("NOT ", 300) + "a = :one": "The expression contains too many operators; operator count: 301",
		// What is wrong otherwise comes before the number of operators.
		strings.Repeat("NOT ", 301) + "a = ":                                  `Syntax error; token: "<EOF>", near: "= "`,
		strings.Repeat("NOT ", 301) + "((a = :one))":                          redundant,
		strings.Repeat("NOT ", 301) + "a = :c":                                "An expression attribute value used in expression is not defined; attribute value: :c",
		strings.Repeat("NOT ", 301) + "a < :list":                             operandType + "<, operand type: L",
		"a < " + strings.Repeat("f(", 1000) + "b" + strings.Repeat(")", 1000): "Invalid function name; function: f",
		// Syntax and parentheses come before indexes, and those before names.
		"a[2147483648] = b AND":              `Syntax error; token: "<EOF>", near: "AND"`,
		"a[2147483648] = b AND ((a = :one))": redundant,
		"f(a) AND name = a[2147483648]":      "List index is not within the allowable range; index: [2147483648]",
		// Names come before the depth of paths, which comes before what else is
		// wrong with an operand.
		deep + " = :one AND":                   `Syntax error; token: "<EOF>", near: "AND"`,
		deep + " = :one AND name = b":          "Attribute name is a reserved keyword; reserved keyword: name",
		deep + " = :one AND size(a)":           misused + "size",
		deep + " = :c":                         "The document path has too many nesting levels; nesting levels: 33",
		deep + " = :one AND #c = :c":           "The document path has too many nesting levels; nesting levels: 33",
		deep + " = :one AND a[2147483648] = b": "List index is not within the allowable range; index: [2147483648]",
		// The first condition with any complaint is the one that is told.
		"contains(a) AND b = :undefined": count + "contains, number of operands: 1",
		"b = :undefined AND contains(a)": "An expression attribute value used in expression is not defined; attribute value: :undefined",
	} {
		_, err := ParseCondition(ConditionExpression, text, placeholders(t))
		checkMessage(t, fmt.Sprintf("%.80q", text), err, "Invalid ConditionExpression: "+want)
	}
	_, err := ParseCondition(FilterExpression, "a = :one", nil)
	checkMessage(t, "without values", err, "Invalid FilterExpression: "+
		"An expression attribute value used in expression is not defined; attribute value: :one")
	_, err = ParseCondition(FilterExpression, "#a = a", nil)
	checkMessage(t, "without names", err, "Invalid FilterExpression: "+
		"An expression attribute name used in the document path is not defined; attribute name: #a")
}

// TestConditionLimits has what is just within the limits.
func TestConditionLimits(t *testing.T) {
	for _, text := range []string{
		"a IN (" + strings.Repeat(":one,", 99) + ":one)",
		"a" + strings.Repeat(".b", 31) + " = :one",
		"a[2147483647] = :one",
		"a = :one" + strings.Repeat(" ", 4088),
		strings.Repeat("(a<b)OR", 149) + "(a<b)",
	} {
		mustCondition(t, text)
	}
}
