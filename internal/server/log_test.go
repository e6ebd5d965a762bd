package server

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// logLines is a log that tests can search.
type logLines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logLines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logLines) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// has reports whether a line has all the parts.
func (l *logLines) has(parts ...string) bool {
	for line := range strings.Lines(l.String()) {
		found := true
		for _, p := range parts {
			found = found && strings.Contains(line, p)
		}
		if found {
			return true
		}
	}
	return false
}

func (l *logLines) expect(t *testing.T, parts ...string) {
	t.Helper()
	if !l.has(parts...) {
		t.Errorf("no line of the log has %q:\n%s", parts, l)
	}
}
