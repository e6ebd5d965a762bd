package expression

import (
	"testing"

	"leat/internal/api"
	"leat/internal/dynamo/item"
)

func num(i int64) item.Value { return item.N(item.Int(i)) }

// values are what tests have for placeholders.
var values = item.Item{
	":one": num(1), ":two": num(2), ":s": item.S("s"), ":text": item.S("text"), ":b": item.B([]byte("b")),
	":list": item.L(num(7)), ":map": item.M(item.Item{"k": num(1)}), ":set": item.SS("x"), ":ns": item.NS(item.Int(1)),
	":bs": item.Set(item.B([]byte("x"))), ":true": item.BOOL(true), ":null": item.NULL(), ":N": item.S("N"), ":X": item.S("X"),
}

var nameKeys = map[string]string{"#a": "a", "#b": "b", "#dot": "a.b", "#name": "name"}

func placeholders(t interface{ Fatal(...any) }) *Placeholders {
	p, err := NewPlaceholders(nameKeys, values)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func message(err *api.Error) string {
	if err == nil {
		return ""
	}
	return err.Code + ": " + err.Message
}

func checkMessage(t *testing.T, what string, err *api.Error, want string) {
	t.Helper()
	if want != "" {
		want = "ValidationException: " + want
	}
	if got := message(err); got != want {
		t.Errorf("%s\n got %s\nwant %s", what, got, want)
	}
}

func mustCondition(t interface{ Fatal(...any) }, text string) *Condition {
	c, err := ParseCondition(ConditionExpression, text, placeholders(t))
	if err != nil {
		t.Fatal(text, err)
	}
	return c
}

func mustUpdate(t interface{ Fatal(...any) }, text string) *Update {
	u, err := ParseUpdate(text, placeholders(t))
	if err != nil {
		t.Fatal(text, err)
	}
	return u
}

// document is an item with a value of each type.
func document() item.Item {
	return item.Item{
		"n": num(5), "s": item.S("hello"), "bin": item.B([]byte("hello")), "t": item.BOOL(true), "z": item.NULL(),
		"l":  item.L(num(1), item.S("x"), item.L(item.S("deep")), item.SS("p", "q")),
		"m":  item.M(item.Item{"k": num(1), "mm": item.M(item.Item{"k": item.S("v")})}),
		"ss": item.SS("a", "b"), "ns": item.NS(item.Int(1), item.Int(2)), "bs": item.Set(item.B([]byte("x"))),
		"a.b": item.S("dotted"), "n2": num(5), "e": item.S("é𝄞"),
	}
}
