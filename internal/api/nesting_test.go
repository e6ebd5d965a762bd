package api_test

import (
	"slices"
	"strings"
	"testing"

	"leat/internal/api"
	"leat/internal/api/cloudwatch"
	"leat/internal/api/dynamodb"
	"leat/internal/api/sts"
)

// fill gives all lists and maps of a request an entry, and all structures to it.
func fill(in api.Input, s *api.Structure) {
	for _, r := range *s {
		if r.Of != nil {
			fillMember(in.Member(r.Name), r.Of)
		}
	}
}

func fillMember(m any, s *api.Structure) {
	switch m := m.(type) {
	case api.Nested:
		fill(m.Fill(), s)
	case api.List:
		m.Begin()
		fill(m.Grow(), s)
	case api.Map:
		m.Begin()
		fillMember(m.Put("key"), s)
	case api.Input:
		fill(m, s)
	}
}

// TestNestingFitsTheValidator validates requests of all services that go as deep as
// their shapes do.
func TestNestingFitsTheValidator(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]struct {
		operations []string
		newInput   func(string) (api.Input, *api.Structure)
		deepest    string // a message about a value that is missing
	}{
		"kinesis":    {api.Operations, api.NewInput, "'records.1.member.data'"},
		"cloudwatch": {cloudwatch.Operations, cloudwatch.NewInput, "'metricDataQueries.1.member.metricStat.metric.dimensions.1.member.name'"},
		"dynamodb":   {dynamodb.Operations, dynamodb.NewInput, "'requestItems.key.member.1.member.deleteRequest.key'"},
		"sts":        {sts.Operations, sts.NewInput, "'tags.1.member.key'"},
	} {
		var messages []string
		for _, op := range s.operations {
			in, schema := s.newInput(op)
			if schema == nil {
				continue
			}
			fill(in, schema)
			if err := api.Validate(in, schema); err != nil {
				messages = append(messages, err.Message)
			}
		}
		if !slices.ContainsFunc(messages, func(m string) bool { return strings.Contains(m, s.deepest) }) {
			t.Errorf("%s: nothing is said of %s: %q", name, s.deepest, messages)
		}
	}
}

// TestMessagesAreShort has a request whose key of a map is as long as the request,
// and all of what is below it is missing.
func TestMessagesAreShort(t *testing.T) {
	t.Parallel()
	in, schema := dynamodb.NewInput("BatchWriteItem")
	items := in.Member("RequestItems").(api.Map)
	items.Begin()
	list := items.Put(strings.Repeat("k", 1<<20)).(api.List)
	list.Begin()
	for range 25 {
		fill(list.Grow(), schemaOf(schema, "RequestItems"))
	}
	if err := api.Validate(in, schema); err == nil || len(err.Message) > 1<<18 {
		t.Errorf("refused with %.300s", err)
	}
}

// schemaOf returns the constraints on the structures of a member.
func schemaOf(s *api.Structure, name string) *api.Structure {
	for _, r := range *s {
		if r.Name == name {
			return r.Of
		}
	}
	return nil
}
