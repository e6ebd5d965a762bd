package enginetest

import (
	"context"
	"testing/synctest"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
)

// waitScripts run in a synctest bubble, so that they know when a call waits.
func waitScripts() []script {
	return []script{
		{"WaitReturnsWhatIsThere", waitReturnsWhatIsThere},
		{"WaitIsWokenByAppend", waitIsWokenByAppend},
		{"WaitIsWokenByClose", waitIsWokenByClose},
		{"WaitIsWokenByDelete", waitIsWokenByDelete},
		{"WaitForAPositionAhead", waitForAPositionAhead},
		{"WaitEndsWithItsContext", waitEndsWithItsContext},
		{"CallsEndWithTheEngine", callsEndWithTheEngine},
	}
}

// wait starts to wait and returns when the call is under way. Its result is
// for outcome.
func (v *env) wait(ctx context.Context, id engine.LogID, from stream.Position) <-chan error {
	v.t.Helper()
	done := make(chan error, 1)
	go func() { done <- v.e.Wait(ctx, id, from) }()
	v.wantWaiting(done)
	return done
}

func (v *env) wantWaiting(done <-chan error) {
	v.t.Helper()
	synctest.Wait()
	select {
	case err := <-done:
		v.t.Fatalf("Wait returns %v while there is nothing to read", err)
	default:
	}
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
	for range 10 {
		next := v.tip(ids[0]).Last + 1
		waits := []<-chan error{v.wait(v.ctx, ids[0], next), v.wait(v.ctx, ids[0], next)}
		v.put(batch(ids[1], 1, "x"))
		for _, w := range waits {
			v.wantWaiting(w)
		}
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
	waits := []<-chan error{v.wait(v.ctx, ids[0], 100), v.wait(v.ctx, ids[1], 0)}
	v.must(v.e.Delete(v.ctx, ids))
	for _, w := range waits {
		v.wantErr(v.outcome(w), engine.ErrNotFound)
	}
}

func waitForAPositionAhead(v *env) {
	id := v.log()
	ahead := v.put(batch(id, 1, "x")).First + 100
	w := v.wait(v.ctx, id, ahead)
	for v.tip(id).Last < ahead {
		v.wantWaiting(w)
		v.put(batch(id, 30, "x"))
	}
	v.must(v.outcome(w))
}

func waitEndsWithItsContext(v *env) {
	id := v.log()
	ctx, cancel := context.WithCancel(v.ctx)
	w := v.wait(ctx, id, 1)
	cancel()
	v.wantErr(v.outcome(w), context.Canceled)
}

func callsEndWithTheEngine(v *env) {
	w := v.wait(v.ctx, v.log(), 1)
	watched := make(chan error, 1)
	go func() {
		for _, err := range v.e.Watch(v.ctx, "", 0) {
			watched <- err
		}
	}()
	v.wantWaiting(watched)
	v.close()
	v.wantErr(v.outcome(w), engine.ErrFailed)
	v.wantErr(v.outcome(watched), engine.ErrFailed)
}
