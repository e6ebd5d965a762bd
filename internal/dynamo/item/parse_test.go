package item

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"leat/internal/api"
)

// tree is an api.Encoder that builds what encoding/json can write.
type tree struct {
	stack []any // *object or *[]any, the innermost last
	key   string
	root  any
}

type object map[string]any

func (e *tree) put(v any) {
	if len(e.stack) == 0 {
		e.root = v
		return
	}
	switch in := e.stack[len(e.stack)-1].(type) {
	case object:
		in[e.key] = v
	case *[]any:
		*in = append(*in, v)
	}
}

func (e *tree) begin(v any) {
	e.put(v)
	e.stack = append(e.stack, v)
}

func (e *tree) BeginStruct()              { e.begin(object{}) }
func (e *tree) EndStruct()                { e.stack = e.stack[:len(e.stack)-1] }
func (e *tree) BeginList(int)             { e.begin(&[]any{}) }
func (e *tree) EndList()                  { e.stack = e.stack[:len(e.stack)-1] }
func (e *tree) Key(name string)           { e.key = name }
func (e *tree) MapKey(key string)         { e.key = key }
func (e *tree) String(s string)           { e.put(s) }
func (e *tree) Int(n int64)               { e.put(n) }
func (e *tree) Float(f float64)           { e.put(f) }
func (e *tree) Bool(b bool)               { e.put(b) }
func (e *tree) Timestamp(t api.Timestamp) { e.put(t) }

func (e *tree) Blob(b api.Blob) {
	data, _ := b.AppendTo(nil)
	e.put(base64.StdEncoding.EncodeToString(data))
}

func encoded(t interface{ Fatal(...any) }, out api.Output) []byte {
	var e tree
	out.Encode(&e)
	b, err := json.Marshal(e.root)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestWireRoundTrip reads what Encode writes.
func TestWireRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		it := drawItem(t, 3)
		text := encoded(t, it)
		var back Item
		if err := back.Parse(text); err != nil {
			t.Fatal(err)
		}
		if err := back.Validate(); err != nil || !back.Equal(it) {
			t.Fatalf("%s is read as %v, %v", text, back, err)
		}
	})
}

func TestWireForm(t *testing.T) {
	const text = `{"B":{"B":"AP8="},"BOOL":{"BOOL":false},"BS":{"BS":["YQ=="]},"L":{"L":[{"S":""},{"N":"1.5"}]},` +
		`"M":{"M":{"k":{"NULL":true}}},"NS":{"NS":["1","-2"]},"SS":{"SS":["b","a"]}}`
	it := Item{
		"B": B([]byte{0, 0xff}), "BOOL": BOOL(false), "BS": Set(B([]byte("a"))), "L": L(S(""), N(mustParse(t, "1.5"))),
		"M": M(Item{"k": NULL()}), "NS": NS(Int(1), Int(-2)), "SS": SS("b", "a"),
	}
	if got := string(encoded(t, it)); got != text {
		t.Errorf("got  %s\nwant %s", got, text)
	}
	if got := string(encoded(t, List{S("a")})); got != `[{"S":"a"}]` {
		t.Errorf("a list is written as %s", got)
	}
	if got := string(encoded(t, Items{{"a": NULL()}, {}})); got != `[{"a":{"NULL":true}},{}]` {
		t.Errorf("items are written as %s", got)
	}
}

func TestParseAccepts(t *testing.T) {
	for text, want := range map[string]Value{
		` { "S" : "x" } `:                         S("x"),
		`{"S":"\u00e9\ud834\udd1e\n\"\\"}`:        S("é𝄞\n\"\\"),
		"{\"S\":\"a\xffb\"}":                      S("a\ufffdb"),
		`{"S":"\ud800"}`:                          S("\ufffd"),
		`{"N":"1E2","S":null,"X":[{"y":[1,{}]}]}`: N(Int(100)),
		`{"BOOL":"YES"}`:                          BOOL(true),
		`{"BOOL":"0"}`:                            BOOL(false),
		`{"NULL":"true"}`:                         NULL(),
		`{"M":{}}`:                                M(Item{}),
		`{"M":{"a":{"S":"x"},"a":{"S":"y"}}}`:     M(Item{"a": S("y")}),
		`{"L":[]}`:                                L(),
		`{"B":""}`:                                B(nil),
	} {
		var v Value
		if err := v.Parse([]byte(text)); err != nil || v.Validate() != nil || !v.Equal(want) {
			t.Errorf("%s is read as %v, %v, %v", text, v, err, v.Validate())
		}
	}
}

// TestShapeErrors has the service's words about values of wrong shapes, as a member
// of a structure and in a map.
func TestShapeErrors(t *testing.T) {
	const (
		structure = "Start of structure or map found where not expected"
		class     = "Unrecognized collection type class "
	)
	for text, want := range map[string]string{
		`"x"`: "Unexpected field type", `1`: "Unexpected field type", `true`: "Unexpected field type",
		`[]`:             class + "com.amazonaws.dynamodb.v20120810.AttributeValue",
		`{"S":1}`:        "NUMBER_VALUE cannot be converted to String",
		`{"S":1.5}`:      "DECIMAL_VALUE cannot be converted to String",
		`{"S":-1e3}`:     "DECIMAL_VALUE cannot be converted to String",
		`{"N":true}`:     "TRUE_VALUE cannot be converted to String",
		`{"N":false}`:    "FALSE_VALUE cannot be converted to String",
		`{"N":[]}`:       class + "java.lang.String",
		`{"N":{}}`:       structure,
		`{"B":1}`:        "only base-64-encoded strings are convertible to bytes",
		`{"B":[]}`:       class + "java.nio.ByteBuffer",
		`{"B":{}}`:       structure,
		`{"B":"YQ"}`:     "Base64 encoded length is expected a multiple of 4 bytes but found: 2",
		`{"B":"YR=="}`:   "Invalid last non-pad Base64 character dectected",
		`{"B":"Y\nQ="}`:  "Invalid last non-pad Base64 character dectected",
		`{"BOOL":1}`:     "NUMBER_VALUE cannot be converted to Boolean",
		`{"BOOL":1.5}`:   "DECIMAL_VALUE cannot be converted to Boolean",
		`{"BOOL":"x"}`:   "Unexpected token received from parser",
		`{"NULL":[]}`:    class + "java.lang.Boolean",
		`{"NULL":{}}`:    structure,
		`{"SS":"x"}`:     "Unexpected field type",
		`{"SS":{}}`:      structure,
		`{"SS":[1]}`:     "NUMBER_VALUE cannot be converted to String",
		`{"BS":[1]}`:     "only base-64-encoded strings are convertible to bytes",
		`{"L":1}`:        "Unexpected field type",
		`{"L":{}}`:       structure,
		`{"L":["x"]}`:    "Unexpected value type in payload",
		`{"L":[[]]}`:     class + "com.amazonaws.dynamodb.v20120810.AttributeValue",
		`{"M":1}`:        "Unexpected field type",
		`{"M":[]}`:       "Unrecognized collection type java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>",
		`{"M":{"a":1}}`:  "Unexpected value type in payload",
		`{"M":{"a":[]}}`: class + "com.amazonaws.dynamodb.v20120810.AttributeValue",
	} {
		var v Value
		if err := v.Parse([]byte(text)); err == nil || err.Message != want || err.Code != "SerializationException" {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		if v.Present() {
			t.Errorf("%s left a value", text)
		}
	}
}

// TestContentErrors has the service's words about values that have the shape of
// one.
func TestContentErrors(t *testing.T) {
	const (
		invalid = "One or more parameter values were invalid: "
		several = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
	)
	for text, want := range map[string]string{
		`{}`:                                   emptyValue,
		`{"S":null}`:                           emptyValue,
		`{"X":"y"}`:                            emptyValue,
		`{"L":[null]}`:                         emptyValue,
		`{"M":{"a":null}}`:                     emptyValue,
		`{"M":{"b":{},"a":{"S":"x","N":"1"}}}`: several, `{"M":{"":{"S":"x"}}}`: "Empty attribute name",
		`{"S":"x","NULL":true}`:       several,
		`{"S":"x","N":"y"}`:           "The parameter cannot be converted to a numeric value: y",
		`{"N":"y","S":"x"}`:           "The parameter cannot be converted to a numeric value: y",
		`{"S":"x","M":{"a":{}}}`:      emptyValue,
		`{"N":""}`:                    "The parameter cannot be converted to a numeric value",
		`{"NULL":false}`:              invalid + "Null attribute value types must have the value of true",
		`{"L":[{"NULL":"no"}]}`:       invalid + "Null attribute value types must have the value of true",
		`{"SS":[]}`:                   invalid + "An string set  may not be empty",
		`{"NS":[]}`:                   invalid + "An number set  may not be empty",
		`{"BS":[]}`:                   invalid + "Binary sets should not be empty",
		`{"SS":["a","b","a"]}`:        invalid + "Input collection [a, b, a] contains duplicates.",
		`{"NS":["1","2","1.0"]}`:      "Input collection contains duplicates",
		`{"NS":["1","1","x"]}`:        "The parameter cannot be converted to a numeric value: x",
		`{"BS":["YQ==","YQ=="]}`:      invalid + "Input collection [YQ==, YQ==]of type BS contains duplicates.",
		`{"L":[{"S":"a"},{"SS":[]}]}`: invalid + "An string set  may not be empty",
		nested(maxDepth, `{"S":"leaf"}`): "Nesting Levels have exceeded supported limits: " +
			"Attributes in the item have nested levels beyond supported limit",
	} {
		var v Value
		if err := v.Parse([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if err := v.Validate(); err == nil || err.Message != want || err.Code != "ValidationException" {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// nested returns a value within lists and maps.
func nested(depth int, leaf string) string {
	for i := range depth {
		if i%2 == 0 {
			leaf = `{"L":[` + leaf + `]}`
		} else {
			leaf = `{"M":{"a":` + leaf + `}}`
		}
	}
	return leaf
}

func TestDepth(t *testing.T) {
	var v Value
	if err := v.Parse([]byte(nested(maxDepth-1, `{"S":"leaf"}`))); err != nil || v.Validate() != nil {
		t.Errorf("%v, %v", err, v.Validate())
	}
	bottomless := strings.Repeat(`{"L":[`, 100_000) + strings.Repeat(`]}`, 100_000)
	if err := v.Parse([]byte(bottomless)); err != nil || v.Validate() == nil {
		t.Errorf("%v, %v", err, v.Validate())
	}
}

// TestManyTypes reads a value with very many members besides a long one, each of
// which makes it wrong.
func TestManyTypes(t *testing.T) {
	const n = 100_000
	list := `{"L":[{"S":"x"}` + strings.Repeat(`,{"S":"x"}`, n) + `]`
	start := time.Now()
	for last, want := range map[string]string{"": "Supplied AttributeValue has more", `,"N":"y"`: "The parameter cannot be"} {
		var v Value
		if err := v.Parse([]byte(list + strings.Repeat(`,"S":"x"`, n) + last + "}")); err != nil {
			t.Fatal(err)
		}
		if err := v.Validate(); err == nil || !strings.HasPrefix(err.Message, want) {
			t.Error(err)
		}
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestCollections(t *testing.T) {
	var it Item
	if err := it.Parse([]byte(`[]`)); err == nil || !strings.HasPrefix(err.Message, "Unrecognized collection type java.util.Map") {
		t.Error(err)
	}
	if err := it.Parse([]byte(`{}`)); err != nil || !it.Present() {
		t.Error(err, it)
	}
	it.Clear()
	var l List
	if err := l.Parse([]byte(`[]`)); err != nil || !l.Present() {
		t.Error(err, l)
	}
	l.Clear()
	var items Items
	if err := items.Parse([]byte(`[{"a":{"N":"x"}},{}]`)); err != nil || len(items) != 2 || items.Validate() == nil {
		t.Error(err, items)
	}
	items.Clear()
	if it.Present() || l.Present() || items.Present() {
		t.Error("cleared, and present")
	}
	for _, m := range []api.Raw{&it, &l, &items, new(Value)} {
		for _, text := range []string{``, `{`, `[`, `{"S"`, `{"S":"x"`, `{"S":"x"}}`, `[{"S":"x"}`, `{"a":{"S":"x}}`, `{1:2}`, `[{"S":"\x"}]`} {
			if err := m.Parse([]byte(text)); err == nil {
				t.Errorf("%T accepts %s", m, text)
			}
		}
	}
}

// TestParseKeepsNothing proves that values do not refer to the request.
func TestParseKeepsNothing(t *testing.T) {
	text := []byte(`{"key":{"SS":["one","two"]},"n":{"N":"12"},"b":{"B":"YWJj"}}`)
	var it Item
	if err := it.Parse(text); err != nil {
		t.Fatal(err)
	}
	clear(text)
	if want := (Item{"key": SS("one", "two"), "n": N(Int(12)), "b": B([]byte("abc"))}); !it.Equal(want) {
		t.Errorf("got %v", it)
	}
}

func TestValueIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Value{}); size > 32 {
		t.Errorf("a value takes %d bytes", size)
	}
}

// FuzzParse proves that any text is refused, or makes an item that is written and
// read as the same one.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":{"S":"x"},"b":{"L":[{"N":"1e5"},{"M":{"c":{"NULL":true}}}]},"d":{"BS":["YQ=="]}}`))
	f.Add([]byte(`{"a":{"SS":["x","x"]},"b":{"BOOL":"yes"},"c":{"N":"-.5e-3"}}`))
	f.Add([]byte(nested(40, `{"S":"\ud834\udd1e"}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		var it Item
		if it.Parse(text) != nil || it.Validate() != nil {
			return
		}
		again := encoded(t, it)
		var back Item
		if err := back.Parse(again); err != nil || !back.Equal(it) {
			t.Errorf("%s is written as %s and read as %v, %v", text, again, back, err)
		}
	})
}
