package expression

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/internal/dynamo/item"
)

func TestProjections(t *testing.T) {
	for text, want := range map[string]item.Item{
		"n":                 {"n": num(5)},
		"gone":              {},
		" n , s,gone ":      {"n": num(5), "s": item.S("hello")},
		"#dot":              {"a.b": item.S("dotted")},
		"m.k":               {"m": item.M(item.Item{"k": num(1)})},
		"m.k, m.mm.k":       {"m": item.M(item.Item{"k": num(1), "mm": item.M(item.Item{"k": item.S("v")})})},
		"m.gone, n.k, s[0]": {},
		"l[2], l[0]":        {"l": item.L(num(1), item.L(item.S("deep")))},
		"l[2][0], l[9]":     {"l": item.L(item.L(item.S("deep")))},
		"l[0].k, m[1]":      {},
	} {
		p, err := ParseProjection(text, placeholders(t))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := p.Apply(document()); got == nil || !got.Equal(want) {
			t.Errorf("%s\n%s", text, diff(got, want))
		}
		if p.Apply(nil) != nil {
			t.Errorf("%s makes an item of none", text)
		}
	}
}

func TestProjectionErrors(t *testing.T) {
	const advice = "with each other; must remove or rewrite one of these paths; path one: "
	for text, want := range map[string]string{
		"":                                      "The expression can not be empty;",
		" ":                                     `Syntax error; token: "<EOF>", near: " "`,
		"a b":                                   `Syntax error; token: "b", near: "a b"`,
		"a,":                                    `Syntax error; token: "<EOF>", near: ","`,
		"a, :one":                               `Syntax error; token: ":one", near: ", :one"`,
		"!!":                                    `Syntax error; token: "!", near: "!!"`,
		"size(a)":                               `Syntax error; token: "(", near: "size(a"`,
		"a, status":                             "Attribute name is a reserved keyword; reserved keyword: status",
		"#c":                                    "An expression attribute name used in the document path is not defined; attribute name: #c",
		"a, a":                                  "Two document paths overlap " + advice + "[a], path two: [a]",
		"#a, #a.#b":                             "Two document paths overlap " + advice + "[a], path two: [a, b]",
		"a.b, a[0]":                             "Two document paths conflict " + advice + "[a, b], path two: [a, [0]]",
		"a[9999999999], status":                 "List index is not within the allowable range; index: [9999999999]",
		"a" + strings.Repeat(".b", 32):          "The document path has too many nesting levels; nesting levels: 33",
		"c" + strings.Repeat(".b", 32) + ",#c":  "An expression attribute name used in the document path is not defined; attribute name: #c",
		"c" + strings.Repeat(".b", 32) + ",a,a": "Two document paths overlap " + advice + "[a], path two: [a]",
		strings.Repeat("a", 4097):               "Expression size has exceeded the maximum allowed size;",
	} {
		_, err := ParseProjection(text, placeholders(t))
		checkMessage(t, fmt.Sprintf("%.80q", text), err, "Invalid ProjectionExpression: "+want)
	}
}

func TestAttributesToGet(t *testing.T) {
	p, err := AttributesToGet([]string{"n", "status", "a.b"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.Apply(document()), (item.Item{"n": num(5), "a.b": item.S("dotted")}); !got.Equal(want) {
		t.Error(diff(got, want))
	}
	if got := p.Attributes(); !slices.Equal(got, []string{"n", "status", "a.b"}) {
		t.Errorf("got %q", got)
	}
	_, err = AttributesToGet([]string{"n", "s", "n"})
	checkMessage(t, "twice", err, "One or more parameter values were invalid: Duplicate value in attribute name: n")
	_, err = AttributesToGet([]string{""})
	checkMessage(t, "empty", err, "Empty attribute name")
}

func TestNoProjection(t *testing.T) {
	var p *Projection
	if got := p.Apply(document()); !got.Equal(document()) || p.Attributes() != nil {
		t.Errorf("got %v", got)
	}
}

func TestReservedWords(t *testing.T) {
	if len(reserved) != 573 {
		t.Errorf("%d words are reserved", len(reserved))
	}
	for _, w := range []string{"KEY", "data", "Name", "STATUS", "OWNER", "TTL", "DATE", "SHARD", "TIMESTAMP", "COUNTER"} {
		if !isReserved(w) {
			t.Errorf("%s is not reserved", w)
		}
	}
	for _, w := range []string{"CHECKPOINT", "LEADER", "NAMESPACE", "COMPLETED", "ID", "PREFIX", "LEASE", ""} {
		if isReserved(w) {
			t.Errorf("%s is reserved", w)
		}
	}
}
