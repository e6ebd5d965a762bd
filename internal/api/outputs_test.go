package api

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outputs has every answer.
var outputs = []Output{
	new(DescribeAccountSettingsOutput), new(DescribeLimitsOutput), new(DescribeStreamConsumerOutput),
	new(DescribeStreamOutput), new(DescribeStreamSummaryOutput), new(EnhancedMonitoringOutput),
	new(GetRecordsOutput), new(GetResourcePolicyOutput), new(GetShardIteratorOutput), new(ListShardsOutput),
	new(ListStreamConsumersOutput), new(ListStreamsOutput), new(ListTagsForResourceOutput),
	new(ListTagsForStreamOutput), new(PutRecordOutput), new(PutRecordsOutput), new(RegisterStreamConsumerOutput),
	new(SubscribeToShardEvent), new(UpdateAccountSettingsOutput), new(UpdateShardCountOutput),
	new(UpdateStreamWarmThroughputOutput),
}

// outputModel is what the model says of answers.
type outputModel struct {
	Operations map[string]struct{ Output string }
	Shapes     map[string]struct {
		Type, Element string
		Required      []string
		Members       []struct{ Name, Shape string }
	}
}

// lines returns what an answer of a shape writes, as a recorder has it: all
// members in the model's order with one element per list, or only those that are
// required, with empty lists.
func (m outputModel) lines(shape string, all bool) []string {
	s := m.Shapes[shape]
	switch s.Type {
	case "structure":
		out := []string{"{"}
		for _, member := range s.Members {
			required := false
			for _, r := range s.Required {
				// All members of what is within requests too are optional.
				required = required || r == member.Name && shape != "StreamModeDetails"
			}
			if all || required {
				out = append(append(out, member.Name+":"), m.lines(member.Shape, all)...)
			}
		}
		return append(out, "}")
	case "list":
		if !all {
			return []string{"list of 0", "]"}
		}
		return append(append([]string{"list of 1"}, m.lines(s.Element, all)...), "]")
	case "integer", "long":
		return []string{"number"}
	}
	return []string{s.Type}
}

// recorder is an Encoder that keeps what it was told.
type recorder []string

func (r *recorder) BeginStruct()        { *r = append(*r, "{") }
func (r *recorder) EndStruct()          { *r = append(*r, "}") }
func (r *recorder) BeginList(n int)     { *r = append(*r, fmt.Sprintf("list of %d", n)) }
func (r *recorder) EndList()            { *r = append(*r, "]") }
func (r *recorder) Key(name string)     { *r = append(*r, name+":") }
func (r *recorder) String(string)       { *r = append(*r, "string") }
func (r *recorder) MapKey(key string)   { *r = append(*r, key+":") }
func (r *recorder) Float(float64)       { *r = append(*r, "float") }
func (r *recorder) Int(int64)           { *r = append(*r, "number") }
func (r *recorder) Bool(bool)           { *r = append(*r, "boolean") }
func (r *recorder) Timestamp(Timestamp) { *r = append(*r, "timestamp") }
func (r *recorder) Blob(Blob)           { *r = append(*r, "blob") }

// fill sets all members of v that are optional, and gives lists an element.
func fill(v reflect.Value) {
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
		return
	}
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		f := v.Field(i)
		if v.Type().Field(i).Name == "Set" && strings.HasPrefix(v.Type().Name(), "Opt[") {
			f.SetBool(true)
		} else if f.CanSet() {
			fill(f)
		}
	}
}

func TestOutputsWriteWhatTheModelHas(t *testing.T) {
	data, err := os.ReadFile("operations.json")
	if err != nil {
		t.Fatal(err)
	}
	var model outputModel
	if err := json.Unmarshal(data, &model); err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, op := range model.Operations {
		if op.Output != "" {
			missing[op.Output] = true
		}
	}
	for _, out := range outputs {
		shape := reflect.TypeOf(out).Elem()
		delete(missing, shape.Name())
		for _, all := range []bool{false, true} {
			v := reflect.New(shape)
			if all {
				fill(v.Elem())
			}
			var got recorder
			v.Interface().(Output).Encode(&got)
			if diff := cmp.Diff(model.lines(shape.Name(), all), []string(got)); diff != "" {
				t.Errorf("%s, all members: %t: %s", shape.Name(), all, diff)
			}
		}
	}
	for shape := range missing {
		t.Errorf("%s is not among the outputs", shape)
	}
}
