package api

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// serviceModel is what these tests need of operations.json.
type serviceModel struct {
	Operations map[string]struct {
		Input  string
		Errors []string
	}
	Shapes map[string]struct {
		Type    string
		Members []struct{ Name, Shape string }
	}
}

func readModel(t *testing.T) serviceModel {
	t.Helper()
	data, err := os.ReadFile("operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var m serviceModel
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestModelHasAllOperations(t *testing.T) {
	model := readModel(t)
	if len(model.Operations) != 45 || len(Operations) != 45 {
		t.Fatalf("the model has %d operations, the list %d; the service has 45", len(model.Operations), len(Operations))
	}
	if !slices.IsSorted(Operations) {
		t.Error("the list is not in order")
	}
	shapeless := 0
	for _, name := range Operations {
		in, schema := NewInput(name)
		if (in == nil) != (schema == nil) || (in == nil) != (model.Operations[name].Input == "") {
			t.Errorf("%s: NewInput returns %T, schema there: %t", name, in, schema != nil)
		}
		if in == nil {
			shapeless++
		}
	}
	if shapeless != 5 {
		t.Errorf("%d operations have no shapes, want the five about channels", shapeless)
	}
	if in, schema := NewInput("PutRecordz"); in != nil || schema != nil {
		t.Errorf("an unknown operation has input %T", in)
	}
}

func TestEveryModelledErrorHasARow(t *testing.T) {
	for name, op := range readModel(t).Operations {
		for _, e := range op.Errors {
			if _, ok := statuses[Code(e)]; !ok {
				t.Errorf("%s: %s has no row in the table of statuses", name, e)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	for code, want := range map[Code]int{
		ResourceNotFound: 400, AccessDenied: 400, Serialization: 400,
		InternalFailure: 500, InternalFailureEvent: 500, ServiceUnavailable: 503, "Unlisted": 500,
	} {
		if got := code.Status(); got != want {
			t.Errorf("%s has status %d, want %d", code, got, want)
		}
	}
	e := Errorf(ResourceInUse, "Stream %s already exists.", "s")
	if diff := cmp.Diff(&Error{Code: "ResourceInUseException", Message: "Stream s already exists.", Status: 400}, e); diff != "" {
		t.Error(diff)
	}
	if got := e.Error(); got != "ResourceInUseException: Stream s already exists." {
		t.Error(got)
	}
	if got := Errorf(UnknownOperation, "").Error(); got != "UnknownOperationException" {
		t.Error(got)
	}
}

// TestMembers checks that every member of every request is reached by its name,
// in the form that its type in the model asks for, and has a rule.
func TestMembers(t *testing.T) {
	model := readModel(t)
	for _, name := range Operations {
		if in, schema := NewInput(name); in != nil {
			checkMembers(t, model, model.Operations[name].Input, in, schema)
		}
	}
}

func checkMembers(t *testing.T, model serviceModel, shape string, in Input, schema *Structure) {
	t.Helper()
	if in.Member("NoSuchMember") != nil || in.Member("") != nil {
		t.Errorf("%s has members that it should not have", shape)
	}
	members := model.Shapes[shape].Members
	if len(*schema) != len(members) {
		t.Fatalf("%s has %d rules for %d members", shape, len(*schema), len(members))
	}
	for i, m := range members {
		rule := (*schema)[i]
		if rule.Name != m.Name {
			t.Errorf("%s: rule %d is for %s, want %s", shape, i, rule.Name, m.Name)
		}
		var kind string
		switch v := in.Member(m.Name).(type) {
		case *Opt[string]:
			kind = "string"
		case *Opt[int32]:
			kind = "integer"
		case *Opt[int64]:
			kind = "long"
		case *Opt[bool]:
			kind = "boolean"
		case *Opt[Timestamp]:
			kind = "timestamp"
		case *Opt[Blob]:
			kind = "blob"
		case *Opt[[]string]:
			kind = "list"
		case *Opt[map[string]string]:
			kind = "map"
		case Nested:
			kind = "structure"
			checkMembers(t, model, m.Shape, v.Fill(), rule.Of)
		case List:
			kind = "list"
			v.Begin()
			checkMembers(t, model, "PutRecordsRequestEntry", v.Grow(), rule.Of)
		}
		if want := model.Shapes[m.Shape].Type; kind != want {
			t.Errorf("%s.%s is a %q, want a %q", shape, m.Name, kind, want)
		}
	}
}

func TestNested(t *testing.T) {
	in := new(CreateStreamInput)
	m := in.Member("StreamModeDetails").(Nested)
	if m.Filled() != nil || in.StreamModeDetails.Set {
		t.Fatal("an absent structure is filled")
	}
	*m.Fill().Member("StreamMode").(*Opt[string]) = Some("ON_DEMAND")
	want := Some(StreamModeDetails{StreamMode: Some("ON_DEMAND")})
	if diff := cmp.Diff(want, in.StreamModeDetails); diff != "" {
		t.Error(diff)
	}
	if m.Filled() != Input(&in.StreamModeDetails.V) {
		t.Error("Filled does not return the structure")
	}
	m.Fill()
	if in.StreamModeDetails != Some(StreamModeDetails{}) {
		t.Error("Fill keeps what an earlier Fill had")
	}
	m.Clear()
	if m.Filled() != nil || in.StreamModeDetails.Set {
		t.Error("a cleared structure is filled")
	}
}

func TestListKeepsItsMemory(t *testing.T) {
	in := new(PutRecordsInput)
	fill := func(n int) {
		m := in.Member("Records").(List)
		m.Begin()
		for range n {
			e := m.Grow()
			if !reflect.ValueOf(e).Elem().IsZero() {
				t.Fatal("a new element is not empty")
			}
			*e.Member("PartitionKey").(*Opt[string]) = Some("key")
		}
		if m.Len() != n || len(in.Records.V) != n || !in.Records.Set {
			t.Fatalf("the list has %d elements, want %d", m.Len(), n)
		}
		if n > 0 && m.At(n-1) != Input(&in.Records.V[n-1]) {
			t.Fatal("At does not return the element")
		}
	}
	fill(500)
	in.StreamName = Some("orders")
	first := &in.Records.V[0]
	in.Reset()
	if in.StreamName.Set || in.Records.Set || in.Member("Records").(List).Len() != -1 {
		t.Error("a member is there after Reset")
	}
	if !reflect.ValueOf(first).Elem().IsZero() {
		t.Error("an element still refers to the body after Reset")
	}
	fill(3)
	if &in.Records.V[0] != first {
		t.Error("the memory was not used again")
	}
	m := in.Member("Records").(List)
	m.Clear()
	if m.Len() != -1 {
		t.Error("a cleared list is there")
	}
	fill(0)
}

func TestOpt(t *testing.T) {
	if got := Some(3).Or(4); got != 3 {
		t.Error(got)
	}
	if got := (Opt[int]{V: 3}).Or(4); got != 4 {
		t.Error(got)
	}
}

func TestBlob(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "YQ==": "a", "YWI=": "ab", "YWJj": "abc", "YWJjZA==": "abcd",
	} {
		b := Base64Blob([]byte(text))
		got, err := b.AppendTo([]byte("x"))
		if err != nil || string(got) != "x"+want || b.Len() != len(want) {
			t.Errorf("%q is %q, %v with length %d", text, got, err, b.Len())
		}
		if raw, isBase64 := b.Raw(); string(raw) != text || !isBase64 {
			t.Errorf("Raw returns %q, %t", raw, isBase64)
		}
		r := RawBlob([]byte(want))
		if got, err := r.AppendTo(nil); err != nil || string(got) != want || r.Len() != len(want) {
			t.Errorf("raw %q is %q, %v with length %d", want, got, err, r.Len())
		}
	}
	for _, text := range []string{"YQ", "YR==", "Y===", "Y!==", "=AAA"} {
		got, err := Base64Blob([]byte(text)).AppendTo([]byte("x"))
		if err == nil || string(got) != "x" {
			t.Errorf("%q is accepted, as %q", text, got)
		}
	}
}
