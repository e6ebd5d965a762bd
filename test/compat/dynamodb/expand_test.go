package dynamodb

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	loop   = regexp.MustCompile(`\{\{(\d+)\.\.(\d+)\}\}`)
	repeat = regexp.MustCompile(`\{\{(\d+)\*(.+?)\}\}`)
	arn    = regexp.MustCompile(`\{\{arn (.+?)\}\}`)
)

// counter is where a loop's number stands.
const counter = "{{$}}"

// expand writes out the shorthands of an input:
//
//	"{{3*ab}}"              ababab
//	"{{3*:v$,}}"            :v1,:v2,:v3,
//	"{{arn hash}}"          the ARN of the table hash
//	{"a{{1..2}}": "{{$}}"}  {"a1": "1", "a2": "2"}
//	[{"{{1..2}}": "{{$}}"}] ["1", "2"]
func expand(v any, arns map[string]string) any {
	switch v := v.(type) {
	case string:
		return expandString(v, arns)
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, expandElement(e, arns)...)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			for _, n := range numbers(key) {
				name := loop.ReplaceAllLiteralString(key, n)
				out[expandString(name, arns)] = expand(count(e, n), arns)
			}
		}
		return out
	default:
		return v
	}
}

// expandElement returns what stands in an array for one element.
func expandElement(e any, arns map[string]string) []any {
	if m, ok := e.(map[string]any); ok && len(m) == 1 {
		for key, body := range m {
			if loop.FindString(key) != key {
				continue
			}
			var out []any
			for _, n := range numbers(key) {
				out = append(out, expand(count(body, n), arns))
			}
			return out
		}
	}
	return []any{expand(e, arns)}
}

// numbers returns what a loop in a key counts, or one number if there is none.
func numbers(key string) []string {
	m := loop.FindStringSubmatch(key)
	if m == nil {
		return []string{""}
	}
	first, last := number(m[1]), number(m[2])
	var out []string
	for n := first; n <= last; n++ {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

// number reads digits that an expression has found.
func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err)
	}
	return n
}

// count puts a loop's number where it stands. No number leaves all as it is.
func count(v any, n string) any {
	if n == "" {
		return v
	}
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, counter, n)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = count(e, n)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, e := range v {
			out[strings.ReplaceAll(key, counter, n)] = count(e, n)
		}
		return out
	default:
		return v
	}
}

func expandString(s string, arns map[string]string) string {
	s = repeat.ReplaceAllStringFunc(s, func(macro string) string {
		m := repeat.FindStringSubmatch(macro)
		times, text := number(m[1]), m[2]
		if !strings.Contains(text, "$") {
			return strings.Repeat(text, times)
		}
		var out strings.Builder
		for i := range times {
			out.WriteString(strings.ReplaceAll(text, "$", strconv.Itoa(i+1)))
		}
		return out.String()
	})
	return arn.ReplaceAllStringFunc(s, func(macro string) string {
		return arns[arn.FindStringSubmatch(macro)[1]]
	})
}

func TestExpand(t *testing.T) {
	got := expand(map[string]any{
		"plain":     []any{"a", true, nil},
		"{{2*x}}":   "{{3*:v$,}}:v4",
		"arn":       "{{arn hash}}/index/i",
		"k{{1..2}}": map[string]any{"S": "v{{$}}"},
		"list":      []any{map[string]any{"{{2..4}}": "n{{$}}"}, "z"},
	}, map[string]string{"hash": "arn:h"})
	want := map[string]any{
		"plain": []any{"a", true, nil},
		"xx":    ":v1,:v2,:v3,:v4",
		"arn":   "arn:h/index/i",
		"k1":    map[string]any{"S": "v1"},
		"k2":    map[string]any{"S": "v2"},
		"list":  []any{"n2", "n3", "n4", "z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
