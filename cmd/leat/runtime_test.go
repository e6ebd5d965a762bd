package main

import (
	"runtime/debug"
	"testing"
)

// TestTuneCollector is not parallel: the collector is everybody's.
func TestTuneCollector(t *testing.T) {
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	tuneCollector(func(name string) (string, bool) { return "50", name == "GOGC" })
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("%d%%, though the environment says something", got)
	}
	tuneCollector(func(string) (string, bool) { return "", false })
	if got := debug.SetGCPercent(77); got != growthPercent {
		t.Errorf("%d%%", got)
	}
	ballast = nil
}
