package dynamo_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"leat/internal/api"
)

// TestLease does with a lease what a KCL does, with the older parameters.
func TestLease(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	const key = `"TableName":"app","Key":{"leaseKey":{"S":"shard-0"}}`
	create := `{"TableName":"app","Item":{"leaseKey":{"S":"shard-0"},"leaseCounter":{"N":"0"},"checkpoint":{"S":"TRIM_HORIZON"}},
		"Expected":{"leaseKey":{"Exists":false}}}`
	f.answers("PutItem", create, `{}`)
	f.fails("PutItem", create, api.ConditionalCheckFailed, "The conditional request failed")
	take := `{` + key + `,"Expected":{"leaseCounter":{"Value":{"N":"0"}},"leaseOwner":{"Exists":false}},"AttributeUpdates":{
		"leaseCounter":{"Action":"ADD","Value":{"N":"1"}},"leaseOwner":{"Action":"PUT","Value":{"S":"w"}},
		"checkpointOwner":{"Action":"DELETE"}},"ReturnValues":"ALL_NEW","ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`
	taken := `{"leaseKey":{"S":"shard-0"},"leaseCounter":{"N":"1"},"checkpoint":{"S":"TRIM_HORIZON"},"leaseOwner":{"S":"w"}}`
	f.answers("UpdateItem", take, `{"Attributes":`+taken+`}`)
	f.same("the second taker hears what there is", f.errorJSON("UpdateItem", take),
		`{"__type":"ConditionalCheckFailedException","message":"The conditional request failed","Item":`+taken+`}`)
	f.open()
	f.answers("GetItem", `{`+key+`,"ConsistentRead":true}`, `{"Item":`+taken+`}`)
	f.answers("DeleteItem", `{`+key+`,"ReturnValues":"ALL_OLD"}`, `{"Attributes":`+taken+`}`)
	f.answers("DeleteItem", `{`+key+`,"ReturnValues":"ALL_OLD"}`, `{}`)
	f.answers("GetItem", `{`+key+`}`, `{}`)
	f.answers("UpdateItem", `{`+key+`,"AttributeUpdates":{"n":{"Action":"ADD","Value":{"N":"5"}}},"ReturnValues":"UPDATED_NEW"}`,
		`{"Attributes":{"n":{"N":"5"}}}`)
	f.answers("GetItem", `{`+key+`}`, `{"Item":{"leaseKey":{"S":"shard-0"},"n":{"N":"5"}}}`)
}

func TestReturnValues(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	update := func(returned string) string {
		f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"x"},"a":{"N":"1"},"b":{"S":"same"}}}`)
		return f.call("UpdateItem", `{"TableName":"app","Key":{"leaseKey":{"S":"x"}},"UpdateExpression":"SET a = a + :one, c = :one",
			"ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":"`+returned+`"}`)
	}
	for returned, want := range map[string]string{
		"NONE":        `{}`,
		"ALL_OLD":     `{"Attributes":{"leaseKey":{"S":"x"},"a":{"N":"1"},"b":{"S":"same"}}}`,
		"ALL_NEW":     `{"Attributes":{"leaseKey":{"S":"x"},"a":{"N":"2"},"b":{"S":"same"},"c":{"N":"1"}}}`,
		"UPDATED_OLD": `{"Attributes":{"a":{"N":"1"}}}`,
		"UPDATED_NEW": `{"Attributes":{"a":{"N":"2"},"c":{"N":"1"}}}`,
	} {
		f.same(returned, update(returned), want)
	}
	f.answers("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"x"}},"ReturnValues":"ALL_OLD"}`,
		`{"Attributes":{"leaseKey":{"S":"x"},"a":{"N":"2"},"b":{"S":"same"},"c":{"N":"1"}}}`)
	for _, op := range []string{"PutItem", "DeleteItem"} {
		f.fails(op, `{"TableName":"app","Item":{"leaseKey":{"S":"x"}},"Key":{"leaseKey":{"S":"x"}},"ReturnValues":"ALL_NEW"}`,
			api.Validation, "ReturnValues can only be ALL_OLD or NONE")
	}
}

func TestItemsThatCannotBe(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	const begin = "One or more parameter values were invalid: "
	const schema = "The provided key element does not match the schema"
	put := func(item string) string { return `{"TableName":"app","Item":{` + item + `}}` }
	key := func(item string) string { return `{"TableName":"app","Key":{` + item + `}}` }
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, test := range []struct{ op, body, want string }{
		{"PutItem", put(`"p":{"S":"a"}`), begin + "Missing the key n in the item"},
		{"PutItem", put(`"p":{"S":"a"},"n":{"S":"1"}`), begin + "Type mismatch for key n expected: N actual: S"},
		{
			"PutItem", put(`"p":{"S":""},"n":{"N":"1"}`),
			"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: p",
		},
		{"PutItem", put(`"p":{"S":"` + long(2049) + `"},"n":{"N":"1"}`), begin + "Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"PutItem", put(`"p":{"S":"a"},"n":{"N":"1"},"v":{"S":"` + long(400<<10) + `"}`), "Item size has exceeded the maximum allowed size"},
		{
			"PutItem", put(`"p":{"S":"a"},"n":{"N":"1"},"color":{"N":"1"}`),
			begin + "Type mismatch for Index Key color Expected: S Actual: N IndexName: local",
		},
		{"PutItem", put(`"p":{"S":"a"},"n":{"N":"1"},"color":{"S":""}`), "One or more parameter values are not valid. " +
			"A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain " +
			"an empty string value. IndexName: local, IndexKey: color"},
		{
			"PutItem", put(`"p":{"S":"a"},"n":{"N":"1"},"color":{"S":"` + long(1025) + `"}`),
			begin + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
		},
		{"GetItem", key(`"p":{"S":"a"}`), schema},
		{"GetItem", key(`"p":{"S":"a"},"x":{"N":"1"}`), schema},
		{"GetItem", key(`"p":{"S":"a"},"n":{"S":"1"}`), schema},
		{"DeleteItem", key(`"p":{"S":"a"},"n":{"N":"1"},"x":{"N":"1"}`), schema},
		{
			"UpdateItem", `{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"1"}},"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"N":"2"}}}`,
			begin + "Cannot update attribute n. This attribute is part of the key",
		},
		{"UpdateItem", `{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"1"}},"UpdateExpression":"SET v = :v","ExpressionAttributeValues":{":v":{"S":"` +
			long(400<<10) + `"}}}`, "Item size to update has exceeded the maximum allowed size"},
	} {
		f.fails(test.op, test.body, api.Validation, test.want)
	}
	f.fails("PutItem", `{"TableName":"none","Item":{"p":{"S":"a"}}}`, api.ResourceNotFound, "Requested resource not found")
	if n := f.entries("item") + f.entries("index"); n != 0 {
		t.Errorf("%d entries were written", n)
	}
}

// TestNesting proves that an update cannot make an item that could not be read.
func TestNesting(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	nested := strings.Repeat(`{"L":[`, 31) + `{"N":"1"}` + strings.Repeat(`]}`, 31)
	const key = `"TableName":"app","Key":{"leaseKey":{"S":"x"}}`
	f.call("UpdateItem", `{`+key+`,"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":`+nested+`}}`)
	f.fails("UpdateItem", `{`+key+`,"UpdateExpression":"SET a[1] = :a","ExpressionAttributeValues":{":a":`+nested+`}}`,
		api.Validation, "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	f.answers("GetItem", `{`+key+`}`, `{"Item":{"leaseKey":{"S":"x"},"a":`+nested+`}}`)
}

// TestOneItemAtATime proves that no update of an item is lost, and that items have
// no part in each other's conditions.
func TestOneItemAtATime(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	const writers, each = 8, 50
	var won [writers]int
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				body := fmt.Sprintf(`{"TableName":"app","Key":{"leaseKey":{"S":"x"}},"UpdateExpression":"ADD n :one SET o = :w",
					"ExpressionAttributeValues":{":one":{"N":"1"},":w":{"N":"%d"}}}`, w)
				if _, err := f.do(caller, "UpdateItem", body); err != nil {
					t.Error(err)
				}
				create := fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"once-%d"}},"ConditionExpression":"attribute_not_exists(leaseKey)"}`, i)
				if _, err := f.do(caller, "PutItem", create); err == nil {
					won[w]++
				}
			}
		})
	}
	all.Wait()
	f.answers("GetItem", `{"TableName":"app","Key":{"leaseKey":{"S":"x"}},"ProjectionExpression":"n"}`,
		fmt.Sprintf(`{"Item":{"n":{"N":"%d"}}}`, writers*each))
	total := 0
	for _, n := range won {
		total += n
	}
	if total != each {
		t.Errorf("%d items were created %d times", each, total)
	}
	if got := f.get(f.call("DescribeTable", `{"TableName":"app"}`), "Table", "ItemCount"); got != float64(each+1) {
		t.Errorf("the table counts %v items", got)
	}
}

// TestRoom proves that items have a limit together, which deletions make room below.
func TestRoom(t *testing.T) {
	f := newFixture(t)
	f.SetRoomForTest(1000)
	f.leases("app")
	put := func(key string, n int) string {
		return fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%s"},"v":{"S":"%s"}}}`, key, strings.Repeat("x", n))
	}
	f.call("PutItem", put("a", 700))
	full := fmt.Sprintf("The items of this server may have %d bytes in all: it is for leases, checkpoints and the like.", 1000)
	f.fails("PutItem", put("b", 700), api.LimitExceeded, full)
	f.call("PutItem", put("a", 600))
	f.call("PutItem", put("b", 300))
	f.fails("PutItem", put("c", 100), api.LimitExceeded, full)
	f.open()
	f.SetRoomForTest(1000)
	f.fails("PutItem", put("c", 100), api.LimitExceeded, full)
	f.call("DeleteItem", `{"TableName":"app","Key":{"leaseKey":{"S":"b"}}}`)
	f.call("PutItem", put("c", 100))
	f.call("DeleteTable", `{"TableName":"app"}`)
	if n := f.StoredForTest(); n != 0 {
		t.Errorf("%d bytes are counted of a table that is gone", n)
	}
}

func TestConsumedCapacity(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	put := `{"TableName":"app","Item":{"p":{"S":"a"},"n":{"N":"1"},"color":{"S":"red"},"big":{"S":"` + strings.Repeat("x", 2500) + `"}},
		"ReturnConsumedCapacity":"%s"}`
	f.answers("PutItem", fmt.Sprintf(put, "INDEXES"), `{"ConsumedCapacity":{"TableName":"app","CapacityUnits":5,
		"Table":{"CapacityUnits":3},"GlobalSecondaryIndexes":{"global":{"CapacityUnits":1}},"LocalSecondaryIndexes":{"local":{"CapacityUnits":1}}}}`)
	f.answers("PutItem", fmt.Sprintf(put, "TOTAL"), `{"ConsumedCapacity":{"TableName":"app","CapacityUnits":3}}`)
	f.answers("PutItem", fmt.Sprintf(put, "NONE"), `{}`)
	get := `{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"%d"}},"ReturnConsumedCapacity":"TOTAL","ConsistentRead":%v,"ProjectionExpression":"n"}`
	f.answers("GetItem", fmt.Sprintf(get, 1, true), `{"Item":{"n":{"N":"1"}},"ConsumedCapacity":{"TableName":"app","CapacityUnits":1}}`)
	f.answers("GetItem", fmt.Sprintf(get, 2, false), `{"ConsumedCapacity":{"TableName":"app","CapacityUnits":0.5}}`)
	f.answers("Query", `{"TableName":"app","IndexName":"global","KeyConditionExpression":"color = :c","Select":"COUNT",
		"ExpressionAttributeValues":{":c":{"S":"red"}},"ReturnConsumedCapacity":"INDEXES"}`,
		`{"Count":1,"ScannedCount":1,"ConsumedCapacity":{"TableName":"app","CapacityUnits":0.5,"Table":{"CapacityUnits":0},
			"GlobalSecondaryIndexes":{"global":{"CapacityUnits":0.5}}}}`)
}

// TestErrorTypes proves that errors have the types that SDKs look for.
func TestErrorTypes(t *testing.T) {
	f := newFixture(t)
	for code, want := range map[api.Code]string{
		api.ConditionalCheckFailed: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
		api.Validation:             "com.amazon.coral.validate#ValidationException",
		api.Serialization:          "com.amazon.coral.service#SerializationException",
		api.UnknownOperation:       "com.amazon.coral.service#UnknownOperationException",
		api.AccessDenied:           "com.amazon.coral.service#AccessDeniedException",
		api.InternalServerError:    "com.amazonaws.dynamodb.v20120810#InternalServerError",
	} {
		if got := f.API().ErrorType(string(code)); got != want {
			t.Errorf("%s is %s, want %s", code, got, want)
		}
	}
}

// TestUpdateThatOnlyRemoves proves that such an update makes no item where there is
// none, alone and in a transaction, whatever it removes.
func TestUpdateThatOnlyRemoves(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	const key = `"TableName":"app","Key":{"leaseKey":{"S":"x"}}`
	for _, update := range []string{
		`"UpdateExpression":"REMOVE leaseOwner, a.b[1]"`,
		`"UpdateExpression":"DELETE workers :w","ExpressionAttributeValues":{":w":{"SS":["w"]}}`,
	} {
		f.answers("UpdateItem", `{`+key+`,`+update+`,"ReturnValues":"ALL_NEW"}`, `{}`)
		f.answers("UpdateItem", `{`+key+`,`+update+`,"ReturnValues":"UPDATED_NEW","ConditionExpression":"attribute_not_exists(leaseKey)"}`, `{}`)
		f.answers("TransactWriteItems", `{"TransactItems":[{"Update":{`+key+`,`+update+`}}]}`, `{}`)
		f.fails("UpdateItem", `{`+key+`,`+update+`,"ConditionExpression":"attribute_exists(leaseKey)"}`,
			api.ConditionalCheckFailed, "The conditional request failed")
	}
	f.answers("UpdateItem", `{`+key+`,"AttributeUpdates":{"leaseOwner":{"Action":"DELETE"}},"ReturnValues":"ALL_NEW"}`, `{}`)
	if n := f.entries("item"); n != 0 {
		t.Errorf("%d items were made", n)
	}
	f.answers("UpdateItem", `{`+key+`,"UpdateExpression":"REMOVE leaseOwner SET a = :a","ExpressionAttributeValues":{":a":{"N":"1"}},
		"ReturnValues":"ALL_NEW"}`, `{"Attributes":{"leaseKey":{"S":"x"},"a":{"N":"1"}}}`)
	f.call("DeleteItem", `{`+key+`}`)
	f.answers("UpdateItem", `{`+key+`,"ReturnValues":"ALL_NEW"}`, `{"Attributes":{"leaseKey":{"S":"x"}}}`)
}

// TestTooManyOldParameters proves that no entry of the older parameters, which have no
// limit in AWS, is passed over.
func TestTooManyOldParameters(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	entries := func(n int, value string) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`"a%d":%s`, i, value)
		}
		return strings.Join(list, ",")
	}
	for _, test := range [][3]string{
		{"UpdateItem", `"Key":{"leaseKey":{"S":"x"}},"AttributeUpdates"`, `{"Value":{"N":"1"}}`},
		{"PutItem", `"Item":{"leaseKey":{"S":"x"}},"Expected"`, `{"Exists":false}`},
		{"Scan", `"ScanFilter"`, `{"ComparisonOperator":"NULL"}`},
	} {
		f.call(test[0], `{"TableName":"app",`+test[1]+`:{`+entries(9_000, test[2])+`}}`)
		_, err := f.do(caller, test[0], `{"TableName":"app",`+test[1]+`:{`+entries(10_001, test[2])+`}}`)
		if !isCode(err, api.Validation) {
			t.Errorf("%s with 10,001 entries: %v", test[0], err)
		}
		f.call("DeleteItem", `{"TableName":"app","Key":{"leaseKey":{"S":"x"}}}`)
	}
}
