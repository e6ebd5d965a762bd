package dynamo_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
	"leat/internal/wire/awsjson"
)

// resources returns what a caller has to be allowed for a request.
func (f *fixture) resources(name, body string) []service.Resource {
	f.t.Helper()
	op := f.ops[name]
	in := op.Input()
	if err := awsjson.Decode([]byte(body), in); err != nil {
		f.t.Fatal(err)
	}
	if err := api.Validate(in, op.Schema); err != nil {
		f.t.Fatal(err)
	}
	list, err := op.Resources(caller, in)
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// TestOperations proves that every operation of the shapes is served, and says what
// it is about.
func TestOperations(t *testing.T) {
	f := newFixture(t)
	var names []string
	for _, op := range f.API().Operations {
		names = append(names, op.Name)
		if op.Resources == nil {
			t.Errorf("%s does not say what it is about", op.Name)
		}
	}
	if diff := cmp.Diff(dynamodb.Operations, names); diff != "" {
		t.Errorf("operations (-shapes +served):\n%s", diff)
	}
}

func TestResources(t *testing.T) {
	f := newFixture(t)
	f.sorted("app")
	const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/"
	f.call("TagResource", `{"ResourceArn":"`+arn+`app","Tags":[{"Key":"team","Value":"a"}]}`)
	tags := map[string]string{"team": "a"}
	app := func(action string, keys ...string) service.Resource {
		r := service.Resource{Action: "dynamodb:" + action, ARN: arn + "app", Account: caller.Account, Tags: tags}
		if keys != nil {
			r.Context = map[string][]string{"dynamodb:leadingkeys": keys}
		}
		return r
	}
	index := app("Query")
	index.ARN += "/index/global"
	other := service.Resource{Action: "dynamodb:BatchGetItem", ARN: arn + "other", Account: caller.Account, Context: map[string][]string{}}
	item := `"p":{"S":"a"},"n":{"N":"1"}`
	for _, test := range []struct {
		name, body string
		want       []service.Resource
	}{
		{"ListTables", `{}`, []service.Resource{{Action: "dynamodb:ListTables", ARN: "*"}}},
		{"DescribeTable", `{"TableName":"app"}`, []service.Resource{app("DescribeTable")}},
		{"DescribeTable", `{"TableName":"` + arn + `app"}`, []service.Resource{app("DescribeTable")}},
		{"Query", `{"TableName":"app","IndexName":"global"}`, []service.Resource{index}},
		{"PutItem", `{"TableName":"app","Item":{` + item + `}}`, []service.Resource{app("PutItem", "a")}},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"app","Key":{` + item + `}}}]}`, []service.Resource{app("GetItem", "a")}},
		{"ListTagsOfResource", `{"ResourceArn":"` + arn + `app"}`, []service.Resource{app("ListTagsOfResource")}},
		{
			"BatchWriteItem", `{"RequestItems":{"app":[{"PutRequest":{"Item":{` + item + `}}},{"DeleteRequest":{"Key":{"p":{"S":"b"},"n":{"N":"1"}}}}]}}`,
			[]service.Resource{app("BatchWriteItem", "a", "b")},
		},
		{
			"BatchGetItem", `{"RequestItems":{"other":{"Keys":[{` + item + `}]},"app":{"Keys":[{` + item + `},{"p":{"S":"b"}}]}}}`,
			[]service.Resource{app("BatchGetItem", "a", "b"), other},
		},
		{
			"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"app","Item":{` + item + `}}},
			{"Delete":{"TableName":"app","Key":{"p":{"S":"b"},"n":{"N":"1"}}}},{"Put":{"TableName":"app","Item":{"p":{"S":"c"},"n":{"N":"1"}}}},
			{"ConditionCheck":{"TableName":"app","Key":{"p":{"S":"d"},"n":{"N":"1"}},"ConditionExpression":"attribute_exists(p)"}}]}`,
			[]service.Resource{app("ConditionCheckItem", "d"), app("DeleteItem", "b"), app("PutItem", "a", "c")},
		},
	} {
		got := f.resources(test.name, test.body)
		slices.SortFunc(got, func(a, b service.Resource) int {
			return slices.Compare([]string{a.ARN, a.Action}, []string{b.ARN, b.Action})
		})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.name, test.body, diff)
		}
	}
	tagged := f.resources("TagResource", `{"ResourceArn":"`+arn+`app","Tags":[{"Key":"a","Value":"b"}]}`)[0]
	untagged := f.resources("UntagResource", `{"ResourceArn":"`+arn+`app","TagKeys":["a"]}`)[0]
	if tagged.RequestTags["a"] != "b" || !slices.Equal(tagged.TagKeys, []string{"a"}) || !slices.Equal(untagged.TagKeys, []string{"a"}) {
		t.Errorf("tagging needs %+v, untagging %+v", tagged, untagged)
	}
	created := f.resources("CreateTable", `{"TableName":"new","Tags":[{"Key":"a","Value":"b"}]}`)
	if len(created) != 2 || created[1].Action != "dynamodb:TagResource" || created[0].RequestTags["a"] != "b" {
		t.Errorf("a new table with tags needs %+v", created)
	}
}
