package enginetest

import (
	"context"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
)

func waitScripts() []script {
	return []script{
		{"WaitReturnsWhatIsThere", waitReturnsWhatIsThere},
		{"WaitIsWokenByAppend", waitIsWokenByAppend},
		{"WaitIsWokenByClose", waitIsWokenByClose},
		{"WaitIsWokenByDelete", waitIsWokenByDelete},
		{"WaitForAPositionAhead", waitForAPositionAhead},
		{"WaitEndsWithItsContext", waitEndsWithItsContext},
	}
}

// wait starts to wait. The result is for outcome.
func (v *env) wait(ctx context.Context, id engine.LogID, from stream.Position) <-chan error {
	done := make(chan error, 1)
	go func() { done <- v.e.Wait(ctx, id, from) }()
	return done
}

// outcome returns how a wait has ended.
func (v *env) outcome(done <-chan error) error {
	v.t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(bound):
		v.t.Fatal("nobody has woken the waiter")
		return nil
	}
}

func waitReturnsWhatIsThere(v *env) {
	id := v.log()
	at := threeBatches(v, id)
	for p := range at[2] + 2 {
		v.must(v.e.Wait(v.ctx, id, p))
	}
}

func waitIsWokenByAppend(v *env) {
	ids := v.logs(2)
	for range 50 {
		next := v.tip(ids[0]).Last + 1
		waits := []<-chan error{v.wait(v.ctx, ids[0], next), v.wait(v.ctx, ids[0], next)}
		v.append(batch(ids[1], 1, "x"), batch(ids[0], 1, "x"))
		for _, w := range waits {
			v.must(v.outcome(w))
		}
	}
}

func waitIsWokenByClose(v *env) {
	id := v.log()
	w := v.wait(v.ctx, id, 100)
	v.put(mark(id))
	v.must(v.outcome(w))
}

func waitIsWokenByDelete(v *env) {
	ids := v.logs(2)
	v.put(batch(ids[0], 1, "x"))
	w := v.wait(v.ctx, ids[0], 100)
	v.must(v.e.Delete(v.ctx, ids))
	v.wantErr(v.outcome(w), engine.ErrNotFound)
}

func waitForAPositionAhead(v *env) {
	id := v.log()
	first := v.put(batch(id, 1, "x")).First
	ahead := first + 10_000
	w := v.wait(v.ctx, id, ahead)
	for {
		before := v.tip(id).Last
		select {
		case err := <-w:
			v.must(err)
			v.check(v.tip(id).Last >= ahead, "a waiter for %d is woken when it can be read, not at %d", ahead, before)
			return
		default:
		}
		if before >= ahead {
			v.must(v.outcome(w))
			return
		}
		v.put(batch(id, 1000, "x"))
	}
}

func waitEndsWithItsContext(v *env) {
	id := v.log()
	ctx, cancel := context.WithCancel(v.ctx)
	w := v.wait(ctx, id, 1)
	cancel()
	v.wantErr(v.outcome(w), context.Canceled)
}
