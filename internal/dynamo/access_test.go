package dynamo_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
	"leat/internal/wire/awsjson"
)

// TestLeadingKeys looks at the partition keys that policies hear of, without which
// a condition on all of them would let everything pass.
func TestLeadingKeys(t *testing.T) {
	f := newFixture(t)
	f.call("CreateTable", `{"TableName": "games", "BillingMode": "PAY_PER_REQUEST",
		"KeySchema": [{"AttributeName": "user", "KeyType": "HASH"}, {"AttributeName": "game", "KeyType": "RANGE"}],
		"AttributeDefinitions": [{"AttributeName": "user", "AttributeType": "S"}, {"AttributeName": "game", "AttributeType": "S"},
			{"AttributeName": "score", "AttributeType": "N"}],
		"GlobalSecondaryIndexes": [{"IndexName": "scores", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "score", "KeyType": "HASH"}]}]}`)
	const games = `{"TableName": "games", `
	for _, test := range []struct {
		operation, in string
		want          []string
	}{
		{"GetItem", games + `"Key": {"user": {"S": "ann"}, "game": {"S": "go"}}}`, []string{"ann"}},
		{"PutItem", games + `"Item": {"user": {"S": "ann"}, "game": {"S": "go"}, "score": {"N": "1"}}}`, []string{"ann"}},
		{
			"BatchWriteItem", `{"RequestItems": {"games": [{"DeleteRequest": {"Key": {"user": {"S": "ann"}, "game": {"S": "go"}}}},
				{"PutRequest": {"Item": {"user": {"S": "bob"}, "game": {"S": "go"}}}}]}}`, []string{"ann", "bob"},
		},
		{
			"Query", games + `"KeyConditionExpression": "begins_with(game, :g) and #u = :u", "ExpressionAttributeNames": {"#u": "user"},
				"ExpressionAttributeValues": {":u": {"S": "ann"}, ":g": {"S": "g"}}}`, []string{"ann"},
		},
		{
			"Query", games + `"KeyConditions": {"user": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "ann"}]}}}`,
			[]string{"ann"},
		},
		{
			"Query", games + `"IndexName": "scores", "KeyConditionExpression": "score = :s",
				"ExpressionAttributeValues": {":s": {"N": "07.0"}}}`, []string{"7"},
		},
		{"Query", games + `"KeyConditionExpression": "game = :g", "ExpressionAttributeValues": {":g": {"S": "go"}}}`, nil},
		{"Scan", `{"TableName": "games"}`, nil},
	} {
		op := f.ops[test.operation]
		in := op.Input()
		if err := awsjson.Decode([]byte(test.in), in); err != nil {
			t.Fatal(err)
		}
		resources, err := op.Resources(caller, in)
		if err != nil || len(resources) != 1 {
			t.Fatalf("%s %s: %v, %v", test.operation, test.in, resources, err)
		}
		if diff := cmp.Diff(test.want, resources[0].Context["dynamodb:leadingkeys"]); diff != "" {
			t.Errorf("%s %s: %s", test.operation, test.in, diff)
		}
		if _, err := f.do(caller, test.operation, test.in); test.want == nil && test.operation == "Query" && err == nil {
			t.Errorf("%s is answered, and of no partition", test.in)
		}
	}
}

// TestEmptyLists has requests about no item: they are about the tables that they
// name, or are refused.
func TestEmptyLists(t *testing.T) {
	f := newFixture(t)
	const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/games"
	for _, test := range []struct{ operation, in, arn, message string }{
		{"BatchGetItem", `{"RequestItems": {"games": {"Keys": []}}}`, arn, ""},
		{"TransactWriteItems", `{"TransactItems": [{}]}`, "", "should contain Delete or Put or Update request"},
	} {
		op := f.ops[test.operation]
		in := op.Input()
		if err := awsjson.Decode([]byte(test.in), in); err != nil {
			t.Fatal(err)
		}
		if err := api.Validate(in, op.Schema); err != nil {
			t.Fatal(err)
		}
		resources, err := op.Resources(caller, in)
		switch {
		case test.message == "" && (err != nil || len(resources) != 1 || resources[0].ARN != test.arn):
			t.Errorf("%s %s: %v, %v", test.operation, test.in, resources, err)
		case test.message != "" && (err == nil || !strings.Contains(err.Error(), test.message)):
			t.Errorf("%s %s: %v, %v", test.operation, test.in, resources, err)
		}
	}
}

// TestManyKeys proves that it takes little time to find out what a request with more
// keys than it may have is about: policies come before limits.
func TestManyKeys(t *testing.T) {
	f := newFixture(t)
	f.leases("app")
	keys := make([]string, 200_000)
	for i := range keys {
		keys[i] = fmt.Sprintf(`{"leaseKey":{"S":"%d"}}`, i)
	}
	begun := time.Now()
	list := f.resources("BatchGetItem", `{"RequestItems":{"app":{"Keys":[`+strings.Join(keys, ",")+`]}}}`)
	if n := len(list[0].Context["dynamodb:leadingkeys"]); n != len(keys) {
		t.Errorf("policies hear of %d keys", n)
	}
	if took := time.Since(begun); took > 20*time.Second { // a second with the race detector; minutes if each key were compared with all
		t.Errorf("that took %v", took)
	}
}
