package dynamodb

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A book is a file of cases about one area.
type book struct {
	name  string     // of the file
	About string     `json:"about"`
	Cases []testCase `json:"cases"`
}

// A testCase is a list of steps that start on tables of their own.
type testCase struct {
	Name   string                       `json:"name"`
	Tables []string                     `json:"tables,omitempty"` // of tables.json
	Items  map[string][]json.RawMessage `json:"items,omitempty"`  // by table, put before the first step
	Steps  []step                       `json:"steps"`
}

// A step is a call and what was answered.
type step struct {
	About string `json:"about,omitempty"`
	Call  string `json:"call"`
	// Input is what is sent, with the shorthands of [expand].
	Input json.RawMessage `json:"input,omitempty"`
	// Body is sent in place of an input.
	Body *string `json:"body,omitempty"`
	// Times repeats the call, with {{$}} counting from 1. The answer is the last.
	Times int `json:"times,omitempty"`
	// Pages asks for page after page. The answer is all of them, joined.
	Pages bool `json:"pages,omitempty"`
	// Segments scans that many segments. The answer is all of them, joined.
	Segments int `json:"segments,omitempty"`
	// Unordered says that the items found have no order: those of an index
	// with one key.
	Unordered bool `json:"unordered,omitempty"`
	// Settle repeats a DescribeTable until nothing of the table changes any
	// more: the oracle takes its time over an index.
	Settle bool        `json:"settle,omitempty"`
	Answer answer      `json:"answer"`
	Leat   *difference `json:"leat,omitempty"`
}

// asked returns what a step sends, for messages.
func (s *step) asked() string {
	if s.Body != nil {
		return *s.Body
	}
	return string(s.Input)
}

// A difference is what leat answers where it does not answer as the oracle.
type difference struct {
	Why    string `json:"why"` // a key of reasons.json
	Answer answer `json:"answer"`
}

// An answer is what came back, normalized.
type answer struct {
	Status int `json:"status"`
	Output any `json:"output"`
}

// String returns the answer as a book has it: equal answers have equal texts.
func (a answer) String() string { return string(encode(a)) }

func (a answer) equal(b answer) bool { return a.String() == b.String() }

// A tableSet has the inputs of CreateTable by the table's name.
type tableSet map[string]json.RawMessage

// readTables reads the tables that cases start with.
func readTables(t *testing.T) tableSet {
	t.Helper()
	var set tableSet
	decode(t, filepath.Join("testdata", "tables.json"), &set)
	return set
}

// readReasons reads why leat answers otherwise.
func readReasons(t *testing.T) map[string]string {
	t.Helper()
	var reasons map[string]string
	decode(t, filepath.Join("testdata", "reasons.json"), &reasons)
	return reasons
}

func readBook(t *testing.T, path string) *book {
	t.Helper()
	b := &book{name: strings.TrimSuffix(filepath.Base(path), ".json")}
	decode(t, path, b)
	return b
}

// decode reads a file of JSON and refuses members that it does not know.
func decode(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// write writes a book in its only form: a line for each member of a step.
func (b *book) write(t *testing.T, path string) {
	t.Helper()
	w := new(bytes.Buffer)
	w.WriteString("{\n  \"about\": ")
	w.Write(encode(b.About))
	w.WriteString(",\n  \"cases\": [")
	for i := range b.Cases {
		comma(w, i)
		b.Cases[i].write(w)
	}
	w.WriteString("\n  ]\n}\n")
	if err := os.WriteFile(path, w.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func comma(w *bytes.Buffer, i int) {
	if i > 0 {
		w.WriteByte(',')
	}
}

func (c *testCase) write(w *bytes.Buffer) {
	w.WriteString("\n    {\n      \"name\": ")
	w.Write(encode(c.Name))
	if c.Tables != nil {
		w.WriteString(",\n      \"tables\": ")
		w.Write(encode(c.Tables))
	}
	if c.Items != nil {
		w.WriteString(",\n      \"items\": ")
		w.Write(encode(c.Items))
	}
	w.WriteString(",\n      \"steps\": [")
	for i := range c.Steps {
		comma(w, i)
		c.Steps[i].write(w)
	}
	w.WriteString("\n      ]\n    }")
}

func (s *step) write(w *bytes.Buffer) {
	first := true
	member := func(there bool, name string, v any) {
		if !there {
			return
		}
		if !first {
			w.WriteByte(',')
		}
		first = false
		w.WriteString("\n          \"" + name + "\": ")
		w.Write(encode(v))
	}
	w.WriteString("\n        {")
	member(s.About != "", "about", s.About)
	member(true, "call", s.Call)
	member(s.Input != nil, "input", s.Input)
	member(s.Body != nil, "body", s.Body)
	member(s.Times != 0, "times", s.Times)
	member(s.Pages, "pages", s.Pages)
	member(s.Segments != 0, "segments", s.Segments)
	member(s.Unordered, "unordered", s.Unordered)
	member(s.Settle, "settle", s.Settle)
	member(true, "answer", s.Answer)
	member(s.Leat != nil, "leat", s.Leat)
	w.WriteString("\n        }")
}

// encode writes a value in one line, with a blank after each colon and comma.
func encode(v any) []byte {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // values come from JSON
	}
	out := make([]byte, 0, text.Len())
	quoted, escaped := false, false
	for _, c := range bytes.TrimSpace(text.Bytes()) {
		out = append(out, c)
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ':' || c == ','):
			out = append(out, ' ')
		}
	}
	return out
}
