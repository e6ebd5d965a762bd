package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
)

// API returns the service as clients address it.
func (s *Service) API() service.Service {
	rows := s.Operations()
	out := service.Service{Name: "kinesis", Target: "Kinesis_20131202", Operations: make([]service.Operation, len(rows))}
	for i := range rows {
		out.Operations[i] = rows[i].Operation
	}
	return out
}

// Operation is one row of the table of operations.
type Operation struct {
	service.Operation

	// Action is what policies call the operation.
	Action string
	// Rate is how often AWS lets the operation be called, beside the rates of
	// shards. Call enforces it where rates are enforced.
	Rate    CallRate
	subject subject
}

// Operations returns the table of the operations that are served.
func (s *Service) Operations() []Operation {
	return s.limitCalls(withResources([]Operation{
		withoutOutput("AddTagsToStream", api.AddTagsToStreamSchema, s.addTagsToStream).on(s.aStream).at(perAccount(5)),
		withoutOutput("CreateStream", api.CreateStreamSchema, s.createStream).on(s.aNewStream).tagging("kinesis:AddTagsToStream").at(perAccount(5)),
		withoutOutput("DecreaseStreamRetentionPeriod", api.DecreaseStreamRetentionPeriodSchema, s.decreaseStreamRetentionPeriod).on(s.aStream).at(perStream(5)),
		withoutOutput("DeleteResourcePolicy", api.DeleteResourcePolicySchema, s.deleteResourcePolicy).onItself(s.aResource).at(perAccount(5)),
		withoutOutput("DeleteStream", api.DeleteStreamSchema, s.deleteStream).on(s.aStream).at(perAccount(5)),
		withoutOutput("DeregisterStreamConsumer", api.DeregisterStreamConsumerSchema, s.deregisterStreamConsumer).on(s.aConsumer).at(perStream(5)),
		withOutput("DescribeAccountSettings", api.DescribeAccountSettingsSchema, s.describeAccountSettings).on(everything).at(perAccount(5)),
		withOutput("DescribeLimits", api.DescribeLimitsSchema, s.describeLimits).on(everything).at(perAccount(1)),
		withOutput("DescribeStream", api.DescribeStreamSchema, s.describeStream).on(s.aStream).at(perAccount(10)),
		withOutput("DescribeStreamConsumer", api.DescribeStreamConsumerSchema, s.describeStreamConsumer).onShared(s.aConsumer).at(perStream(20)),
		withOutput("DescribeStreamSummary", api.DescribeStreamSummarySchema, s.describeStreamSummary).onShared(s.aStream).at(perAccount(20)),
		withOutput("DisableEnhancedMonitoring", api.DisableEnhancedMonitoringSchema, s.disableEnhancedMonitoring).on(s.aStream).at(perStream(5)),
		withOutput("EnableEnhancedMonitoring", api.EnableEnhancedMonitoringSchema, s.enableEnhancedMonitoring).on(s.aStream).at(perStream(5)),
		withOutput("GetRecords", api.GetRecordsSchema, s.getRecords).onShared(s.anIteratorsStream),
		withOutput("GetResourcePolicy", api.GetResourcePolicySchema, s.getResourcePolicy).onItself(s.aResource).at(perAccount(5)),
		withOutput("GetShardIterator", api.GetShardIteratorSchema, s.getShardIterator).onShared(s.aStream),
		withoutOutput("IncreaseStreamRetentionPeriod", api.IncreaseStreamRetentionPeriodSchema, s.increaseStreamRetentionPeriod).on(s.aStream).at(perStream(5)),
		withOutput("ListShards", api.ListShardsSchema, s.listShards).onShared(s.aListedStream).at(perStream(1000)),
		withOutput("ListStreamConsumers", api.ListStreamConsumersSchema, s.listStreamConsumers).on(s.aStream).at(perStream(5)),
		withOutput("ListStreams", api.ListStreamsSchema, s.listStreams).on(everything).at(perAccount(5)),
		withOutput("ListTagsForResource", api.ListTagsForResourceSchema, s.listTagsForResource).on(s.aResource),
		withOutput("ListTagsForStream", api.ListTagsForStreamSchema, s.listTagsForStream).on(s.aStream).at(perStream(5)),
		withoutOutput("MergeShards", api.MergeShardsSchema, s.mergeShards).on(s.aStream).at(perStream(5)),
		withOutput("PutRecord", api.PutRecordSchema, s.putRecord).onShared(s.aStream),
		withOutput("PutRecords", api.PutRecordsSchema, s.putRecords).onShared(s.aStream),
		withoutOutput("PutResourcePolicy", api.PutResourcePolicySchema, s.putResourcePolicy).onItself(s.aResource).at(perAccount(5)),
		withOutput("RegisterStreamConsumer", api.RegisterStreamConsumerSchema, s.registerStreamConsumer).on(s.aStream).tagging("kinesis:TagResource").at(perStream(5)),
		withoutOutput("RemoveTagsFromStream", api.RemoveTagsFromStreamSchema, s.removeTagsFromStream).on(s.aStream).at(perStream(5)),
		withoutOutput("SplitShard", api.SplitShardSchema, s.splitShard).on(s.aStream).at(perStream(5)),
		withoutOutput("StartStreamEncryption", api.StartStreamEncryptionSchema, s.startStreamEncryption).on(s.aStream),
		withoutOutput("StopStreamEncryption", api.StopStreamEncryptionSchema, s.stopStreamEncryption).on(s.aStream),
		withEvents("SubscribeToShard", api.SubscribeToShardSchema, "SubscribeToShardEvent", s.subscribeToShard).onShared(s.aConsumer),
		withoutOutput("TagResource", api.TagResourceSchema, s.tagResource).on(s.aResource),
		withoutOutput("UntagResource", api.UntagResourceSchema, s.untagResource).on(s.aResource),
		withOutput("UpdateAccountSettings", api.UpdateAccountSettingsSchema, s.updateAccountSettings).on(everything).at(perAccount(5)),
		withoutOutput("UpdateMaxRecordSize", api.UpdateMaxRecordSizeSchema, s.updateMaxRecordSize).on(s.aStream),
		withOutput("UpdateShardCount", api.UpdateShardCountSchema, s.updateShardCount).on(s.aStream).at(perStream(10)),
		withoutOutput("UpdateStreamMode", api.UpdateStreamModeSchema, s.updateStreamMode).on(s.aStream),
		withoutOutput("UpdateStreamRecordDistributionStrategy", api.UpdateStreamRecordDistributionStrategySchema, s.updateStreamRecordDistributionStrategy).on(s.aStream),
		withOutput("UpdateStreamWarmThroughput", api.UpdateStreamWarmThroughputSchema, s.updateStreamWarmThroughput).on(s.aStream).at(perAccount(5)),
	}))
}

// input is a pointer to a generated input shape.
type input[T any] interface {
	*T
	api.Input
}

func withOutput[T any, P input[T], O api.Output](
	name string, schema *api.Structure, call func(context.Context, service.Caller, P) (O, error),
) Operation {
	return Operation{Operation: service.WithOutput(name, schema,
		func(ctx context.Context, c service.Caller, in P) (O, error) {
			out, err := call(ctx, c, in)
			return out, storageError(err)
		})}
}

func withoutOutput[T any, P input[T]](
	name string, schema *api.Structure, call func(context.Context, service.Caller, P) error,
) Operation {
	return Operation{Operation: service.WithoutOutput(name, schema,
		func(ctx context.Context, c service.Caller, in P) error { return storageError(call(ctx, c, in)) })}
}

func withEvents[T any, P input[T]](
	name string, schema *api.Structure, eventType string, stream func(context.Context, service.Caller, P) (service.Events, error),
) Operation {
	return Operation{Operation: service.WithEvents(name, schema, eventType,
		func(ctx context.Context, c service.Caller, in P) (service.Events, error) {
			events, err := stream(ctx, c, in)
			return events, storageError(err)
		})}
}
