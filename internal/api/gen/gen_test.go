package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGeneratedFilesAreCurrent(t *testing.T) {
	inputs, err := filepath.Glob("../*/" + inputName)
	if err != nil || len(inputs) == 0 {
		t.Fatal(inputs, err)
	}
	for _, input := range append(inputs, "../"+inputName) {
		t.Run(filepath.Dir(input), func(t *testing.T) { checkCurrent(t, filepath.Dir(input)) })
	}
}

// checkCurrent compares the files of a package with what the generator makes.
func checkCurrent(t *testing.T, dir string) {
	model, err := os.ReadFile(filepath.Join(dir, inputName))
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(model)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, f := range files {
		want[f.name] = true
		got, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, f.source) {
			t.Errorf("%s is not what %s gives: run go generate ./internal/api/...", f.name, inputName)
		}
	}
	found, err := filepath.Glob(dir + "/*_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !want[filepath.Base(f)] {
			t.Errorf("%s is not generated any more", f)
		}
	}
}

func TestRunWritesTheFiles(t *testing.T) {
	model, err := os.ReadFile(filepath.Join("..", inputName))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, inputName), model, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	files, err := generate(model)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, f.source) {
			t.Errorf("%s differs from what generate returned", f.name)
		}
	}
}

func TestGenerateRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ model, want string }{
		"unknown field":    {`{"shapes":{"A":{"type":"string","mn":1}}}`, "unknown field"},
		"unknown shape":    {`{"shapes":{"A":{"type":"list","element":"B"}}}`, "unknown shape"},
		"unknown type":     {`{"shapes":{"A":{"type":"float"}}}`, "unknown type"},
		"unknown required": {`{"shapes":{"A":{"type":"structure","required":["B"]}}}`, "unknown required"},
		"list of numbers":  {`{"shapes":{"N":{"type":"long"},"A":{"type":"list","element":"N"}}}`, "strings, doubles"},
		"map of numbers":   {`{"shapes":{"S":{"type":"string"},"N":{"type":"long"},"A":{"type":"map","key":"S","value":"N"}}}`, "string keys"},
		"scalar input":     {`{"operations":{"O":{"input":"S"}},"shapes":{"S":{"type":"string"}}}`, "not a structure"},
		"undefined input":  {`{"operations":{"O":{"input":"S"}}}`, "not a structure"},
		"map of raw":       {`{"operations":{"O":{"input":"T"}},"shapes":{"S":{"type":"string"},"R":{"type":"raw","go":"R"},"M":{"type":"map","key":"S","value":"R"},"T":{"type":"structure","members":[{"name":"M","shape":"M"}]}}}`, "within requests"},
		"raw of no type":   {`{"shapes":{"A":{"type":"raw"}}}`, "Go type"},
		"not JSON":         {`[`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := generate([]byte(tc.model))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}
