package stream_test

import (
	"strings"
	"testing"
	"time"

	"leat/internal/stream"
)

func TestStatusAt(t *testing.T) {
	for _, c := range []struct {
		stored stream.Status
		now    stream.Millis
		want   string
	}{
		{stream.Creating, 99, "CREATING"},
		{stream.Creating, 100, "ACTIVE"},
		{stream.Updating, 99, "UPDATING"},
		{stream.Updating, 100, "ACTIVE"},
		{stream.Active, 99, "ACTIVE"},
		{stream.Deleting, 99, "DELETING"},
		{stream.Deleting, 100, "DELETING"},
	} {
		s := stream.Stream{Status: c.stored, BusyUntil: 100}
		if got := s.StatusAt(c.now).String(); got != c.want {
			t.Errorf("%v at %d shows %s, want %s", c.stored, c.now, got, c.want)
		}
	}
}

func TestHorizon(t *testing.T) {
	created := stream.MillisOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	s := stream.Stream{Created: created, RetentionHours: 24}
	if got := s.Horizon(created.Add(time.Hour)); got != created {
		t.Errorf("horizon of a young stream is %v", got.Time())
	}
	if got, want := s.Horizon(created.Add(36*time.Hour)), created.Add(12*time.Hour); got != want {
		t.Errorf("horizon is %v, want %v", got.Time(), want.Time())
	}
}

func TestNamesOfSettings(t *testing.T) {
	for _, m := range []stream.Mode{stream.Provisioned, stream.OnDemand} {
		if got, ok := stream.ParseMode(m.String()); !ok || got != m {
			t.Errorf("%v is parsed as %v, %v", m, got, ok)
		}
	}
	for _, d := range []stream.Distribution{stream.ByPartitionKey, stream.Auto} {
		if got, ok := stream.ParseDistribution(d.String()); !ok || got != d {
			t.Errorf("%v is parsed as %v, %v", d, got, ok)
		}
	}
	if _, ok := stream.ParseMode(""); ok {
		t.Error("no mode is a mode")
	}
	if _, ok := stream.ParseDistribution(""); ok {
		t.Error("no distribution is a distribution")
	}
	if got := stream.Mode(9).String(); got != "" {
		t.Errorf("mode 9 is %s", got)
	}
}

func TestStreamARN(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1":     "arn:aws:kinesis:us-east-1:123456789012:stream/orders",
		"cn-north-1":    "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/orders",
		"us-gov-west-1": "arn:aws-us-gov:kinesis:us-gov-west-1:123456789012:stream/orders",
		"us-iso-east-1": "arn:aws-iso:kinesis:us-iso-east-1:123456789012:stream/orders",
	} {
		s := stream.Stream{Account: "123456789012", Region: region, Name: "orders"}
		if got := s.ARN(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		account, gotRegion, name, ok := stream.ParseStreamARN(want)
		if !ok || account != s.Account || gotRegion != region || name != s.Name {
			t.Errorf("%s is parsed as %q %q %q %v", want, account, gotRegion, name, ok)
		}
	}
	const good = "arn:aws:kinesis:us-east-1:123456789012:stream/orders"
	for _, s := range []string{
		"", "orders", "arn:aws:kinesis:us-east-1:123456789012:stream/",
		good + "/consumer/c:1", good + " ", "x" + good,
		strings.Replace(good, "kinesis", "dynamodb", 1),
		strings.Replace(good, "123456789012", "12345678901", 1),
		strings.Replace(good, "stream/", "channel/", 1),
		strings.Replace(good, "us-east-1", "", 1),
		strings.Replace(good, "arn:aws:", "arn:ibm:", 1),
	} {
		if _, _, _, ok := stream.ParseStreamARN(s); ok {
			t.Errorf("%q is parsed", s)
		}
	}
}

func TestValidNames(t *testing.T) {
	for s, want := range map[string]bool{
		"orders": true, "A.b-c_9": true, strings.Repeat("n", 128): true,
		"": false, strings.Repeat("n", 129): false, "a b": false, "a/b": false, "é": false, "a\n": false,
	} {
		if stream.ValidName(s) != want {
			t.Errorf("ValidName(%q) is %v", s, !want)
		}
	}
	for s, want := range map[string]bool{"us-east-1": true, "": false, "US": false, "a_b": false, strings.Repeat("r", 64): false} {
		if stream.ValidRegion(s) != want {
			t.Errorf("ValidRegion(%q) is %v", s, !want)
		}
	}
	for s, want := range map[string]bool{"000000000000": true, "00000000000": false, "00000000000a": false} {
		if stream.ValidAccount(s) != want {
			t.Errorf("ValidAccount(%q) is %v", s, !want)
		}
	}
}

func TestTagText(t *testing.T) {
	for s, want := range map[string]struct{ valid, legal, resource bool }{
		"":                {true, true, true},
		"Zb é ÿ 9 日本":     {true, true, true},
		"_./=+-@":         {true, true, true},
		"50%":             {true, false, false},
		"a:b":             {false, true, true},
		"a;b":             {false, true, false},
		"a,b":             {false, true, false},
		"tab\t":           {false, true, false},
		"line\n":          {false, true, false},
		"\xff":            {false, true, false},
		"\u00a0 no-break": {true, true, true},
	} {
		if got := stream.ValidTagText(s); got != want.valid {
			t.Errorf("ValidTagText(%q) is %v", s, got)
		}
		if got := stream.LegalTagText(s); got != want.legal {
			t.Errorf("LegalTagText(%q) is %v", s, got)
		}
		if got := stream.ValidResourceTagText(s); got != want.resource {
			t.Errorf("ValidResourceTagText(%q) is %v", s, got)
		}
	}
	for key, want := range map[string]bool{"aws:x": true, "AWS:x": true, "aws": false, "xaws:": false, "": false} {
		if stream.ReservedTagKey(key) != want {
			t.Errorf("ReservedTagKey(%q) is %v", key, !want)
		}
	}
}

func TestShardQuota(t *testing.T) {
	for region, want := range map[string]int{"us-east-1": 20000, "us-west-2": 20000, "eu-west-1": 20000, "eu-central-1": 1000} {
		if got := stream.ShardQuota(region); got != want {
			t.Errorf("%s: %d", region, got)
		}
	}
}
