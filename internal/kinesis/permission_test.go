package kinesis_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/policy"
	"leat/internal/service"
)

// stranger is a caller of another account who may name everybody's resources.
var stranger = service.Caller{Account: "111111111111", Region: caller.Region, CrossAccount: true}

// subjects are what the operations are about that are not about a stream.
var subjects = map[string]string{
	"DeregisterStreamConsumer": "consumer",
	"DescribeStreamConsumer":   "consumer",
	"SubscribeToShard":         "consumer",
	"CreateStream":             "new",
	"DescribeAccountSettings":  "*",
	"UpdateAccountSettings":    "*",
	"DescribeLimits":           "*",
	"ListStreams":              "*",
}

// sharedOperations are those that other accounts can be allowed.
var sharedOperations = map[string]bool{
	"DescribeStreamSummary": true, "ListShards": true, "GetRecords": true, "GetShardIterator": true,
	"PutRecord": true, "PutRecords": true, "DescribeStreamConsumer": true, "SubscribeToShard": true,
}

// TestEveryOperationNamesItsResources keeps operations from being forgotten: one
// that names no action and no resource could not be refused to anybody.
func TestEveryOperationNamesItsResources(t *testing.T) {
	eachOperation(t, func(t *testing.T, name string, op everyOperation) {
		f := everyFixture(t, op)
		row := f.ops[name]
		if row.Action != "kinesis:"+name || row.Resources == nil {
			t.Fatalf("%s has the action %q, and resources: %t", name, row.Action, row.Resources != nil)
		}
		in := f.about(op)
		got, err := row.Resources(caller, in)
		if err != nil || len(got) == 0 {
			t.Fatalf("resources %v, error %v", got, err)
		}
		want := arnOfS
		switch subjects[name] {
		case "consumer":
			want = f.app("s")
		case "new":
			want = arnOf("new")
		case "*":
			want = "*"
		}
		if got[0].ARN != want || got[0].Account != caller.Account || got[0].Action != row.Action {
			t.Errorf("it needs %s on %s of account %s, want %s on %s", got[0].Action, got[0].ARN, got[0].Account, row.Action, want)
		}
	})
}

// about returns an operation's request about the stream s, or about its consumer
// for those that are about one.
func (f *fixture) about(op everyOperation) api.Input {
	f.t.Helper()
	in := op.request(f, "s")
	if m := arnMember(in); m != nil {
		*m = some(arnOfS)
	} else if m := textMember(in, "StreamName"); m != nil && !m.Set {
		*m = some("s")
	}
	return in
}

// Other accounts can be allowed some operations, and these work for them, to the
// end of what they begin.
func TestSharedOperations(t *testing.T) {
	eachOperation(t, func(t *testing.T, name string, op everyOperation) {
		f := everyFixture(t, op)
		in := f.about(op)
		if m := textMember(in, "StreamName"); m != nil && name != "CreateStream" {
			*m = api.Opt[string]{}
		}
		for _, arn := range []string{arnOfS, f.app("s")} {
			f.call("PutResourcePolicy", &api.PutResourcePolicyInput{ResourceARN: some(arn), Policy: some(openPolicy)})
		}
		if subjects[name] == "*" || subjects[name] == "new" {
			return
		}
		got, err := f.ops[name].Resources(stranger, in)
		if err != nil || len(got) == 0 {
			t.Fatalf("resources %v, error %v", got, err)
		}
		if got[0].Account != caller.Account || (got[0].Policy != nil) != sharedOperations[name] {
			t.Errorf("the resource is of account %s, and its policy decides: %t", got[0].Account, got[0].Policy != nil)
		}
		own, err := f.ops[name].Resources(caller, in)
		itself := strings.HasSuffix(name, "ResourcePolicy")
		if err != nil || (own[0].Policy == nil) != itself {
			t.Errorf("in its account the policy decides: %t, want %t, error %v", own[0].Policy != nil, !itself, err)
		}
		if sharedOperations[name] {
			if _, err := f.do(stranger, name, in); err != nil {
				t.Errorf("for the other account: %v", err)
			}
		}
	})
}

// A page token of ListShards leads to the stream it came from, in whatever
// account, and so does an iterator.
func TestTokensOfOtherAccounts(t *testing.T) {
	f := newFixture(t)
	f.create("s", 3)
	first, err := f.do(stranger, "ListShards", &api.ListShardsInput{StreamARN: some(arnOfS), MaxResults: some(int32(1))})
	if err != nil {
		t.Fatal(err)
	}
	next := &api.ListShardsInput{NextToken: first.(*api.ListShardsOutput).NextToken}
	got, err := f.ops["ListShards"].Resources(stranger, next)
	if err != nil || got[0].ARN != arnOfS {
		t.Errorf("the token is for %v, error %v", got, err)
	}
	if out, err := f.do(stranger, "ListShards", next); err != nil || len(out.(*api.ListShardsOutput).Shards.V) != 2 {
		t.Errorf("the second page is %v, error %v", out, err)
	}
	plain := stranger
	plain.CrossAccount = false
	if _, err := f.do(plain, "ListShards", next); err == nil {
		t.Error("a token works for an account that policies were not asked about")
	}
	if _, err := f.do(plain, "GetRecords", &api.GetRecordsInput{ShardIterator: some(f.horizon("s", shard0))}); err == nil {
		t.Error("an iterator works for an account that policies were not asked about")
	}
}

// What a request lacks is its own error also before it is known who asks.
func TestRequestsThatNameNothing(t *testing.T) {
	f := newFixture(t)
	for name, in := range map[string]api.Input{
		"DescribeStream":         new(api.DescribeStreamInput),
		"DescribeStreamConsumer": new(api.DescribeStreamConsumerInput),
		"ListShards":             new(api.ListShardsInput),
		"GetRecords":             &api.GetRecordsInput{ShardIterator: some("x")},
	} {
		_, err := f.ops[name].Resources(caller, in)
		_, want := f.do(caller, name, in)
		if err == nil || want == nil || err.Error() != want.Error() {
			t.Errorf("%s: resources fail with %v, the call with %v", name, err, want)
		}
	}
	got, err := f.ops["DescribeStream"].Resources(caller, &api.DescribeStreamInput{StreamName: some("no")})
	if err != nil || got[0].ARN != arnOf("no") {
		t.Errorf("a stream that does not exist is %v, error %v", got, err)
	}
}

// Who names a consumer without its creation time and may not use it does not
// learn that time, nor whether there is one.
func TestConsumersAreNotTold(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.app("s")
	for _, name := range []string{"app", "none"} {
		got, err := f.ops["DescribeStreamConsumer"].Resources(stranger,
			&api.DescribeStreamConsumerInput{StreamARN: some(arnOfS), ConsumerName: some(name)})
		if want := arnOfS + "/consumer/" + name; err != nil || got[0].Name != want {
			t.Errorf("told of %q, want %q (%v)", got[0].Name, want, err)
		}
	}
	got, err := f.ops["DescribeStreamConsumer"].Resources(stranger, &api.DescribeStreamConsumerInput{ConsumerARN: some(f.app("s"))})
	if err != nil || got[0].Name != "" || got[0].ARN != f.app("s") {
		t.Errorf("named in full: %+v (%v)", got, err)
	}
}

// Policies can look at the tags of requests and resources.
func TestTagsForPolicies(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	tags := map[string]string{"team": "a"}
	f.call("AddTagsToStream", &api.AddTagsToStreamInput{StreamName: some("s"), Tags: some(tags)})
	type facts struct {
		Action               string
		Request, ForResource map[string]string
		Keys                 []string
	}
	for _, test := range []struct {
		name string
		in   api.Input
		want []facts
	}{
		{"CreateStream", &api.CreateStreamInput{StreamName: some("n")}, []facts{{Action: "kinesis:CreateStream"}}},
		{"CreateStream", &api.CreateStreamInput{StreamName: some("n"), Tags: some(tags)}, []facts{
			{Action: "kinesis:CreateStream", Request: tags},
			{Action: "kinesis:AddTagsToStream", Request: tags},
		}},
		{"RegisterStreamConsumer", &api.RegisterStreamConsumerInput{StreamARN: some(arnOfS), Tags: some(tags)}, []facts{
			{Action: "kinesis:RegisterStreamConsumer", Request: tags, ForResource: tags},
			{Action: "kinesis:TagResource", Request: tags, ForResource: tags},
		}},
		{"UntagResource", &api.UntagResourceInput{ResourceARN: some(arnOfS), TagKeys: some([]string{"team"})}, []facts{
			{Action: "kinesis:UntagResource", ForResource: tags, Keys: []string{"team"}},
		}},
	} {
		resources, err := f.ops[test.name].Resources(caller, test.in)
		if err != nil {
			t.Fatal(err)
		}
		var got []facts
		for _, r := range resources {
			got = append(got, facts{r.Action, r.RequestTags, r.Tags, r.TagKeys})
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// A policy that an older program stored without looking at it denies everything
// but what replaces it.
func TestUnreadablePolicyDenies(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	f.call("PutResourcePolicy", &api.PutResourcePolicyInput{ResourceARN: some(arnOfS), Policy: some(openPolicy)})
	key := engine.NewKey("stream", caller.Account, caller.Region, "s")
	entry, err := f.engine.Get(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(entry.Value), `"Effect"`, `"effect"`, 1)
	if _, err := f.engine.Write(context.Background(), []engine.Change{{Key: key, Value: []byte(broken), Expect: entry.Revision}}); err != nil {
		t.Fatal(err)
	}
	f.open()
	got, err := f.ops["PutRecord"].Resources(caller, &api.PutRecordInput{StreamName: some("s")})
	if err != nil {
		t.Fatal(err)
	}
	d := policy.Evaluate(&policy.Request{
		Principal: policy.Principal{Account: caller.Account}, Action: got[0].Action, Resource: got[0].ARN,
	}, policy.Policies{Resource: got[0].Policy})
	if d.Outcome != policy.ResourceDeny || !strings.HasSuffix(d.String(), "of the policy of "+arnOfS+", which cannot be read") {
		t.Errorf("decided %s", d)
	}
	remove, err := f.ops["DeleteResourcePolicy"].Resources(caller, &api.DeleteResourcePolicyInput{ResourceARN: some(arnOfS)})
	if err != nil || remove[0].Policy != nil {
		t.Errorf("the policy decides about its removal: %v, error %v", remove, err)
	}
}
