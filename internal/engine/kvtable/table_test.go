package kvtable_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"leat/internal/engine"
	"leat/internal/engine/kvtable"
)

func set(key, value string) engine.Change {
	return engine.Change{Key: engine.NewKey(key), Value: []byte(value), Expect: engine.Any}
}

func del(key string) engine.Change {
	return engine.Change{Key: engine.NewKey(key), Delete: true, Expect: engine.Any}
}

func expect(c engine.Change, r engine.Revision) engine.Change {
	c.Expect = r
	return c
}

func prepare(t *testing.T, table *kvtable.Table, changes ...engine.Change) kvtable.Prepared {
	t.Helper()
	p, err := table.Prepare(changes)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func write(t *testing.T, table *kvtable.Table, changes ...engine.Change) {
	t.Helper()
	table.Publish(prepare(t, table, changes...))
}

// show returns all entries as "key=value@revision".
func show(t *testing.T, table *kvtable.Table) string {
	t.Helper()
	list, err := table.List(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return format(list...)
}

func format(entries ...engine.Entry) string {
	var parts []string
	for _, e := range entries {
		v := string(e.Value)
		if e.Deleted {
			v = "-"
		}
		parts = append(parts, fmt.Sprintf("%s=%s@%d", e.Key, v, e.Revision))
	}
	return strings.Join(parts, " ")
}

func want(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestPrepareSeesWhatIsPreparedAndReadersDoNot(t *testing.T) {
	table := kvtable.New()
	one := prepare(t, table, expect(set("a", "1"), engine.Absent), set("b", "1"))
	two := prepare(t, table, expect(set("a", "2"), one.Revision))
	three := prepare(t, table, expect(del("b"), one.Revision))
	four := prepare(t, table, expect(set("b", "4"), engine.Absent))
	if _, err := table.Prepare([]engine.Change{expect(set("a", "x"), one.Revision)}); !errors.Is(err, engine.ErrConflict) {
		t.Fatalf("a change that expects an overwritten revision: %v", err)
	}
	want(t, show(t, table), "")
	table.Publish(one)
	want(t, show(t, table), "a=1@1 b=1@1")
	table.Publish(two, three)
	want(t, show(t, table), "a=2@2")
	table.Publish(four)
	want(t, show(t, table), "a=2@2 b=4@4")
	prepare(t, table, expect(set("a", "5"), two.Revision))
}

func TestConflictChangesNothing(t *testing.T) {
	table := kvtable.New()
	write(t, table, set("a", "1"))
	_, err := table.Prepare([]engine.Change{set("b", "2"), expect(set("a", "2"), engine.Absent)})
	if !errors.Is(err, engine.ErrConflict) {
		t.Fatalf("got %v", err)
	}
	write(t, table, expect(set("b", "3"), engine.Absent))
	want(t, show(t, table), "a=1@1 b=3@2")
}

func TestAbandonForgetsAllThatIsUnpublished(t *testing.T) {
	table := kvtable.New()
	write(t, table, set("a", "1"))
	prepare(t, table, set("a", "2"), set("b", "2"))
	prepare(t, table, del("a"))
	table.Abandon()
	write(t, table, expect(set("a", "3"), 1), expect(set("b", "3"), engine.Absent))
	want(t, show(t, table), "a=3@2 b=3@2")
}

func TestValuesAreCopied(t *testing.T) {
	table := kvtable.New()
	c := set("a", "one")
	write(t, table, c)
	copy(c.Value, "two")
	want(t, show(t, table), "a=one@1")
}

func TestImageStaysAndRestores(t *testing.T) {
	table := kvtable.New()
	for i := range 1000 {
		write(t, table, set(fmt.Sprintf("%04d", i), "v"))
	}
	write(t, table, del("0999"))
	before, image := show(t, table), table.Image()
	for i := range 1000 {
		write(t, table, del(fmt.Sprintf("%04d", i)))
	}
	if image.Revision != 1001 || image.Entries != 999 || image.Bytes != 999*(4+2+1) {
		t.Fatalf("image %d, %d entries, %d bytes", image.Revision, image.Entries, image.Bytes)
	}
	want(t, format(slices.Collect(image.All())...), before)

	restored := kvtable.New()
	for e := range image.All() {
		restored.Restore(e)
	}
	restored.Resume(image.Revision)
	restored.Replay(1005, []engine.Change{set("x", "1"), del("0000")})
	if restored.Revision() != 1005 || restored.Bytes() != image.Bytes-7+4 {
		t.Fatalf("restored to revision %d with %d bytes", restored.Revision(), restored.Bytes())
	}
	write(t, restored, expect(set("x", "2"), 1005))
	e, err := restored.Get(t.Context(), engine.NewKey("x"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, format(e), "x=2@1006")
}

// TestAgainstMap makes random writes and compares each answer with that of a
// plain map.
func TestAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	table, model := kvtable.New(), map[engine.Key]engine.Entry{}
	parts := []string{"", "a", "b", "a\x00", "a/b", "\xff", "\x00\x01"}
	randomKey := func() engine.Key {
		k := engine.NewKey(parts[rng.IntN(len(parts))])
		for rng.IntN(3) == 0 {
			k = k.Child(parts[rng.IntN(len(parts))])
		}
		return k
	}
	for step := range 600 {
		k := randomKey()
		c := engine.Change{Key: k, Value: []byte(fmt.Sprint(step)), Delete: rng.IntN(3) == 0, Expect: engine.Revision(rng.IntN(3))}
		if rng.IntN(2) == 0 {
			c.Expect = model[k].Revision
		}
		p, err := table.Prepare([]engine.Change{c})
		if (err == nil) != (c.Expect == model[k].Revision) {
			t.Fatalf("step %d: expecting %d at %d: %v", step, c.Expect, model[k].Revision, err)
		}
		if err == nil {
			table.Publish(p)
			model[k] = engine.Entry{Key: k, Value: c.Value, Revision: p.Revision}
			if c.Delete {
				delete(model, k)
			}
		}
		prefix, after, limit := engine.Key(""), engine.Key(""), rng.IntN(6)
		if rng.IntN(2) == 0 {
			prefix = randomKey()
		}
		if rng.IntN(2) == 0 {
			after = randomKey()
		}
		got, err := table.List(t.Context(), prefix, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(listModel(model, prefix, after, limit), got); diff != "" {
			t.Fatalf("step %d: List(%q, %q, %d): %s", step, prefix, after, limit, diff)
		}
		if got, err = table.ListBack(t.Context(), prefix, after, limit); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(listBackModel(model, prefix, after, limit), got); diff != "" {
			t.Fatalf("step %d: ListBack(%q, %q, %d): %s", step, prefix, after, limit, diff)
		}
	}
}

func listBackModel(model map[engine.Key]engine.Entry, prefix, before engine.Key, limit int) []engine.Entry {
	list := listModel(model, prefix, "", 0)
	list = slices.DeleteFunc(list, func(e engine.Entry) bool { return before != "" && e.Key >= before })
	if slices.Reverse(list); len(list) == 0 {
		return nil
	}
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list
}

func listModel(model map[engine.Key]engine.Entry, prefix, after engine.Key, limit int) []engine.Entry {
	var list []engine.Entry
	for k, e := range model {
		if p := prefix.Parts(); len(k.Parts()) > len(p) && slices.Equal(k.Parts()[:len(p)], p) && k > after {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b engine.Entry) int { return slices.Compare(a.Key.Parts(), b.Key.Parts()) })
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	return list
}

// pull starts a watch and returns a function that yields its next pair.
func pull(t *testing.T, seq iter.Seq2[engine.Entry, error]) func() (engine.Entry, error) {
	t.Helper()
	next, stop := iter.Pull2(seq)
	t.Cleanup(stop)
	return func() (engine.Entry, error) {
		e, err, ok := next()
		if !ok {
			t.Error("the watch ended without an error")
		}
		return e, err
	}
}

func TestWatchYieldsWhatIsThereAndThenChanges(t *testing.T) {
	table := kvtable.New()
	write(t, table, set("b", "1"))
	write(t, table, set("c", "2"), set("a", "2"))
	write(t, table, set("d", "3"))
	write(t, table, del("d"))
	next := pull(t, table.Watch(t.Context(), "", 1))
	for _, w := range []string{"a=2@2", "c=2@2"} {
		e, err := next()
		if err != nil {
			t.Fatal(err)
		}
		want(t, format(e), w)
	}
	write(t, table, set("b", "5"))
	write(t, table, del("a"))
	write(t, table, set("b", "7"), set("x", "7"))
	write(t, table, set("y", "8"))
	write(t, table, del("y"))
	for _, w := range []string{"a=-@6", "b=7@7", "x=7@7"} {
		e, err := next()
		if err != nil {
			t.Fatal(err)
		}
		want(t, format(e), w)
	}
	failed := errors.New("failed")
	table.Close(failed)
	if _, err := next(); !errors.Is(err, failed) {
		t.Fatalf("the watch ended with %v", err)
	}
}

func TestWatchBelowAPrefix(t *testing.T) {
	table := kvtable.New()
	prefix := engine.NewKey("a")
	one := engine.Change{Key: prefix.Child("x"), Value: []byte("1"), Expect: engine.Any}
	write(t, table, one, set("a", "1"), set("ab", "1"))
	next := pull(t, table.Watch(t.Context(), prefix, 0))
	e, _ := next()
	want(t, format(e), "a/x=1@1")
	write(t, table, set("a", "is not below itself"), set("ab", "has other parts"))
	write(t, table, one)
	e, _ = next()
	want(t, format(e), "a/x=1@3")
}

func TestWatchWaitsAndEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := kvtable.New()
		ctx, cancel := context.WithCancel(t.Context())
		var seen []string
		var end error
		go func() {
			for e, err := range table.Watch(ctx, "", 0) {
				if end = err; err == nil {
					seen = append(seen, format(e))
				}
			}
		}()
		synctest.Wait()
		write(t, table, set("a", "1"))
		synctest.Wait()
		write(t, table, del("a"))
		synctest.Wait()
		cancel()
		synctest.Wait()
		want(t, strings.Join(seen, " "), "a=1@1 a=-@2")
		if !errors.Is(end, context.Canceled) {
			t.Fatalf("ended with %v", end)
		}
	})
}

// TestSlowWatcherStaysSmall lets ten thousand keys come and go, and be
// rewritten, while a consumer does not look.
func TestSlowWatcherStaysSmall(t *testing.T) {
	table := kvtable.New()
	write(t, table, set("a", "first"))
	next := pull(t, table.Watch(t.Context(), "", 0))
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		write(t, table, set(fmt.Sprint("k", i), "v"))
		write(t, table, set("a", fmt.Sprint(i)))
		write(t, table, del(fmt.Sprint("k", i)))
	}
	if n := table.PendingForTest(); n != 1 {
		t.Fatalf("%d entries are pending, want 1", n)
	}
	e, err := next()
	if err != nil {
		t.Fatal(err)
	}
	want(t, format(e), "a=9999@30000")
}
