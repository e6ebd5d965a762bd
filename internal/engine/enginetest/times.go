package enginetest

import (
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
)

func timeScripts() []script {
	return []script{
		{"ClockStepsBack", clockStepsBack},
		{"ClockGoesOn", clockGoesOn},
		{"NotBefore", notBefore},
		{"SeekTime", seekTime},
	}
}

func clockStepsBack(v *env) {
	ids := v.logs(2)
	before := v.put(batch(ids[0], 1, "x"))
	now := v.e.Now()
	v.clock.step(-time.Hour)
	v.check(v.e.Now() == now, "the time stays at %d, not %d", now, v.e.Now())
	for _, id := range ids {
		r := v.put(batch(id, 1, "x"))
		v.check(r.Time == now && r.Time >= before.Time, "the batch is of %d, not %d", now, r.Time)
	}
	v.clock.step(time.Hour + time.Millisecond)
	v.check(v.e.Now() == now+1, "the time goes on with the clock, at %d, not %d", now+1, v.e.Now())
}

func clockGoesOn(v *env) {
	id := v.log()
	v.put(batch(id, 1, "a"))
	v.clock.step(72 * time.Hour)
	r := v.put(batch(id, 1, "b"))
	v.check(r.Time == v.clock.now(), "days later a batch is of %d, not %d", v.clock.now(), r.Time)
	page, _ := v.read(id, 0, plenty)
	v.check(page.Batches[1].Time == r.Time && v.tip(id).Time == r.Time, "a batch reads back with its time %d", r.Time)
}

func notBefore(v *env) {
	ids := v.logs(2)
	now := v.clock.now()
	past, future, next := batch(ids[0], 1, "past"), batch(ids[0], 1, "future"), batch(ids[0], 1, "next")
	past.NotBefore, future.NotBefore, next.NotBefore = now-1000, now+1000, now+500
	for i, want := range []stream.Millis{now, now + 1000, now + 1000} {
		r := v.put([]engine.Batch{past, future, next}[i])
		v.check(r.Time == want, "batch %d is of %d, not %d", i, want, r.Time)
	}
	v.check(v.e.Now() == now, "the time does not follow a bound, to %d", v.e.Now())
	r := v.put(batch(ids[1], 1, "x"))
	v.check(r.Time == now, "other logs do not follow a bound, to %d", r.Time)
	v.clock.step(2 * time.Second)
	r = v.put(batch(ids[0], 1, "later"))
	v.check(r.Time == now+2000, "past the bound the time is the clock's %d, not %d", now+2000, r.Time)
}

func seekTime(v *env) {
	id := v.log()
	start := v.clock.now()
	var at []stream.Position
	for _, n := range []int{1, 3, 2} { // at start, start+10 (two batches) and start+20
		at = append(at, v.put(batch(id, n, "x")).First)
		if n == 3 {
			v.put(batch(id, 1, "y"))
		}
		v.clock.step(10 * time.Millisecond)
	}
	after := v.tip(id).Last + 1
	for t, want := range map[stream.Millis]stream.Position{
		0:                      at[0],
		start:                  at[0],
		start + 1:              at[1],
		start + 10:             at[1],
		start + 11:             at[2],
		start + 20:             at[2],
		start + 21:             after,
		stream.Millis(1 << 62): after,
	} {
		p, err := v.e.SeekTime(v.ctx, id, t)
		v.must(err)
		v.check(p == want, "the first record at %d or later is at %d, not %d", t-start, want, p)
	}
	closed := v.put(mark(id))
	p, err := v.e.SeekTime(v.ctx, id, start+21)
	v.must(err)
	v.check(p == closed.First+1, "a mark is no record: want %d, not %d", closed.First+1, p)
	v.wantPage(id, p, engine.Budget{Bytes: 1}, true)
}
