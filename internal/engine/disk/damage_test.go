package disk

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"leat/internal/engine"
	"leat/internal/engine/disk/entry"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// sample is a directory that has something in each kind of file: sealed and
// open segments, two checkpoint files, and a journal with several files in use.
// What its last frame says matters to nobody.
func sample(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.mustOpen()
	a, b, c := logID(1, 0), logID(1, 1), logID(2, 0)
	steps := []func() error{
		func() error { return w.create(a, b, c) },
		func() error { return w.write("one", "1", "two", "2") },
		func() error { return w.append(1800, a, b, c, a, b, c) },
		func() error { return w.e.Checkpoint(ctxBackground()) },
		func() error { return w.append(1500, a, b, a) },
		func() error { return w.closeLog(c) },
		func() error { return w.write("two", "22") },
		func() error { return w.e.Checkpoint(ctxBackground()) },
	}
	for range 4 {
		steps = append(steps,
			func() error { return w.append(3000, a, b) },
			func() error { return w.write("one", "11") })
	}
	steps = append(steps, func() error { return w.write("ignored", "x") })
	if err := w.play(steps); err != nil {
		t.Fatal(err)
	}
	w.verify()
	delete(w.keys, engine.NewKey("ignored"))
	w.maybe[engine.NewKey("ignored")] = "x"
	w.kill()
	return w
}

// onCopy returns a world that expects the same, on a copy of the files.
func (w *world) onCopy() *world {
	c := newWorld(w.t)
	c.mem = w.mem.CrashKeepAll()
	c.now.Store(w.now.Load())
	for id, l := range w.logs {
		cl := *l
		c.logs[id] = &cl
	}
	c.keys, c.maybe = maps.Clone(w.keys), maps.Clone(w.maybe)
	return c
}

// TestFlippedBits flips bits all over the files. Each is found by Check, or is
// in a place where it changes nothing, and no read ever returns what was not
// written.
func TestFlippedBits(t *testing.T) {
	w := sample(t)
	w.verifySound()
	rng := rand.New(rand.NewPCG(1, 2))
	files := w.mem.Files()
	perFile := 300
	if testing.Short() {
		perFile = 60
	}
	found := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == lockFile || files[name] == 0 {
			continue
		}
		for i := range perFile {
			off := int64(i) // the beginning, where the headers are
			if i >= perFile/3 {
				off = rng.Int64N(files[name])
			}
			if off < files[name] && flip(w.onCopy(), name, off, uint(rng.IntN(8))) {
				found[kindOf(name)]++
			}
			if t.Failed() {
				t.Fatalf("with a bit of %s flipped at %d", name, off)
			}
		}
	}
	for _, kind := range []string{"checkpoint", "journal", "logs", "FORMAT"} {
		if found[kind] == 0 {
			t.Errorf("no damage found in %s", kind)
		}
	}
	t.Logf("found: %v", found)
}

func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, "/")
	kind, _, _ = strings.Cut(kind, ".")
	return kind
}

// flip flips a bit and reports whether Check has found it.
func flip(w *world, name string, off int64, bit uint) bool {
	if err := w.mem.FlipBit(name, off, bit); err != nil {
		w.t.Fatal(err)
	}
	report, err := Check(w.mem.CrashKeepAll(), nil)
	if name == formatFile {
		if err == nil {
			w.t.Errorf("format file is accepted")
		}
		return err != nil
	}
	if err != nil {
		w.t.Errorf("check: %v", err)
	}
	for i, d := range report.Damage {
		if i > 0 && kindOf(name) == "checkpoint" {
			break // then the older checkpoint's part of the journal is missed
		}
		if d.File != name || d.Offset > off {
			w.t.Errorf("damage is reported as %v", d)
		}
	}
	damaged := len(report.Damage) > 0
	if err := w.open(); err != nil {
		if _, ok := errors.AsType[*engine.CorruptError](err); !ok || !damaged {
			w.t.Errorf("open fails with %v, check finds %v", err, report.Damage)
		}
		return damaged
	}
	defer func() {
		if err := w.e.Close(); err != nil {
			w.t.Errorf("close: %v", err)
		}
	}()
	if !damaged {
		w.verify()
		return false
	}
	w.verifyUndamaged()
	return true
}

// verifyUndamaged reads everything: what is returned is what was written, and
// what is not is reported.
func (w *world) verifyUndamaged() {
	w.t.Helper()
	for id, l := range w.logs {
		for from := stream.Position(1); int(from) <= len(l.acked); from++ {
			page, err := w.e.Read(ctxBackground(), id, from, engine.Budget{Records: 1})
			if _, damaged := errors.AsType[*engine.CorruptError](err); damaged {
				continue
			}
			if len(page.Batches) != 1 || page.Batches[0].First != from || string(page.Batches[0].Payload) != string(l.acked[from-1].payload) {
				w.t.Errorf("log %v at %d: %v, %v", id, from, page.Batches, err)
			}
		}
	}
	for k, v := range w.keys {
		if e, err := w.e.Get(ctxBackground(), k); err != nil || string(e.Value) != v {
			w.t.Errorf("key %v is %q: %v", k, e.Value, err)
		}
	}
}

// TestDamageWhileRunning flips bits under a running engine, in the journal and
// in a segment: one log suffers, and a checkpoint carries the damage along.
func TestDamageWhileRunning(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	a, b := logID(1, 0), logID(1, 1)
	if err := w.play([]func() error{
		func() error { return w.create(a, b) },
		func() error { return w.append(500, a, b, a) },
	}); err != nil {
		t.Fatal(err)
	}
	ref := w.e.lookup(a).head[0].ref
	f, err := w.e.journal.File(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.mem.FlipBit(f.Name(), ref.Offset()+entry.HeaderBytes+100, 3); err != nil {
		t.Fatal(err)
	}
	wantDamage := func(file string, offset int64) {
		t.Helper()
		page, err := w.e.Read(ctxBackground(), a, 0, engine.Budget{Bytes: 10000})
		c, ok := errors.AsType[*engine.CorruptError](err)
		if !ok || c.File != file || offset >= 0 && c.Offset != offset || len(page.Batches) != 0 {
			t.Fatalf("read returns %d batches and %v", len(page.Batches), err)
		}
		page, err = w.e.Read(ctxBackground(), a, 2, engine.Budget{Bytes: 10000})
		if err != nil || len(page.Batches) == 0 || page.Batches[0].First != 2 {
			t.Fatalf("behind the damage: %v, %v", page.Batches, err)
		}
		page, err = w.e.Read(ctxBackground(), b, 0, engine.Budget{Bytes: 10000})
		if err != nil || len(page.Batches) != 1 {
			t.Fatalf("the other log: %v, %v", page.Batches, err)
		}
	}
	wantDamage(f.Name(), ref.Offset())
	if err := w.e.Checkpoint(ctxBackground()); err != nil {
		t.Fatal(err)
	}
	segments := w.segmentFiles(a)
	if len(segments) != 1 {
		t.Fatalf("%q instead of one segment", segments)
	}
	wantDamage(segments[0], -1)
	if err := w.append(500, a); err != nil {
		t.Fatal(err)
	}
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := Check(w.mem, nil)
	if err != nil || len(report.Damage) != 1 || report.Damage[0].File != segments[0] {
		t.Fatalf("check finds %v, %v", report.Damage, err)
	}
	w.mustOpen()
	wantDamage(segments[0], -1)
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTimeOfADamagedTip damages the last batch of a log before it is moved: its
// time, which the caller has, is not forgotten.
func TestTimeOfADamagedTip(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	id := logID(1, 0)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	const ahead = 1_900_000_000_000
	r := w.e.Append(ctxBackground(), []engine.Batch{{Log: id, Records: 1, Payload: []byte("x"), NotBefore: ahead}})[0]
	if r.Err != nil || r.Time != ahead {
		t.Fatalf("%+v", r)
	}
	ref := w.e.lookup(id).head[0].ref
	f, err := w.e.journal.File(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.mem.FlipBit(f.Name(), ref.Offset()+entry.HeaderBytes, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.e.Close(); err != nil {
			t.Fatal(err)
		}
		w.mustOpen()
		if tip, err := w.e.Tip(ctxBackground(), id); err != nil || tip.Last != 1 || tip.Time != ahead {
			t.Errorf("%+v, %v", tip, err)
		}
	}
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMissingSegment removes a segment: its log suffers, and goes on.
func TestMissingSegment(t *testing.T) {
	w := sample(t)
	var gone string
	for name := range w.mem.Files() {
		if strings.HasPrefix(name, "logs/1/0-") && name > gone {
			gone = name
		}
	}
	if err := w.mem.Remove(gone); err != nil {
		t.Fatal(err)
	}
	report, err := Check(w.mem, nil)
	if err != nil || len(report.Damage) != 1 || report.Damage[0].File != gone {
		t.Fatalf("check finds %v, %v", report.Damage, err)
	}
	w.mustOpen()
	defer func() { _ = w.e.Close() }()
	if err := w.append(2000, logID(1, 0), logID(1, 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.e.Checkpoint(ctxBackground()); err != nil {
		t.Fatalf("checkpoint beside a missing segment: %v", err)
	}
	w.verifyUndamaged()
	page, err := w.e.Read(ctxBackground(), logID(1, 0), stream.Position(len(w.logs[logID(1, 0)].acked)), engine.Budget{})
	if err != nil || len(page.Batches) != 1 {
		t.Errorf("the newest batch cannot be read: %v, %v", page.Batches, err)
	}
}

// TestDamagedFrameInTheMiddle is about frames, not batches: the journal behind
// one that does not hold cannot be believed.
func TestDamagedFrameInTheMiddle(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	if err := w.create(logID(1, 0)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.append(100, logID(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	head := w.e.lookup(logID(1, 0)).head
	f, err := w.e.journal.File(head[1].ref)
	if err != nil {
		t.Fatal(err)
	}
	w.kill()
	if err := w.mem.FlipBit(f.Name(), head[1].ref.Offset()+20, 1); err != nil {
		t.Fatal(err)
	}
	err = w.open()
	c, ok := errors.AsType[*engine.CorruptError](err)
	if frame := head[1].ref.Offset() &^ 4095; !ok || c.File != f.Name() || c.Offset != frame {
		t.Fatalf("open fails with %v, the frame is at %d", err, frame)
	}
}

func TestDirectory(t *testing.T) {
	text := func(fsys vfs.FS, name, content string) {
		f, err := fsys.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
		if err == nil {
			err = writeStart(f, []byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	open := func(fsys vfs.FS, want string) {
		t.Helper()
		e, err := Open(fsys, tiny())
		if err == nil {
			_ = e.Close()
			t.Fatalf("open succeeds, and should fail with %q", want)
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("open fails with %q, not %q", err, want)
		}
		if _, err := Check(fsys, nil); err == nil || !strings.Contains(err.Error(), want) && !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("check fails with %v, not %q", err, want)
		}
	}
	w := newWorld(t)
	w.mustOpen()
	open(w.mem, "in use by another server")
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
	text(w.mem, formatFile, "leat data directory, format 2\n")
	open(w.mem, "format 2 and this program knows formats up to 1")
	text(w.mem, formatFile, "something else\n")
	open(w.mem, "does not say that this is a leat data directory")
	if err := w.mem.Remove(formatFile); err != nil {
		t.Fatal(err)
	}
	open(w.mem, "no FORMAT file")
	text(w.mem, formatFile, "leat data directory, format 1\n")
	w.mustOpen()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
}
