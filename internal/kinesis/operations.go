package kinesis

import (
	"context"
	"iter"

	"leat/internal/api"
)

// Caller is on whose behalf a request is made.
type Caller struct {
	Account string // 12 digits
	Region  string
	// CrossAccount is whether resources of other accounts may be named. Then
	// policies have to have allowed what is asked for (Operation.Resources).
	CrossAccount bool
}

// Events is an answer that goes on: the iteration waits for each event and ends
// when the answer does. It must be begun, once. Each event may be used until the
// next. An error is the last pair; one that is not an *api.Error is an internal
// failure.
type Events = iter.Seq2[api.Output, error]

// Operation is one row of the table of operations. It has either a Call or a
// Stream.
type Operation struct {
	Name   string
	Input  func() api.Input
	Schema *api.Structure
	// Call performs the operation on an input that satisfies Schema. A nil
	// Output is an answer with an empty body. An error that is not an
	// *api.Error is an internal failure.
	Call func(ctx context.Context, c Caller, in api.Input) (api.Output, error)
	// Stream begins an answer of events of the type EventType. It ends with the
	// context. Errors are as those of Call. The input is not used after the
	// return.
	Stream    func(ctx context.Context, c Caller, in api.Input) (Events, error)
	EventType string
	// Action is what policies call the operation.
	Action string
	// Resources returns what the caller has to be allowed, all of it, before a
	// Call with an input that satisfies Schema. The error is that of a request
	// which names nothing; the Call would return it, too.
	Resources func(c Caller, in api.Input) ([]Resource, error)
	subject   subject
	// Rate is how often AWS lets the operation be called, beside the rates of
	// shards. Call enforces it where rates are enforced.
	Rate CallRate
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
	name string, schema *api.Structure, call func(context.Context, Caller, P) (O, error),
) Operation {
	return Operation{
		Name:   name,
		Schema: schema,
		Input:  func() api.Input { return P(new(T)) },
		Call: func(ctx context.Context, c Caller, in api.Input) (api.Output, error) {
			out, err := call(ctx, c, in.(P))
			if err != nil {
				return nil, storageError(err)
			}
			return out, nil
		},
	}
}

func withoutOutput[T any, P input[T]](
	name string, schema *api.Structure, call func(context.Context, Caller, P) error,
) Operation {
	return Operation{
		Name:   name,
		Schema: schema,
		Input:  func() api.Input { return P(new(T)) },
		Call: func(ctx context.Context, c Caller, in api.Input) (api.Output, error) {
			return nil, storageError(call(ctx, c, in.(P)))
		},
	}
}

func withEvents[T any, P input[T]](
	name string, schema *api.Structure, eventType string, stream func(context.Context, Caller, P) (Events, error),
) Operation {
	return Operation{
		Name:      name,
		Schema:    schema,
		Input:     func() api.Input { return P(new(T)) },
		EventType: eventType,
		Stream: func(ctx context.Context, c Caller, in api.Input) (Events, error) {
			events, err := stream(ctx, c, in.(P))
			return events, storageError(err)
		},
	}
}
