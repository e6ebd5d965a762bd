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

// TestMaxEntries proves that no request within its constraints loses entries. The
// operations of CloudWatch and STS refuse much less than MaxEntries themselves.
func TestMaxEntries(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]struct {
		operations []string
		newInput   func(string) (api.Input, *api.Structure)
		least      int // how many lists and maps there are
	}{
		"kinesis":  {api.Operations, api.NewInput, 5},
		"dynamodb": {dynamodb.Operations, dynamodb.NewInput, 40},
	} {
		found := 0
		for _, op := range s.operations {
			if in, schema := s.newInput(op); in != nil {
				found += bounded(t, op, in, schema)
			}
		}
		if found < s.least {
			t.Errorf("%s: only %d lists and maps were found", name, found)
		}
	}
}

// bounded checks all lists and maps of a request, and returns how many there are.
func bounded(t *testing.T, name string, in api.Input, s *api.Structure) (found int) {
	t.Helper()
	for _, r := range *s {
		m := in.Member(r.Name)
		switch m.(type) {
		case *api.Opt[[]string], *api.Opt[map[string]string], api.List, api.Map:
			found++
			if !r.Value.Max.Set || r.Value.Max.V >= api.MaxEntries {
				t.Errorf("%s: %s may have %v entries", name, r.Name, r.Value.Max)
			}
		}
		found += boundedBelow(t, name, m, r.Of)
	}
	return found
}

func boundedBelow(t *testing.T, name string, m any, s *api.Structure) int {
	t.Helper()
	if s == nil {
		return 0
	}
	switch m := m.(type) {
	case api.Nested:
		return bounded(t, name, m.Fill(), s)
	case api.List:
		m.Begin()
		return bounded(t, name, m.Grow(), s)
	case api.Map:
		m.Begin()
		return boundedBelow(t, name, m.Put("key"), s)
	case api.Input:
		return bounded(t, name, m, s)
	}
	return 0
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
