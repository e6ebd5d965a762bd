package main

import (
	"runtime"
	"testing"
	"time"
)

func TestCollectorPercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		alive uint64
		want  int
	}{
		{0, 4800}, {1 << 20, 4800}, {16 << 20, 300}, {96 << 20, 50}, {1 << 30, 33},
	} {
		if got := collectorPercent(tt.alive); got != tt.want {
			t.Errorf("with %d bytes alive: %d%%, want %d", tt.alive, got, tt.want)
		}
	}
	if n := alive(); n == 0 {
		t.Error("nothing is alive")
	}
}

// TestAfterCollections collects until what follows collections has been called for
// several of them.
func TestAfterCollections(t *testing.T) {
	t.Parallel()
	called := make(chan struct{})
	go func() {
		calls := 0
		afterCollections(func() {
			if calls++; calls == 4 {
				close(called)
			}
		})
	}()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case <-called:
			return
		case <-deadline:
			t.Fatal("not called")
		default:
			runtime.GC()
		}
	}
}
