package archtest

import (
	"slices"
	"strings"
	"testing"
)

// TestImports holds every package to its row of the import table: a package
// imports those of ours that the row names and no others.
func TestImports(t *testing.T) {
	allowed := importTable(t)
	packages := module(t).packages()
	for dir, files := range packages {
		may, ok := allowed[dir]
		if !ok {
			t.Errorf("%s has no row in the import table of ARCHITECTURE.md", dir)
			continue
		}
		for _, f := range files {
			for _, p := range f.imports() {
				if own, ok := strings.CutPrefix(p, modulePath+"/"); ok && !slices.Contains(may, own) {
					t.Errorf("%s imports %s, which its row in ARCHITECTURE.md does not name", f.path, own)
				}
			}
		}
	}
	for dir := range allowed {
		if _, ok := packages[dir]; !ok {
			t.Errorf("the import table of ARCHITECTURE.md has a row for %s, which does not exist", dir)
		}
	}
}

// TestImportTablePointsDown proves that the table itself has no cycle and no
// edge between siblings that a reader would have to follow upwards: a row may
// only name packages of rows below it.
func TestImportTablePointsDown(t *testing.T) {
	rows := table(t, document(t, "ARCHITECTURE.md"), "## Imports point down")
	level := make(map[string]int, len(rows))
	for i, row := range rows {
		level[row[0]] = i
	}
	for from, may := range importTable(t) {
		for _, to := range may {
			at, ok := level[to]
			if !ok {
				t.Errorf("the row of %s names %s, which has no row", from, to)
			} else if at <= level[from] {
				t.Errorf("%s may import %s, which is not below it", from, to)
			}
		}
	}
}

func importTable(t *testing.T) map[string][]string {
	t.Helper()
	allowed := make(map[string][]string)
	for _, row := range table(t, document(t, "ARCHITECTURE.md"), "## Imports point down") {
		var may []string
		for p := range strings.SplitSeq(row[1], ",") {
			if p = strings.TrimSpace(p); p != "" {
				may = append(may, p)
			}
		}
		allowed[row[0]] = may
	}
	return allowed
}

// ban keeps packages, and what is below them, out of a part of the tree.
type ban struct {
	packages []string
	from     func(dir string) bool
	why      string
}

var bans = []ban{
	{
		packages: []string{"net/http"},
		from: func(dir string) bool {
			return !isAny(dir, "internal/httpd", "internal/server", "internal/leattest", "bench", "test", "examples")
		},
		why: "HTTP lives in the front door and in clients; everything behind takes and returns shapes",
	},
	{
		packages: []string{"net", "os", "sync", "log"},
		from:     func(dir string) bool { return isAny(dir, "internal/stream") },
		why:      "the nouns are pure: no input or output, no lock",
	},
	{
		packages: []string{"os"},
		from: func(dir string) bool {
			return isAny(dir, "internal/kinesis", "internal/httpd", "internal/api", "internal/wire") &&
				!isAny(dir, "internal/api/gen")
		},
		why: "only engines keep files, and they reach them through vfs",
	},
	{
		packages: []string{"reflect"},
		from:     func(dir string) bool { return isAny(dir, "internal/wire", "internal/stream", "internal/engine") },
		why:      "the paths of every record use no reflection",
	},
	{
		packages: []string{"leat"},
		from:     func(dir string) bool { return isAny(dir, "examples") },
		why:      "an example shows what a user can do, and users see none of our packages",
	},
}

// TestBans holds packages to what they must not import.
func TestBans(t *testing.T) {
	for _, f := range module(t).files {
		if f.test {
			continue
		}
		for _, b := range bans {
			if !b.from(f.dir()) {
				continue
			}
			for _, p := range f.imports() {
				if isAny(p, b.packages...) {
					t.Errorf("%s imports %s: %s", f.path, p, b.why)
				}
			}
		}
	}
}

// isAny reports whether a path is one of the others or below one.
func isAny(p string, others ...string) bool {
	return slices.ContainsFunc(others, func(o string) bool {
		return p == o || strings.HasPrefix(p, o+"/")
	})
}

// TestDependencies holds the modules that are imported to the table of
// dependencies, both ways, so that each one has a reason.
func TestDependencies(t *testing.T) {
	modules := requiredModules(t)
	used := make(map[string]string)
	for _, f := range module(t).files {
		for _, p := range f.imports() {
			if m := moduleOf(modules, p); m != "" {
				used[m] = f.path
			}
		}
	}
	listed := make(map[string]bool)
	for _, row := range table(t, document(t, "ARCHITECTURE.md"), "## Dependencies") {
		listed[row[0]] = true
		if used[row[0]] == "" {
			t.Errorf("the table of dependencies lists %s, which nothing imports", row[0])
		}
	}
	for m, file := range used {
		if !listed[m] {
			t.Errorf("%s imports %s, which has no reason in the table of dependencies", file, m)
		}
	}
}

// requiredModules returns the module paths that go.mod requires.
func requiredModules(t *testing.T) []string {
	t.Helper()
	var modules []string
	for line := range strings.Lines(document(t, "go.mod")) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			modules = append(modules, fields[0])
		}
	}
	return modules
}

// moduleOf returns the module that provides a package, or "".
func moduleOf(modules []string, pkg string) string {
	var best string
	for _, m := range modules {
		if isAny(pkg, m) && len(m) > len(best) {
			best = m
		}
	}
	return best
}
