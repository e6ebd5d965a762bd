package stream_test

import (
	"strings"
	"testing"

	"leat/internal/stream"
)

func TestShardIDString(t *testing.T) {
	for id, want := range map[stream.ShardID]string{
		0:                 "shardId-000000000000",
		7:                 "shardId-000000000007",
		10:                "shardId-000000000010",
		12345:             "shardId-000000012345",
		stream.MaxShardID: "shardId-002147483647",
		1 << 31:           "shardId--02147483648",
	} {
		if got := id.String(); got != want {
			t.Errorf("%d is written %s, want %s", uint32(id), got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { sink = stream.ShardID(42).String() }); n > 1 {
		t.Errorf("String allocates %v times", n)
	}
}

// sink keeps results alive, so that they are not optimized away.
var sink string

func TestParseShardID(t *testing.T) {
	for s, want := range map[string]stream.ShardID{
		"shardId-000000000005": 5,
		"shard-0":              0,
		"x-0":                  0,
		"-7":                   7,
		"5":                    5,
		"a-00002147483647":     stream.MaxShardID,
		"shardId-" + strings.Repeat("0", 100) + "3": 3,
	} {
		if got, ok := stream.ParseShardID(s); !ok || got != want {
			t.Errorf("ParseShardID(%q) = %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "-", "shardId-", "shardId-1-2", "ABKLFD8", "2.14E4", "2147483648", "x-2147483648", "shardId-99999999999999999999"} {
		if got, ok := stream.ParseShardID(s); ok {
			t.Errorf("ParseShardID(%q) = %v", s, got)
		}
	}
}
