package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// statuses is what happens to an order, in sequence.
var statuses = []string{"placed", "shipped", "delivered"}

// event is what the shop writes.
type event struct {
	Order  string `json:"order"`
	Status string `json:"status"`
}

// produce writes all events, those of different orders in turn. After the
// first status it splits a shard, so that orders under way change shards.
func produce(ctx context.Context, client *kinesis.Client, stream string, orders int) error {
	for i, status := range statuses {
		for n := range orders {
			if err := put(ctx, client, stream, event{Order: fmt.Sprintf("order-%d", n+1), Status: status}); err != nil {
				return err
			}
		}
		if i == 0 {
			if err := split(ctx, client, stream); err != nil {
				return err
			}
		}
	}
	return nil
}

func put(ctx context.Context, client *kinesis.Client, stream string, e event) error {
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	err = patiently(ctx, func() error {
		_, err := client.PutRecord(ctx, &kinesis.PutRecordInput{
			StreamName:   &stream,
			PartitionKey: &e.Order,
			Data:         data,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("put %s %s: %w", e.Order, e.Status, err)
	}
	return nil
}

// split cuts the stream's first shard into halves.
func split(ctx context.Context, client *kinesis.Client, stream string) error {
	page, err := client.ListShards(ctx, &kinesis.ListShardsInput{
		StreamName:  &stream,
		MaxResults:  aws.Int32(1),
		ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtLatest},
	})
	if err != nil {
		return fmt.Errorf("list shards: %w", err)
	}
	shard := page.Shards[0]
	middle, err := middleOf(*shard.HashKeyRange)
	if err != nil {
		return err
	}
	_, err = client.SplitShard(ctx, &kinesis.SplitShardInput{
		StreamName:         &stream,
		ShardToSplit:       shard.ShardId,
		NewStartingHashKey: &middle,
	})
	if err != nil {
		return fmt.Errorf("split %s: %w", *shard.ShardId, err)
	}
	return awaitActive(ctx, client, stream)
}

func middleOf(r types.HashKeyRange) (string, error) {
	start, ok1 := new(big.Int).SetString(*r.StartingHashKey, 10)
	end, ok2 := new(big.Int).SetString(*r.EndingHashKey, 10)
	if !ok1 || !ok2 {
		return "", fmt.Errorf("not a range of hash keys: %s to %s", *r.StartingHashKey, *r.EndingHashKey)
	}
	return start.Add(start, end).Rsh(start, 1).String(), nil
}
