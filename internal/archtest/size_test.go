package archtest

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// Sizes that a reader can hold in mind.
const (
	maxFileLines     = 500
	maxFunctionLines = 70
)

// longer lists what may exceed a size, and why.
var longer = map[string]string{}

// TestFileSizes bounds the lines of every file written by hand.
func TestFileSizes(t *testing.T) {
	for _, f := range module(t).files {
		if f.generated || longer[f.path] != "" {
			continue
		}
		if n := f.lines(); n > maxFileLines {
			t.Errorf("%s has %d lines, more than %d", f.path, n, maxFileLines)
		}
	}
}

// TestFunctionSizes bounds the lines of every function outside tests,
// comments not counted.
func TestFunctionSizes(t *testing.T) {
	m := module(t)
	for _, f := range m.files {
		if f.generated || f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || longer[f.path+":"+fn.Name.Name] != "" {
				continue
			}
			if n := codeLines(m.fset, f, fn); n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, more than %d", f.path, fn.Name.Name, n, maxFunctionLines)
			}
		}
	}
}

// codeLines counts the lines between a function's braces that are not only
// comment.
func codeLines(fset *token.FileSet, f *sourceFile, fn *ast.FuncDecl) int {
	first := fset.Position(fn.Body.Lbrace).Line
	last := fset.Position(fn.Body.Rbrace).Line
	if first == last {
		return 0
	}
	n := 0
	for _, line := range strings.Split(string(f.src), "\n")[first : last-1] {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			n++
		}
	}
	return n
}

// TestPackageDocs wants exactly one package comment for each package.
func TestPackageDocs(t *testing.T) {
	for dir, files := range module(t).packages() {
		var docs []string
		for _, f := range files {
			if f.ast.Doc != nil && !f.generated {
				docs = append(docs, f.path)
			}
		}
		if len(docs) != 1 {
			t.Errorf("%s has %d package comments, want one: %s", dir, len(docs), strings.Join(docs, ", "))
		}
	}
}
