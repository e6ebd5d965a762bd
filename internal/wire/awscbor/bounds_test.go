package awscbor

import (
	"runtime"
	"strings"
	"testing"

	"leat/internal/api"
)

// nest is a list of lists, as large as the structures of requests.
type nest struct {
	List    api.Opt[[]nest]
	Strings api.Opt[[]string]
	Floats  api.Opt[[]float64]
	Map     api.Opt[map[string]string]

	_ [256]byte
}

func (n *nest) Member(name string) any {
	switch name {
	case "List":
		return (*api.ListOf[nest, *nest])(&n.List)
	case "Strings":
		return &n.Strings
	case "Floats":
		return &n.Floats
	case "Map":
		return &n.Map
	}
	return nil
}

// TestDecodeKeepsFewValues reads lists of values within a list, none of which is long.
func TestDecodeKeepsFewValues(t *testing.T) {
	t.Parallel()
	const each, most = 999, api.MaxValues / 999
	for name, list := range map[string]string{
		"strings": "\xa1\x67Strings\x9f" + strings.Repeat("\x60", each),
		"floats":  "\xa1\x66Floats\x9f" + strings.Repeat("\x00", each),
		"map":     "\xa1\x63Map\xbf" + strings.Repeat("\x60\x60", each),
	} {
		body := func(lists int) []byte {
			return []byte("\xa1\x64List\x9f" + strings.Repeat(list+"\xff", lists) + "\xff")
		}
		if err := Decode(body(most), new(nest)); err != nil {
			t.Errorf("%d %s: %v", most, name, err)
		}
		if err := Decode(body(most+1), new(nest)); err == nil || err.Message != "" {
			t.Errorf("%d %s: %v", most+1, name, err)
		}
	}
}

// TestDecodeKeepsFewStructures reads lists within a list, none of which is long. It
// is not parallel, so that what it measures is its own.
func TestDecodeKeepsFewStructures(t *testing.T) {
	const each = 999
	inner := "\xa1\x64List\x9f" + strings.Repeat("\xa0", each) + "\xff"
	body := func(lists int) []byte { return []byte("\xa1\x64List\x9f" + strings.Repeat(inner, lists) + "\xff") }
	most := api.MaxStructures / (each + 1)
	if err := Decode(body(most), new(nest)); err != nil {
		t.Errorf("%d lists of %d: %v", most, each, err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := Decode(body(100*most), new(nest)); err == nil || err.Message != "" {
		t.Errorf("%d lists of %d: %v", 100*most, each, err)
	}
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > 100<<20 {
		t.Errorf("%d structures cost %d bytes", 100*api.MaxStructures, cost)
	}
	if err := Decode([]byte("\xa1\x64List\x9f"+strings.Repeat("\xa0", 2*api.MaxStructures)+"\xff"), new(nest)); err != nil {
		t.Errorf("one list: %v", err)
	}
}
