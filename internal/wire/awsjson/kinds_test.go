package awsjson

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
)

// word is a raw member: a text in quotes.
type word struct{ text string }

func (w *word) Parse(text []byte) *api.Error {
	if text[0] != '"' {
		return api.Errorf(api.Serialization, "not a word")
	}
	w.text = string(text)
	return nil
}

// kinds has a member of each kind that Kinesis has no use for.
type kinds struct {
	Float  api.Opt[float64]
	Floats api.Opt[[]float64]
	Inner  api.Opt[map[string]*kinds]
	Lists  api.Opt[map[string]*api.Opt[[]kinds]]
	Raw    api.Opt[word]
}

func (k *kinds) Member(name string) any {
	switch name {
	case "Float":
		return &k.Float
	case "Floats":
		return &k.Floats
	case "Inner":
		return (*api.MapOf[kinds, *kinds])(&k.Inner)
	case "Lists":
		return (*api.MapOfLists[kinds, *kinds])(&k.Lists)
	case "Raw":
		return (*api.RawOf[word, *word])(&k.Raw)
	}
	return nil
}

func TestDecodeKinds(t *testing.T) {
	t.Parallel()
	raw := func(s string) api.Opt[word] { return api.Some(word{s}) }
	for body, want := range map[string]kinds{
		`{"Float":-1.5e3}`:                      {Float: api.Some(-1500.0)},
		`{"Float":"-Infinity"}`:                 {Float: api.Some(math.Inf(-1))},
		`{"Float":1,"Float":null}`:              {},
		`{"Floats":[1,"Infinity",0.5]}`:         {Floats: api.Some([]float64{1, math.Inf(1), 0.5})},
		`{"Raw": "a b" }`:                       {Raw: raw(`"a b"`)},
		`{"Raw":"a","Raw":null}`:                {},
		`{"Inner":{}}`:                          {Inner: api.Some(map[string]*kinds{})},
		`{"Inner":{"x":{"Raw":"r"},"y":null}}`:  {Inner: api.Some(map[string]*kinds{"x": {Raw: raw(`"r"`)}, "y": {}})},
		`{"Inner":{"x":{"Float":2},"x":{}}}`:    {Inner: api.Some(map[string]*kinds{"x": {}})},
		`{"Lists":{"t":[{"Float":2}],"u":[]}}`:  {Lists: api.Some(map[string]*api.Opt[[]kinds]{"t": new(api.Some([]kinds{{Float: api.Some(2.0)}})), "u": new(api.Some([]kinds(nil)))})},
		`{"Inner":{"x":{}},"Inner":null}`:       {},
		`{"Lists":{"x":[{}]},"Lists":null}`:     {},
		`{"Unknown":{"Inner":[{"Raw":[1,2]}]}}`: {},
	} {
		var got kinds
		if err := Decode([]byte(body), &got); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(word{})); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestDecodeRefusesKinds(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"Float":"x"}`:            "java.lang.String can not be converted to an Double",
		`{"Float":true}`:           "java.lang.Boolean can not be converted to an Double",
		`{"Floats":1}`:             "Expected list or null",
		`{"Floats":[[]]}`:          "Start of list found where not expected",
		`{"Inner":[]}`:             "Start of list found where not expected",
		`{"Inner":1}`:              "Expected map or null",
		`{"Inner":{"x":1}}`:        "Expected null",
		`{"Lists":{"x":{}}}`:       "Start of structure or map found where not expected",
		`{"Raw":1}`:                "not a word",
		`{"Inner":{"x":{"Raw":1}}`: "SerializationException", // and no JSON
	} {
		if err := Decode([]byte(body), new(kinds)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
}

// TestDecodeKeepsFewEntries reads a map with more entries than are kept.
func TestDecodeKeepsFewEntries(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	body.WriteString(`{"Inner":{`)
	for i := range api.MaxEntries + 10 {
		if i > 0 {
			body.WriteByte(',')
		}
		body.WriteString(`"` + strconv.Itoa(i) + `":{}`)
	}
	body.WriteString(`}}`)
	var in kinds
	if err := Decode([]byte(body.String()), &in); err != nil || len(in.Inner.V) != api.MaxEntries {
		t.Errorf("%d entries, %v", len(in.Inner.V), err)
	}
}

// numbers is an output of numbers.
type numbers []float64

func (n numbers) Encode(e api.Encoder) {
	e.BeginStruct()
	for _, f := range n {
		e.MapKey("a\"b")
		e.Float(f)
	}
	e.EndStruct()
}

func TestEncodeFloats(t *testing.T) {
	t.Parallel()
	out := numbers{0, 1, -2.5, 1e20, 1e21, 1e-7, 1e-8, 0.1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64}
	want := []string{
		"0.0", "1.0", "-2.5", "100000000000000000000.0", "1E+21", "0.0000001", "1E-08", "0.1",
		`"NaN"`, `"Infinity"`, `"-Infinity"`, "1.7976931348623157E+308",
	}
	text := `{"a\"b":` + strings.Join(want, `,"a\"b":`) + "}"
	if got := string(Encode(nil, out)); got != text {
		t.Errorf("got  %s\nwant %s", got, text)
	}
}

// nest is a list of lists, of structures and of values.
type nest struct {
	List    api.Opt[[]nest]
	Strings api.Opt[[]string]
	Floats  api.Opt[[]float64]
	Map     api.Opt[map[string]string]
}

func (n *nest) Member(name string) any {
	switch name {
	case "List":
		return (*api.ListOf[nest, *nest])(&n.List)
	case "Strings":
		return &n.Strings
	case "Floats":
		return &n.Floats
	case "Map":
		return &n.Map
	}
	return nil
}

// TestDecodeKeepsFew reads lists within a list, none of which is long.
func TestDecodeKeepsFew(t *testing.T) {
	t.Parallel()
	const each = 999
	for _, tt := range []struct {
		list string // of one
		most int    // lists of 999
	}{
		{`"List":[{}]`, api.MaxStructures / (each + 1)},
		{`"Strings":[""]`, api.MaxValues / each},
		{`"Floats":[0]`, api.MaxValues / each},
		{`"Map":{"":""}`, api.MaxValues / each},
	} {
		start, end := strings.IndexAny(tt.list, "[{")+1, len(tt.list)-1
		long := func(n int) string {
			return "{" + tt.list[:end] + strings.Repeat(","+tt.list[start:end], n-1) + tt.list[end:] + "}"
		}
		body := func(lists int) []byte {
			return []byte(`{"List":[` + long(each) + strings.Repeat(","+long(each), lists-1) + `]}`)
		}
		if err := Decode(body(tt.most), new(nest)); err != nil {
			t.Errorf("%d of %s: %v", tt.most, tt.list, err)
		}
		if err := Decode(body(tt.most+1), new(nest)); err == nil || err.Message != "" {
			t.Errorf("%d of %s: %v", tt.most+1, tt.list, err)
		}
		if err := Decode([]byte(long(api.MaxStructures*2)), new(nest)); err != nil {
			t.Errorf("one of %s: %v", tt.list, err)
		}
	}
}
