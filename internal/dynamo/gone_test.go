package dynamo_test

import (
	"context"
	"testing"

	"leat/internal/api"
	"leat/internal/engine"
)

// interrupted is an engine on which something else happens before it returns an
// entry or after it has listed some.
type interrupted struct {
	engine.Engine
	meanwhile func()
}

func (e *interrupted) interrupt() {
	if meanwhile := e.meanwhile; meanwhile != nil {
		e.meanwhile = nil
		meanwhile()
	}
}

func (e *interrupted) Get(ctx context.Context, key engine.Key) (engine.Entry, error) {
	e.interrupt()
	return e.Engine.Get(ctx, key)
}

func (e *interrupted) List(ctx context.Context, prefix, after engine.Key, limit int) ([]engine.Entry, error) {
	list, err := e.Engine.List(ctx, prefix, after, limit)
	e.interrupt()
	return list, err
}

// TestReadsOfWhatIsGone proves that a table or an index that goes while it is read
// is not taken for one that has no items.
func TestReadsOfWhatIsGone(t *testing.T) {
	f := newFixture(t)
	e := &interrupted{Engine: f.engine}
	f.engine = e
	f.open()
	const key = `"Key":{"leaseKey":{"S":"a"}}`
	const query = `"KeyConditionExpression":"leaseOwner = :o","ExpressionAttributeValues":{":o":{"S":"w"}}`
	for _, test := range []struct{ gone, op, body string }{
		{"table", "GetItem", `{"TableName":"app",` + key + `}`},
		{"table", "BatchGetItem", `{"RequestItems":{"app":{"Keys":[{"leaseKey":{"S":"a"}}]}}}`},
		{"table", "TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"app",` + key + `}}]}`},
		{"table", "Scan", `{"TableName":"app"}`},
		{"table", "Query", `{"TableName":"app","IndexName":"LeaseOwnerToLeaseKeyIndex",` + query + `}`},
		{"index", "Query", `{"TableName":"app","IndexName":"LeaseOwnerToLeaseKeyIndex",` + query + `}`},
		{"index", "Scan", `{"TableName":"app","IndexName":"LeaseOwnerToLeaseKeyIndex"}`},
	} {
		f.leases("app")
		f.call("UpdateTable", `{"TableName":"app",`+ownerIndex+`}`)
		f.call("PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"a"},"leaseOwner":{"S":"w"}}}`)
		e.meanwhile = func() {
			if test.gone == "table" {
				f.call("DeleteTable", `{"TableName":"app"}`)
				return
			}
			f.call("UpdateTable", `{"TableName":"app","GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"LeaseOwnerToLeaseKeyIndex"}}]}`)
		}
		if test.gone == "table" {
			f.fails(test.op, test.body, api.ResourceNotFound, "Requested resource not found")
			continue
		}
		f.fails(test.op, test.body, api.Validation, "The table does not have the specified index: LeaseOwnerToLeaseKeyIndex")
		f.call("DeleteTable", `{"TableName":"app"}`)
	}
}
