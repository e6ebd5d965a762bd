package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"leat/bench/report"
	"leat/bench/stats"
	"leat/bench/target"
)

// profileKinds are the profiles that are taken of a leat, by their names in URLs.
var profileKinds = []string{"profile", "allocs", "block", "mutex"}

// profiles are those of one stretch of time, by kind.
type profiles map[string]*profile.Profile

// profilesAddress returns the flags that make a leat serve profiles, and where it
// does. (Its log says that, too, but not at the level that is measured.)
func profilesAddress(ctx context.Context) (flags []string, address string, err error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	address = l.Addr().String()
	return []string{"--pprof-listen", address}, address, l.Close()
}

// takeProfiles takes profiles of all kinds at once, of the time to come. If dir is
// not empty they are kept there.
func takeProfiles(ctx context.Context, address string, length time.Duration, dir string) (profiles, error) {
	taken := make([]*profile.Profile, len(profileKinds))
	errs := make([]error, len(profileKinds))
	var group sync.WaitGroup
	for i, kind := range profileKinds {
		group.Go(func() {
			url := fmt.Sprintf("http://%s/debug/pprof/%s?seconds=%d", address, kind, max(1, int(length.Seconds())))
			taken[i], errs[i] = takeProfile(ctx, url, dir, kind)
		})
	}
	group.Wait()
	p := make(profiles)
	for i, kind := range profileKinds {
		p[kind] = taken[i]
	}
	return p, errors.Join(errs...)
}

func takeProfile(ctx context.Context, url, dir, kind string) (*profile.Profile, error) {
	body, err := target.Get(ctx, url)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, kind+".pb.gz"), body, 0o644); err != nil {
			return nil, err
		}
	}
	return profile.Parse(bytes.NewReader(body))
}

// figures hold the profiles to what a server under mixed load is to keep.
func (p profiles) figures() []report.Figure {
	collecting, _ := largest(p["profile"], "cpu", collector)
	space, allocator := largest(p["allocs"], "alloc_space", leaf)
	waiting, holder := largest(p["block"], "delay", mutexUser)
	return []report.Figure{
		{Name: "collecting garbage", Value: collecting, Unit: "% of the processor time", Limit: 10},
		{Name: "most is allocated by " + allocator, Value: space, Unit: "% of the bytes", Limit: 10},
		{Name: "most waited for is the mutex of " + holder, Value: waiting, Unit: "% of all waits", Limit: 5},
	}
}

// largest groups samples by a key, sums up their values of a type, and returns the
// largest group's share in percent. Samples without a key count in the total only.
func largest(p *profile.Profile, valueType string, key func(functions []string) string) (percent float64, name string) {
	index := 0
	for i, t := range p.SampleType {
		if t.Type == valueType {
			index = i
		}
	}
	name = "nobody"
	groups := make(map[string]int64)
	var total int64
	for _, s := range p.Sample {
		total += s.Value[index]
		if k := key(functions(s)); k != "" {
			groups[k] += s.Value[index]
		}
	}
	var most int64
	for k, v := range groups {
		if v > most {
			most, name = v, k
		}
	}
	return 100 * stats.Ratio(float64(most), float64(total)), name
}

// functions are a sample's, from the innermost to the outermost.
func functions(s *profile.Sample) []string {
	var names []string
	for _, location := range s.Location {
		for _, line := range location.Line {
			names = append(names, line.Function.Name)
		}
	}
	return names
}

func leaf(functions []string) string {
	if len(functions) == 0 {
		return ""
	}
	return functions[0]
}

// collector is the key of what the garbage collector does, in goroutines of its
// own and in those that have to help it.
func collector(functions []string) string {
	for _, f := range functions {
		switch f {
		case "runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.bgscavenge",
			"runtime.gcStart", "runtime.gcMarkTermination", "runtime.gcMarkDone", "runtime.deductSweepCredit":
			return "collector"
		}
	}
	return ""
}

// mutexUser is the key of waits for a mutex: who wants to lock it.
func mutexUser(functions []string) string {
	if len(functions) == 0 || !isMutex(functions[0]) {
		return ""
	}
	for _, f := range functions {
		if !isMutex(f) {
			return f
		}
	}
	return ""
}

func isMutex(function string) bool {
	for _, prefix := range []string{"sync.(*Mutex).", "sync.(*RWMutex).", "internal/sync.(*Mutex)."} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
}
