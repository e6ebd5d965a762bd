package dynamo_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestFetchedPages proves that what an index fetches from the table counts where a
// page ends.
func TestFetchedPages(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	for i := range 30 {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"p":{"S":"a"},"n":{"N":"%d"},"color":{"S":"red"},"x":{"S":"%s"}}}`,
			i, strings.Repeat("x", 100_000)))
	}
	const partition = `"KeyConditionExpression":"p = :p","ExpressionAttributeValues":{":p":{"S":"a"}}`
	for rest, want := range map[string]int{
		`,"Select":"ALL_ATTRIBUTES"`:           3,
		`,"ProjectionExpression":"n, x"`:       3,
		`,"Select":"ALL_PROJECTED_ATTRIBUTES"`: 1,
		`,"Select":"COUNT"`:                    1,
	} {
		if _, n := f.pages("Query", "app", `,"IndexName":"local",`+partition+rest); n != want {
			t.Errorf("%s: 3 MB of items in %d pages, want %d", rest, n, want)
		}
	}
	capacity := f.call("Query", `{"TableName":"app","IndexName":"local","Select":"ALL_ATTRIBUTES","Limit":1,
		"ReturnConsumedCapacity":"INDEXES",`+partition+`}`)
	f.same("capacity", toJSON(f.get(capacity, "ConsumedCapacity")), `{"TableName":"app","CapacityUnits":13,"Table":{"CapacityUnits":12.5},
		"LocalSecondaryIndexes":{"local":{"CapacityUnits":0.5}}}`)
}

// TestHeavyPages proves that a page ends when much has been done for it, and all
// items come nevertheless.
func TestHeavyPages(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	const items = 45
	for i := range items {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"p":{"S":"%d"},"n":{"N":"1"},"color":{"S":"red"},"x":{"S":"%s"}}}`,
			i, strings.Repeat("x", 400_000)))
	}
	all, n := f.pages("Scan", "app", `,"IndexName":"local","ProjectionExpression":"p"`)
	if len(all) != items || n != 2 {
		t.Errorf("an index of 18 MB of items has %d in %d pages", len(all), n)
	}
	f.leases("bpp")
	for i := range items {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"bpp","Item":{"leaseKey":{"S":"%d"}}}`, i))
	}
	values := strings.TrimSuffix(strings.Repeat(`{"N":"1"},`, 100), ",")
	filter := make([]string, 4000)
	for i := range filter {
		filter[i] = fmt.Sprintf(`"x%d":{"ComparisonOperator":"IN","AttributeValueList":[%s]}`, i, values)
	}
	all, n = f.pages("Scan", "bpp", `,"Select":"COUNT","ConditionalOperator":"OR","ScanFilter":{`+strings.Join(filter, ",")+`}`)
	if len(all) != 0 || n != 2 {
		t.Errorf("a filter with 400,000 values on 45 items takes %d pages", n)
	}
}
