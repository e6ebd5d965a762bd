package memory_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"leat/internal/engine"
	"leat/internal/engine/enginetest"
	"leat/internal/engine/memory"
	"leat/internal/stream"
)

type store struct{}

func (store) Open(_ *testing.T, now func() stream.Millis) engine.Engine {
	return memory.Open(memory.Options{Now: now})
}

func TestConformance(t *testing.T) {
	enginetest.Run(t, func(*testing.T) enginetest.Store { return store{} })
}

var log = engine.LogID{Stream: 1}

// open returns an engine with one log.
func open(t *testing.T, opts memory.Options) *memory.Engine {
	t.Helper()
	e := memory.Open(opts)
	if err := e.Create(t.Context(), []engine.LogID{log}); err != nil {
		t.Fatal(err)
	}
	return e
}

func put(e *memory.Engine, n int) error {
	return e.Append(context.Background(), []engine.Batch{{Log: log, Records: 1, Payload: make([]byte, n)}})[0].Err
}

func TestFull(t *testing.T) {
	e := open(t, memory.Options{MaxBytes: 3000})
	defer e.Close()
	key := engine.NewKey("k")
	write := func(c engine.Change) error {
		c.Key, c.Expect = key, engine.Any
		_, err := e.Write(t.Context(), []engine.Change{c})
		return err
	}
	want := func(got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	want(put(e, 1000), nil)
	want(put(e, 3000), engine.ErrFull)
	want(write(engine.Change{Value: make([]byte, 2000)}), engine.ErrFull)
	want(write(engine.Change{Value: make([]byte, 1000)}), nil)
	want(put(e, 1000), engine.ErrFull)
	want(e.Health(), nil)
	want(put(e, 3000-1064-1003-64), nil)
	want(e.Health(), engine.ErrFull)

	want(write(engine.Change{Delete: true}), nil)
	want(e.Health(), nil)
	want(put(e, 1000-64), nil)
	want(e.Health(), nil) // the key's three bytes are left
	want(e.Trim(t.Context(), log, 3), nil)
	want(put(e, 1500), nil)
	want(e.Delete(t.Context(), []engine.LogID{log}), nil)
	want(write(engine.Change{Value: make([]byte, 2900)}), nil)
}

func TestAClosedLogIsClosedWhenFull(t *testing.T) {
	e := open(t, memory.Options{MaxBytes: 100})
	defer e.Close()
	if err := put(e, 100-64); err != nil {
		t.Fatal(err)
	}
	r := e.Append(t.Context(), []engine.Batch{{Log: log, Close: true}})
	if r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
}

func TestTrimFreesMemory(t *testing.T) {
	e := open(t, memory.Options{})
	defer e.Close()
	const n = 1 << 20
	for i := range 200 {
		if err := put(e, n); err != nil {
			t.Fatal(err)
		}
		if err := e.Trim(t.Context(), log, stream.Position(i)); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if stats.HeapAlloc > 50*n {
		t.Fatalf("the heap has %d MiB after trimming 198 of 200", stats.HeapAlloc>>20)
	}
}

func TestErrorsNameTheLog(t *testing.T) {
	e := open(t, memory.Options{})
	defer e.Close()
	_, err := e.Tip(t.Context(), engine.LogID{Stream: 7, Shard: 3})
	if err == nil || !strings.Contains(err.Error(), "log 3 of stream 7") {
		t.Fatalf("got %v", err)
	}
}
