package policy_test

import (
	"net/netip"
	"testing"
	"time"

	"leat/internal/policy"
)

// example is a task from the documentation of IAM or of Kinesis, the policies
// that do it, and what they then allow.
type example struct {
	task     string
	identity string // JSON; "" for none
	resource string
	asks     []ask
}

// ask is the question of TestConditions with a difference.
type ask struct {
	what   string
	action string
	change func(*policy.Request)
	want   policy.Outcome
}

func on(resource string) func(*policy.Request) {
	return func(r *policy.Request) { r.Resource = resource }
}

func by(who string) func(*policy.Request) {
	return func(r *policy.Request) { r.Principal, r.ResourceAccount = people[who], ours }
}

func same(*policy.Request) {}

var examples = []example{
	{
		task: "allow something in a span of time",
		identity: `{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": "*",
			"Condition": {
				"DateGreaterThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"},
				"DateLessThan": {"aws:CurrentTime": "2026-03-31T23:59:59Z"}
			}}}`,
		asks: []ask{
			{"in it", "PutRecord", same, policy.Allowed},
			{"before it", "PutRecord", func(r *policy.Request) { r.Time = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC) }, policy.NoIdentityAllow},
			{"after it", "PutRecord", func(r *policy.Request) { r.Time = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC) }, policy.NoIdentityAllow},
		},
	},
	{
		task: "deny everything from foreign networks",
		identity: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "*", "Resource": "*"},
			{"Effect": "Deny", "Action": "*", "Resource": "*",
			 "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}}}]}`,
		asks: []ask{
			{"from home", "PutRecord", same, policy.Allowed},
			{"from abroad", "PutRecord", func(r *policy.Request) { r.SourceIP = netip.MustParseAddr("198.51.100.1") }, policy.IdentityDeny},
			{"from IPv6", "PutRecord", func(r *policy.Request) { r.SourceIP = netip.MustParseAddr("2001:db8::1") }, policy.IdentityDeny},
		},
	},
	{
		task: "let people manage what is tagged as theirs, and look at all",
		identity: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": ["kinesis:DeleteStream", "kinesis:UpdateShardCount"], "Resource": "arn:aws:kinesis:*:*:stream/*",
			 "Condition": {"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}}},
			{"Effect": "Allow", "Action": "kinesis:Describe*", "Resource": "*"}]}`,
		asks: []ask{
			{"the owner", "DeleteStream", same, policy.Allowed},
			{"another's", "DeleteStream", func(r *policy.Request) { r.ResourceTags = map[string]string{"owner": "eve"} }, policy.NoIdentityAllow},
			{"nobody's", "DeleteStream", func(r *policy.Request) { r.ResourceTags = nil }, policy.NoIdentityAllow},
			{"look at another's", "DescribeStream", func(r *policy.Request) { r.ResourceTags = nil }, policy.Allowed},
		},
	},
	{
		task: "require tags, and allow certain ones only",
		identity: `{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Action": "kinesis:CreateStream", "Resource": "*",
			"Condition": {
				"StringEquals": {"aws:RequestTag/team": ["Blue", "Red"]},
				"ForAllValues:StringEquals": {"aws:TagKeys": ["Team", "cost"]}
			}}}`,
		asks: []ask{
			{"both tags", "CreateStream", same, policy.Allowed},
			{"the required one", "CreateStream", func(r *policy.Request) { r.RequestTags = map[string]string{"Team": "Red"} }, policy.Allowed},
			{"another team", "CreateStream", func(r *policy.Request) { r.RequestTags = map[string]string{"Team": "Green"} }, policy.NoIdentityAllow},
			{"no tags", "CreateStream", func(r *policy.Request) { r.RequestTags = nil }, policy.NoIdentityAllow},
			{"one too many", "CreateStream", func(r *policy.Request) { r.RequestTags = map[string]string{"Team": "Red", "x": ""} }, policy.NoIdentityAllow},
		},
	},
	{
		task: "deny regions but for what is global",
		identity: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "*", "Resource": "*"},
			{"Sid": "Abroad", "Effect": "Deny", "NotAction": ["iam:*", "kinesis:DescribeLimits"], "Resource": "*",
			 "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-central-1"]}}}]}`,
		asks: []ask{
			{"at home", "PutRecord", same, policy.Allowed},
			{"abroad", "PutRecord", func(r *policy.Request) { r.Region = "ap-south-1" }, policy.IdentityDeny},
			{"what is global", "DescribeLimits", func(r *policy.Request) { r.Region = "ap-south-1" }, policy.Allowed},
		},
	},
	{
		task: "give everybody resources of their own with one policy",
		identity: `{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Action": "kinesis:*", "Resource": "arn:aws:kinesis:us-east-1:111111111111:stream/${aws:username}-*"}}`,
		asks: []ask{
			{"her own", "PutRecord", on("arn:aws:kinesis:us-east-1:111111111111:stream/ann-1"), policy.Allowed},
			{"another's", "PutRecord", on("arn:aws:kinesis:us-east-1:111111111111:stream/bob-1"), policy.NoIdentityAllow},
			{"of no user", "PutRecord", func(r *policy.Request) {
				r.Principal, r.Resource = people["job"], "arn:aws:kinesis:us-east-1:111111111111:stream/-1"
			}, policy.NoIdentityAllow},
		},
	},
	{
		task:     "refuse clear text at the resource",
		identity: `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`,
		resource: `{"Version": "2012-10-17", "Statement": {
			"Effect": "Deny", "Principal": "*", "Action": "kinesis:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}`,
		asks: []ask{
			{"with TLS", "PutRecord", same, policy.Allowed},
			{"without", "PutRecord", func(r *policy.Request) { r.SecureTransport = false }, policy.ResourceDeny},
		},
	},
	{
		task: "look at a stream and its shards",
		identity: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": ["kinesis:Get*", "kinesis:DescribeStreamSummary"],
			 "Resource": ["arn:aws:kinesis:us-east-1:111111111111:stream/orders"]},
			{"Effect": "Allow", "Action": ["kinesis:ListStreams"], "Resource": ["*"]}]}`,
		asks: []ask{
			{"read", "GetRecords", same, policy.Allowed},
			{"describe", "DescribeStreamSummary", same, policy.Allowed},
			{"describe more", "DescribeStream", same, policy.NoIdentityAllow},
			{"another stream", "GetRecords", on(resources["logs"]), policy.NoIdentityAllow},
			{"list", "ListStreams", on("*"), policy.Allowed},
		},
	},
	{
		task: "write to all streams of an account",
		identity: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": ["kinesis:PutRecord", "kinesis:PutRecords"], "Resource": ["arn:aws:kinesis:us-east-1:111111111111:stream/*"]}]}`,
		asks: []ask{
			{"write", "PutRecords", same, policy.Allowed},
			{"in another region", "PutRecords", on("arn:aws:kinesis:eu-west-1:111111111111:stream/orders"), policy.NoIdentityAllow},
			{"read", "GetRecords", same, policy.NoIdentityAllow},
		},
	},
	{
		task: "read with enhanced fan-out",
		identity: `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "kinesis:RegisterStreamConsumer", "Resource": "arn:aws:kinesis:us-east-1:111111111111:stream/orders"},
			{"Effect": "Allow", "Action": ["kinesis:SubscribeToShard", "kinesis:DescribeStreamConsumer"],
			 "Resource": "arn:aws:kinesis:us-east-1:111111111111:stream/orders/consumer/app:*"}]}`,
		asks: []ask{
			{"register", "RegisterStreamConsumer", same, policy.Allowed},
			{"subscribe", "SubscribeToShard", on(resources["app"]), policy.Allowed},
			{"another consumer", "SubscribeToShard", on(resources["orders"] + "/consumer/other:1"), policy.NoIdentityAllow},
			{"the stream", "SubscribeToShard", same, policy.NoIdentityAllow},
		},
	},
	{
		task:     "share a stream with another account's user, and with a role",
		identity: `{"Statement": {"Effect": "Allow", "Action": "kinesis:*", "Resource": "arn:aws:kinesis:*:111111111111:stream/*"}}`,
		resource: `{"Version": "2012-10-17", "Id": "sharing", "Statement": [
			{"Sid": "read", "Effect": "Allow",
			 "Principal": {"AWS": ["arn:aws:iam::222222222222:user/bob", "arn:aws:iam::333333333333:role/reader"]},
			 "Action": ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetRecords", "kinesis:GetShardIterator"],
			 "Resource": "arn:aws:kinesis:us-east-1:111111111111:stream/orders"}]}`,
		asks: []ask{
			{"the user reads", "GetRecords", by("bob"), policy.Allowed},
			{"and writes", "PutRecord", by("bob"), policy.NoResourceAllow},
			{"the role reads", "GetRecords", func(r *policy.Request) {
				r.ResourceAccount = ours
				r.Principal = policy.Principal{
					Account: "333333333333", ARN: "arn:aws:sts::333333333333:assumed-role/reader/x", Role: "arn:aws:iam::333333333333:role/reader",
				}
			}, policy.Allowed},
			{"another user of that account", "GetRecords", func(r *policy.Request) {
				r.ResourceAccount = ours
				r.Principal = policy.Principal{Account: theirs, ARN: "arn:aws:iam::222222222222:user/eve", UserName: "eve"}
			}, policy.NoResourceAllow},
		},
	},
	{
		task:     "let an organisation's roles in by the pattern of their names",
		identity: `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`,
		resource: `{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Principal": "*", "Action": "kinesis:*", "Resource": "*",
			"Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/b*"}}}}`,
		asks: []ask{
			{"a name that fits", "GetRecords", by("bob"), policy.Allowed},
			{"one that does not", "GetRecords", func(r *policy.Request) {
				r.ResourceAccount = ours
				r.Principal = policy.Principal{Account: theirs, ARN: "arn:aws:iam::222222222222:user/eve"}
			}, policy.NoResourceAllow},
		},
	},
}

func TestDocumentedExamples(t *testing.T) {
	for _, e := range examples {
		t.Run(e.task, func(t *testing.T) {
			var identity []*policy.Policy
			identity = append(identity, mustParseJSON(t, policy.Identity, e.identity))
			var resource *policy.Policy
			if e.resource != "" {
				resource = mustParseJSON(t, policy.Resource, e.resource)
			}
			for _, a := range e.asks {
				r := question()
				r.Action = "kinesis:" + a.action
				a.change(&r)
				if d := policy.Evaluate(&r, policy.Policies{Identity: identity, Resource: resource}); d.Outcome != a.want {
					t.Errorf("%s: %s, want %s", a.what, d, outcomes[a.want])
				}
			}
		})
	}
}

func mustParseJSON(t *testing.T, kind policy.Kind, text string) *policy.Policy {
	t.Helper()
	p, err := policy.ParseJSON("test", kind, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A role is trusted to those that its trust policy names, or whose account it
// names.
func TestTrusts(t *testing.T) {
	const named = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:user/bob"}, "Action": "sts:AssumeRole"}}`
	const account = `{"Statement": [
		{"Sid": "in", "Effect": "Allow", "Principal": {"AWS": "222222222222"}, "Action": "sts:AssumeRole"},
		{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::222222222222:user/eve"}, "Action": "sts:*"}]}`
	eve := policy.Principal{Account: theirs, ARN: "arn:aws:iam::222222222222:user/eve"}
	for _, test := range []struct {
		trust  string
		who    policy.Principal
		action string
		want   bool
	}{
		{named, people["bob"], "sts:AssumeRole", true},
		{named, people["ann"], "sts:AssumeRole", false},
		{named, people["bob"], "sts:TagSession", false},
		{account, people["bob"], "sts:AssumeRole", true},
		{account, eve, "sts:AssumeRole", false},
		{account, people["ann"], "sts:AssumeRole", false},
	} {
		trust := mustParseJSON(t, policy.Trust, test.trust)
		s := trust.Trusts(&policy.Request{Principal: test.who, Action: test.action})
		if (s != nil) != test.want {
			t.Errorf("%s may %s: %v, by %s", test.who.ARN, test.action, s, test.trust)
		}
	}
}
