package main

import (
	"runtime"
	"runtime/debug"
)

// The garbage collector runs when the heap has grown by a third of what was alive
// and by 48 MiB. By Go's own rule, when it has doubled, it would run tens of times a
// second in a server of 20 MiB, and let one that holds 200 MiB of requests take 400.
const (
	growthPercent = 33
	minGrowth     = 48 << 20
)

// ballast is what makes the 48 MiB: to the collector it is alive, and to the system,
// which never sees it written to, it is nothing.
var ballast []byte

// tuneRuntime prepares Go's runtime for a server. Where memory was allocated is
// recorded only for those who may ask.
func tuneRuntime(env environment, profiled bool) {
	if !profiled {
		runtime.MemProfileRate = 0
	}
	tuneCollector(env)
}

// tuneCollector follows that rule from now on, unless the environment says what is
// wanted.
func tuneCollector(env environment) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, ok := env(name); ok {
			return
		}
	}
	if ballast == nil {
		ballast = make([]byte, minGrowth*100/growthPercent)
	}
	debug.SetGCPercent(growthPercent)
}
