package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// createStream makes the stream of the scenarios.
func createStream(ctx context.Context, address string) (err error) {
	c, err := dial(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	_, err = c.do(encodeRequest("CreateStream",
		fmt.Sprintf(`{"StreamName":"%s","ShardCount":%d}`, streamName, shardCount)))
	return err
}

// readBack reads the whole stream and compares the count of its records with
// what was acknowledged.
func readBack(ctx context.Context, server process, acknowledged int, stdout io.Writer) (err error) {
	c, err := dial(ctx, server.Address())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	began := time.Now()
	records, size := 0, 0
	for shard := range shardCount {
		n, bytes, err := readShard(c, shard)
		if err != nil {
			return fmt.Errorf("read back shard %d: %w", shard, err)
		}
		records += n
		size += bytes
	}
	if records != acknowledged {
		return fmt.Errorf("%d records were acknowledged and %d are there", acknowledged, records)
	}
	memory, err := server.resident()
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "  all %d records read back, %.0f MB of answers a second; resident memory then %.1f MiB\n\n",
		records, float64(size)/time.Since(began).Seconds()/1e6, float64(memory)/(1<<20))
	return nil
}

// readShard counts the records of a shard and the bytes of the answers.
func readShard(c *client, shard int) (records, size int, err error) {
	answer, err := c.do(encodeRequest("GetShardIterator", fmt.Sprintf(
		`{"StreamName":"%s","ShardId":"shardId-%012d","ShardIteratorType":"TRIM_HORIZON"}`, streamName, shard)))
	if err != nil {
		return 0, 0, err
	}
	var start struct{ ShardIterator string }
	if err := json.Unmarshal(answer, &start); err != nil {
		return 0, 0, err
	}
	for position := start.ShardIterator; ; {
		answer, err := c.do(encodeRequest("GetRecords", fmt.Sprintf(`{"ShardIterator":"%s"}`, position)))
		if err != nil {
			return 0, 0, err
		}
		size += len(answer)
		// Data is base64, so the member's name with its quotes is in no record.
		n := bytes.Count(answer, []byte(`"SequenceNumber"`))
		records += n
		var ok bool
		if position, ok = member(answer, "NextShardIterator"); !ok {
			return 0, 0, fmt.Errorf("no NextShardIterator in %.200s", answer)
		}
		if n == 0 && bytes.Contains(answer, []byte(`"MillisBehindLatest":0`)) {
			return records, size, nil
		}
	}
}

// member returns a string member of an answer without parsing all of it. It
// is for values that need no escapes.
func member(answer []byte, name string) (string, bool) {
	_, rest, ok := bytes.Cut(answer, []byte(`"`+name+`":"`))
	value, _, closed := bytes.Cut(rest, []byte(`"`))
	return string(value), ok && closed
}
