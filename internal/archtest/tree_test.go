package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// root is the module's directory as seen from this package.
const root = "../.."

// modulePath is what import paths of this module begin with.
const modulePath = "leat"

// sourceFile is a parsed Go file of the module.
type sourceFile struct {
	path      string // slash-separated, relative to the module
	src       []byte
	ast       *ast.File
	test      bool
	generated bool
}

// dir returns the directory of the file's package.
func (f *sourceFile) dir() string { return path.Dir(f.path) }

// lines returns the number of lines of the file.
func (f *sourceFile) lines() int { return strings.Count(string(f.src), "\n") }

// imports returns the import paths of the file.
func (f *sourceFile) imports() []string {
	var paths []string
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic("BUG: the parser accepted " + spec.Path.Value)
		}
		paths = append(paths, p)
	}
	return paths
}

// tree is all Go files of the module, with the positions of their nodes.
type tree struct {
	fset  *token.FileSet
	files []*sourceFile
}

// parseOnce parses the module once for all tests, which only read it.
var parseOnce = sync.OnceValues(parse)

// module returns the parsed module.
func module(t *testing.T) *tree {
	t.Helper()
	m, err := parseOnce()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func parse() (*tree, error) {
	m := &tree{fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(name, d)
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		return m.add(name)
	})
	return m, err
}

// skipDir skips what the go command does not count to the module.
func skipDir(name string, d fs.DirEntry) error {
	if name == root {
		return nil
	}
	if strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func (m *tree) add(name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(m.fset, rel, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	m.files = append(m.files, &sourceFile{
		path:      filepath.ToSlash(rel),
		src:       src,
		ast:       parsed,
		test:      strings.HasSuffix(name, "_test.go"),
		generated: ast.IsGenerated(parsed),
	})
	return nil
}

// packages groups the files without tests by directory.
func (m *tree) packages() map[string][]*sourceFile {
	dirs := make(map[string][]*sourceFile)
	for _, f := range m.files {
		if !f.test {
			dirs[f.dir()] = append(dirs[f.dir()], f)
		}
	}
	return dirs
}

// document reads a text of the module.
func document(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// table returns the rows of the first table below a heading of a Markdown
// text, without its head, cells trimmed of spaces and code marks.
func table(t *testing.T, text, heading string) [][]string {
	t.Helper()
	_, section, ok := strings.Cut(text, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("no heading %q", heading)
	}
	var rows [][]string
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			if len(rows) > 0 || strings.HasPrefix(line, "#") {
				break
			}
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i, c := range cells {
			cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "`", "")
		}
		rows = append(rows, cells)
	}
	if len(rows) < 3 {
		t.Fatalf("no table below %q", heading)
	}
	return rows[2:]
}
