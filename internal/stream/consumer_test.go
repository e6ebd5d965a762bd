package stream_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/stream"
)

func TestConsumerARN(t *testing.T) {
	const streamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/orders"
	arn := stream.ConsumerARN(streamARN, "app", 1_700_000_000)
	if want := streamARN + "/consumer/app:1700000000"; arn != want {
		t.Fatalf("ARN %s, want %s", arn, want)
	}
	gotStream, name, created, ok := stream.ParseConsumerARN(arn)
	if !ok || gotStream != streamARN || name != "app" || created != 1_700_000_000 {
		t.Errorf("parsed as %q %q %d %t", gotStream, name, created, ok)
	}
	for _, bad := range []string{
		"", streamARN, streamARN + "/consumer/", streamARN + "/consumer/app", streamARN + "/consumer/app:",
		streamARN + "/consumer/app:x", streamARN + "/consumer/app:-1", streamARN + "/consumer/a b:1",
		streamARN + "/consumer/app:1:2", streamARN + "/consumer/app:99999999999999999999",
		"arn:aws:kinesis:us-east-1:000000000000:stream/a b/consumer/app:1",
		"arn:aws:kinesis:us-east-1:0:stream/orders/consumer/app:1",
	} {
		if _, _, _, ok := stream.ParseConsumerARN(bad); ok {
			t.Errorf("%q passes for a consumer's ARN", bad)
		}
	}
}

func smallConsumer() stream.Consumer {
	return stream.Consumer{
		Name: "app", Stream: 300, Created: 1000, Status: stream.Active, BusyUntil: 1500,
		Tags: map[string]string{"team": "a", "env": "test"},
	}
}

func TestConsumerRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := stream.Consumer{
			Name:      rapid.String().Draw(t, "name"),
			Stream:    rapid.Uint64().Draw(t, "stream"),
			Created:   stream.Second(rapid.Int64().Draw(t, "created")),
			Status:    rapid.SampledFrom([]stream.Status{stream.Creating, stream.Active, stream.Deleting}).Draw(t, "status"),
			BusyUntil: stream.Millis(rapid.Int64().Draw(t, "busy")),
			Policy:    rapid.SampledFrom([]string{"", "{}", `{"Version": "2012-10-17"}`}).Draw(t, "policy"),
		}
		if tags := rapid.MapOfN(rapid.String(), rapid.String(), 0, 5).Draw(t, "tags"); len(tags) > 0 {
			c.Tags = tags
		}
		b := c.AppendBinary(nil)
		got, err := stream.DecodeConsumer(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got); diff != "" {
			t.Fatal(diff)
		}
		withoutPolicy := c
		withoutPolicy.Policy = ""
		whole := len(withoutPolicy.AppendBinary(nil))
		for n := range b {
			if n == whole {
				continue // the policy may be missing
			}
			if _, err := stream.DecodeConsumer(b[:n]); !errors.Is(err, stream.ErrConsumerEncoding) {
				t.Fatalf("%d of %d bytes: %v", n, len(b), err)
			}
		}
		if _, err := stream.DecodeConsumer(append(b, 0)); !errors.Is(err, stream.ErrConsumerEncoding) {
			t.Fatalf("a byte too many: %v", err)
		}
	})
}

// TestConsumerGolden holds the bytes of version 1: they are on disks.
func TestConsumerGolden(t *testing.T) {
	const golden = "0103617070" + "ac02" + "d00f" + "02" + "b817" + "0203656e760474657374" + "047465616d0161"
	if got := hex.EncodeToString(smallConsumer().AppendBinary(nil)); got != golden {
		t.Errorf("encoded as %s", got)
	}
	b, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, err := stream.DecodeConsumer(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(smallConsumer(), got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeConsumerOfANewerProgram(t *testing.T) {
	b := smallConsumer().AppendBinary(nil)
	b[0] = 2
	if _, err := stream.DecodeConsumer(b); err == nil || errors.Is(err, stream.ErrConsumerEncoding) {
		t.Errorf("version 2: %v", err)
	}
	b[0] = 0
	if _, err := stream.DecodeConsumer(b); !errors.Is(err, stream.ErrConsumerEncoding) {
		t.Errorf("version 0: %v", err)
	}
}

func TestConsumerStatusAt(t *testing.T) {
	c := smallConsumer()
	for _, tt := range []struct {
		status stream.Status
		now    stream.Millis
		want   stream.Status
	}{
		{stream.Creating, 1499, stream.Creating},
		{stream.Creating, 1500, stream.Active},
		{stream.Active, 0, stream.Active},
		{stream.Deleting, 1499, stream.Deleting},
	} {
		c.Status = tt.status
		if got := c.StatusAt(tt.now); got != tt.want {
			t.Errorf("%v shows as %v at %d, want %v", tt.status, got, tt.now, tt.want)
		}
	}
}

func FuzzDecodeConsumer(f *testing.F) {
	f.Add(smallConsumer().AppendBinary(nil))
	f.Add(stream.Consumer{Status: stream.Deleting}.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := stream.DecodeConsumer(b)
		if err != nil {
			return
		}
		again, err := stream.DecodeConsumer(c.AppendBinary(nil))
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Error(diff)
		}
	})
}
