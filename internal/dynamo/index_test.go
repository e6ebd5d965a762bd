package dynamo_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"leat/internal/api"
)

const ownerIndex = `"AttributeDefinitions":[{"AttributeName":"leaseOwner","AttributeType":"S"},{"AttributeName":"leaseKey","AttributeType":"S"}],
	"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"LeaseOwnerToLeaseKeyIndex","Projection":{"ProjectionType":"KEYS_ONLY"},
	"KeySchema":[{"AttributeName":"leaseOwner","KeyType":"HASH"},{"AttributeName":"leaseKey","KeyType":"RANGE"}]}}]`

// owned returns the leases that the index of a KCL has of an owner.
func (f *fixture) owned(owner string) []string {
	f.t.Helper()
	items, _ := f.pages("Query", "app", `,"IndexName":"LeaseOwnerToLeaseKeyIndex","KeyConditionExpression":"leaseOwner = :o",
		"ExpressionAttributeValues":{":o":{"S":"`+owner+`"}}`)
	return f.texts(items, "leaseKey")
}

// TestIndexFollowsItems proves that an index has what the table has, from before it
// was made, through changes, and after a restart.
func TestIndexFollowsItems(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	for i := range 600 { // more than are built at a time
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%03d"},"leaseOwner":{"S":"w%d"}}}`, i, i%200))
	}
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"Leader"}}}`)
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"odd"},"leaseOwner":{"N":"1"}}}`)
	updated := f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	list, _ := f.get(updated, "TableDescription", "GlobalSecondaryIndexes").([]any)
	if len(list) != 1 || list[0].(map[string]any)["IndexStatus"] != "ACTIVE" || list[0].(map[string]any)["ItemCount"] != 600.0 {
		t.Fatalf("the index is not there: %s", updated)
	}
	f.want("from before", f.owned("w7"), "007", "207", "407")
	f.call("UpdateItem", `{"TableName":"app","Key":{"leaseKey":{"S":"207"}},"AttributeUpdates":{"leaseOwner":{"Action":"PUT","Value":{"S":"w8"}}}}`)
	f.call("UpdateItem", `{"TableName":"app","Key":{"leaseKey":{"S":"008"}},"AttributeUpdates":{"leaseOwner":{"Action":"DELETE"}}}`)
	f.call("DeleteItem", `{"TableName":"app","Key":{"leaseKey":{"S":"407"}}}`)
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"Leader"},"leaseOwner":{"S":"w7"}}}`)
	for range 2 {
		f.want("w7", f.owned("w7"), "007", "Leader")
		f.want("w8", f.owned("w8"), "207", "208", "408")
		table := f.get(f.call("DescribeTable", `{"TableName":"app"}`), "Table").(map[string]any)
		index := table["GlobalSecondaryIndexes"].([]any)[0].(map[string]any)
		if table["ItemCount"] != 601.0 || index["ItemCount"] != 599.0 {
			t.Errorf("the table counts %v items and the index %v", table["ItemCount"], index["ItemCount"])
		}
		f.open()
	}
	if n := f.entries("index"); n != 599 {
		t.Errorf("there are %d entries", n)
	}
	f.fails("UpdateItem", `{"TableName":"app","Key":{"leaseKey":{"S":"001"}},"UpdateExpression":"SET leaseOwner = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`,
		api.Validation, "The update expression attempted to update the secondary index key to unsupported type")
	f.fails("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`, api.Validation, "Attempting to create an index which already exists")
	f.call("UpdateTable", `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"LeaseOwnerToLeaseKeyIndex"}}]}`)
	if n := f.entries("index"); n != 0 {
		t.Errorf("%d entries are left of an index that is gone", n)
	}
	f.fails("Scan", `{"TableName":"app","IndexName":"LeaseOwnerToLeaseKeyIndex"}`, api.Validation,
		"The table does not have the specified index: LeaseOwnerToLeaseKeyIndex")
	f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	f.want("made again", f.owned("w7"), "007", "Leader")
}

// TestIndexIsBuiltWhileItemsChange proves that an index that is built beside writers
// has an entry for each item, and no other.
func TestIndexIsBuiltWhileItemsChange(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	const leases = 400
	put := func(i, owner int) {
		if _, err := f.do(caller, "PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%03d"},"leaseOwner":{"S":"w%d"}}}`, i, owner)); err != nil {
			t.Error(err)
		}
	}
	for i := range leases {
		put(i, 0)
	}
	var writers, begun sync.WaitGroup
	built := make(chan struct{})
	for w := range 4 {
		begun.Add(1)
		writers.Go(func() {
			put(w, w+1)
			begun.Done()
			for i, last := w, false; !last; i = (i + 4) % leases {
				select {
				case <-built:
					last = true
				default:
				}
				put(i, w+1)
				if i%3 != 0 {
					continue
				}
				if _, err := f.do(caller, "DeleteItem", fmt.Sprintf(`{"TableName":"app","Key":{"leaseKey":{"S":"%03d"}}}`, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	begun.Wait()
	f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	close(built)
	writers.Wait()
	items, _ := f.pages("Scan", "app", "")
	owners := map[string][]string{}
	for _, it := range items {
		owner := f.texts([]any{it}, "leaseOwner")[0]
		owners[owner] = append(owners[owner], f.texts([]any{it}, "leaseKey")[0])
	}
	n := 0
	for owner, leases := range owners {
		if got := f.owned(owner); len(got) != len(leases) {
			t.Errorf("%s has %d leases, the index %d", owner, len(leases), len(got))
		}
		n += len(leases)
	}
	if got := f.entries("index"); got != n || n != len(items) {
		t.Errorf("%d entries for %d items", got, len(items))
	}
	counted := f.call("DescribeTable", `{"TableName":"app"}`)
	f.open()
	f.same("counted anew", counted, f.call("DescribeTable", `{"TableName":"app"}`))
}

// TestIndexThroughput proves that what is provisioned for an index can be changed, and
// goes with the table's billing.
func TestIndexThroughput(t *testing.T) {
	f := newFixture(t)
	provisioned := func(n int) string {
		return fmt.Sprintf(`"ProvisionedThroughput":{"ReadCapacityUnits":%d,"WriteCapacityUnits":%d}`, n, n)
	}
	f.call("CreateTable", `{"TableName":"app",`+leaseTable+`,`+provisioned(5)+`,"GlobalSecondaryIndexes":[{"IndexName":"index",
		"Projection":{"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}],`+provisioned(6)+`}]}`)
	update := func(n int) string {
		return `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"index",` + provisioned(n) + `}}]}`
	}
	shown := func() any {
		table := f.get(f.call("DescribeTable", `{"TableName":"app"}`), "Table").(map[string]any)
		index := table["GlobalSecondaryIndexes"].([]any)[0].(map[string]any)
		return index["ProvisionedThroughput"].(map[string]any)["ReadCapacityUnits"]
	}
	f.call("UpdateTable", update(7))
	f.open()
	if n := shown(); n != 7.0 {
		t.Errorf("the index has %v units", n)
	}
	f.call("UpdateTable", `{"TableName":"app","BillingMode":"PAY_PER_REQUEST"}`)
	if n := shown(); n != 0.0 {
		t.Errorf("the index has %v units on demand", n)
	}
	f.fails("UpdateTable", update(8), api.Validation, "One or more parameter values were invalid: "+
		"Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	f.call("UpdateTable", `{"TableName":"app","BillingMode":"PROVISIONED",`+provisioned(9)+`,"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"index",`+provisioned(9)+`}}]}`)
	if n := shown(); n != 9.0 {
		t.Errorf("the index has %v units", n)
	}
}

// TestIndexOfTooMany proves the limits on indexes.
func TestIndexOfTooMany(t *testing.T) {
	f := newFixture(t)
	indexes := ""
	for i := range 21 {
		if i > 0 {
			indexes += ","
		}
		indexes += fmt.Sprintf(`{"IndexName":"index-%d","Projection":{"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}]}`, i)
	}
	f.fails("CreateTable", `{"TableName":"app","BillingMode":"PAY_PER_REQUEST",`+leaseTable+`,"GlobalSecondaryIndexes":[`+indexes+`]}`,
		api.Validation, "One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of 20")
	f.leases("app")
	f.fails("UpdateTable", `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"one"}},{"Delete":{"IndexName":"two"}}]}`,
		api.LimitExceeded, "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	f.fails("UpdateTable", `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"one"}}]}`,
		api.ResourceNotFound, "Requested resource not found")
}

// TestIndexOfWhatCannotBeAKey proves that items with values that no key may have are
// left out of an index that is made later, and can be deleted.
func TestIndexOfWhatCannotBeAKey(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	for i, owner := range []string{`{"S":"w"}`, `{"S":""}`, `{"S":"` + strings.Repeat("w", 2049) + `"}`, `{"N":"1"}`} {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%d"},"leaseOwner":%s}}`, i, owner))
	}
	f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
	for range 2 {
		if n := f.entries("index"); n != 1 {
			t.Errorf("the index has %d entries", n)
		}
		f.want("owned", f.owned("w"), "0")
		f.open()
	}
	for i := range 4 {
		f.call("DeleteItem", fmt.Sprintf(`{"TableName":"app","Key":{"leaseKey":{"S":"%d"}}}`, i))
	}
	table := f.get(f.call("DescribeTable", `{"TableName":"app"}`), "Table").(map[string]any)
	if index := table["GlobalSecondaryIndexes"].([]any)[0].(map[string]any); index["ItemCount"] != 0.0 || f.entries("index") != 0 {
		t.Errorf("the index counts %v items", index["ItemCount"])
	}
}
