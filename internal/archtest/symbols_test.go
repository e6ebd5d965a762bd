package archtest

import (
	"go/ast"
	"path"
	"regexp"
	"strings"
	"testing"
)

// symbol is a name in code marks: package.Name, package.Type.Member or
// package.function.
var symbol = regexp.MustCompile("`([a-z][a-z0-9]*)\\.([A-Za-z_]\\w*)(?:\\.([A-Za-z_]\\w*))?(?:\\(\\))?`")

// described are the pages whose symbols must exist.
var described = []string{"ARCHITECTURE.md", "CONTRIBUTING.md"}

// TestSymbols checks that what the pages call by name is declared.
func TestSymbols(t *testing.T) {
	declared := declarations(module(t))
	for _, page := range described {
		found := 0
		for _, m := range symbol.FindAllStringSubmatch(document(t, page), -1) {
			pkg, name := m[1], strings.TrimSuffix(m[2]+"."+m[3], ".")
			names, ours := declared[pkg]
			if !ours || isFileName(m[2]) {
				continue
			}
			found++
			if !names[name] {
				t.Errorf("%s names %s.%s, which is not declared", page, pkg, name)
			}
		}
		if found == 0 && page == "ARCHITECTURE.md" {
			t.Errorf("%s names no symbol: the pattern or the page is wrong", page)
		}
	}
}

// isFileName tells server.go, which is a file, from server.Start.
func isFileName(ext string) bool { return ext == "go" || ext == "md" || ext == "json" || ext == "mod" }

// declarations returns, by package name, the package-level names and the
// members of types as Type.Member.
func declarations(m *tree) map[string]map[string]bool {
	declared := make(map[string]map[string]bool)
	for _, f := range m.files {
		if f.test {
			continue
		}
		pkg := f.ast.Name.Name
		if pkg == "main" {
			pkg = path.Base(f.dir())
		}
		if declared[pkg] == nil {
			declared[pkg] = make(map[string]bool)
		}
		for _, d := range f.ast.Decls {
			declare(declared[pkg], d)
		}
	}
	return declared
}

func declare(names map[string]bool, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		names[receiver(d)+d.Name.Name] = true
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names[spec.Name.Name] = true
				declareMembers(names, spec)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names[id.Name] = true
				}
			}
		}
	}
}

// declareMembers adds the fields of a structure or the methods of an interface.
func declareMembers(names map[string]bool, spec *ast.TypeSpec) {
	var fields *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		fields = typ.Fields
	case *ast.InterfaceType:
		fields = typ.Methods
	default:
		return
	}
	for _, f := range fields.List {
		for _, id := range f.Names {
			names[spec.Name.Name+"."+id.Name] = true
		}
	}
}

// receiver returns "Type." for a method and "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if index, ok := typ.(*ast.IndexExpr); ok {
		typ = index.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name + "."
	}
	return ""
}
