package dynamodb

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	// volatile members are compared by being there.
	volatile = set(`CreationDateTime EarliestRestorableDateTime IndexArn IndexSizeBytes ItemCount
		LastUpdateToPayPerRequestDateTime LatestRestorableDateTime TableArn TableSizeBytes`)
	// unsaid members are not compared: AWS sends them and the oracle does not,
	// or the other way around.
	unsaid = set("LastDecreaseDateTime LastIncreaseDateTime TableId WarmThroughput")
	// unordered members are arrays that may come in any order.
	unordered = set("AttributeDefinitions BS GlobalSecondaryIndexes NS NonKeyAttributes SS Tags")

	arnPrefix = regexp.MustCompile(`arn:aws:dynamodb:[a-z0-9-]*:[0-9]*:`)
	// braces has the sets in messages, which the oracle writes in any order.
	braces = regexp.MustCompile(`\{[^{}]*\}`)
)

func set(names string) map[string]bool {
	m := make(map[string]bool)
	for name := range strings.FieldsSeq(names) {
		m[name] = true
	}
	return m
}

// normalize makes equal what means the same: times, sizes and ARNs become "*",
// numbers of JSON are written in one way, and what has no order is sorted. The
// text of an error is its "message", however it is spelled: the oracle writes
// "Message" where AWS writes either. Sets in a message are sorted.
func normalize(s *step, a answer) answer {
	output, ok := a.Output.(map[string]any)
	if !ok {
		return a
	}
	if a.Status != http.StatusOK {
		normalizeMessage(output)
	}
	n := normalizer{s.Call, s.Unordered || s.Call == "Scan"}
	return answer{a.Status, n.object(output)}
}

func normalizeMessage(output map[string]any) {
	text, ok := output["Message"]
	if !ok {
		text = output["message"]
	}
	delete(output, "Message")
	if message, ok := text.(string); ok {
		output["message"] = braces.ReplaceAllStringFunc(message, sortedSet)
	}
}

// sortedSet sorts a set in braces.
func sortedSet(text string) string {
	elements := strings.Split(text[1:len(text)-1], ",")
	for i, e := range elements {
		elements[i] = strings.TrimSpace(e)
	}
	slices.Sort(elements)
	return "{" + strings.Join(elements, ", ") + "}"
}

// A normalizer knows whose answer it is.
type normalizer struct {
	operation string
	unordered bool // the items that were found
}

func (n normalizer) object(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for name, v := range m {
		switch {
		case unsaid[name]:
		case volatile[name]:
			out[name] = "*"
		default:
			out[name] = n.member(name, v)
		}
	}
	return out
}

func (n normalizer) member(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if name == "Responses" && n.operation == "BatchGetItem" {
			return n.batch(v)
		}
		return n.object(v)
	case []any:
		return n.array(v, unordered[name] || name == "Items" && n.unordered)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v
		}
		return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
	case int:
		return json.Number(strconv.Itoa(v))
	case string:
		return arnPrefix.ReplaceAllString(v, "*:")
	default:
		return v
	}
}

// batch sorts the items of each table.
func (n normalizer) batch(tables map[string]any) map[string]any {
	out := make(map[string]any, len(tables))
	for name, v := range tables {
		if items, ok := v.([]any); ok {
			v = n.array(items, true)
		}
		out[name] = v
	}
	return out
}

func (n normalizer) array(list []any, free bool) []any {
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = n.member("", e)
	}
	if free {
		slices.SortFunc(out, func(a, b any) int { return strings.Compare(string(encode(a)), string(encode(b))) })
	}
	return out
}

func TestNormalize(t *testing.T) {
	text := `{"Message": "{b,a} of arn:aws:dynamodb:ddblocal:000000000000:table/t", "TableId": "x", "ItemCount": 3,
		"Capacity": 1.0, "Items": [{"b": {"SS": ["2", "1"]}}, {"a": {"N": "1.0"}}]}`
	items := func(list ...any) []any { return list }
	b := map[string]any{"b": map[string]any{"SS": []any{"1", "2"}}}
	a := map[string]any{"a": map[string]any{"N": "1.0"}}
	for operation, ordered := range map[string][]any{"Scan": items(a, b), "Query": items(b, a)} {
		want := answer{http.StatusBadRequest, map[string]any{
			"message": "{a, b} of *:table/t", "ItemCount": "*", "Capacity": json.Number("1"), "Items": ordered,
		}}
		got := normalize(&step{Call: operation}, answer{http.StatusBadRequest, parse([]byte(text))})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(operation, diff)
		}
	}
}
