// Package enginetest is the conformance suite of the engine contracts: every
// engine's tests call Run.
//
// Scripts go through the contract sentence by sentence. Then seeded random
// operations are made, one after the other, and after each the engine is
// compared with a model made of slices and maps; on a Durable store the engine
// is also closed and opened again, and crashed in the middle of operations.
//
// The suite takes positions for what the contract says: they grow within a log
// and are consecutive within a batch. Nothing more is assumed of them.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
)

// Store is where one engine at a time keeps its data. It is empty at first.
type Store interface {
	// Open opens an engine on the store, with now as the system's clock. Every
	// engine that is opened is closed before the next, or crashed.
	Open(t *testing.T, now func() stream.Millis) engine.Engine
}

// Durable is a Store that outlives its engines.
type Durable interface {
	Store

	// Crash cuts the power at a moment that rng chooses: while during, which
	// makes changes, runs, or right after it. Changes fail from then on. It
	// returns when the engine has ended; the store then holds what a power cut
	// may leave.
	Crash(t *testing.T, e engine.Engine, rng *rand.Rand, during func())

	// Maintain makes the engine do its background work now.
	Maintain(t *testing.T, e engine.Engine)
}

// Run checks an engine. Each test gets a store of its own from newStore. Some
// tests run in a synctest bubble, so an engine must not share channels with
// others.
func Run(t *testing.T, newStore func(t *testing.T) Store) {
	t.Helper()
	for _, s := range scripts() {
		t.Run(s.name, func(t *testing.T) { s.run(newEnv(t, newStore(t))) })
	}
	for _, s := range waitScripts() {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { s.run(newEnv(t, newStore(t))) })
		})
	}
	for _, s := range durableScripts() {
		t.Run(s.name, func(t *testing.T) {
			v := newEnv(t, newStore(t))
			if _, ok := v.store.(Durable); !ok {
				t.Skip("the engine keeps nothing")
			}
			s.run(v)
		})
	}
	for seed := range *seeds {
		t.Run(fmt.Sprintf("Random/seed=%d", seed), func(t *testing.T) {
			randomOperations(newEnv(t, newStore(t)), seed)
		})
	}
}

type script struct {
	name string
	run  func(*env)
}

func scripts() []script {
	var all []script
	for _, part := range [][]script{logScripts(), readScripts(), timeScripts(), kvScripts(), watchScripts()} {
		all = append(all, part...)
	}
	return all
}

// bound is how long a test waits for what must happen. It is long because it
// is only ever reached by a defect.
const bound = 30 * time.Second

// env is one test's engine and what goes with it. Its methods fail the test
// when the engine does.
type env struct {
	t     *testing.T
	ctx   context.Context //nolint:containedctx // the test's, for every call of it
	store Store
	clock *clock
	e     engine.Engine
	open  bool
}

// clock is the system's clock as a test sets it.
type clock struct{ ms atomic.Int64 }

func (c *clock) now() stream.Millis   { return stream.Millis(c.ms.Load()) }
func (c *clock) step(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func newEnv(t *testing.T, store Store) *env {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*bound)
	t.Cleanup(cancel)
	v := &env{t: t, ctx: ctx, store: store, clock: &clock{}}
	v.clock.ms.Store(1_700_000_000_000)
	v.reopen()
	t.Cleanup(func() {
		if v.open {
			v.close()
		}
	})
	return v
}

// reopen opens the engine, after closing the one that is open.
func (v *env) reopen() {
	v.t.Helper()
	if v.open {
		v.close()
	}
	v.e = v.store.Open(v.t, v.clock.now)
	v.open = true
}

func (v *env) close() {
	v.t.Helper()
	v.open = false
	if err := v.e.Close(); err != nil {
		v.t.Errorf("Close: %v", err)
	}
}

// crash cuts the power while during runs, and opens the engine again.
func (v *env) crash(rng *rand.Rand, during func()) {
	v.t.Helper()
	v.open = false
	v.store.(Durable).Crash(v.t, v.e, rng, during)
	v.reopen()
}

func (v *env) must(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *env) wantErr(err, want error) {
	v.t.Helper()
	if !errors.Is(err, want) {
		v.t.Fatalf("got error %v, want %v", err, want)
	}
}

// check fails the test unless what is claimed holds.
func (v *env) check(holds bool, claim string, args ...any) {
	v.t.Helper()
	if !holds {
		v.t.Fatalf("does not hold: "+claim, args...)
	}
}

// logID names a log of the streams that the scripts use.
func logID(streamNumber uint64, shard stream.ShardID) engine.LogID {
	return engine.LogID{Stream: streamNumber, Shard: shard}
}

// logs makes n logs of stream 1.
func (v *env) logs(n int) []engine.LogID {
	v.t.Helper()
	ids := make([]engine.LogID, n)
	for i := range ids {
		ids[i] = logID(1, stream.ShardID(i))
	}
	v.must(v.e.Create(v.ctx, ids))
	return ids
}

func (v *env) log() engine.LogID {
	v.t.Helper()
	return v.logs(1)[0]
}

// batch returns a batch of records with a payload.
func batch(id engine.LogID, records int, payload string) engine.Batch {
	return engine.Batch{Log: id, Records: records, Payload: []byte(payload)}
}

func mark(id engine.LogID) engine.Batch { return engine.Batch{Log: id, Close: true} }

// append makes one call and returns its results.
func (v *env) append(batches ...engine.Batch) []engine.Result {
	v.t.Helper()
	results := v.e.Append(v.ctx, batches)
	v.check(len(results) == len(batches), "%d batches have as many results, not %d", len(batches), len(results))
	return results
}

// put appends a batch that must be accepted.
func (v *env) put(b engine.Batch) engine.Result {
	v.t.Helper()
	r := v.append(b)[0]
	v.must(r.Err)
	return r
}

// refuse appends a batch that must be refused.
func (v *env) refuse(b engine.Batch, want error) {
	v.t.Helper()
	v.wantErr(v.append(b)[0].Err, want)
}

func (v *env) tip(id engine.LogID) engine.Tip {
	v.t.Helper()
	tip, err := v.e.Tip(v.ctx, id)
	v.must(err)
	return tip
}
