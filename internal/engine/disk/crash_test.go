package disk

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

func logID(s uint64, shard stream.ShardID) engine.LogID {
	return engine.LogID{Stream: s, Shard: shard}
}

// script is a workload that meets every kind of change to files: several
// journal files and their second use, segments that are made, gone on with,
// sealed and removed, and both checkpoint files.
func script(w *world) []func() error {
	a, b, c, d := logID(1, 0), logID(1, 1), logID(2, 0), logID(3, 0)
	checkpoint := func() error { return w.e.Checkpoint(ctxBackground()) }
	sweep := func() error { w.step(2 * time.Hour); return w.e.Sweep(ctxBackground()) }
	steps := []func() error{
		func() error { return w.create(a, b, c) },
		func() error { return w.write("stream", "1", "tag", "x") },
		func() error { return w.append(100, a, b, c, a) },
		func() error { return w.append(3000, a) },
		func() error { return w.append(2500, b, c) },
		checkpoint,
		func() error { return w.append(100, a, c) },
		func() error { return w.closeLog(b) },
		func() error { return w.write("stream", "2", "tag", "") },
		func() error { return w.append(20<<10, a) }, // longer than a journal file
		func() error { return w.append(1500, a, c) },
		checkpoint,
		func() error { return w.trim(a, 5) },
		func() error { return w.remove(c) },
		func() error { return w.create(d) },
		func() error { return w.append(700, a, d, d) },
		sweep,
		func() error { return w.remove(b, d) },
		func() error { return w.create(c) }, // once more
		func() error { return w.append(300, c, a, c) },
		func() error { return w.trim(c, stream.PositionAfter) },
		checkpoint,
		func() error { return w.append(300, c, a) },
		sweep,
		func() error { return w.closeLog(c) },
		sweep,
	}
	for i := range 5 {
		steps = append(steps, func() error { return w.append(4000, a) }, func() error { return w.write("n", fmt.Sprint(i)) })
	}
	return append(steps, checkpoint)
}

// play makes the steps until one fails.
func (w *world) play(steps []func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// crash ends the engine and makes mem what a power cut may leave.
func (w *world) crash(after *vfs.Mem) {
	w.mem.Cut()
	if w.e != nil {
		_ = w.e.Close() // it can do nothing any more
		w.e = nil
	}
	w.mem = after
}

// opsOfScript returns how many changes of files a run of the script makes.
func opsOfScript(t *testing.T) int {
	w := newWorld(t)
	w.mustOpen()
	if err := w.play(script(w)); err != nil {
		t.Fatal(err)
	}
	w.verify()
	w.verifySound()
	if err := w.e.Close(); err != nil {
		t.Fatal(err)
	}
	return w.mem.Ops()
}

// crashSeeds is for long runs.
var crashSeeds = flag.Uint64("disk.crashseeds", 8, "how many outcomes of each cut the crash test looks at")

func TestCrashAtEveryChange(t *testing.T) {
	ops := opsOfScript(t)
	seeds := *crashSeeds
	if testing.Short() {
		seeds = 2
	}
	t.Logf("%d cuts with %d outcomes each", ops, seeds)
	for cut := 1; cut <= ops; cut++ {
		for seed := range seeds {
			w := newWorld(t)
			runWithCut(w, cut, rand.New(rand.NewPCG(uint64(cut), seed)), seed)
			if t.Failed() {
				t.Fatalf("cut at %d, seed %d", cut, seed)
			}
		}
	}
}

// outcome chooses what a crash leaves. Two are the extremes.
func outcome(mem *vfs.Mem, rng *rand.Rand, seed uint64) *vfs.Mem {
	switch seed {
	case 2:
		return mem.CrashLoseAll()
	case 3:
		return mem.CrashKeepAll()
	default:
		return mem.Crash(rng)
	}
}

// kill ends the engine and leaves the files as they are: what was not synced
// can be read, and is not durable.
func (w *world) kill() {
	w.mem.Cut()
	if w.e != nil {
		_ = w.e.Close() // it can do nothing any more
		w.e = nil
	}
	w.mem.CutAfter(0)
}

func runWithCut(w *world, cut int, rng *rand.Rand, seed uint64) {
	defer func() {
		if w.t.Failed() {
			w.t.Logf("cut at %d, seed %d", cut, seed)
		}
	}()
	w.mem.CutAfter(cut)
	if err := w.open(); err == nil {
		if err := w.play(script(w)); err != nil && !errors.Is(err, vfs.ErrCut) && !errors.Is(err, engine.ErrFailed) {
			w.t.Errorf("the script fails with %v", err)
		}
	}
	if seed < 2 {
		w.kill()
	} else {
		w.mem.Cut()
		w.crash(outcome(w.mem, rng, seed))
	}

	// The power cut comes while that is being recovered from, or soon after,
	// before or in the first checkpoint.
	w.mem.CutAfter(w.mem.Ops() + 1 + rng.IntN(30))
	if err := w.open(); err == nil {
		w.verify()
		_ = w.play(more(w))
	}
	w.mem.Cut()
	w.crash(outcome(w.mem, rng, seed))

	w.verifySound()
	w.mustOpen()
	w.verify()
	if err := w.play(more(w)); err != nil {
		w.t.Errorf("after the crashes: %v", err)
	}
	w.verify()
	if err := w.e.Close(); err != nil {
		w.t.Errorf("close: %v", err)
	}
}

// more goes on with whatever there is.
func more(w *world) []func() error {
	steps := []func() error{
		func() error { return w.create(logID(9, 9)) },
		func() error { return w.write("more", "y") },
	}
	for _, id := range []engine.LogID{logID(1, 0), logID(1, 1), logID(2, 0), logID(3, 0), logID(9, 9)} {
		steps = append(steps, func() error {
			if l := w.logs[id]; l == nil || l.closed {
				return nil
			}
			return w.append(500, id)
		})
	}
	return append(steps, func() error { return w.e.Checkpoint(ctxBackground()) }, func() error { return w.write("more", "z") })
}
