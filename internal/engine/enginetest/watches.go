package enginetest

import (
	"context"
	"fmt"
	"iter"

	"leat/internal/engine"
)

func watchScripts() []script {
	return []script{
		{"WatchYieldsWhatIsThere", watchYieldsWhatIsThere},
		{"WatchYieldsChanges", watchYieldsChanges},
		{"WatchFromARevision", watchFromARevision},
		{"WatchEndsWithItsContext", watchEndsWithItsContext},
		{"WatchOfASlowConsumer", watchOfASlowConsumer},
		{"WatchWhileWriting", watchWhileWriting},
	}
}

// watch begins to watch and returns a function that waits for the next entry.
// The call is made with the first of these.
func (v *env) watch(prefix engine.Key, from engine.Revision) (next func() engine.Entry) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, bound)
	pull, stop := iter.Pull2(v.e.Watch(ctx, prefix, from))
	v.t.Cleanup(func() { stop(); cancel() })
	return func() engine.Entry {
		v.t.Helper()
		e, err, ok := pull()
		v.check(ok, "a watch ends with an error")
		v.must(err)
		return e
	}
}

func (v *env) wantNext(next func() engine.Entry, key engine.Key, value string, r engine.Revision) {
	v.t.Helper()
	e := next()
	v.check(e.Key == key && string(e.Value) == value && e.Revision == r && !e.Deleted,
		"next is %s = %q of revision %d, not %s = %q of %d (deleted: %v)", key, value, r, e.Key, e.Value, e.Revision, e.Deleted)
}

func (v *env) wantDeletion(next func() engine.Entry, key engine.Key, r engine.Revision) {
	v.t.Helper()
	e := next()
	v.check(e.Key == key && e.Deleted && e.Revision == r,
		"next is the deletion of %s at revision %d, not %s of %d (deleted: %v)", key, r, e.Key, e.Revision, e.Deleted)
}

func watchYieldsWhatIsThere(v *env) {
	prefix := engine.NewKey("p")
	b := v.write(put(prefix.Child("b"), "b", engine.Absent))
	v.write(put(prefix, "not below itself", engine.Absent), put(engine.NewKey("px"), "other", engine.Absent))
	v.write(put(prefix.Child("gone"), "x", engine.Absent))
	v.write(del(prefix.Child("gone"), engine.Any))
	c := v.write(put(prefix.Child("c", "d"), "c", engine.Absent))
	a := v.write(put(prefix.Child("a"), "a", engine.Absent))
	next := v.watch(prefix, 0)
	v.wantNext(next, prefix.Child("b"), "b", b)
	v.wantNext(next, prefix.Child("c", "d"), "c", c)
	v.wantNext(next, prefix.Child("a"), "a", a)
}

func watchYieldsChanges(v *env) {
	prefix := engine.NewKey("p")
	one := v.write(put(prefix.Child("a"), "1", engine.Absent))
	next := v.watch(prefix, 0)
	v.wantNext(next, prefix.Child("a"), "1", one)
	two := v.write(put(prefix.Child("a"), "2", one), put(engine.NewKey("other"), "2", engine.Absent))
	v.wantNext(next, prefix.Child("a"), "2", two)
	three := v.write(del(prefix.Child("a"), two))
	v.wantDeletion(next, prefix.Child("a"), three)
	four := v.write(put(prefix.Child("a"), "4", engine.Absent))
	v.wantNext(next, prefix.Child("a"), "4", four)
	five := v.write(put(prefix.Child("y"), "5", engine.Absent), put(prefix.Child("x"), "5", engine.Absent))
	e, f := next(), next()
	v.check(e.Revision == five && f.Revision == five && e.Key != f.Key, "both changes of a write are seen, not %s and %s", e.Key, f.Key)
}

func watchFromARevision(v *env) {
	v.write(put(keyA, "1", engine.Absent))
	two := v.write(put(keyB, "2", engine.Absent))
	three := v.write(put(keyC, "3", engine.Absent))
	next := v.watch("", two)
	v.wantNext(next, keyC, "3", three)
	four := v.write(del(keyA, engine.Any))
	v.wantDeletion(next, keyA, four)
}

func watchEndsWithItsContext(v *env) {
	v.write(put(keyA, "1", engine.Absent))
	ctx, cancel := context.WithCancel(v.ctx)
	defer cancel()
	var end error
	for _, err := range v.e.Watch(ctx, "", 0) {
		cancel()
		end = err
	}
	v.wantErr(end, context.Canceled)
	for _, err := range v.e.Watch(v.ctx, "", 0) {
		v.must(err)
		break // a consumer may leave
	}
}

func watchOfASlowConsumer(v *env) {
	one := v.write(put(keyA, "1", engine.Absent))
	next := v.watch("", 0)
	v.wantNext(next, keyA, "1", one)
	var last engine.Revision
	for i := range 1000 {
		last = v.write(put(keyA, fmt.Sprint(i), engine.Any))
	}
	for e := next(); e.Revision != last; e = next() {
		v.check(e.Key == keyA && e.Revision > one && e.Revision < last, "revisions grow: %d", e.Revision)
		one = e.Revision
	}
}

// watchWhileWriting begins to watch in the middle of writes: nothing is missed
// and nothing comes twice.
func watchWhileWriting(v *env) {
	const n = 200
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range n {
			if _, err := v.e.Write(v.ctx, []engine.Change{put(engine.NewKey(fmt.Sprint(i)), "x", engine.Absent)}); err != nil {
				v.t.Errorf("write: %v", err)
			}
		}
	}()
	next := v.watch("", 0)
	var last engine.Revision
	for i := range n {
		e := next()
		v.check(e.Key == engine.NewKey(fmt.Sprint(i)), "key %d is next, not %s", i, e.Key)
		v.check(e.Revision > last, "revisions grow, not from %d to %d", last, e.Revision)
		last = e.Revision
	}
	<-written
}
