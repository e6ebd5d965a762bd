package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"leat/internal/engine"
)

func kvScripts() []script {
	return []script{
		{"WriteAndGet", writeAndGet},
		{"Expectations", expectations},
		{"AllOrNone", allOrNone},
		{"ChangeLimits", changeLimits},
		{"ValueIsNotKept", valueIsNotKept},
		{"KeyOrder", keyOrder},
		{"ListPages", listPages},
		{"ConcurrentCounter", concurrentCounter},
		{"SecretsAreMadeOnce", secretsAreMadeOnce},
	}
}

func put(key engine.Key, value string, expect engine.Revision) engine.Change {
	return engine.Change{Key: key, Value: []byte(value), Expect: expect}
}

func del(key engine.Key, expect engine.Revision) engine.Change {
	return engine.Change{Key: key, Delete: true, Expect: expect}
}

func (v *env) write(changes ...engine.Change) engine.Revision {
	v.t.Helper()
	r, err := v.e.Write(v.ctx, changes)
	v.must(err)
	return r
}

func (v *env) refuseWrite(want error, changes ...engine.Change) {
	v.t.Helper()
	_, err := v.e.Write(v.ctx, changes)
	v.wantErr(err, want)
}

func (v *env) wantEntry(key engine.Key, value string, r engine.Revision) {
	v.t.Helper()
	e, err := v.e.Get(v.ctx, key)
	v.must(err)
	v.check(e.Key == key && string(e.Value) == value && e.Revision == r && !e.Deleted,
		"%s is %q of revision %d, not %q of %d", key, value, r, e.Value, e.Revision)
}

func (v *env) wantAbsent(keys ...engine.Key) {
	v.t.Helper()
	for _, key := range keys {
		_, err := v.e.Get(v.ctx, key)
		v.wantErr(err, engine.ErrNotFound)
	}
}

var keyA, keyB, keyC = engine.NewKey("a"), engine.NewKey("b"), engine.NewKey("c")

func writeAndGet(v *env) {
	v.wantAbsent(keyA)
	one := v.write(put(keyA, "1", engine.Absent))
	v.check(one != engine.Absent && one != engine.Any, "%d is a revision", one)
	v.wantEntry(keyA, "1", one)
	two := v.write(put(keyA, "2", one), put(keyB, "", engine.Absent))
	v.check(two > one, "revisions grow, from %d to %d", one, two)
	v.wantEntry(keyA, "2", two)
	v.wantEntry(keyB, "", two)
	three := v.write(del(keyA, two))
	v.check(three > two, "a deletion has a revision, not %d after %d", three, two)
	v.wantAbsent(keyA)
	v.wantEntry(keyB, "", two)
}

func expectations(v *env) {
	one := v.write(put(keyA, "1", engine.Any))
	for _, wrong := range []engine.Revision{engine.Absent, one - 1, one + 1} {
		v.refuseWrite(engine.ErrConflict, put(keyA, "x", wrong))
		v.refuseWrite(engine.ErrConflict, del(keyA, wrong))
	}
	two := v.write(put(keyA, "2", one))
	v.refuseWrite(engine.ErrConflict, put(keyA, "x", one))
	v.wantEntry(keyA, "2", two)

	three := v.write(del(keyA, two))
	for _, wrong := range []engine.Revision{two, three} {
		v.refuseWrite(engine.ErrConflict, put(keyA, "x", wrong))
		v.refuseWrite(engine.ErrConflict, del(keyA, wrong))
	}
	v.write(del(keyA, engine.Absent))
	v.write(del(keyA, engine.Any))
	v.wantAbsent(keyA)
	four := v.write(put(keyA, "4", engine.Absent))
	v.wantEntry(keyA, "4", four)
}

func allOrNone(v *env) {
	one := v.write(put(keyA, "1", engine.Absent), put(keyB, "1", engine.Absent))
	v.refuseWrite(engine.ErrConflict, put(keyA, "2", one), del(keyB, one), put(keyC, "2", one))
	v.refuseWrite(engine.ErrConflict, put(keyC, "2", engine.Absent), del(keyB, one), put(keyA, "2", engine.Absent))
	v.wantEntry(keyA, "1", one)
	v.wantEntry(keyB, "1", one)
	v.wantAbsent(keyC)
	two := v.write(put(keyA, "2", one), del(keyB, one), put(keyC, "2", engine.Absent))
	v.wantEntry(keyA, "2", two)
	v.wantEntry(keyC, "2", two)
	v.wantAbsent(keyB)
}

func changeLimits(v *env) {
	large := string(make([]byte, engine.MaxValueBytes))
	v.refuseWrite(engine.ErrInvalid)
	v.refuseWrite(engine.ErrInvalid, put("", "x", engine.Any))
	v.refuseWrite(engine.ErrInvalid, put(keyA, "x", engine.Any), put(keyB, large+"x", engine.Any))
	v.refuseWrite(engine.ErrInvalid, put(keyA, "x", engine.Any), del(keyA, engine.Any))
	v.wantAbsent(keyA, keyB)
	r := v.write(put(keyA, large, engine.Any))
	v.wantEntry(keyA, large, r)
}

func valueIsNotKept(v *env) {
	c := put(keyA, "before", engine.Any)
	r := v.write(c)
	copy(c.Value, "after.")
	v.wantEntry(keyA, "before", r)
}

// awkwardKeys are in key order.
func awkwardKeys() []engine.Key {
	return []engine.Key{
		engine.NewKey(""),
		engine.NewKey("", "a"),
		engine.NewKey("\x00"),
		engine.NewKey("\x00", "\x00"),
		engine.NewKey("\x00\x01"),
		engine.NewKey("\x00\xff"),
		engine.NewKey("a"),
		engine.NewKey("a", ""),
		engine.NewKey("a", "", ""),
		engine.NewKey("a", "b"),
		engine.NewKey("a", "b", "c"),
		engine.NewKey("a\x00"),
		engine.NewKey("a\x00", "b"),
		engine.NewKey("a\x00b"),
		engine.NewKey("a\x01"),
		engine.NewKey("a/b"),
		engine.NewKey("a/b", "c"),
		engine.NewKey("ab"),
		engine.NewKey("b"),
		engine.NewKey("\xff"),
		engine.NewKey("\xff", "\xff"),
		engine.NewKey("\xff\xff"),
	}
}

func (v *env) wantList(prefix, after engine.Key, limit int, want []engine.Key) {
	v.t.Helper()
	list, err := v.e.List(v.ctx, prefix, after, limit)
	v.must(err)
	got := make([]engine.Key, len(list))
	for i, e := range list {
		got[i] = e.Key
		v.wantEntry(e.Key, string(e.Value), e.Revision)
	}
	v.check(slices.Equal(got, want), "List(%q, %q, %d) is %q, not %q", prefix, after, limit, want, got)
}

func (v *env) wantListBack(prefix, before engine.Key, limit int, want []engine.Key) {
	v.t.Helper()
	list, err := v.e.ListBack(v.ctx, prefix, before, limit)
	v.must(err)
	got := make([]engine.Key, len(list))
	for i, e := range list {
		got[i] = e.Key
		v.wantEntry(e.Key, string(e.Value), e.Revision)
	}
	v.check(slices.Equal(got, want), "ListBack(%q, %q, %d) is %q, not %q", prefix, before, limit, want, got)
}

func keyOrder(v *env) {
	keys := awkwardKeys()
	for _, i := range []int{7, 3, 21, 0, 12, 5, 18, 1, 14, 9, 20, 2, 16, 4, 11, 8, 19, 6, 13, 10, 17, 15} {
		v.write(put(keys[i], fmt.Sprint(i), engine.Absent))
	}
	v.check(slices.IsSortedFunc(keys, func(a, b engine.Key) int { return slices.Compare(a.Parts(), b.Parts()) }),
		"the keys are in the order of their parts")
	v.wantList("", "", 0, keys)
	prefixes := append(awkwardKeys(), "", engine.NewKey("absent"), engine.NewKey("a", "b", "absent"))
	for _, prefix := range prefixes {
		for _, after := range prefixes {
			var want, back []engine.Key
			for _, k := range keys {
				p := k.Parts()
				n := len(prefix.Parts())
				if len(p) <= n || !slices.Equal(p[:n], prefix.Parts()) {
					continue
				}
				if k > after {
					want = append(want, k)
				}
				if k < after || after == "" {
					back = append(back, k)
				}
			}
			slices.Reverse(back)
			v.wantList(prefix, after, 0, want)
			v.wantList(prefix, after, 2, want[:min(2, len(want))])
			v.wantListBack(prefix, after, 0, back)
			v.wantListBack(prefix, after, 2, back[:min(2, len(back))])
		}
	}
}

func listPages(v *env) {
	prefix := engine.NewKey("p")
	var want []engine.Key
	for i := range 100 {
		key := prefix.Child(fmt.Sprintf("%03d", i))
		v.write(put(key, "x", engine.Absent))
		if i%10 == 3 {
			v.write(del(key, engine.Any))
			continue
		}
		want = append(want, key)
	}
	v.write(put(engine.NewKey("o"), "x", engine.Absent), put(engine.NewKey("q"), "x", engine.Absent))
	var after engine.Key
	for len(want) > 0 {
		n := min(7, len(want))
		v.wantList(prefix, after, 7, want[:n])
		after, want = want[n-1], want[n:]
	}
	v.wantList(prefix, after, 7, nil)
}

// concurrentCounter counts from many goroutines, each repeating its
// compare-and-swap until it succeeds.
func concurrentCounter(v *env) {
	const workers, rounds = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				if err := v.increment(); err != nil {
					v.t.Errorf("increment: %v", err)
				}
			}
		})
	}
	wg.Wait()
	e, err := v.e.Get(v.ctx, keyA)
	v.must(err)
	v.check(bytes.Equal(e.Value, []byte(strconv.Itoa(workers*rounds))), "counted to %d, not %s", workers*rounds, e.Value)
}

func (v *env) increment() error {
	for {
		e, err := v.e.Get(v.ctx, keyA)
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			return err
		}
		n, _ := strconv.Atoi(string(e.Value)) // absent: 0, at revision Absent
		_, err = v.e.Write(v.ctx, []engine.Change{put(keyA, strconv.Itoa(n+1), e.Revision)})
		if !errors.Is(err, engine.ErrConflict) {
			return err
		}
	}
}
