package httpd

import (
	"net/http"
	"net/http/pprof"
	"runtime"
	"sync"
	"time"
)

const (
	profilesPath = "/debug/pprof/"
	// blockRate is one sample in so many nanoseconds of waiting, and mutexFraction
	// one in so many waits for a mutex: both cost little at these.
	blockRate     = 10_000
	mutexFraction = 10
	// profilePatience is beyond the longest profile that anyone takes.
	profilePatience = time.Hour
)

// NewProfileHandler returns a handler that shows what the process does, as
// net/http/pprof does. Waits are recorded only while somebody asks for a profile
// of some seconds of them, so that nobody pays for them otherwise.
func NewProfileHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+profilesPath, pprof.Index)
	mux.HandleFunc("GET "+profilesPath+"profile", pprof.Profile)
	mux.HandleFunc("GET "+profilesPath+"trace", pprof.Trace)
	mux.HandleFunc("GET "+profilesPath+"symbol", pprof.Symbol)
	mux.HandleFunc("POST "+profilesPath+"symbol", pprof.Symbol)
	waits := map[string]*recording{
		"block": {set: runtime.SetBlockProfileRate, rate: blockRate},
		"mutex": {set: func(n int) { runtime.SetMutexProfileFraction(n) }, rate: mutexFraction},
	}
	for name, r := range waits {
		mux.Handle("GET "+profilesPath+name, r.during(pprof.Handler(name)))
	}
	// The port is for this machine, but so is the browser that shows its user
	// the pages of others.
	local := newAccess(nil, nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local.admits(r) || isOfPageElsewhere(r) {
			http.Error(w, "This Host or Origin is foreign.", http.StatusForbidden)
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(profilePatience))
		mux.ServeHTTP(w, r)
	})
}

// recording is a profile that the runtime keeps on demand.
type recording struct {
	set  func(rate int)
	rate int

	mu    sync.Mutex // guards users, and the runtime's rate
	users int
}

// during records while a handler serves a request for some time of the profile.
func (p *recording) during(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("seconds") != "" {
			p.use(1)
			defer p.use(-1)
		}
		h.ServeHTTP(w, r)
	})
}

// use adds users; the runtime records while there are any.
func (p *recording) use(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.users
	p.users += n
	switch {
	case before == 0:
		p.set(p.rate)
	case p.users == 0:
		p.set(0)
	}
}
