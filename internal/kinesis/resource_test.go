package kinesis_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
)

// openPolicy is a resource's policy that allows everybody everything.
const openPolicy = `{"Version": "2012-10-17", "Statement":
  {"Effect": "Allow", "Principal": "*", "Action": "kinesis:*", "Resource": "*"}
}`

func TestResourcePolicies(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	put := func(policy string) *api.PutResourcePolicyInput {
		return &api.PutResourcePolicyInput{ResourceARN: some(arnOfS), Policy: some(policy)}
	}
	remove := &api.DeleteResourcePolicyInput{ResourceARN: some(arnOfS)}
	shows := func(want string) {
		t.Helper()
		out := f.call("GetResourcePolicy", &api.GetResourcePolicyInput{ResourceARN: some(arnOfS)})
		if got := out.(*api.GetResourcePolicyOutput).Policy; got != want {
			t.Errorf("the policy is %s, want %s", got, want)
		}
	}
	const policy = " " + openPolicy + "\n"
	shows("{}")
	f.fails("DeleteResourcePolicy", remove, api.ResourceNotFound, "No resource policy found for resource ARN "+arnOfS+".")
	f.call("PutResourcePolicy", put(`{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}`))
	f.call("PutResourcePolicy", put(policy))
	f.open()
	shows(policy)
	for bad, why := range map[string]string{
		"":                      "line 1: not JSON: unexpected end of JSON input",
		"[]":                    "line 1: a policy is an object",
		"{}":                    "line 1: Statement is missing",
		"{\n\"Rule\": 1}":       "line 2: a policy has no Rule",
		openPolicy + openPolicy: "line 3: not JSON: invalid character '{' after top-level value",
	} {
		f.fails("PutResourcePolicy", put(bad), api.InvalidArgument, "The policy is not valid, "+why+".")
	}
	f.fails("PutResourcePolicy", put(strings.Repeat(" ", 20<<10)+openPolicy), api.InvalidArgument, "The policy is longer than 20480 bytes.")
	shows(policy)
	f.call("DeleteResourcePolicy", remove)
	shows("{}")
}

func TestTagResource(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	tag := func(tags map[string]string) *api.TagResourceInput {
		return &api.TagResourceInput{ResourceARN: some(arnOfS), Tags: some(tags)}
	}
	untag := func(keys ...string) *api.UntagResourceInput {
		return &api.UntagResourceInput{ResourceARN: some(arnOfS), TagKeys: some(keys)}
	}
	shows := func(want ...api.Tag) {
		t.Helper()
		out := f.call("ListTagsForResource", &api.ListTagsForResourceInput{ResourceARN: some(arnOfS)}).(*api.ListTagsForResourceOutput)
		if diff := cmp.Diff(want, out.Tags.V); diff != "" || !out.Tags.Set {
			t.Errorf("tags: %s", diff)
		}
	}
	shows([]api.Tag{}...)
	f.call("AddTagsToStream", &api.AddTagsToStreamInput{StreamName: some("s"), Tags: some(map[string]string{"b": "1"})})
	f.call("TagResource", tag(map[string]string{"a:c": "x:y", "b": "2"}))
	f.open()
	shows(api.Tag{Key: "a:c", Value: some("x:y")}, api.Tag{Key: "b", Value: some("2")})
	f.call("UntagResource", untag("a:c", "unknown"))
	shows(api.Tag{Key: "b", Value: some("2")})

	const characters = "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . : / = + - @."
	for _, bad := range []string{"a;", "a%", "a\t"} {
		f.fails("TagResource", tag(map[string]string{bad: ""}), api.InvalidArgument, characters)
		f.fails("TagResource", tag(map[string]string{"k": bad}), api.InvalidArgument, characters)
		f.fails("UntagResource", untag(bad), api.InvalidArgument, characters)
	}
	f.fails("TagResource", tag(map[string]string{"AWS:x": ""}), api.InvalidArgument, "aws: prefixed tag key names are not allowed for external use.")
	many := map[string]string{}
	for i := range 50 {
		many[fmt.Sprint(i)] = ""
	}
	f.fails("TagResource", tag(many), api.InvalidArgument,
		"Failed to add tags to stream s under account 000000000000 because a given stream cannot have more than 10 tags associated with it.")
	f.fails("TagResource", &api.TagResourceInput{ResourceARN: some("arn"), Tags: some(map[string]string{})}, api.Validation, "2 validation errors detected: "+
		"Value '{}' at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1; "+
		`Value 'arn' at 'resourceARN' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\d{12}:.*stream/\S+`)
}

// Consumers have tags and a policy of their own.
func TestResourcesThatAreConsumers(t *testing.T) {
	f := newFixture(t)
	f.create("s", 1)
	in := registerInput("s", "app")
	in.Tags = some(map[string]string{"team": "a"})
	arn := f.call("RegisterStreamConsumer", in).(*api.RegisterStreamConsumerOutput).Consumer.ConsumerARN
	shows := func(policy string, want ...api.Tag) {
		t.Helper()
		f.open()
		tags := f.call("ListTagsForResource", &api.ListTagsForResourceInput{ResourceARN: some(arn)}).(*api.ListTagsForResourceOutput)
		if diff := cmp.Diff(want, tags.Tags.V); diff != "" {
			t.Errorf("tags: %s", diff)
		}
		out := f.call("GetResourcePolicy", &api.GetResourcePolicyInput{ResourceARN: some(arn)}).(*api.GetResourcePolicyOutput)
		if out.Policy != policy {
			t.Errorf("the policy is %s, want %s", out.Policy, policy)
		}
	}
	team, stage := api.Tag{Key: "team", Value: some("a")}, api.Tag{Key: "stage", Value: some("x:y")}
	shows("{}", team)
	f.call("TagResource", &api.TagResourceInput{ResourceARN: some(arn), Tags: some(map[string]string{"stage": "x:y"})})
	f.call("PutResourcePolicy", &api.PutResourcePolicyInput{ResourceARN: some(arn), Policy: some(openPolicy)})
	shows(openPolicy, stage, team)
	ofStream := f.call("ListTagsForResource", &api.ListTagsForResourceInput{ResourceARN: some(arnOf("s"))}).(*api.ListTagsForResourceOutput)
	if len(ofStream.Tags.V) != 0 {
		t.Errorf("the stream has its consumer's tags: %v", ofStream.Tags.V)
	}
	f.call("UntagResource", &api.UntagResourceInput{ResourceARN: some(arn), TagKeys: some([]string{"team"})})
	remove := &api.DeleteResourcePolicyInput{ResourceARN: some(arn)}
	f.call("DeleteResourcePolicy", remove)
	shows("{}", stage)
	f.fails("DeleteResourcePolicy", remove, api.ResourceNotFound, "No resource policy found for resource ARN "+arn+".")
	other := arn[:len(arn)-1] + "9"
	f.fails("TagResource", &api.TagResourceInput{ResourceARN: some(other), Tags: some(map[string]string{"k": "v"})},
		api.ResourceNotFound, "Consumer "+other+", account 000000000000 not found.")

	f.open(withTransitions)
	f.call("DeregisterStreamConsumer", &api.DeregisterStreamConsumerInput{ConsumerARN: some(arn)})
	f.fails("UntagResource", &api.UntagResourceInput{ResourceARN: some(arn), TagKeys: some([]string{"k"})},
		api.ResourceInUse, "Consumer app under stream s under account 000000000000 is in state DELETING.")
	shows("{}", stage)
}
