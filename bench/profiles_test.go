package main

import (
	"testing"

	"github.com/google/pprof/profile"
)

// profileOf returns a profile with two types of values; each sample has a weight,
// of which it is the second, and functions from the innermost.
func profileOf(valueType string, samples ...[]any) *profile.Profile {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "count"}, {Type: valueType}}}
	for _, sample := range samples {
		s := &profile.Sample{Value: []int64{1, int64(sample[0].(int))}}
		for _, name := range sample[1:] {
			s.Location = append(s.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name.(string)}}}})
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

func TestProfileFigures(t *testing.T) {
	p := profiles{
		"profile": profileOf("cpu",
			[]any{60, "a", "main"},
			[]any{10, "runtime.scanobject", "runtime.gcDrain", "runtime.gcBgMarkWorker"},
			[]any{5, "runtime.gcDrainN", "runtime.gcAssistAlloc", "runtime.mallocgc", "b"},
			[]any{25, "b", "main"}),
		"allocs": profileOf("alloc_space", []any{7, "a", "b"}, []any{3, "b", "a"}),
		"block": profileOf("delay",
			[]any{80, "runtime.selectgo", "a"},
			[]any{15, "runtime.chanrecv1", "sync.(*Mutex).Lock", "b"},
			[]any{4, "sync.(*Mutex).Lock", "sync.(*RWMutex).Lock", "b", "a"},
			[]any{1, "sync.(*RWMutex).RLock", "a"}),
	}
	for i, want := range []struct {
		name  string
		value float64
		met   bool
	}{
		{"collecting garbage", 15, false},
		{"most is allocated by a", 70, false},
		{"most waited for is the mutex of b", 4, true},
	} {
		f := p.figures()[i]
		if f.Name != want.name || f.Value != want.value || f.Met() != want.met {
			t.Errorf("%+v, want %+v", f, want)
		}
	}
}

func TestFiguresOfEmptyProfiles(t *testing.T) {
	p := profiles{"profile": profileOf("cpu"), "allocs": profileOf("alloc_space"), "block": profileOf("delay")}
	for _, f := range p.figures() {
		if f.Value != 0 || !f.Met() {
			t.Errorf("%+v", f)
		}
	}
}
