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
	// Rate is how often AWS lets the operation be called, beside the rates of
	// shards. Call enforces it where rates are enforced.
	Rate CallRate
}

// Operations returns the table of the operations that are served.
func (s *Service) Operations() []Operation {
	return s.limitCalls([]Operation{
		withoutOutput("AddTagsToStream", api.AddTagsToStreamSchema, s.addTagsToStream).at(perAccount(5)),
		withoutOutput("CreateStream", api.CreateStreamSchema, s.createStream).at(perAccount(5)),
		withoutOutput("DecreaseStreamRetentionPeriod", api.DecreaseStreamRetentionPeriodSchema, s.decreaseStreamRetentionPeriod).at(perStream(5)),
		withoutOutput("DeleteResourcePolicy", api.DeleteResourcePolicySchema, s.deleteResourcePolicy).at(perAccount(5)),
		withoutOutput("DeleteStream", api.DeleteStreamSchema, s.deleteStream).at(perAccount(5)),
		withoutOutput("DeregisterStreamConsumer", api.DeregisterStreamConsumerSchema, s.deregisterStreamConsumer).at(perStream(5)),
		withOutput("DescribeAccountSettings", api.DescribeAccountSettingsSchema, s.describeAccountSettings).at(perAccount(5)),
		withOutput("DescribeLimits", api.DescribeLimitsSchema, s.describeLimits).at(perAccount(1)),
		withOutput("DescribeStream", api.DescribeStreamSchema, s.describeStream).at(perAccount(10)),
		withOutput("DescribeStreamConsumer", api.DescribeStreamConsumerSchema, s.describeStreamConsumer).at(perStream(20)),
		withOutput("DescribeStreamSummary", api.DescribeStreamSummarySchema, s.describeStreamSummary).at(perAccount(20)),
		withOutput("DisableEnhancedMonitoring", api.DisableEnhancedMonitoringSchema, s.disableEnhancedMonitoring).at(perStream(5)),
		withOutput("EnableEnhancedMonitoring", api.EnableEnhancedMonitoringSchema, s.enableEnhancedMonitoring).at(perStream(5)),
		withOutput("GetRecords", api.GetRecordsSchema, s.getRecords),
		withOutput("GetResourcePolicy", api.GetResourcePolicySchema, s.getResourcePolicy).at(perAccount(5)),
		withOutput("GetShardIterator", api.GetShardIteratorSchema, s.getShardIterator),
		withoutOutput("IncreaseStreamRetentionPeriod", api.IncreaseStreamRetentionPeriodSchema, s.increaseStreamRetentionPeriod).at(perStream(5)),
		withOutput("ListShards", api.ListShardsSchema, s.listShards).at(perStream(1000)),
		withOutput("ListStreamConsumers", api.ListStreamConsumersSchema, s.listStreamConsumers).at(perStream(5)),
		withOutput("ListStreams", api.ListStreamsSchema, s.listStreams).at(perAccount(5)),
		withOutput("ListTagsForResource", api.ListTagsForResourceSchema, s.listTagsForResource),
		withOutput("ListTagsForStream", api.ListTagsForStreamSchema, s.listTagsForStream).at(perStream(5)),
		withoutOutput("MergeShards", api.MergeShardsSchema, s.mergeShards).at(perStream(5)),
		withOutput("PutRecord", api.PutRecordSchema, s.putRecord),
		withOutput("PutRecords", api.PutRecordsSchema, s.putRecords),
		withoutOutput("PutResourcePolicy", api.PutResourcePolicySchema, s.putResourcePolicy).at(perAccount(5)),
		withOutput("RegisterStreamConsumer", api.RegisterStreamConsumerSchema, s.registerStreamConsumer).at(perStream(5)),
		withoutOutput("RemoveTagsFromStream", api.RemoveTagsFromStreamSchema, s.removeTagsFromStream).at(perStream(5)),
		withoutOutput("SplitShard", api.SplitShardSchema, s.splitShard).at(perStream(5)),
		withoutOutput("StartStreamEncryption", api.StartStreamEncryptionSchema, s.startStreamEncryption),
		withoutOutput("StopStreamEncryption", api.StopStreamEncryptionSchema, s.stopStreamEncryption),
		withEvents("SubscribeToShard", api.SubscribeToShardSchema, "SubscribeToShardEvent", s.subscribeToShard),
		withoutOutput("TagResource", api.TagResourceSchema, s.tagResource),
		withoutOutput("UntagResource", api.UntagResourceSchema, s.untagResource),
		withOutput("UpdateAccountSettings", api.UpdateAccountSettingsSchema, s.updateAccountSettings).at(perAccount(5)),
		withoutOutput("UpdateMaxRecordSize", api.UpdateMaxRecordSizeSchema, s.updateMaxRecordSize),
		withOutput("UpdateShardCount", api.UpdateShardCountSchema, s.updateShardCount).at(perStream(10)),
		withoutOutput("UpdateStreamMode", api.UpdateStreamModeSchema, s.updateStreamMode),
		withoutOutput("UpdateStreamRecordDistributionStrategy", api.UpdateStreamRecordDistributionStrategySchema, s.updateStreamRecordDistributionStrategy),
		withOutput("UpdateStreamWarmThroughput", api.UpdateStreamWarmThroughputSchema, s.updateStreamWarmThroughput).at(perAccount(5)),
	})
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
