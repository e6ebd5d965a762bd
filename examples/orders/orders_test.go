package main

import (
	"strings"
	"testing"

	"leat/internal/leattest"
)

// TestOrders plays the scenario under AWS's rates.
func TestOrders(t *testing.T) {
	server := leattest.Start(t, leattest.WithLimits())
	t.Setenv("AWS_ENDPOINT_URL", server.URL())
	t.Setenv("AWS_ACCESS_KEY_ID", "any")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	var out strings.Builder
	if err := run(t.Context(), []string{"-orders", "12", "-shards", "2"}, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if got := strings.Count(out.String(), "placed, shipped, delivered "); got != 2*12 {
		t.Errorf("%d orders were reported:\n%s", got, &out)
	}
	// The order of the split shard is told by two shards.
	if !strings.Contains(out.String(), "shardId-000000000000, shardId-") {
		t.Errorf("no order was followed through the split:\n%s", &out)
	}
}
