package awscbor

import (
	"runtime"
	"strings"
	"testing"

	"leat/internal/api"
)

// nest is a list of lists, as large as the structures of requests.
type nest struct {
	List api.Opt[[]nest]

	_ [256]byte
}

func (n *nest) Member(name string) any {
	if name != "List" {
		return nil
	}
	return (*api.ListOf[nest, *nest])(&n.List)
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
