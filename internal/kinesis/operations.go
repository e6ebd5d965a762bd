package kinesis

import (
	"context"

	"leat/internal/api"
)

// Caller is on whose behalf a request is made.
type Caller struct {
	Account string // 12 digits
	Region  string
}

// Operation is one row of the table of operations.
type Operation struct {
	Name   string
	Input  func() api.Input
	Schema *api.Structure
	// Call performs the operation on an input that satisfies Schema. A nil
	// Output is an answer with an empty body. An error that is not an
	// *api.Error is an internal failure.
	Call func(ctx context.Context, c Caller, in api.Input) (api.Output, error)
}

// Operations returns the table of the operations that are served.
func (s *Service) Operations() []Operation {
	return []Operation{
		withoutOutput("AddTagsToStream", api.AddTagsToStreamSchema, s.addTagsToStream),
		withoutOutput("CreateStream", api.CreateStreamSchema, s.createStream),
		withoutOutput("DecreaseStreamRetentionPeriod", api.DecreaseStreamRetentionPeriodSchema, s.decreaseStreamRetentionPeriod),
		withoutOutput("DeleteStream", api.DeleteStreamSchema, s.deleteStream),
		withOutput("DescribeLimits", api.DescribeLimitsSchema, s.describeLimits),
		withOutput("DescribeStream", api.DescribeStreamSchema, s.describeStream),
		withOutput("DescribeStreamSummary", api.DescribeStreamSummarySchema, s.describeStreamSummary),
		withOutput("GetRecords", api.GetRecordsSchema, s.getRecords),
		withOutput("GetShardIterator", api.GetShardIteratorSchema, s.getShardIterator),
		withoutOutput("IncreaseStreamRetentionPeriod", api.IncreaseStreamRetentionPeriodSchema, s.increaseStreamRetentionPeriod),
		withOutput("ListShards", api.ListShardsSchema, s.listShards),
		withOutput("ListStreams", api.ListStreamsSchema, s.listStreams),
		withOutput("ListTagsForStream", api.ListTagsForStreamSchema, s.listTagsForStream),
		withoutOutput("MergeShards", api.MergeShardsSchema, s.mergeShards),
		withOutput("PutRecord", api.PutRecordSchema, s.putRecord),
		withOutput("PutRecords", api.PutRecordsSchema, s.putRecords),
		withoutOutput("RemoveTagsFromStream", api.RemoveTagsFromStreamSchema, s.removeTagsFromStream),
		withoutOutput("SplitShard", api.SplitShardSchema, s.splitShard),
		withOutput("UpdateShardCount", api.UpdateShardCountSchema, s.updateShardCount),
	}
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
