package archtest

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/token"
	"log/slog"
	"maps"
	"os"
	"path"
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

// compatibilityTable begins the generated part of docs/compatibility.md. What is
// above it is written by hand.
const compatibilityTable = "## Operations\n"

// TestCompatibilityPage holds docs/compatibility.md to the table of operations,
// and the table to the API: an operation is served or said to be refused. What
// differs from AWS is what the operation's file says at its head, in paragraphs
// that begin with "Differs:".
func TestCompatibilityPage(t *testing.T) {
	all, ours := known(t), served(t)
	for _, name := range ours {
		if !slices.Contains(all, name) {
			t.Errorf("%s is served and not an operation of the API", name)
		}
	}
	const name = "docs/compatibility.md"
	byHand, _, found := strings.Cut(document(t, name), compatibilityTable)
	if !found {
		t.Fatalf("%s has no %q", name, compatibilityTable)
	}
	heads := operationHeads(t)
	page := new(strings.Builder)
	fmt.Fprintf(page, "%s%s\nGenerated from the table of operations and the comments at the head of their files; do not edit\n"+
		"this part. leat serves %d of the %d operations of the Kinesis Data Streams API. The others are refused\n"+
		"with `UnknownOperationException`.\n\n"+
		"| Operation | Served | What differs |\n|---|---|---|\n", byHand, compatibilityTable, len(ours), len(all))
	for _, op := range all {
		if !slices.Contains(ours, op) {
			fmt.Fprintf(page, "| %s | no | |\n", op)
			continue
		}
		head, ok := heads[op]
		if !ok {
			t.Errorf("no file internal/kinesis/op_*.go has %s and a comment at its head", op)
		}
		fmt.Fprintf(page, "| %s | yes |%s |\n", op, strings.Join(differences(head), ""))
	}
	assertPage(t, name, page.String())
}

// operationHeads returns the comment at the head of the file of each operation
// in package kinesis: that which has the method of the operation's name.
func operationHeads(t *testing.T) map[string]string {
	t.Helper()
	heads := make(map[string]string)
	for _, f := range module(t).packages()["internal/kinesis"] {
		head := headComment(f)
		if head == "" || !strings.HasPrefix(path.Base(f.path), "op_") || f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				heads[strings.ToUpper(fn.Name.Name[:1])+fn.Name.Name[1:]] = head
			}
		}
	}
	return heads
}

// headComment returns the first comment after a file's imports, "" if it is
// that of a declaration.
func headComment(f *sourceFile) string {
	var after token.Pos
	for _, spec := range f.ast.Imports {
		after = spec.End()
	}
	documented := make(map[*ast.CommentGroup]bool)
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			documented[d.Doc] = true
		case *ast.GenDecl:
			documented[d.Doc] = true
		}
	}
	for _, c := range f.ast.Comments {
		if c.Pos() > after {
			if documented[c] {
				return ""
			}
			return c.Text()
		}
	}
	return ""
}

// differences returns the paragraphs of a comment that say what differs from
// AWS, each in one line, as a sentence after a space.
func differences(head string) (found []string) {
	for paragraph := range strings.SplitSeq(head, "\n\n") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(paragraph), "Differs: "); ok {
			text = strings.Join(strings.Fields(text), " ")
			found = append(found, " "+strings.ToUpper(text[:1])+text[1:])
		}
	}
	return found
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
	{"Certificates", "internal/certs", nil},
	{"Keyrings", "internal/keyring", nil},
	{"Tables", "internal/dynamo", nil},
	{"Items", "internal/dynamo/item", nil},
	{"Metrics", "internal/cloudwatch", nil},
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
