package dynamo_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
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

// TestParallelScanBesideWriters proves that the segments of a scan have each item
// that stays once, page by page, while others come, change and go.
func TestParallelScanBesideWriters(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	put := func(key string, n int) {
		if _, err := f.do(caller, "PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%s"},"n":{"N":"%d"}}}`, key, n)); err != nil {
			t.Error(err)
		}
	}
	const staying, segments = 300, 7
	for i := range staying {
		put(fmt.Sprint("stays-", i), 0)
	}
	stop := make(chan struct{})
	var writers, scanners sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprintf("comes-%d-%d", w, i%50)
				put(key, i)
				put(fmt.Sprint("stays-", i%staying), i)
				if _, err := f.do(caller, "DeleteItem", `{"TableName":"app","Key":{"leaseKey":{"S":"`+key+`"}}}`); err != nil {
					t.Error(err)
				}
			}
		})
	}
	found := make([][]any, segments)
	for segment := range segments {
		scanners.Go(func() {
			found[segment], _ = f.pages("Scan", "app", fmt.Sprintf(`,"Segment":%d,"TotalSegments":%d,"Limit":5`, segment, segments))
		})
	}
	scanners.Wait()
	close(stop)
	writers.Wait()
	seen := map[string]int{}
	for _, key := range f.texts(slices.Concat(found...), "leaseKey") {
		seen[key]++
	}
	for i := range staying {
		if n := seen[fmt.Sprint("stays-", i)]; n != 1 {
			t.Errorf("item %d is there %d times", i, n)
		}
	}
}

// TestEqualIndexKeys proves that paging through an index passes no item over, and has
// none twice, where many have the same key there.
func TestEqualIndexKeys(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	const items = 23
	for i := range items {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"p":{"S":"p%02d"},"n":{"N":"1"},"color":{"S":"red"}}}`, i))
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"p":{"S":"p"},"n":{"N":"%d"},"color":{"S":"red"}}}`, i+10))
	}
	for query, want := range map[string]int{
		`"global","KeyConditionExpression":"color = :c AND n = :n","ExpressionAttributeValues":{":c":{"S":"red"},":n":{"N":"1"}}`: items,
		`"local","KeyConditionExpression":"p = :p AND color = :c","ExpressionAttributeValues":{":c":{"S":"red"},":p":{"S":"p"}}`:  items,
		`"global","KeyConditionExpression":"color = :c","ExpressionAttributeValues":{":c":{"S":"red"}}`:                           2 * items,
	} {
		forward, _ := f.pages("Query", "app", `,"Limit":3,"IndexName":`+query)
		backward, _ := f.pages("Query", "app", `,"Limit":3,"ScanIndexForward":false,"IndexName":`+query)
		slices.Reverse(backward)
		seen := map[string]bool{}
		for _, it := range forward {
			seen[toJSON(it)] = true
		}
		if len(forward) != want || len(seen) != want || toJSON(backward) != toJSON(forward) {
			t.Errorf("%s: %d items, %d different, forward; %d backward", query, len(forward), len(seen), len(backward))
		}
	}
}
