package dynamo_test

import (
	"errors"
	"testing"

	"leat/internal/api"
)

// FuzzRequests performs operations with any body. They answer, or fail with an error
// that is meant for clients, and what is counted stays what there is.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][2]string{
		{"PutItem", `{"TableName":"app","Item":{"p":{"S":"a"},"n":{"N":"1"},"color":{"S":"red"}},"Expected":{"p":{"Exists":false}}}`},
		{"UpdateItem", `{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"1"}},"UpdateExpression":"SET v = :v REMOVE color","ExpressionAttributeValues":{":v":{"L":[]}}}`},
		{"DeleteItem", `{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"1"}},"ReturnValues":"ALL_OLD"}`},
		{"GetItem", `{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"1"}},"ProjectionExpression":"v[0].x"}`},
		{"Query", `{"TableName":"app","KeyConditionExpression":"p = :p AND n BETWEEN :a AND :b","ExpressionAttributeValues":{":p":{"S":"a"},":a":{"N":"0"},":b":{"N":"2"}},"Limit":1,"ScanIndexForward":false}`},
		{"Query", `{"TableName":"app","IndexName":"global","KeyConditions":{"color":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"red"}]}},"ExclusiveStartKey":{"p":{"S":"a"},"n":{"N":"1"},"color":{"S":"red"}}}`},
		{"Scan", `{"TableName":"app","IndexName":"local","Segment":0,"TotalSegments":3,"FilterExpression":"size(v) > :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`},
		{"BatchGetItem", `{"RequestItems":{"app":{"Keys":[{"p":{"S":"a"},"n":{"N":"1"}}]}},"ReturnConsumedCapacity":"INDEXES"}`},
		{"BatchWriteItem", `{"RequestItems":{"app":[{"PutRequest":{"Item":{"p":{"S":"a"},"n":{"N":"2"}}}}]}}`},
		{"TransactWriteItems", `{"ClientRequestToken":"t","TransactItems":[{"ConditionCheck":{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"1"}},"ConditionExpression":"attribute_exists(p)"}}]}`},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"app","Key":{"p":{"S":"a"},"n":{"N":"1"}}}}]}`},
		{"UpdateTable", `{"TableName":"app","AttributeDefinitions":[{"AttributeName":"v","AttributeType":"N"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"byv","KeySchema":[{"AttributeName":"v","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}}]}`},
		{"CreateTable", `{"TableName":"bpp","BillingMode":"PAY_PER_REQUEST",` + leaseTable + `}`},
		{"UpdateTimeToLive", `{"TableName":"app","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"n"}}`},
		{"TagResource", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/app","Tags":[{"Key":"a","Value":"b"}]}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, operation, body string) {
		x := newFixture(t)
		if _, served := x.ops[operation]; !served {
			return
		}
		x.colors("app")
		if _, err := x.do(caller, operation, body); err != nil {
			if e := (*api.Error)(nil); !errors.As(err, &e) {
				t.Fatalf("%s %q: %v", operation, body, err)
			}
		}
		stored := x.StoredForTest()
		x.open()
		if got := x.StoredForTest(); got != stored {
			t.Errorf("%s %q: %d bytes were counted, %d after a restart", operation, body, stored, got)
		}
	})
}
