package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/engine/memory"
	"leat/internal/kinesis"
	"leat/internal/service"
	"leat/internal/wire/awsjson"
)

// dynamoCall asks for an operation of DynamoDB with any credentials.
func dynamoCall(tb testing.TB, client *http.Client, url, operation, body string) (int, string) {
	tb.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Date", "20231114T221320Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20231114/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := client.Do(r)
	if err != nil {
		tb.Error(err)
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Error(err)
	}
	return resp.StatusCode, string(b)
}

const leaseTable = `{"TableName":"app","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"leaseKey","KeyType":"HASH"}],
	"AttributeDefinitions":[{"AttributeName":"leaseKey","AttributeType":"S"}]}`

// lease is an item as a KCL has it.
func lease(i int) string {
	return fmt.Sprintf(`{"leaseKey":{"S":"shardId-%012d"},"leaseCounter":{"N":"0"},"leaseOwner":{"S":"ip-10-0-0-1.ec2.internal:%d"},
		"checkpoint":{"S":"49590338271490256608559692538361571095921575989136588898"},"checkpointSubSequenceNumber":{"N":"0"},
		"ownerSwitchesSinceCheckpoint":{"N":"0"},"startingHashKey":{"S":"0"},"endingHashKey":{"S":"340282366920938463463374607431768211455"}}`, i, i%10)
}

// TestTablesOutliveARestart proves that DynamoDB is served on the port of all
// services, and stored with them.
func TestTablesOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	for run := range 2 {
		s := startOnDisk(t, dir)
		if run == 0 {
			for _, call := range [][2]string{
				{"CreateTable", leaseTable}, {"PutItem", `{"TableName":"app","Item":{"leaseKey":{"S":"a"},"n":{"N":"1"}}}`},
			} {
				if status, body := dynamoCall(t, client, s.URL(), call[0], call[1]); status != http.StatusOK {
					t.Fatalf("%s answers %d %s", call[0], status, body)
				}
			}
		}
		_, body := dynamoCall(t, client, s.URL(), "GetItem", `{"TableName":"app","Key":{"leaseKey":{"S":"a"}}}`)
		if want := `{"Item":{"leaseKey":{"S":"a"},"n":{"N":"1"}}}`; body != want {
			t.Errorf("the item is %s, want %s", body, want)
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func startOnDisk(tb testing.TB, dir string) *Server {
	tb.Helper()
	cfg := DefaultConfig()
	cfg.Listen, cfg.DataDir, cfg.TLS = "127.0.0.1:0", dir, false
	s, err := Start(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// BenchmarkLeaseUpdates measures conditional, durable updates of leases over 64
// connections.
func BenchmarkLeaseUpdates(b *testing.B) {
	s := startOnDisk(b, b.TempDir())
	defer func() { _ = s.Shutdown(context.Background()) }()
	const connections = 64
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	dynamoCall(b, client, s.URL(), "CreateTable", leaseTable)
	for i := range connections {
		dynamoCall(b, client, s.URL(), "PutItem", `{"TableName":"app","Item":`+lease(i)+`}`)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for c := range connections {
		all.Go(func() {
			for n := 0; left.Add(-1) >= 0; n++ {
				status, body := dynamoCall(b, client, s.URL(), "UpdateItem", fmt.Sprintf(`{"TableName":"app","Key":{"leaseKey":{"S":"shardId-%012d"}},
					"Expected":{"leaseCounter":{"Value":{"N":"%d"}}},"AttributeUpdates":{"leaseCounter":{"Value":{"N":"%d"},"Action":"PUT"}},
					"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`, c, n, n+1))
				if status != http.StatusOK {
					b.Errorf("UpdateItem answers %d %s", status, body)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

// BenchmarkLeaseScan measures reading a table of 10,000 leases, page by page.
func BenchmarkLeaseScan(b *testing.B) {
	s := startOnDisk(b, b.TempDir())
	defer func() { _ = s.Shutdown(context.Background()) }()
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	dynamoCall(b, client, s.URL(), "CreateTable", leaseTable)
	const leases, batch = 10_000, 25
	for i := 0; i < leases; i += batch {
		puts := make([]string, batch)
		for j := range puts {
			puts[j] = `{"PutRequest":{"Item":` + lease(i+j) + `}}`
		}
		dynamoCall(b, client, s.URL(), "BatchWriteItem", `{"RequestItems":{"app":[`+strings.Join(puts, ",")+`]}}`)
	}
	b.ResetTimer()
	for range b.N {
		n, start := 0, ""
		for {
			_, body := dynamoCall(b, client, s.URL(), "Scan", `{"TableName":"app"`+start+`}`)
			n += strings.Count(body, `"leaseKey"`)
			_, last, found := strings.Cut(body, `"LastEvaluatedKey":`)
			if !found {
				break
			}
			n-- // the key that is not an item
			start = `,"ExclusiveStartKey":` + strings.TrimSuffix(last, "}")
		}
		if n != leases {
			b.Fatalf("%d leases", n)
		}
	}
}

// TestItemsExpireByThemselves lets an hour pass, in a bubble of fake time, after which
// an item is gone although nobody has asked for anything.
func TestItemsExpireByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &Server{
			engine: memory.Open(memory.Options{}), log: slog.New(slog.DiscardHandler),
			cfg: Config{Services: []string{"dynamodb"}},
		}
		if err := s.openDynamo(ctx); err != nil {
			t.Fatal(err)
		}
		var err error
		if s.service, err = kinesis.Open(ctx, kinesis.Config{Engine: s.engine, Logger: s.log}); err != nil {
			t.Fatal(err)
		}
		perform := func(operation, body string) string {
			t.Helper()
			return performDynamo(ctx, t, s, operation, body)
		}
		perform("CreateTable", leaseTable)
		perform("UpdateTimeToLive", `{"TableName":"app","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
		perform("PutItem", fmt.Sprintf(`{"TableName":"app","Item":{"leaseKey":{"S":"a"},"ttl":{"N":"%d"}}}`, time.Now().Add(time.Hour).Unix()))
		s.actors.Go(func() { s.sweep(ctx) })
		for _, step := range []struct {
			passes time.Duration
			want   string
		}{{59 * time.Minute, `{"Count":1,"ScannedCount":1}`}, {time.Minute + 2*sweepInterval, `{"Count":0,"ScannedCount":0}`}} {
			<-time.After(step.passes)
			synctest.Wait()
			if got := perform("Scan", `{"TableName":"app","Select":"COUNT"}`); got != step.want {
				t.Errorf("%v later the table has %s, want %s", step.passes, got, step.want)
			}
		}
		cancel()
		s.actors.Wait()
	})
}

// performDynamo performs an operation without the front door.
func performDynamo(ctx context.Context, t *testing.T, s *Server, operation, body string) string {
	t.Helper()
	for _, op := range s.dynamo.API().Operations {
		if op.Name != operation {
			continue
		}
		in := op.Input()
		if err := awsjson.Decode([]byte(body), in); err != nil {
			t.Fatal(err)
		}
		out, err := op.Call(ctx, service.Caller{Account: "000000000000", Region: "us-east-1"}, in)
		if err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
		return string(awsjson.Encode(nil, out))
	}
	t.Fatalf("there is no operation %s", operation)
	return ""
}
