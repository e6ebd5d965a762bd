package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	streamName = "bench"
	shardCount = 4
)

// scenario is one kind of request, sent over a number of connections.
type scenario struct {
	name        string
	operation   string
	connections int
	records     int // per request
	bytes       int // of each record's data
}

var scenarios = []scenario{
	{name: "PutRecords 500 x 1 KiB, 4 connections", operation: "PutRecords", connections: 4, records: 500, bytes: 1024},
	{name: "PutRecord 100 B, 16 connections", operation: "PutRecord", connections: 16, records: 1, bytes: 100},
}

// variants is how many different requests a scenario has: enough for keys to
// meet all shards, few enough to stay in the processor's cache together.
const variants = 16

// encode returns the bytes of the scenario's requests. Data is random, so
// that nothing on the way gains by its being repetitive.
func (s scenario) encode() [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	requests := make([][]byte, variants)
	for i := range requests {
		var body string
		if s.operation == "PutRecord" {
			body = fmt.Sprintf(`{"StreamName":"%s",%s}`, streamName, s.entry(rng))
		} else {
			entries := make([]string, s.records)
			for j := range entries {
				entries[j] = "{" + s.entry(rng) + "}"
			}
			body = fmt.Sprintf(`{"StreamName":"%s","Records":[%s]}`, streamName, strings.Join(entries, ","))
		}
		requests[i] = encodeRequest(s.operation, body)
	}
	return requests
}

func (s scenario) entry(rng *rand.Rand) string {
	data := make([]byte, s.bytes+8)
	for i := 0; i < s.bytes; i += 8 {
		binary.LittleEndian.PutUint64(data[i:], rng.Uint64())
	}
	return fmt.Sprintf(`"PartitionKey":"%016x","Data":"%s"`,
		rng.Uint64(), base64.StdEncoding.EncodeToString(data[:s.bytes]))
}

// encodeRequest returns a whole HTTP request. Its signature is of the right
// form and no more.
func encodeRequest(operation, body string) []byte {
	b := []byte("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
	for _, h := range headers(operation) {
		b = fmt.Appendf(b, "%s: %s\r\n", h[0], h[1])
	}
	return fmt.Appendf(b, "Content-Length: %d\r\n\r\n%s", len(body), body)
}

// headers returns the headers of a request for an operation.
func headers(operation string) [][2]string {
	return [][2]string{
		{"Content-Type", "application/x-amz-json-1.1"},
		{"X-Amz-Target", "Kinesis_20131202." + operation},
		{"X-Amz-Date", "20260101T000000Z"},
		{"Authorization", "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/kinesis/aws4_request, " +
			"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" + strings.Repeat("0", 64)},
	}
}

// cannedAnswer is what the ceiling answers: as many bytes as leat would.
func cannedAnswer(operation string) []byte {
	number := strings.Repeat("4", 56)
	entry := fmt.Sprintf(`{"SequenceNumber":"%s","ShardId":"shardId-000000000000"}`, number)
	if operation == "PutRecord" {
		return []byte(entry)
	}
	all := strings.TrimSuffix(strings.Repeat(entry+",", scenarios[0].records), ",")
	return []byte(`{"FailedRecordCount":0,"Records":[` + all + `]}`)
}
