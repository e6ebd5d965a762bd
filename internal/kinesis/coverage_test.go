package kinesis_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"leat/internal/api"
)

// TestMain runs the tests and then fails if they left something of the API
// untouched: an operation, a member of a request or an error that the API says
// an operation has. What no test of this package can provoke is listed with the
// reason.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && everythingRan() {
		for _, gap := range append(seen.gaps(), staleReasons()...) {
			fmt.Fprintln(os.Stderr, gap)
			code = 1
		}
	}
	os.Exit(code)
}

// everythingRan reports whether no flag chose some of the tests.
func everythingRan() bool {
	for _, name := range []string{"run", "skip", "list", "fuzz"} {
		if flag.Lookup("test."+name).Value.String() != "" {
			return false
		}
	}
	return true
}

// unprovoked is why an error of an operation occurs in no test. A key is
// operation:error, or *:error for all operations that have it and that provoke
// it nowhere.
var unprovoked = map[string]string{
	"*:KMSAccessDeniedException": "keys have no policies",
	"*:KMSInvalidStateException": "a key is there and enabled, or not",
	"*:KMSOptInRequired":         "there is no service to opt into",
	"*:KMSThrottlingException":   "the use of keys has no rate",

	"GetResourcePolicy:ResourceInUseException":                      "it works in every state of the stream",
	"ListStreamConsumers:ResourceInUseException":                    "it works in every state of the stream",
	"ListTagsForResource:ResourceInUseException":                    "it works in every state of the stream",
	"PutRecords:ProvisionedThroughputExceededException":             "each record has an outcome of its own, which has this code",
	"ListTagsForResource:LimitExceededException":                    "a rate of its calls is not documented",
	"TagResource:LimitExceededException":                            "a rate of its calls is not documented",
	"UntagResource:LimitExceededException":                          "a rate of its calls is not documented",
	"UpdateMaxRecordSize:LimitExceededException":                    "a rate of its calls is not documented",
	"UpdateStreamRecordDistributionStrategy:LimitExceededException": "a rate of its calls is not documented",
	"*:InternalFailureException":                                    "an answer that fails has the code InternalFailure; this one ends subscriptions",
}

// notServed is why operations are refused, by a part of their names.
var notServed = map[string]string{
	"Channel": "not yet: channels come with delivery",
}

// apiModel is what this needs of the API's model.
type apiModel struct {
	Operations map[string]struct {
		Input  string   `json:"input"`
		Errors []string `json:"errors"`
	} `json:"operations"`
	Shapes map[string]struct {
		Type    string `json:"type"`
		Element string `json:"element"`
		Members []struct{ Name, Shape string }
		// Required are the names of members.
		Required []string `json:"required"`
	} `json:"shapes"`
}

var model = sync.OnceValue(func() (m apiModel) {
	data, err := os.ReadFile("../api/operations.json")
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		panic(err)
	}
	return m
})

// observations is what tests made of the API, as texts: an operation,
// operation.member, operation.member.member and operation:error.
type observations struct {
	mu   sync.Mutex // guards made
	made map[string]bool
}

var seen = observations{made: make(map[string]bool)}

// note notes one call of an operation.
func (o *observations) note(operation string, in api.Input, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made[operation] = true
	o.noteMembers(operation, model().Operations[operation].Input, in)
	if refusal, ok := errors.AsType[*api.Error](err); ok {
		o.made[operation+":"+refusal.Code] = true
	}
}

// noteMembers notes the members of a structure that are set.
func (o *observations) noteMembers(path, shape string, in api.Input) {
	for _, member := range model().Shapes[shape].Members {
		name := path + "." + member.Name
		set, inner := look(in.Member(member.Name))
		if set {
			o.made[name] = true
		}
		for _, in := range inner {
			o.noteMembers(name, model().innerShape(member.Shape), in)
		}
	}
}

// look reports whether a member is set, and returns the structures in it.
func look(member any) (set bool, inner []api.Input) {
	switch m := member.(type) {
	case *api.Opt[string]:
		return m.Set, nil
	case *api.Opt[api.Blob]:
		return m.Set, nil
	case *api.Opt[int32]:
		return m.Set, nil
	case *api.Opt[bool]:
		return m.Set, nil
	case *api.Opt[api.Timestamp]:
		return m.Set, nil
	case *api.Opt[[]string]:
		return m.Set, nil
	case *api.Opt[map[string]string]:
		return m.Set, nil
	case api.Nested:
		if in := m.Filled(); in != nil {
			return true, []api.Input{in}
		}
		return false, nil
	case api.List:
		for i := range m.Len() {
			inner = append(inner, m.At(i))
		}
		return m.Len() >= 0, inner
	default:
		panic(fmt.Sprintf("BUG: unknown member type %T", member))
	}
}

// innerShape returns the structure that a member is, or is a list of.
func (m apiModel) innerShape(shape string) string {
	if s := m.Shapes[shape]; s.Type == "list" {
		return s.Element
	}
	return shape
}

// members returns the members of a structure, and of those in it.
func (m apiModel) members(path, shape string) (names []string) {
	for _, member := range m.Shapes[shape].Members {
		name := path + "." + member.Name
		names = append(names, name)
		names = append(names, m.members(name, m.innerShape(member.Shape))...)
	}
	return names
}

// gaps returns what the model has and no test made.
func (o *observations) gaps() (gaps []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, op := range model().Operations {
		if notServedReason(name) != "" {
			continue
		}
		wanted := append(model().members(name, op.Input), name)
		for _, code := range op.Errors {
			if key := name + ":" + code; reasonOf(name, code) == "" {
				wanted = append(wanted, key)
			} else if o.made[key] && unprovoked[key] != "" {
				gaps = append(gaps, "a test provokes "+key+", and a reason why none does is listed")
			}
		}
		for _, want := range wanted {
			if !o.made[want] {
				gaps = append(gaps, "no test makes "+want+", and no reason is listed")
			}
		}
	}
	slices.Sort(gaps)
	return gaps
}

// reasonOf returns why no test provokes an error of an operation, "" if one
// must.
func reasonOf(operation, code string) string {
	if reason := unprovoked[operation+":"+code]; reason != "" {
		return reason
	}
	return unprovoked["*:"+code]
}

func notServedReason(operation string) string {
	for part, reason := range notServed {
		if strings.Contains(operation, part) {
			return reason
		}
	}
	return ""
}

// staleReasons returns the reasons that are for nothing.
func staleReasons() (stale []string) {
	for key := range maps.Keys(unprovoked) {
		operation, code, _ := strings.Cut(key, ":")
		used := false
		for name, op := range model().Operations {
			used = used || (operation == "*" || operation == name) && slices.Contains(op.Errors, code)
		}
		if !used {
			stale = append(stale, "the reason for "+key+" is for no operation")
		}
	}
	return stale
}
