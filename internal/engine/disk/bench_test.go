package disk

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"leat/internal/engine"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// benchEngine opens an engine on a real directory with that many logs.
func benchEngine(b *testing.B, logs int) (*Engine, []engine.LogID) {
	b.Helper()
	fsys, err := vfs.OpenOS(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	e, err := Open(fsys, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	ids := make([]engine.LogID, logs)
	for i := range ids {
		ids[i] = engine.LogID{Stream: 1, Shard: stream.ShardID(i)}
	}
	if err := e.Create(b.Context(), ids); err != nil {
		b.Fatal(err)
	}
	return e, ids
}

// appendLoad has so many callers make b.N calls.
func appendLoad(b *testing.B, e *Engine, callers int, batches func(caller int) []engine.Batch) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range callers {
		wg.Go(func() {
			call := batches(c)
			for left.Add(-1) >= 0 {
				for _, r := range e.Append(b.Context(), call) {
					if r.Err != nil {
						b.Error(r.Err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	s := e.Stats()
	b.ReportMetric(s.MeanGroup(), "batches/frame")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

func BenchmarkAppendOne(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			e, ids := benchEngine(b, 4)
			payload := make([]byte, 100)
			appendLoad(b, e, callers, func(c int) []engine.Batch {
				return []engine.Batch{{Log: ids[c%len(ids)], Records: 1, Payload: payload}}
			})
		})
	}
}

// BenchmarkAppendMany appends what a PutRecords of 500 records of 1 KiB does.
func BenchmarkAppendMany(b *testing.B) {
	for _, logs := range []int{4, 1000} {
		b.Run(fmt.Sprintf("logs=%d", logs), func(b *testing.B) {
			e, ids := benchEngine(b, logs)
			per := max(1, 500/logs)
			payload := make([]byte, per<<10)
			b.SetBytes(500 << 10)
			appendLoad(b, e, 8, func(c int) []engine.Batch {
				call := make([]engine.Batch, 500/per)
				for i := range call {
					call[i] = engine.Batch{Log: ids[(c*len(call)+i)%len(ids)], Records: per, Payload: payload}
				}
				return call
			})
		})
	}
}
