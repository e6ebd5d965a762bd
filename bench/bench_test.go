package main

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRequestsAreWhatTheScenarioSays(t *testing.T) {
	for _, s := range scenarios {
		requests := s.encode()
		if len(requests) != variants {
			t.Fatalf("%s: %d requests", s.name, len(requests))
		}
		_, body, _ := strings.Cut(string(requests[0]), "\r\n\r\n")
		type entry struct {
			PartitionKey string
			Data         []byte
		}
		var in struct {
			entry
			Records []entry
		}
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		entries := append(in.Records, in.entry)
		if s.operation == "PutRecords" {
			entries = in.Records
		}
		if len(entries) != s.records || len(entries[0].Data) != s.bytes || entries[0].PartitionKey == "" {
			t.Errorf("%s: %d records of %d bytes", s.name, len(entries), len(entries[0].Data))
		}
	}
}

func TestClientAgainstTheCeiling(t *testing.T) {
	srv := httptest.NewServer(newCeiling())
	defer srv.Close()
	s := scenarios[0]
	latencies, err := load(t.Context(), s, srv.Listener.Addr().String(), s.encode(), time.Now().Add(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if len(latencies) < s.connections {
		t.Errorf("%d requests over %d connections", len(latencies), s.connections)
	}
}

func TestClientReportsRefusals(t *testing.T) {
	srv := httptest.NewServer(nil)
	defer srv.Close()
	c, err := dial(t.Context(), srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.do(encodeRequest("PutRecord", "{}")); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v, want the status", err)
	}
}

func TestPercentile(t *testing.T) {
	values := make([]time.Duration, 100)
	for i := range values {
		values[i] = time.Duration(100 - i)
	}
	if p50, p99 := percentile(values, 50), percentile(values, 99); p50 != 51 || p99 != 100 {
		t.Errorf("p50 %d, p99 %d", p50, p99)
	}
	if p := percentile(nil, 50); p != 0 {
		t.Errorf("of nothing: %d", p)
	}
}
