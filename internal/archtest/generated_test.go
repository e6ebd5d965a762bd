package archtest

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leat/internal/engine/memory"
	"leat/internal/kinesis"
)

var update = flag.Bool("update", false, "write the generated pages instead of comparing them")

// assertPage compares a generated page with what it should be.
func assertPage(t *testing.T, name, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if document(t, name) != want {
		t.Errorf("%s is not what the code says now: run go test ./internal/archtest -update", name)
	}
}

// served returns the names of the operations that the service has.
func served(t *testing.T) []string {
	t.Helper()
	store := memory.Open(memory.Options{})
	service, err := kinesis.Open(t.Context(), kinesis.Config{Engine: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	var names []string
	for _, op := range service.Operations() {
		names = append(names, op.Name)
	}
	return names
}

// known returns the names of all operations of the API.
func known(t *testing.T) []string {
	t.Helper()
	var model struct {
		Operations map[string]json.RawMessage `json:"operations"`
	}
	if err := json.Unmarshal([]byte(document(t, "internal/api/operations.json")), &model); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(model.Operations))
}

// TestOperationsPage holds docs/operations.md to the table of operations, and
// the table to the API: an operation is served or said to be refused.
func TestOperationsPage(t *testing.T) {
	all, ours := known(t), served(t)
	for _, name := range ours {
		if !slices.Contains(all, name) {
			t.Errorf("%s is served and not an operation of the API", name)
		}
	}
	var page strings.Builder
	fmt.Fprintf(&page, "# Operations\n\n"+
		"Generated from the table of operations; do not edit. leat serves %d of the %d operations of the\n"+
		"Kinesis Data Streams API. Each works by stream name and by ARN wherever the API takes both. The others\n"+
		"are refused with `UnknownOperationException`.\n\n"+
		"| Operation | Served |\n|---|---|\n", len(ours), len(all))
	for _, name := range all {
		answer := "no"
		if slices.Contains(ours, name) {
			answer = "yes"
		}
		fmt.Fprintf(&page, "| %s | %s |\n", name, answer)
	}
	assertPage(t, "docs/operations.md", page.String())
}

// formats are the comments that draw what is stored, in the order of the page:
// a package's own, or those of declarations in it that begin with certain words.
var formats = []struct {
	title, dir string
	begin      []string
}{
	{"The data directory", "internal/engine/disk", nil},
	{"Entries", "internal/engine/disk/entry", nil},
	{"Entries that are no batches", "internal/engine/disk", []string{"idBytes is", "encodeChanges returns"}},
	{"The journal", "internal/engine/disk/journal", nil},
	{"Segments", "internal/engine/disk/segment", nil},
	{"Checkpoint files", "internal/engine/disk", []string{"A checkpoint file has"}},
	{"Streams, payloads and iterators", "internal/stream", nil},
}

// TestFormatsPage holds docs/formats.md to the comments.
func TestFormatsPage(t *testing.T) {
	var page strings.Builder
	page.WriteString("# Formats\n\n" +
		"What leat stores, as the comments beside the code that writes it draw it. Generated from these; do not\n" +
		"edit. Numbers are little-endian unless it says otherwise. A data directory says in its FORMAT file which\n" +
		"version it has; a newer one than the server knows is refused.\n")
	packages := module(t).packages()
	for _, f := range formats {
		fmt.Fprintf(&page, "\n## %s\n\nPackage `%s`.\n", f.title, f.dir)
		docs := []string{packageDoc(packages[f.dir])}
		if f.begin != nil {
			docs = declarationDocs(packages[f.dir], f.begin)
		}
		for _, doc := range docs {
			if doc == "" {
				t.Errorf("a comment for %q is missing in %s", f.title, f.dir)
			}
			fmt.Fprintf(&page, "\n%s", markdown(doc))
		}
	}
	assertPage(t, "docs/formats.md", page.String())
}

// declarationDocs returns for each beginning the declaration's comment that
// begins so, or "".
func declarationDocs(files []*sourceFile, beginnings []string) []string {
	docs := make([]string, len(beginnings))
	for _, f := range files {
		for _, d := range f.ast.Decls {
			var doc *ast.CommentGroup
			switch d := d.(type) {
			case *ast.FuncDecl:
				doc = d.Doc
			case *ast.GenDecl:
				doc = d.Doc
			}
			for i, begin := range beginnings {
				if text := doc.Text(); strings.HasPrefix(text, begin) {
					docs[i] = text
				}
			}
		}
	}
	return docs
}

func packageDoc(files []*sourceFile) string {
	for _, f := range files {
		if f.ast.Doc != nil && !f.generated {
			return f.ast.Doc.Text()
		}
	}
	return ""
}

func markdown(doc string) string {
	var parser comment.Parser
	printer := comment.Printer{HeadingLevel: 3, HeadingID: func(*comment.Heading) string { return "" }}
	return string(printer.Markdown(parser.Parse(doc)))
}
