package dynamo_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"leat/internal/api"
	"leat/internal/engine"
)

// pages reads all pages of a Query or Scan and returns the items, and how many pages
// there were.
func (f *fixture) pages(op, table, rest string) (items []any, n int) {
	f.t.Helper()
	start := ""
	for n = 1; ; n++ {
		body := `{"TableName":"` + table + `"` + start + rest + `}`
		answer := f.call(op, body)
		items = append(items, f.items(answer)...)
		last := f.get(answer, "LastEvaluatedKey")
		if last == nil {
			return items, n
		}
		start = `,"ExclusiveStartKey":` + toJSON(last)
	}
}

// colors fills a table of newFixture.sorted with 30 items of 3 partitions, of which
// two in three have a color.
func (f *fixture) colors(table string) {
	f.t.Helper()
	f.sorted(table)
	for i := range 30 {
		color := []string{`,"color":{"S":"red"}`, `,"color":{"S":"blue"}`, ""}[i/3%3]
		f.call("PutItem", fmt.Sprintf(`{"TableName":"%s","Item":{"p":{"S":"p%d"},"n":{"N":"%d"},"v":{"N":"%d"},"w":{"S":"x"}%s}}`,
			table, i%3, i-15, i, color))
	}
}

func TestQueryOrderAndPages(t *testing.T) {
	f := newFixture(t)
	f.colors("app")
	const key = `,"KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"p1"}}`
	want := []string{"-14", "-11", "-8", "-5", "-2", "1", "4", "7", "10", "13"}
	for limit := 1; limit <= 11; limit++ {
		rest := fmt.Sprintf(`,"Limit":%d`, limit) + key
		items, pages := f.pages("Query", "app", rest)
		f.want(rest, f.texts(items, "n"), want...)
		if least := (len(want) + limit - 1) / limit; pages < least || pages > least+1 {
			t.Errorf("%d pages of %d items", pages, limit)
		}
		items, _ = f.pages("Query", "app", rest+`,"ScanIndexForward":false`)
		got := f.texts(items, "n")
		slices.Reverse(got)
		f.want("backward"+rest, got, want...)
	}
	for condition, want := range map[string]string{
		"n > :a": "1 4 7 10 13", "n >= :a": "-2 1 4 7 10 13", "n < :b": "-14 -11 -8 -5 -2 1 4",
		"n <= :b": "-14 -11 -8 -5 -2 1 4 7", "n = :a": "-2", "n BETWEEN :a AND :b": "-2 1 4 7",
	} {
		values := `,"ExpressionAttributeValues":{":p":{"S":"p1"}`
		for name, value := range map[string]string{":a": "-2", ":b": "7"} {
			if strings.Contains(condition, name) {
				values += `,"` + name + `":{"N":"` + value + `"}`
			}
		}
		for _, backward := range []bool{false, true} {
			rest := `,"Limit":2,"KeyConditionExpression":"p = :p AND ` + condition + `"` + values + `}` + fmt.Sprintf(`,"ScanIndexForward":%v`, !backward)
			items, _ := f.pages("Query", "app", rest)
			got := f.texts(items, "n")
			if backward {
				slices.Reverse(got)
			}
			f.want(rest, got, strings.Fields(want)...)
		}
	}
}

func TestQueryOfIndexes(t *testing.T) {
	f := newFixture(t)
	f.colors("app")
	red := `,"KeyConditionExpression":"color = :c","ExpressionAttributeValues":{":c":{"S":"red"}},"IndexName":"global"`
	want := []string{"-15", "-14", "-13", "-6", "-5", "-4", "3", "4", "5", "12", "13", "14"}
	for _, limit := range []int{1, 5, 12, 100} {
		items, _ := f.pages("Query", "app", fmt.Sprintf(`,"Limit":%d`, limit)+red)
		f.want("global", f.texts(items, "n"), want...)
		items, _ = f.pages("Query", "app", fmt.Sprintf(`,"Limit":%d,"ScanIndexForward":false`, limit)+red)
		got := f.texts(items, "n")
		slices.Reverse(got)
		f.want("global, backward", got, want...)
	}
	f.answers("Query", `{"TableName":"app","Limit":1`+red+`}`, `{"Count":1,"ScannedCount":1,
		"Items":[{"p":{"S":"p0"},"n":{"N":"-15"},"v":{"N":"0"},"color":{"S":"red"}}],
		"LastEvaluatedKey":{"p":{"S":"p0"},"n":{"N":"-15"},"color":{"S":"red"}}}`)
	local := `{"TableName":"app","IndexName":"local","Limit":1,"KeyConditionExpression":"p = :p AND begins_with(color, :c)",
		"ExpressionAttributeValues":{":p":{"S":"p2"},":c":{"S":"bl"}}`
	f.answers("Query", local+`,"ConsistentRead":true}`, `{"Count":1,"ScannedCount":1,"Items":[{"p":{"S":"p2"},"n":{"N":"-10"},"color":{"S":"blue"}}],
		"LastEvaluatedKey":{"p":{"S":"p2"},"n":{"N":"-10"},"color":{"S":"blue"}}}`)
	f.answers("Query", local+`,"ProjectionExpression":"w"}`, `{"Count":1,"ScannedCount":1,"Items":[{"w":{"S":"x"}}],
		"LastEvaluatedKey":{"p":{"S":"p2"},"n":{"N":"-10"},"color":{"S":"blue"}}}`)
	f.fails("Query", `{"TableName":"app","ConsistentRead":true`+red+`}`, api.Validation,
		"Consistent reads are not supported on global secondary indexes")
	f.fails("Query", `{"TableName":"app","Select":"ALL_ATTRIBUTES"`+red+`}`, api.Validation, "One or more parameter values were invalid: "+
		"Select type ALL_ATTRIBUTES is not supported for global secondary index global because its projection type is not ALL")
	f.fails("Query", `{"TableName":"app","ProjectionExpression":"n, w"`+red+`}`, api.Validation,
		"One or more parameter values were invalid: Global secondary index global does not project [w]")
	f.fails("Scan", `{"TableName":"app","IndexName":"none"}`, api.Validation, "The table does not have the specified index: none")
}

func TestFilters(t *testing.T) {
	f := newFixture(t)
	f.colors("app")
	f.answers("Query", `{"TableName":"app","KeyConditionExpression":"p = :p","FilterExpression":"v > :v","ProjectionExpression":"v",
		"ExpressionAttributeValues":{":p":{"S":"p0"},":v":{"N":"23"}}}`, `{"Count":2,"ScannedCount":10,"Items":[{"v":{"N":"24"}},{"v":{"N":"27"}}]}`)
	f.answers("Scan", `{"TableName":"app","FilterExpression":"attribute_exists(color)","Select":"COUNT"}`, `{"Count":21,"ScannedCount":30}`)
	f.answers("Scan", `{"TableName":"app","ScanFilter":{"v":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"29"}]}},"AttributesToGet":["v"]}`,
		`{"Count":1,"ScannedCount":30,"Items":[{"v":{"N":"29"}}]}`)
	f.fails("Query", `{"TableName":"app","KeyConditionExpression":"p = :p","FilterExpression":"n > :n",
		"ExpressionAttributeValues":{":p":{"S":"p0"},":n":{"N":"1"}}}`, api.Validation,
		"Filter Expression can only contain non-primary key attributes: Primary key attribute: n")
	f.fails("Scan", `{"TableName":"app","Select":"SPECIFIC_ATTRIBUTES"}`, api.Validation, "One or more parameter values were invalid: "+
		"Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	f.fails("Query", `{"TableName":"app"}`, api.Validation,
		"Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
}

// TestScanSegments proves that segments have each item once, whatever their number.
func TestScanSegments(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprintf("shard-%03d", i))
		f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"`+want[i]+`"}}}`)
	}
	for _, total := range []int{1, 2, 3, 7, 1000000} {
		if total > 100 {
			// All segments would take too long.
			first := f.call("Scan", fmt.Sprintf(`{"TableName":"app","Segment":0,"TotalSegments":%d}`, total))
			if len(f.items(first)) > 1 {
				t.Errorf("a millionth of the hashes has %s", first)
			}
			continue
		}
		var got []string
		for segment := range total {
			items, _ := f.pages("Scan", "app", fmt.Sprintf(`,"Limit":3,"Segment":%d,"TotalSegments":%d`, segment, total))
			got = append(got, f.texts(items, "leaseKey")...)
			if total > 1 && len(items) > 2*100/total {
				t.Errorf("segment %d of %d has %d items of 100", segment, total, len(items))
			}
		}
		slices.Sort(got)
		f.want(fmt.Sprint(total, " segments"), got, want...)
	}
	first := f.call("Scan", `{"TableName":"app","Segment":0,"TotalSegments":2,"Limit":1}`)
	f.fails("Scan", `{"TableName":"app","Segment":1,"TotalSegments":2,"ExclusiveStartKey":`+toJSON(f.get(first, "LastEvaluatedKey"))+`}`,
		api.Validation, "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "+
			"TotalSegments: 2 Segment: 1")
	f.fails("Scan", `{"TableName":"app","Segment":2,"TotalSegments":2}`, api.Validation, "The Segment parameter is zero-based and must be "+
		"less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2")
	f.fails("Scan", `{"TableName":"app","Segment":0}`, api.Validation,
		"The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
}

// TestLargePages proves that a page ends with 1 MB, forward and backward.
func TestLargePages(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	for i := range 12 {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"p":{"S":"a"},"n":{"N":"%d"},"v":{"S":"%s"}}}`, i, strings.Repeat("x", 250_000)))
	}
	for _, rest := range []string{"", `,"ScanIndexForward":false`} {
		rest += `,"KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},"ProjectionExpression":"n"`
		answer := f.call("Query", `{"TableName":"app"`+rest+`}`)
		if n := len(f.items(answer)); n != 5 {
			t.Errorf("a page has %d items of 250 kB", n)
		}
		items, pages := f.pages("Query", "app", rest)
		if len(items) != 12 || pages != 3 {
			t.Errorf("%d items in %d pages", len(items), pages)
		}
	}
	f.call("DeleteItem", `{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"0"}}}`)
}

// TestManySmallItems proves that a page of very small items ends as well.
func TestManySmallItems(t *testing.T) {
	f := newFixture(t)
	f.SetPageForTest(10)
	f.leases("app")
	for i := range 25 {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%d"}}}`, i))
	}
	for _, rest := range []string{"", `,"Limit":1000`} {
		if items, pages := f.pages("Scan", "app", rest); len(items) != 25 || pages != 3 {
			t.Errorf("%d items in %d pages", len(items), pages)
		}
	}
}

func TestStartingKeys(t *testing.T) {
	f := newFixture(t)
	f.colors("app")
	query := func(index, key string) string {
		if index != "" {
			return `{"TableName":"app","IndexName":"global","KeyConditionExpression":"color = :c AND n < :n","ExclusiveStartKey":{` + key +
				`},"ExpressionAttributeValues":{":c":{"S":"red"},":n":{"N":"5"}}}`
		}
		return `{"TableName":"app","KeyConditionExpression":"p = :p","ExclusiveStartKey":{` + key + `},"ExpressionAttributeValues":{":p":{"S":"p0"}}}`
	}
	const begin = "The provided starting key is invalid"
	for _, test := range []struct{ body, want string }{
		{query("", `"p":{"S":"p0"}`), begin + ": The provided key element does not match the schema"},
		{query("", `"p":{"S":"p0"},"n":{"S":"1"}`), begin + ": The provided key element does not match the schema"},
		{query("", `"p":{"S":"p1"},"n":{"N":"1"}`), "The provided starting key is outside query boundaries based on provided conditions"},
		{query("global", `"p":{"S":"p0"},"n":{"N":"1"}`), begin},
		{query("global", `"p":{"S":"p0"},"n":{"N":"1"},"color":{"N":"1"}`), begin},
		{query("global", `"p":{"S":"p0"},"n":{"N":"7"},"color":{"S":"red"}`), "The provided starting key does not match the range key predicate"},
		{
			`{"TableName":"app","ExclusiveStartKey":{"p":{"S":"p0"}},"KeyConditionExpression":"n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`,
			"Query condition missed key schema element: p",
		},
	} {
		f.fails("Query", test.body, api.Validation, test.want)
	}
}

// TestKeyConditionsComeLast proves that what is wrong with other parameters is found
// before what is wrong with KeyConditions.
func TestKeyConditionsComeLast(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	wrong := `"TableName":"app","KeyConditions":{"p":{"ComparisonOperator":"EQ","AttributeValueList":[]}}`
	f.fails("Query", `{`+wrong+`}`, api.Validation, "One or more parameter values were invalid: "+
		"Invalid number of argument(s) for the EQ ComparisonOperator")
	f.fails("Query", `{`+wrong+`,"FilterExpression":"attribute_exists(a)","ExpressionAttributeValues":{":v":{"N":"1"}}}`,
		api.Validation, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}")
}

// counting is an engine that counts the entries that it lists.
type counting struct {
	engine.Engine
	listed int
}

func (e *counting) List(ctx context.Context, prefix, after engine.Key, limit int) ([]engine.Entry, error) {
	list, err := e.Engine.List(ctx, prefix, after, limit)
	e.listed += len(list)
	return list, err
}

func (e *counting) ListBack(ctx context.Context, prefix, before engine.Key, limit int) ([]engine.Entry, error) {
	list, err := e.Engine.ListBack(ctx, prefix, before, limit)
	e.listed += len(list)
	return list, err
}

// TestBackwardReadsAPage proves that a query backward does not pass through the
// whole partition to find its end.
func TestBackwardReadsAPage(t *testing.T) {
	f := newFixture(t)
	e := &counting{Engine: f.engine}
	f.engine = e
	f.open()
	f.sorted("app")
	for i := range 40 {
		puts := make([]string, 25)
		for j := range puts {
			puts[j] = fmt.Sprintf(`{"PutRequest":{"Item":{"p":{"S":"a"},"n":{"N":"%d"}}}}`, i*25+j)
		}
		f.call("BatchWriteItem", `{"RequestItems":{"app":[`+strings.Join(puts, ",")+`]}}`)
	}
	e.listed = 0
	got := f.call("Query", `{"TableName":"app","KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}},
		"ScanIndexForward":false,"Limit":3,"ExclusiveStartKey":{"p":{"S":"a"},"n":{"N":"500"}}}`)
	f.want("before 500", f.texts(f.items(got), "n"), "499", "498", "497")
	if e.listed > 300 {
		t.Errorf("%d entries were listed for 3 of 1000", e.listed)
	}
}
