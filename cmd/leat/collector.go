package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The garbage collector runs when the heap has grown by a third of what was alive, and
// by 48 MiB at least. By Go's own rule, when it has doubled, it would run tens of
// times a second in a server of 20 MiB, and let one that holds 200 MiB of requests
// take 400.
const (
	minGrowth     = 48 << 20
	growthPercent = 33
)

// tuneCollector follows that rule from now on, unless the environment says what is
// wanted.
func tuneCollector() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		afterCollections(func() { debug.SetGCPercent(collectorPercent(alive())) })
	}
}

// collectorPercent returns how much of what is alive the heap may grow by.
func collectorPercent(alive uint64) int {
	return int(max(growthPercent, minGrowth*100/max(alive, 1<<20)))
}

// alive returns the bytes that the last collection has found in use, with what else
// the collector's percentage is of.
func alive() uint64 {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"},
	}
	metrics.Read(samples)
	sum := uint64(0)
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			sum += min(s.Value.Uint64(), math.MaxUint64/4)
		}
	}
	return sum
}

// afterCollections calls f now and after each collection, in a goroutine of the
// runtime: what is not used is cleaned up once per collection.
func afterCollections(f func()) {
	f()
	unused := new([16]byte) // too large to share its memory with others
	runtime.AddCleanup(unused, afterCollections, f)
}
