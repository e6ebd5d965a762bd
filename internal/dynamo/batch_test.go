package dynamo_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/api"
)

func TestBatches(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	f.leases("bpp")
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"old"}}}`)
	f.answers("BatchWriteItem", `{"RequestItems":{"app":[{"PutRequest":{"Item":{"leaseKey":{"S":"a"},"n":{"N":"1"}}}},{"DeleteRequest":{"Key":{"leaseKey":{"S":"old"}}}}],
		"bpp":[{"PutRequest":{"Item":{"leaseKey":{"S":"a"}}}}]},"ReturnConsumedCapacity":"TOTAL"}`,
		`{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"app","CapacityUnits":2},{"TableName":"bpp","CapacityUnits":1}]}`)
	f.answers("BatchGetItem", `{"RequestItems":{"app":{"Keys":[{"leaseKey":{"S":"a"}},{"leaseKey":{"S":"old"}}],"ProjectionExpression":"n"},
		"bpp":{"Keys":[{"leaseKey":{"S":"a"}}]}}}`,
		`{"Responses":{"app":[{"n":{"N":"1"}}],"bpp":[{"leaseKey":{"S":"a"}}]},"UnprocessedKeys":{}}`)
	twice := `{"leaseKey":{"S":"a"}}`
	f.fails("BatchGetItem", `{"RequestItems":{"app":{"Keys":[`+twice+`,`+twice+`]}}}`, api.Validation, "Provided list of item keys contains duplicates")
	f.fails("BatchWriteItem", `{"RequestItems":{"app":[{"PutRequest":{"Item":`+twice+`}},{"DeleteRequest":{"Key":`+twice+`}}]}}`,
		api.Validation, "Provided list of item keys contains duplicates")
	f.fails("BatchWriteItem", `{"RequestItems":{"none":[{"PutRequest":{"Item":`+twice+`}}]}}`, api.ResourceNotFound, "Requested resource not found")
	f.fails("BatchWriteItem", `{"RequestItems":{"app":[{}]}}`, api.Validation,
		"Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	var puts, keys []string
	for i := range 101 {
		puts = append(puts, fmt.Sprintf(`{"PutRequest":{"Item":{"leaseKey":{"S":"%d"}}}}`, i))
		keys = append(keys, fmt.Sprintf(`{"leaseKey":{"S":"%d"}}`, i))
	}
	f.fails("BatchWriteItem", `{"RequestItems":{"app":[`+strings.Join(puts[:13], ",")+`],"bpp":[`+strings.Join(puts[:13], ",")+`]}}`,
		api.Validation, "Too many items requested for the BatchWriteItem call")
	f.fails("BatchGetItem", `{"RequestItems":{"app":{"Keys":[`+strings.Join(keys, ",")+`]}}}`, api.Validation, "Too many items requested for the BatchGetItem call")
}

// TestLargeBatch proves that what does not fit into an answer is named as such.
func TestLargeBatch(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	var keys []string
	for i := range 45 {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%02d"},"v":{"S":"%s"}}}`, i, strings.Repeat("x", 400_000)))
		keys = append(keys, fmt.Sprintf(`{"leaseKey":{"S":"%02d"}}`, i))
	}
	answer := f.call("BatchGetItem", `{"RequestItems":{"app":{"Keys":[`+strings.Join(keys, ",")+`],"ProjectionExpression":"leaseKey"}}}`)
	got := f.get(answer, "Responses", "app").([]any)
	rest := f.get(answer, "UnprocessedKeys", "app", "Keys").([]any)
	if len(got) != 41 || len(rest) != 4 {
		t.Errorf("%d items of 400 kB are answered and %d are not", len(got), len(rest))
	}
	answer = f.call("BatchGetItem", `{"RequestItems":`+toJSON(f.get(answer, "UnprocessedKeys"))+`}`)
	f.want("the rest", f.texts(f.get(answer, "Responses", "app").([]any), "leaseKey"), "41", "42", "43", "44")
}

func TestTransactions(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"lock"},"ownerName":{"S":"me"}}}`)
	write := func(owner string) string {
		return `{"TransactItems":[
			{"ConditionCheck":{"TableName":"app","Key":{"leaseKey":{"S":"lock"}},"ConditionExpression":"ownerName = :o",
				"ExpressionAttributeValues":{":o":{"S":"` + owner + `"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}},
			{"Put":{"TableName":"app","Item":{"leaseKey":{"S":"a"}},"ConditionExpression":"attribute_not_exists(leaseKey)"}},
			{"Update":{"TableName":"app","Key":{"leaseKey":{"S":"n"}},"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}},
			{"Delete":{"TableName":"app","Key":{"leaseKey":{"S":"gone"}}}}]}`
	}
	const canceled = `"__type":"TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons `
	const unmet = `"Code":"ConditionalCheckFailed","Message":"The conditional request failed"`
	f.same("not the owner", f.errorJSON("TransactWriteItems", write("you")), `{`+canceled+`[ConditionalCheckFailed, None, None, None]",
		"CancellationReasons":[{`+unmet+`,"Item":{"leaseKey":{"S":"lock"},"ownerName":{"S":"me"}}},{"Code":"None"},{"Code":"None"},{"Code":"None"}]}`)
	f.answers("TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"app","Key":{"leaseKey":{"S":"a"}}}}]}`, `{"Responses":[{}]}`)
	f.answers("TransactWriteItems", write("me"), `{}`)
	f.same("again", f.errorJSON("TransactWriteItems", write("me")), `{`+canceled+`[None, ConditionalCheckFailed, None, None]",
		"CancellationReasons":[{"Code":"None"},{`+unmet+`},{"Code":"None"},{"Code":"None"}]}`)
	f.open()
	get := func(key string) string { return `{"Get":{"TableName":"app","Key":{"leaseKey":{"S":"` + key + `"}}}}` }
	f.answers("TransactGetItems", `{"TransactItems":[`+get("a")+`,`+get("n")+`,`+get("none")+`]}`,
		`{"Responses":[{"Item":{"leaseKey":{"S":"a"}}},{"Item":{"leaseKey":{"S":"n"},"n":{"N":"1"}}},{}]}`)
	put := `{"Put":{"TableName":"app","Item":{"leaseKey":{"S":"x"}}}}`
	f.fails("TransactWriteItems", `{"TransactItems":[`+put+`,`+put+`]}`, api.Validation,
		"Transaction request cannot include multiple operations on one item")
	f.fails("TransactGetItems", `{"TransactItems":[`+get("a")+`,`+get("a")+`]}`, api.Validation,
		"Transaction request cannot include multiple operations on one item")
	f.same("the wrong key", f.errorJSON("TransactWriteItems", `{"TransactItems":[`+put+`,{"Put":{"TableName":"app","Item":{"leaseKey":{"N":"1"}}}}]}`),
		`{`+canceled+`[None, ValidationError]","CancellationReasons":[{"Code":"None"},{"Code":"ValidationError",
		"Message":"One or more parameter values were invalid: Type mismatch for key leaseKey expected: S actual: N"}]}`)
	f.fails("TransactWriteItems", `{"TransactItems":[{}]}`, api.Validation,
		"Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
	large := make([]string, 11)
	for i := range large {
		large[i] = fmt.Sprintf(`{"Put":{"TableName":"app","Item":{"leaseKey":{"S":"%02d"},"v":{"S":"%s"}}}}`, i, strings.Repeat("x", 400_000-11))
	}
	f.fails("TransactWriteItems", `{"TransactItems":[`+strings.Join(large, ",")+`]}`, api.Validation,
		"Transaction payload size cannot exceed 4MB. Payload Size: 4400000")
}

// TestTokens proves that a transaction with a token is made once, also over a
// restart, and that the token can be used anew after its time.
func TestTokens(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	add := func(n string) string {
		return `{"ClientRequestToken":"token","TransactItems":[{"Update":{"TableName":"app","Key":{"leaseKey":{"S":"x"}},
			"UpdateExpression":"ADD n :n","ExpressionAttributeValues":{":n":{"N":"` + n + `"}}}}]}`
	}
	sum := func(want string) {
		t.Helper()
		f.answers("GetItem", `{"TableName":"app","Key":{"leaseKey":{"S":"x"}},"ProjectionExpression":"n"}`, `{"Item":{"n":{"N":"`+want+`"}}}`)
	}
	f.answers("TransactWriteItems", add("1"), `{}`)
	f.open()
	f.advance(10*time.Minute - time.Millisecond)
	f.answers("TransactWriteItems", add("1"), `{}`)
	sum("1")
	f.fails("TransactWriteItems", add("2"), api.IdempotentParameterMismatch, "")
	f.advance(time.Millisecond)
	f.answers("TransactWriteItems", add("2"), `{}`)
	sum("3")
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.answers("TransactWriteItems", add("2"), `{}`)
	sum("3")
	f.advance(10 * time.Minute)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.entries("token"); n != 0 {
		t.Errorf("%d tokens are left", n)
	}
	const many = 3000 // more than are deleted at a time
	for i := range many {
		f.call("TransactWriteItems", fmt.Sprintf(`{"ClientRequestToken":"%d","TransactItems":[{"Delete":{"TableName":"app","Key":{"leaseKey":{"S":"y"}}}}]}`, i))
	}
	if n := f.entries("token"); n != many {
		t.Fatalf("%d tokens are stored", n)
	}
	f.advance(10 * time.Minute)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.entries("token"); n != 0 {
		t.Errorf("%d of many tokens are left", n)
	}
}

// TestTransactionsTogether moves amounts between accounts from many goroutines, while
// others read both: nobody sees the sum change.
func TestTransactionsTogether(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	for i := range 4 {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%d"},"n":{"N":"100"}}}`, i))
	}
	change := func(i int, n string) string {
		return fmt.Sprintf(`{"Update":{"TableName":"app","Key":{"leaseKey":{"S":"%d"}},"UpdateExpression":"ADD n :n",
			"ExpressionAttributeValues":{":n":{"N":"%s"}}}}`, i%4, n)
	}
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 50 {
				body := `{"TransactItems":[` + change(w+i, "-1") + `,` + change(w+2*i+1, "1") + `]}`
				var refused *api.Error
				_, err := f.do(caller, "TransactWriteItems", body)
				if refusedTwice := errors.As(err, &refused) && refused.Code == string(api.Validation); err != nil && !refusedTwice {
					t.Error(err)
				}
				gets := make([]string, 4)
				for i := range gets {
					gets[i] = fmt.Sprintf(`{"Get":{"TableName":"app","Key":{"leaseKey":{"S":"%d"}}}}`, i)
				}
				answer, err := f.do(caller, "TransactGetItems", `{"TransactItems":[`+strings.Join(gets, ",")+`]}`)
				if err != nil {
					t.Error(err)
					return
				}
				sum := 0
				for _, r := range f.get(answer, "Responses").([]any) {
					var n int
					if _, err := fmt.Sscan(f.texts([]any{r.(map[string]any)["Item"]}, "n")[0], &n); err != nil {
						t.Error(err)
					}
					sum += n
				}
				if sum != 400 {
					t.Errorf("the sum was %d", sum)
				}
			}
		})
	}
	all.Wait()
}

// TestBatchOfSmallValues proves that items which are small to DynamoDB and large in
// memory are not all in one answer, and come nevertheless.
func TestBatchOfSmallValues(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	maps := strings.TrimSuffix(strings.Repeat(`{"M":{"a":{"NULL":true}}},`, 50_000), ",")
	keys := make([]string, 6)
	for i := range keys {
		f.call("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"%d"},"v":{"L":[%s]}}}`, i, maps))
		keys[i] = fmt.Sprintf(`{"leaseKey":{"S":"%d"}}`, i)
	}
	rest, got, batches := `{"app":{"ProjectionExpression":"leaseKey","Keys":[`+strings.Join(keys, ",")+`]}}`, 0, 0
	for rest != "{}" && batches < 10 {
		answer := f.call("BatchGetItem", `{"RequestItems":`+rest+`}`)
		items, _ := f.get(answer, "Responses", "app").([]any)
		rest, got, batches = toJSON(f.get(answer, "UnprocessedKeys")), got+len(items), batches+1
	}
	if got != len(keys) || batches != 3 {
		t.Errorf("%d of %d items in %d batches", got, len(keys), batches)
	}
}
