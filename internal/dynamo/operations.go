package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// API returns the service as clients address it.
func (s *Service) API() service.Service {
	return service.Service{
		Name: "dynamodb", Target: "DynamoDB_20120810", ErrorType: errorType,
		Operations: withResources([]operation{
			withOutput("BatchGetItem", dynamodb.BatchGetItemSchema, s.batchGetItem).on(ofBatchGet),
			withOutput("BatchWriteItem", dynamodb.BatchWriteItemSchema, s.batchWriteItem).on(ofBatchWrite),
			withOutput("CreateTable", dynamodb.CreateTableSchema, s.createTable).on(ofNewTable),
			withOutput("DeleteItem", dynamodb.DeleteItemSchema, s.deleteItem).on(ofItem),
			withOutput("DeleteTable", dynamodb.DeleteTableSchema, s.deleteTable).on(ofTable),
			withOutput("DescribeContinuousBackups", dynamodb.DescribeContinuousBackupsSchema, s.describeContinuousBackups).on(ofTable),
			withOutput("DescribeEndpoints", dynamodb.DescribeEndpointsSchema, s.describeEndpoints).on(everything),
			withOutput("DescribeLimits", dynamodb.DescribeLimitsSchema, s.describeLimits).on(everything),
			withOutput("DescribeTable", dynamodb.DescribeTableSchema, s.describeTable).on(ofTable),
			withOutput("DescribeTimeToLive", dynamodb.DescribeTimeToLiveSchema, s.describeTimeToLive).on(ofTable),
			withOutput("GetItem", dynamodb.GetItemSchema, s.getItem).on(ofItem),
			withOutput("ListTables", dynamodb.ListTablesSchema, s.listTables).on(everything),
			withOutput("ListTagsOfResource", dynamodb.ListTagsOfResourceSchema, s.listTagsOfResource).on(ofResource),
			withOutput("PutItem", dynamodb.PutItemSchema, s.putItem).on(ofItem),
			withOutput("Query", dynamodb.QuerySchema, s.query).on(ofQuery),
			withOutput("Scan", dynamodb.ScanSchema, s.scan).on(ofIndex),
			withoutOutput("TagResource", dynamodb.TagResourceSchema, s.tagResource).on(ofResource),
			withOutput("TransactGetItems", dynamodb.TransactGetItemsSchema, s.transactGetItems).on(ofTransactGet),
			withOutput("TransactWriteItems", dynamodb.TransactWriteItemsSchema, s.transactWriteItems).on(ofTransactWrite),
			withoutOutput("UntagResource", dynamodb.UntagResourceSchema, s.untagResource).on(ofResource),
			withOutput("UpdateContinuousBackups", dynamodb.UpdateContinuousBackupsSchema, s.updateContinuousBackups).on(ofTable),
			withOutput("UpdateItem", dynamodb.UpdateItemSchema, s.updateItem).on(ofItem),
			withOutput("UpdateTable", dynamodb.UpdateTableSchema, s.updateTable).on(ofTable),
			withOutput("UpdateTimeToLive", dynamodb.UpdateTimeToLiveSchema, s.updateTimeToLive).on(ofTable),
		}, s),
	}
}

// operation is one row of the table of operations.
type operation struct {
	service.Operation
	subject subject
}

// on returns the operation with what it is about.
func (o operation) on(sub subject) operation {
	o.subject = sub
	return o
}

// input is a pointer to a generated input shape.
type input[T any] interface {
	*T
	api.Input
}

func withOutput[T any, P input[T], O api.Output](
	name string, schema *api.Structure, call func(context.Context, service.Caller, P) (O, error),
) operation {
	return operation{Operation: service.WithOutput(name, schema,
		func(ctx context.Context, c service.Caller, in P) (O, error) {
			out, err := call(ctx, c, in)
			return out, storageError(err)
		})}
}

func withoutOutput[T any, P input[T]](
	name string, schema *api.Structure, call func(context.Context, service.Caller, P) error,
) operation {
	return operation{Operation: service.WithoutOutput(name, schema,
		func(ctx context.Context, c service.Caller, in P) error { return storageError(call(ctx, c, in)) })}
}
