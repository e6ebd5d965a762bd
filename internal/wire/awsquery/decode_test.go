package awsquery

import (
	"fmt"
	"math"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"leat/internal/api"
)

// shape has a member of each kind.
type shape struct {
	String  api.Opt[string]
	Int     api.Opt[int32]
	Long    api.Opt[int64]
	Double  api.Opt[float64]
	Bool    api.Opt[bool]
	Time    api.Opt[api.Timestamp]
	Blob    api.Opt[api.Blob]
	Strings api.Opt[[]string]
	Doubles api.Opt[[]float64]
	Map     api.Opt[map[string]string]
	Inner   api.Opt[inner]
	List    api.Opt[[]inner]
}

func (s *shape) Member(name string) any {
	switch name {
	case "String":
		return &s.String
	case "Int":
		return &s.Int
	case "Long":
		return &s.Long
	case "Double":
		return &s.Double
	case "Bool":
		return &s.Bool
	case "Time":
		return &s.Time
	case "Blob":
		return &s.Blob
	case "Strings":
		return &s.Strings
	case "Doubles":
		return &s.Doubles
	case "Map":
		return &s.Map
	case "Inner":
		return (*api.NestedOf[inner, *inner])(&s.Inner)
	case "List":
		return (*api.ListOf[inner, *inner])(&s.List)
	}
	return nil
}

// inner is a structure within shape, and within itself.
type inner struct {
	Name api.Opt[string]
	List api.Opt[[]inner]
}

func (i *inner) Member(name string) any {
	switch name {
	case "Name":
		return &i.Name
	case "List":
		return (*api.ListOf[inner, *inner])(&i.List)
	}
	return nil
}

var sameShapes = cmp.Options{cmp.AllowUnexported(api.Blob{}), cmpopts.EquateEmpty(), cmpopts.EquateNaNs()}

func named(names ...string) []inner {
	list := make([]inner, len(names))
	for i, name := range names {
		list[i].Name = api.Some(name)
	}
	return list
}

// decodeTests has forms and what they say.
var decodeTests = map[string]shape{
	"":                                       {},
	"&&=&=x&Action=A&Version=2010-08-01":     {},
	"String=":                                {String: api.Some("")},
	"String":                                 {String: api.Some("")},
	"String=a%26b%3D%2B+c%C3%A4":             {String: api.Some("a&b=+ cä")},
	"S%74ring=a":                             {String: api.Some("a")},
	"String=a%ff%fe":                         {String: api.Some("a\ufffd")},
	"String=a&String=b":                      {String: api.Some("a")},
	"String=a=b&Unknown.member.1=c":          {String: api.Some("a=b")},
	"Int=12":                                 {Int: api.Some[int32](12)},
	"Int=%2B0900&Long=-9223372036854775808":  {Int: api.Some[int32](900), Long: api.Some[int64](math.MinInt64)},
	"Double=1.5E%2B3":                        {Double: api.Some(1500.0)},
	"Double=-Infinity":                       {Double: api.Some(math.Inf(-1))},
	"Double=NaN":                             {Double: api.Some(math.NaN())},
	"Double=1e999":                           {Double: api.Some(math.Inf(1))},
	"Bool=true":                              {Bool: api.Some(true)},
	"Bool=0":                                 {Bool: api.Some(false)},
	"Blob=YWL%2F":                            {Blob: api.Some(api.RawBlob([]byte("ab\xff")))},
	"Strings=":                               {Strings: api.Some([]string{})},
	"Strings.member.1=a&Strings.member.2=":   {Strings: api.Some([]string{"a", ""})},
	"Strings.1=a&Strings.2=b":                {Strings: api.Some([]string{"a", "b"})},
	"Strings.member.10=b&Strings.member.9=a": {Strings: api.Some([]string{"a", "b"})},
	"Strings.member.2=b&Strings.member.02=c": {Strings: api.Some([]string{"b"})},
	"Strings.member.9223372036854775807=b&Strings.member.2147483648=a": {Strings: api.Some([]string{"a", "b"})},
	"Doubles.member.1=1&Doubles.member.2=.5":                           {Doubles: api.Some([]float64{1, 0.5})},
	"Map=":                                                             {Map: api.Some(map[string]string{})},
	"Map.entry.1.value=v&Map.entry.1.key=k":                            {Map: api.Some(map[string]string{"k": "v"})},
	"Map.1.key=k&Map.1.value=v&Map.2.key=l":                            {Map: api.Some(map[string]string{"k": "v", "l": ""})},
	"Map.entry.2.key=k&Map.entry.2.value=b&Map.entry.1.key=k&Map.entry.1.value=a": {Map: api.Some(map[string]string{"k": "a"})},
	"Inner.Name=n": {Inner: api.Some(inner{Name: api.Some("n")})},
	"Inner=":       {Inner: api.Some(inner{})},
	"List.member.1.Name=a&List.member.3.Name=c": {List: api.Some(named("a", "c"))},
	"List.member.1=":              {List: api.Some([]inner{{}})},
	"List.2.Name=b&List.1.Name=a": {List: api.Some(named("a", "b"))},
	"List.member.2.List.member.1.Name=x&List.member.1.List.member.2.Name=z&List.member.1.List.member.1.Name=y": {
		List: api.Some([]inner{{List: api.Some(named("y", "z"))}, {List: api.Some(named("x"))}}),
	},
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for form, want := range decodeTests {
		var got shape
		if err := Decode([]byte(form), &got); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		if diff := cmp.Diff(want, got, sameShapes); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
	}
}

func TestDecodeTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]api.Timestamp{
		"2026-11-20T17:00:00Z":           1795194000000,
		"2026-11-20T17:00:00.5Z":         1795194000500,
		"2026-11-20T17:00:00.123456789Z": 1795194000123,
		"2026-11-20T18:30:00+01:30":      1795194000000,
		"2026-11-20T17:00:00":            1795194000000,
		"2026-11-20T17:00:00.250":        1795194000250,
		"2026-11-20T17:00Z":              1795194000000,
		"2026-11-20T17:00":               1795194000000,
		"20261120T170000Z":               1795194000000,
		"2026-11-20":                     1795132800000,
		"1969-12-31T23:59:59.999Z":       -1,
	} {
		var got shape
		if err := Decode([]byte("Time="+url.QueryEscape(text)), &got); err != nil || got.Time != api.Some(want) {
			t.Errorf("%s is %v, %v, want %d", text, got.Time, err, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"String=%zz":                             "",
		"%zz=a":                                  "",
		"String=a%2":                             "",
		"String.x=a":                             "",
		"Int=":                                   "missing value for decimal type",
		"Int=12.0":                               "",
		"Int=2147483648":                         "",
		"Long=abc":                               "",
		"Double=":                                "missing value for decimal type",
		"Double=0x1p3":                           "",
		"Double=inf":                             "",
		"Double=1_0":                             "",
		"Bool=TRUE":                              "boolean must follow xsd1.1 definition",
		"Bool=":                                  "missing value for boolean type",
		"Time=":                                  "timestamp must follow ISO8601",
		"Time=1795194000":                        "timestamp must follow ISO8601",
		"Blob=YQ":                                "",
		"Strings=a":                              "Unexpected list element termination",
		"Strings.member.0=a":                     "0 is not a valid index",
		"Strings.member.-1=a":                    "-1 is not a valid index",
		"Strings.x=a":                            "x is not a valid index",
		"Strings.9223372036854775808=a":          "9223372036854775808 is not a valid index",
		"Strings.member.1.x=a":                   "",
		"Doubles.member.1=x":                     "",
		"Map=a":                                  "Unexpected map element termination",
		"Map.entry.x.key=a":                      "x is not a valid index",
		"Map.entry.1.key.x=a":                    "",
		"Inner=a":                                "Unexpected complex element termination",
		"List.Name=a":                            "Name is not a valid index",
		"List.member.1=a":                        "Unexpected complex element termination",
		"List.member.1.List.0.Name=a":            "0 is not a valid index",
		"List=" + "x&List.member.1.a=":           "Unexpected list element termination",
		strings.Repeat("List.1.", 40) + "Name=a": "",
	} {
		err := Decode([]byte(form), new(shape))
		if err == nil || err.Code != string(api.Serialization) || err.Message != want || err.Status != 400 {
			t.Errorf("%s: got %v, want %q", form, err, want)
		}
	}
}

// TestDecodeKeepsFewEntries reads lists that are longer than is kept, or claim to
// be.
func TestDecodeKeepsFewEntries(t *testing.T) {
	t.Parallel()
	var form strings.Builder
	for i := range api.MaxEntries + 10 {
		n := strconv.Itoa(i + 1)
		form.WriteString("List.member." + n + ".Name=a&Strings.member." + n + "=b&Doubles." + n + "=1&Map.entry." + n + ".key=" + n + "&")
	}
	var got shape
	err := Decode([]byte(form.String()), &got)
	if lens := []int{len(got.List.V), len(got.Strings.V), len(got.Doubles.V), len(got.Map.V)}; err != nil ||
		!cmp.Equal(lens, []int{api.MaxEntries, api.MaxEntries, api.MaxEntries, api.MaxEntries}) {
		t.Errorf("%d entries, %v", lens, err)
	}
}

// TestDecodeKeepsFewStructures reads lists within a list, none of which is long.
func TestDecodeKeepsFewStructures(t *testing.T) {
	t.Parallel()
	const each = 999
	form := func(lists int) []byte {
		var b []byte
		for i := range lists * each {
			b = fmt.Appendf(b, "List.%d.List.%d=&", i/each+1, i%each+1)
		}
		return b
	}
	most := api.MaxStructures / (each + 1)
	if err := Decode(form(most), new(shape)); err != nil {
		t.Errorf("%d lists of %d: %v", most, each, err)
	}
	if err := Decode(form(most+1), new(shape)); err == nil || err.Message != "" {
		t.Errorf("%d lists of %d: %v", most+1, each, err)
	}
}

// TestDecodeKeepsFewParameters reads as many as there may be, and one more.
func TestDecodeKeepsFewParameters(t *testing.T) {
	t.Parallel()
	form := []byte(strings.Repeat("a&String=&", api.MaxValues))
	if err := Decode(form, new(shape)); err != nil {
		t.Errorf("%d parameters: %v", api.MaxValues, err)
	}
	if err := Decode(append(form, "String="...), new(shape)); err == nil || err.Message != "" {
		t.Errorf("%d parameters: %v", api.MaxValues+1, err)
	}
}

// TestDecodeTakesLittleMemory has forms of which little is kept, but much could be.
// It is not parallel, so that what it measures is its own.
func TestDecodeTakesLittleMemory(t *testing.T) {
	const size = 1 << 20
	for _, param := range []string{"a&", "=&", "&", "Unknown.member.1.Name=a&", "String=&", "List.member.2147483647.Name=a&", "Strings.9=&"} {
		form := []byte(strings.Repeat(param, size/len(param)))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := Decode(form, new(shape)); err != nil {
			t.Errorf("%s: %v", param, err)
		}
		runtime.ReadMemStats(&after)
		if cost := after.TotalAlloc - before.TotalAlloc; cost > 24*size {
			t.Errorf("%d bytes of %s cost %d", size, param, cost)
		}
	}
}

func TestTargetOf(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]Target{
		"":                            {},
		"Action=A&Version=V&X=1":      {"A", "V"},
		"X=1&Version=V&Y&Action=A%20": {"A ", "V"},
		"Action=&Action=A&Version=V":  {"", "V"},
		"Action=A&Action=B":           {"A", ""},
		"Action=%zz&Version=V":        {"", "V"},
		"action=A":                    {},
	} {
		if got := TargetOf([]byte(form)); got != want {
			t.Errorf("%s is for %+v, want %+v", form, got, want)
		}
	}
}
