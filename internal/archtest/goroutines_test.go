package archtest

import (
	"go/ast"
	"strconv"
	"testing"
)

// TestGoroutines holds the places that start goroutines, in what a server
// runs, to the table of goroutines: as many per package as its rows say.
func TestGoroutines(t *testing.T) {
	m := module(t)
	want := make(map[string]int)
	for _, row := range table(t, document(t, "ARCHITECTURE.md"), "## Goroutines of a running server") {
		sites, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatalf("row %q: %v", row[0], err)
		}
		want[row[1]] += sites
	}
	have := make(map[string]int)
	for dir, files := range m.packages() {
		if !isAny(dir, "cmd", "internal") || isAny(dir, "internal/leattest", "internal/engine/enginetest") {
			continue
		}
		for _, f := range files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if startsGoroutine(n) {
					have[dir]++
				}
				return true
			})
		}
	}
	for dir, n := range have {
		if want[dir] != n {
			t.Errorf("%s starts goroutines in %d places, the table in ARCHITECTURE.md says %d", dir, n, want[dir])
		}
	}
	for dir, n := range want {
		if n > 0 && have[dir] == 0 {
			t.Errorf("the table in ARCHITECTURE.md says that %s starts goroutines, and it does not", dir)
		}
	}
}

// startsGoroutine recognises go statements and the Go method of wait groups.
func startsGoroutine(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr:
		sel, ok := n.Fun.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Go"
	default:
		return false
	}
}
